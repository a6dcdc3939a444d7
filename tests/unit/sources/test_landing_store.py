from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from landed_files import list_landed

from redeye.foundation.errors import DeliveryError
from redeye.sources import landing_store
from redeye.sources.logic.deliveries import Delivery, DeliveryRef

NIGHT = date(2013, 4, 4)


def fares(*prices: str, night: date = NIGHT, is_stated_empty: bool = False) -> Delivery:
    frame = pa.table(
        {"route": pa.array(["JFK-LAX"] * len(prices), pa.string()), "price": pa.array(prices, pa.string())}
    )
    return Delivery("demo", "fares", night, frame, is_stated_empty)


@pytest.fixture
def landed(tmp_path) -> DeliveryRef:
    return landing_store.land(tmp_path, fares("10", "NA", "010.50"))


def damage(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_delivery_lands_under_its_night_and_content(tmp_path, landed):
    assert landed == DeliveryRef("demo", "fares", NIGHT, landed.content_hash, landed.path, 3, False, NIGHT)
    folder = "demo/fares/2013-04-04"
    assert files(tmp_path) == [f"{folder}/{landed.content_hash}.csv", f"{folder}/{landed.content_hash}.json"]


def test_text_is_kept_exactly(tmp_path):
    delivery = fares("010.50", "NA", "", " 7 ", 'a "quoted", one', "two\nlines", "-0", "1e5", "ü")
    assert landing_store.read(landing_store.land(tmp_path, delivery)).equals(delivery.frame)


def test_the_manifest_says_what_the_file_is(tmp_path, landed):
    content = landed.path.read_bytes()
    assert content == b"route,price\nJFK-LAX,10\nJFK-LAX,NA\nJFK-LAX,010.50\n"
    manifest = json.loads(landed.path.with_suffix(".json").read_text())
    assert manifest.pop("sha256").startswith(landed.content_hash)
    assert manifest == {
        "source": "demo",
        "dataset": "fares",
        "night": "2013-04-04",
        "rows": 3,
        "bytes": len(content),
        "columns": ["route", "price"],
        "is_stated_empty": False,
    }


def test_what_has_landed_is_read_only(landed):
    for path in (landed.path, landed.path.with_suffix(".json")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_again_unchanged_is_nothing(tmp_path, landed):
    before = landed.path.stat()
    assert landing_store.land(tmp_path, fares("10", "NA", "010.50")) == landed
    assert landed.path.stat().st_ino == before.st_ino
    assert landed.path.stat().st_mtime_ns == before.st_mtime_ns


def test_again_changed_is_kept_beside(tmp_path, landed):
    restated = replace(landing_store.land(tmp_path, fares("10", "NA", "11")), arrival_night=date(2013, 4, 6))
    assert restated.is_restatement
    assert restated.path.parent == landed.path.parent
    assert landing_store.read(landed)["price"].to_pylist() == ["10", "NA", "010.50"]
    assert landing_store.read(restated)["price"].to_pylist() == ["10", "NA", "11"]
    both = list_landed(tmp_path, "demo", "fares", NIGHT)
    assert {ref.content_hash for ref in both} == {landed.content_hash, restated.content_hash}


def test_a_delivery_stated_empty_lands(tmp_path):
    ref = landing_store.land(tmp_path, fares(is_stated_empty=True))
    assert ref.is_stated_empty
    table = landing_store.read(ref)
    assert (table.num_rows, table.column_names) == (0, ["route", "price"])


def test_an_empty_delivery_that_is_not_stated_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match=r"demo/fares/2013-04-04: the delivery has no rows"):
        landing_store.land(tmp_path, fares())
    assert files(tmp_path) == []


@pytest.mark.parametrize("way", [landing_store.verify, landing_store.read])
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"route,price\nJFK-LAX,10\nJFK-LAX,NA\n", "has 34 bytes, its manifest says 49"),
        (b"", "has 0 bytes"),
        (b"x" * 2**23, "has at least 1048576 bytes, its manifest says 49"),
        (b"route,price\nJFK-LAX,10\nJFK-LAX,NA\nJFK-LAX,011.50\n", "has SHA-256"),
    ],
    ids=["truncated", "emptied", "too long", "one byte flipped"],
)
def test_a_damaged_file_is_refused_by_name(landed, content, fault, way):
    damage(landed.path, content)
    with pytest.raises(DeliveryError, match=fault) as refused:
        way(landed)
    assert str(landed.path) in str(refused.value)


def test_a_damaged_file_is_not_healed_by_landing_again(tmp_path, landed):
    damage(landed.path, b"route,price\n")
    with pytest.raises(DeliveryError, match="ingest the night again"):
        landing_store.land(tmp_path, fares("10", "NA", "010.50"))


@pytest.mark.parametrize("content", [b"", b'{"source": "demo", "data', b"[]", b'{"source": "demo"}'])
def test_a_damaged_manifest_is_refused_by_name(tmp_path, landed, content):
    manifest = landed.path.with_suffix(".json")
    damage(manifest, content)
    for act in (
        lambda: landing_store.read(landed),
        lambda: landing_store.land(tmp_path, fares("10", "NA", "010.50")),
    ):
        with pytest.raises(DeliveryError, match=f"{manifest.name} is no manifest"):
            act()


