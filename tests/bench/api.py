"""The API of predictions over real HTTP, beside a bare FastAPI handler that returns the same bytes, both by uvicorn.

`python tests/bench/api.py` measures it alone, or the scenarios that are named after it; `make bench` does too. Both
servers get the same requests at a fixed rate, whether or not they keep up, in turns: the whole of the newest night;
filters, sorts and pages that nobody asked for before, in each format; single predictions by their keys; night and
filters by turns while another process publishes one night, then night after night. Loopback only.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, cycle, islice, product
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

sys.path[:0] = [str(Path(__file__).parents[2] / "ml")]

import httpx  # noqa: E402 -- after the path is set
import uvloop  # noqa: E402
from figures import Figure, show  # noqa: E402
from installation import CHILD, installation  # noqa: E402
from rich.console import Console  # noqa: E402
from throwaway import find_port  # noqa: E402

MODEL, FLIGHTS = "flight_delay", 920
FIRST = date(2014, 1, 10)
RATE, SECONDS, ROUNDS = 200, 1, 15
CONNECTIONS = 16
WARM = 50
TARGET = 2.0
# By name the seconds between two nights, and the first night. A real installation publishes one a day.
PUBLISHED = (
    ("while a night is published", 3600.0, FIRST + timedelta(days=1)),
    ("while nights are published without end", 1.0, FIRST + timedelta(days=2)),
)
JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
FILTERED = {"filters": JSON, "filters, as CSV": CSV, "filters, as Parquet": PARQUET}
SCENARIOS = ("the newest night", *FILTERED, "by key", *(name for name, *_ in PUBLISHED))
CARRIERS = ["AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV", "9E"]
ORIGINS = ["EWR", "JFK", "LGA"]
SORTS = ["rank", "-rank", "probability", "-scheduled_departure_at", "destination_id", "-flight_number_id"]
LIST = f"/v1/models/{MODEL}/predictions"
_ROWS = f"""
    SELECT $night::DATE AS night, *, format('{MODEL}/live/{{}}', flight_id) AS prediction_id
    FROM (SELECT n AS rank, format('{{}}_{{}}_{{}}_{{}}_LAX', $night::DATE + 1, carrier_id, n, origin_id) AS flight_id,
        ($night::DATE + 1)::DATE AS flight_date, carrier_id, format('{{}}-{{}}', carrier_id, n) AS flight_number_id,
        origin_id, ['LAX', 'ATL', 'ORD', 'MIA', 'SFO'][1 + n % 5] AS destination_id,
        ($night::DATE + 1)::TIMESTAMP + to_minutes((n % 1000)::BIGINT) AS scheduled_departure_at,
        0.9 - n / 2000 AS probability, 0.2 AS baseline_probability, '2014-01-01.r1' AS release_id,
        1 AS model_version, 'heuristic' AS algorithm, 'flight_delay_v1' AS feature_service, false AS is_degraded,
        NULL::VARCHAR AS degraded_reason
      FROM (SELECT n, {CARRIERS}[1 + n % {len(CARRIERS)}] AS carrier_id, {ORIGINS}[1 + n % 3] AS origin_id
        FROM range(1, {FLIGHTS + 1}) AS r(n)))"""


def main() -> None:
    """Measure in an installation of its own, and show."""
    with tempfile.TemporaryDirectory(prefix="redeye-bench-") as home:
        Path(home).chmod(0o711)
        with installation(Path(home)) as at:
            made = at.run("api:measure", only=sys.argv[1:] or SCENARIOS)
    console = Console(width=150)
    show(figures(made), console)
    console.print_json(data=made)


def measure(
    seconds: float = SECONDS, rounds: int = ROUNDS, only: Sequence[str] = SCENARIOS
) -> dict[str, Any]:
    """Latencies of both servers by scenario, in milliseconds; run as a child."""
    from redeye.serving import token_store

    write_night(FIRST)
    token = token_store.create_token("bench", ["*"], expires_at=None, actor="bench")
    count = int(RATE * seconds)
    asked = {name: each for name, each in choose_requests(rounds * count).items() if name in only}
    with tempfile.TemporaryDirectory() as folder:
        bodies = Path(folder) / "bodies.json"
        # From a server that is not measured: what it keeps of answers is not there later.
        with serving("-m", "redeye", "serve") as port:
            bodies.write_text(
                json.dumps(fetch(port, token, [NEWEST, *chain(*asked.values())])), encoding="utf-8"
            )
        found: dict[str, Any] = {
            "load": os.getloadavg()[0],
            "rate": RATE,
            "seconds": seconds,
            "rounds": rounds,
        }
        bare_args = (str(Path(__file__).with_name("bare_api.py")), str(bodies))
        with serving("-m", "redeye", "serve") as ours, serving(*bare_args) as bare:
            ports, published = {"ours": ours, "plain": bare}, {name: more for name, *more in PUBLISHED}
            for name in asked:
                turns = [asked[name][turn * count :][:count] for turn in range(rounds)]
                with publishing(*published[name]) if name in published else nullcontext():
                    found[name] = measure_both(ports, token, turns, seconds)
    return found


def figures(made: dict[str, Any]) -> list[Figure]:
    """A line for each scenario."""
    lines = []
    for name in (each for each in SCENARIOS if each in made):
        ours, plain = made[name]["ours"], made[name]["plain"]
        ratio = ours["p99"] / plain["p99"]
        note = f"median {ours['p50']:.2f} against {plain['p50']:.2f} ms"
        lines.append(
            Figure(
                f"API, {RATE} requests/s: {name}",
                "ms p99",
                ours["p99"],
                plain["p99"],
                ratio,
                f"at most {TARGET:.0f}x",
                ratio <= TARGET,
                note,
                made[name],
            )
        )
    return lines


def write_night(night: date) -> None:
    """Write a night's predictions."""
    from redeye.foundation import lease
    from redeye.foundation.catalogs import Catalog
    from redeye.scoring import outputs_store
    from redeye.warehouse import lake

    with lease.hold(Catalog.OUTPUTS, "bench") as token:
        con = lake.connect(threads=1)
        lake.attach(con, Catalog.OUTPUTS, token=token)
        outputs_store._prepare(con, "predictions")
        con.execute(
            f"INSERT INTO outputs.main.predictions BY NAME SELECT *, '{MODEL}' AS model, 'live' AS lane, "
            f"'bench' AS run_id, night::TIMESTAMP AS created_at, 0 AS shift_weeks FROM ({_ROWS})",
            {"night": night},
        )
        con.close()


