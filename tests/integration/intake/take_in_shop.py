"""Run in a process of its own, for the made shop: what intake takes in night by night, as JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from redeye.foundation.errors import DeliveryError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.sources import delivery_store, landing_store
from redeye.sources.ingest import ingest_nights

N1, N2, N3 = (date(2026, 3, day) for day in (1, 2, 3))
SHOP = sa.create_engine(os.environ["SHOP_DB"])


def run(*statements: str) -> None:
    """Change the shop's database."""
    with SHOP.begin() as con:
        for statement in statements:
            con.exec_driver_sql(statement)


def write(name: str, *lines: str) -> None:
    """Write one of the shop's files."""
    path = Path(PROJECT_ROOT, "data", name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def list_judged() -> dict[str, Any]:
    """The rows of all that was accepted, by dataset and night, and whether it is a restatement."""
    return {
        f"{ref.dataset} {ref.night.day}": [ref.is_restatement]
        + ([] if ref.is_stated_empty else [list(row.values()) for row in landing_store.read(ref).to_pylist()])
        for ref in delivery_store.deliveries(N1, date(2026, 3, 31))
    }


def take_in(first: date, last: date) -> dict[str, Any]:
    """What of some nights is new."""
    before = list_judged()
    ingest_nights(first, last)
    return {place: rows for place, rows in list_judged().items() if before.get(place) != rows}


def die_in(call: Callable[[], object], after: int) -> int:
    """Call in another process, which is killed when it records judgements for so many times."""
    child = os.fork()
    if child == 0:
        real, calls = delivery_store.record_deliveries, []

        def die_at(*args: Any, **kwargs: Any) -> None:
            calls.append(1)
            if len(calls) > after:
                os.kill(os.getpid(), signal.SIGKILL)
            real(*args, **kwargs)

        delivery_store.record_deliveries = die_at
        call()
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main() -> None:
    """Three nights of the shop, in which all goes wrong that may."""
    found: dict[str, Any] = {}
    orders = ["order_id,created_at,amount", "1,2026-03-01T05:00:00,10", "2,2026-03-02T03:59:59,20"]
    write("orders.csv", *orders)
    write("readings-2026-03-01.jsonl", '{"reading_id": "r1", "degrees": 1.5}')
    run(
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.prices (item text, price numeric, updated_at timestamptz)",
        "CREATE TABLE shop.shops (shop_id text, name text)",
        "INSERT INTO shop.prices VALUES ('a', 1.50, '2026-03-01 12:00+00'), ('b', 2, '2026-03-01 12:00+00')",
        "INSERT INTO shop.shops VALUES ('x', 'Xenia'), ('y', 'Yara')",
    )
    found["killed"] = die_in(lambda: ingest_nights(N1, N1), after=2)
    found["judged by the one that was killed"] = len(list_judged())
    ingest_nights(N1, N1)
    found["first"] = list_judged()
    found["again"] = take_in(N1, N1)

    write("orders.csv", *orders, "0,2026-03-01T06:00:00,5", "3,2026-03-02T12:00:00,30")
    run(
        "DELETE FROM shop.prices WHERE item = 'b'",
        "UPDATE shop.prices SET price = 3, updated_at = '2026-03-02 12:00+00' WHERE item = 'a'",
        "INSERT INTO shop.prices VALUES ('late', 4, '2026-03-01 21:00+00')",
    )
    try:
        ingest_nights(N2, N2)
    except DeliveryError as error:
        found["refused"] = str(error)
    write("readings-2026-03-02.jsonl", '{"reading_id": "r2", "degrees": null}'.replace("null", "2"))
    ingest_nights(N2, N2)
    found["second"] = {place: rows for place, rows in list_judged().items() if place.endswith("2")}

    run("DELETE FROM shop.shops WHERE shop_id = 'x'", "UPDATE shop.shops SET name = 'Yolanda'")
    write("readings-2026-03-03.jsonl", '{"reading_id": "r3", "degrees": 3}')
    write("readings-2026-03-01.jsonl", '{"reading_id": "r1", "degrees": 9}')
    found["third"] = take_in(N1, N3)
    found["at the end"] = take_in(N1, N3)
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