def test_a_manifest_of_other_content_is_refused(tmp_path, landed):
    other = landing_store.land(tmp_path, fares("12"))
    damage(landed.path.with_suffix(".json"), other.path.with_suffix(".json").read_bytes())
    with pytest.raises(DeliveryError, match=f"is the manifest of {other.content_hash}"):
        landing_store.read(landed)


def test_a_manifest_that_miscounts_rows_is_refused(landed):
    path = landed.path.with_suffix(".json")
    damage(path, json.dumps({**json.loads(path.read_text()), "rows": 4}).encode())
    with pytest.raises(DeliveryError, match=r"has 3 rows .* says 4"):
        landing_store.read(replace(landed, rows=4))


def test_a_reference_to_something_else_is_refused(landed):
    with pytest.raises(DeliveryError, match="the reference"):
        landing_store.verify(replace(landed, night=date(2013, 4, 5)))


def test_a_file_without_manifest_has_not_landed_and_lands_again(tmp_path, landed):
    landed.path.with_suffix(".json").unlink()
    damage(landed.path, b"route,pri")
    assert list_landed(tmp_path, "demo", "fares", NIGHT) == []
    with pytest.raises(DeliveryError, match="nothing has landed"):
        landing_store.read(landed)
    assert landing_store.land(tmp_path, fares("10", "NA", "010.50")) == landed
    assert landing_store.read(landed).num_rows == 3


def _land_often(root: Path, barrier) -> None:
    for number in range(20):
        barrier.wait(30)
        landing_store.land(root, fares("1", str(number)))


def test_two_writers_of_the_same_deliveries(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    writers = [context.Process(target=_land_often, args=(tmp_path, barrier)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    refs = list_landed(tmp_path, "demo", "fares", NIGHT)
    assert sorted(landing_store.read(ref)["price"].to_pylist()[1] for ref in refs) == sorted(
        map(str, range(20))
    )
    assert len(files(tmp_path)) == 40


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from test_landing_store import fares
from redeye.sources import landing_store
calls = 0
def die_at(real):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == {at}:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call
os.fsync = die_at(os.fsync)
Path.replace = die_at(Path.replace)
landing_store.land(Path({root!r}), fares("10", "NA", "010.50"))
"""


@pytest.mark.parametrize(("at", "has_landed"), [(1, False), (2, False), (3, False), (4, False), (5, True)])
def test_killed_at_each_step_then_landed_again(tmp_path, at, has_landed):
    """The steps: flush the file, rename it, flush the manifest, rename it, flush the folder."""
    code = KILLED.format(here=str(Path(__file__).parent), root=str(tmp_path), at=at)
    ended = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    assert ended.returncode == -signal.SIGKILL
    assert bool(list_landed(tmp_path, "demo", "fares", NIGHT)) is has_landed
    ref = landing_store.land(tmp_path, fares("10", "NA", "010.50"))
    assert landing_store.read(ref).num_rows == 3
    assert list_landed(tmp_path, "demo", "fares", NIGHT) == [ref]


def test_a_carriage_return_is_kept_as_it_is(tmp_path):
    delivery = fares("two\r\nlines", "one\rreturn", 'a "quoted" one', "plain")
    assert landing_store.read(landing_store.land(tmp_path, delivery)).equals(delivery.frame)


def test_a_delivery_of_many_pieces_has_the_bytes_of_one(tmp_path, monkeypatch):
    delivery = fares(*(str(number) for number in range(1000)))
    whole = landing_store.land(tmp_path / "whole", delivery)
    monkeypatch.setattr(landing_store, "PIECE_ROWS", 7)
    monkeypatch.setattr(landing_store, "PIECE_BYTES", 11)
    monkeypatch.setattr(landing_store, "KEPT_BYTES", 0)
    pieces = landing_store.land(tmp_path / "pieces", delivery)
    assert pieces.path.read_bytes() == whole.path.read_bytes()
    assert landing_store.read(pieces).equals(delivery.frame)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_what_a_killed_writer_left_is_gone_when_the_delivery_has_landed(tmp_path, at):
    code = KILLED.format(here=str(Path(__file__).parent), root=str(tmp_path), at=at)
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    landing_store.land(tmp_path, fares("10", "NA", "010.50"))
    undisturbed = tmp_path.with_name("undisturbed")
    landing_store.land(undisturbed, fares("10", "NA", "010.50"))
    assert files(tmp_path) == files(undisturbed)


@pytest.mark.parametrize("call", [0, 1])
def test_a_full_disk_names_the_path_and_leaves_nothing_half_written(tmp_path, monkeypatch, call):
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == call + 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=rf"No space left on device: '{tmp_path}.*{('csv', 'json')[call]}'"):
        landing_store.land(tmp_path, fares("10"))
    assert not [name for name in files(tmp_path) if Path(name).name.startswith(".")]
    assert list_landed(tmp_path, "demo", "fares", NIGHT) == []
    assert landing_store.read(landing_store.land(tmp_path, fares("10"))).num_rows == 1