def publish(pause: float, first: str) -> None:
    """Write night after night, so many seconds apart, until ended; run as a child."""
    night = date.fromisoformat(first)
    while True:
        write_night(night)
        night += timedelta(days=1)
        time.sleep(pause)


@contextmanager
def publishing(pause: float, first: date) -> Iterator[None]:
    """Another process writes nights meanwhile."""
    given = json.dumps({"pause": pause, "first": first.isoformat()})
    process = subprocess.Popen([sys.executable, str(CHILD), "api:publish", given])
    try:
        yield
        assert process.poll() is None, "it ended"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def serving(*words: str) -> Iterator[int]:
    """A server in a process of its own; its port."""
    port = find_port()
    env = {**os.environ, "REDEYE_API_PORT": str(port), "PYTHONPATH": str(Path(__file__).parents[2] / "ml")}
    process = subprocess.Popen([sys.executable, *words], env=env)
    try:
        for _ in range(300):
            assert process.poll() is None, f"{words} ended"
            try:
                if httpx.get(f"http://127.0.0.1:{port}/healthz").is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


class Asked(NamedTuple):
    """A request: its path with its query, and the media type that is wanted."""

    target: str
    accept: str = JSON


NEWEST = Asked(f"{LIST}/latest")


def choose_requests(count: int) -> dict[str, list[Asked]]:
    """So many requests for each scenario; no two with a filter are alike."""
    queries = iter(make_queries(len(FILTERED) * count + len(PUBLISHED) * (count // 2)))
    flights = [_name_flight(n) for n in range(1, FLIGHTS + 1)]
    random.Random(2).shuffle(flights)
    found = {
        "the newest night": [NEWEST] * count,
        **{
            name: [Asked(NEWEST.target + query, accept) for query in islice(queries, count)]
            for name, accept in FILTERED.items()
        },
        "by key": [Asked(f"{LIST}/{flight}") for flight in islice(cycle(flights), count)],
    }
    for name, *_ in PUBLISHED:
        pairs = [(NEWEST, Asked(NEWEST.target + query)) for query in islice(queries, count // 2)]
        found[name] = list(chain(*pairs))
    return found


def _name_flight(n: int) -> str:
    """The key of a flight of the first night, as `_ROWS` has it."""
    day, carrier, origin = FIRST + timedelta(days=1), CARRIERS[n % len(CARRIERS)], ORIGINS[n % len(ORIGINS)]
    return f"{day}_{carrier}_{n}_{origin}_LAX"


def make_queries(count: int) -> list[str]:
    """Different filters with sorts and pages, in random order."""
    every = [
        f"?carrier_id={carrier}&origin_id={origin}&sort={sort}&limit={limit}"
        for carrier, origin, sort, limit in product(CARRIERS, ORIGINS, SORTS, range(1, 61))
    ]
    random.Random(1).shuffle(every)
    assert len(every) >= count
    return every[:count]


def fetch(port: int, token: str, asked: Iterable[Asked]) -> dict[str, tuple[str, str]]:
    """Media type and body of each answer by what was asked, a character for each byte."""
    headers = {"Authorization": f"Bearer {token}"}
    found = {}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        for target, accept in dict.fromkeys(asked):
            answer = client.get(target, headers={"Accept": accept}).raise_for_status()
            found[target] = (accept, answer.content.decode("latin-1"))
    return found


def measure_both(
    ports: dict[str, int], token: str, turns: Sequence[Sequence[Asked]], seconds: float
) -> dict[str, dict[str, float]]:
    """Ask both the same, in turns."""
    return uvloop.run(_measure_both(ports, token, turns, seconds))


async def _measure_both(
    ports: dict[str, int], token: str, turns: Sequence[Sequence[Asked]], seconds: float
) -> dict[str, dict[str, float]]:
    took: dict[str, list[float]] = {name: [] for name in ports}
    clients = {name: await connect(port, token) for name, port in ports.items()}
    for client in clients.values():
        await client.ask([NEWEST] * WARM, RATE)
        client.received = 0
    for asked in turns:
        for name, client in clients.items():
            took[name] += await client.ask(asked, len(asked) / seconds)
    found = {}
    for name, values in took.items():
        clients[name].close()
        cuts = quantiles(values, n=100, method="inclusive")
        found[name] = {
            "requests": len(values),
            "bytes": clients[name].received,
            "p50": cuts[49],
            "p90": cuts[89],
            "p99": cuts[98],
            "worst": max(values),
        }
    return found


@dataclass
class Client:
    """Connections to one server, kept over all turns."""

    token: str
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    received: int = 0

    async def ask(self, asked: Sequence[Asked], rate: float) -> list[float]:
        """Send requests at a fixed rate, whether or not answers come; milliseconds of each, in the order of answers."""
        took: list[float] = []
        # The loop's own clock counts whole milliseconds.
        began, sent = time.perf_counter(), []
        for number, each in enumerate(asked):
            await asyncio.sleep(max(began + number / rate - time.perf_counter(), 0))
            sent.append(asyncio.create_task(self._send(each, time.perf_counter(), took)))
        await asyncio.gather(*sent)
        return took

    async def _send(self, asked: Asked, due: float, took: list[float]) -> None:
        reader, writer = await self.free.get()
        told = f"Host: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\nAccept: {asked.accept}"
        writer.write(f"GET {asked.target} HTTP/1.1\r\n{told}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        took.append((time.perf_counter() - due) * 1000)
        self.received += length
        self.free.put_nowait((reader, writer))

    def close(self) -> None:
        """Let go of the connections."""
        while not self.free.empty():
            self.free.get_nowait()[1].close()


async def connect(port: int, token: str) -> Client:
    """A client of a server on this machine."""
    client = Client(token, asyncio.Queue())
    for _ in range(CONNECTIONS):
        client.free.put_nowait(await asyncio.open_connection("127.0.0.1", port, limit=2**22))
    return client


if __name__ == "__main__":
    main()
