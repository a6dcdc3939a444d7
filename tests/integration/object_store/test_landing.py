"""The landing in S3 keeps what it promises on a disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import s3fs
from landed_files import list_landed
from upath import UPath

from redeye.foundation.errors import DeliveryError
from redeye.foundation.settings import settings
from redeye.sources import landing_store
from redeye.sources.logic.deliveries import KNOWN_AT, Dataset, Delivery, DeliveryRef
from redeye.warehouse import raw_tables

pytestmark = pytest.mark.integration

NIGHT = date(2013, 4, 4)
KNOWN = "2013-04-05T06:00:00+00:00"
FARES = Dataset(
    "fares",
    ("route", "price", KNOWN_AT),
    {"route": "VARCHAR", "price": "DECIMAL(9, 2)", KNOWN_AT: "TIMESTAMP"},
    ("route",),
)


def fares(*prices: str, night: date = NIGHT) -> Delivery:
    columns = {"route": ["JFK-LAX"] * len(prices), "price": list(prices), KNOWN_AT: [KNOWN] * len(prices)}
    return Delivery(
        "demo", "fares", night, pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()})
    )


@pytest.fixture
def root(bucket: str, monkeypatch: pytest.MonkeyPatch) -> UPath:
    monkeypatch.setenv("REDEYE_LANDING_URL", f"{bucket}/landing")
    settings.cache_clear()
    yield settings().landing
    settings.cache_clear()


@pytest.fixture
def landed(root: UPath) -> DeliveryRef:
    return landing_store.land(root, fares("10", "NA", "010.50"))


def objects(root: UPath) -> list[str]:
    return sorted(root.fs.find(root.path))


def test_a_delivery_lands_under_its_night_and_content(root, landed):
    place = f"{root.path}/demo/fares/2013-04-04/{landed.content_hash}"
    assert objects(root) == [f"{place}.csv", f"{place}.json"]
    assert landing_store.read(landed)["price"].to_pylist() == ["10", "NA", "010.50"]
    assert list_landed(root, "demo", "fares", NIGHT) == [landed]


def test_again_unchanged_puts_nothing(root, landed):
    before = {path: root.fs.info(path) for path in objects(root)}
    assert landing_store.land(root, fares("10", "NA", "010.50")) == landed
    assert {path: root.fs.info(path) for path in objects(root)} == before


def test_again_changed_is_kept_beside(root, landed):
    restated = replace(landing_store.land(root, fares("11")), arrival_night=date(2013, 4, 6))
    assert restated.is_restatement
    both = list_landed(root, "demo", "fares", NIGHT)
    assert {ref.content_hash for ref in both} == {landed.content_hash, restated.content_hash}
    assert landing_store.read(landed)["price"].to_pylist() == ["10", "NA", "010.50"]


@pytest.mark.parametrize(
    "act", [landing_store.verify, landing_store.read, lambda ref: landing_store.fetch([ref], Path("unused"))]
)
def test_an_altered_object_is_refused_by_name_before_anything_parses_it(landed, act):
    landed.path.write_bytes(landed.path.read_bytes().replace(b"010.50", b"011.50"))
    with pytest.raises(DeliveryError, match="has SHA-256") as refused:
        act(landed)
    assert str(landed.path) in str(refused.value)


def test_a_lost_object_is_told_from_a_store_that_does_not_answer(landed, monkeypatch):
    landed.path.unlink()
    with pytest.raises(DeliveryError, match="cannot be read"):
        landing_store.verify(landed)

    def refuse(*arguments: object, **named: object) -> bytes:
        raise PermissionError("slow down")

    monkeypatch.setattr(type(landed.path.fs), "cat_file", refuse)
    monkeypatch.setattr(type(landed.path.fs), "open", refuse)
    with pytest.raises(PermissionError):
        landing_store.verify(landed)


def test_an_object_without_manifest_has_not_landed_and_is_replaced(root, landed):
    landed.path.with_suffix(".json").unlink()
    landed.path.write_bytes(b"route,pri")
    assert list_landed(root, "demo", "fares", NIGHT) == []
    with pytest.raises(DeliveryError, match="nothing has landed"):
        landing_store.read(landed)
    assert landing_store.land(root, fares("10", "NA", "010.50")) == landed
    assert landing_store.read(landed).num_rows == 3


def test_what_another_has_put_is_not_put_again(root, landed):
    versions = s3fs.S3FileSystem(version_aware=True)
    versions.make_bucket_versioned(root.drive)
    landing_store._put(landed.path, landed.path.read_bytes())
    assert len(versions.object_version_info(landed.path.path)) == 1
    with pytest.raises(FileExistsError):
        root.fs.pipe_file(landed.path.path, b"other", mode="create")


def test_many_writers_of_the_same_deliveries(root):
    numbers = [number % 10 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        refs = list(pool.map(lambda number: landing_store.land(root, fares("1", str(number))), numbers))
    assert len(set(refs)) == 10
    assert sorted(landing_store.read(ref)["price"].to_pylist()[1] for ref in set(refs)) == list("0123456789")
    assert len(objects(root)) == 20


KILLED = """
import os, signal
from redeye.sources import landing_store
from redeye.foundation.settings import settings
import sys
sys.path.insert(0, {here!r})
from test_landing import fares
put = landing_store._put
def die_after(path, content):
    put(path, content)
    os.kill(os.getpid(), signal.SIGKILL)
landing_store._put = die_after
landing_store.land(settings().landing, fares("10", "NA", "010.50"))
"""


def test_killed_before_the_manifest_nothing_has_landed(root):
    code = KILLED.format(here=str(Path(__file__).parent))
    ended = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    assert ended.returncode == -signal.SIGKILL
    assert len(objects(root)) == 1
    assert list_landed(root, "demo", "fares", NIGHT) == []
    assert landing_store.read(landing_store.land(root, fares("10", "NA", "010.50"))).num_rows == 3


def test_rows_are_loaded_with_their_lineage_from_the_verified_bytes(root, landed, tmp_path):
    restated = replace(landing_store.land(root, fares("12", "13")), arrival_night=date(2013, 4, 6))
    con = duckdb.connect()
    with raw_tables.open_files(con, [landed, restated], first=NIGHT) as files:
        # Whatever happens to the objects from here on, it is the bytes that were verified that are read.
        landed.path.write_bytes(b"route,price,known_at\nJFK-LAX,666," + KNOWN.encode())
        found = con.execute(
            "SELECT price, delivery_id, known_at::VARCHAR "
            f"FROM ({raw_tables.select_typed_rows(FARES, files)}) ORDER BY ALL"
        ).fetchall()
        assert all(path.is_file() for path in files)
    assert not any(path.exists() for path in files)
    assert [(str(price), name) for price, name, _ in found] == [
        ("10.00", landed.content_hash),
        ("10.50", landed.content_hash),
        ("12.00", restated.content_hash),
        ("13.00", restated.content_hash),
        ("None", landed.content_hash),
    ]
    assert {known for _, name, known in found if name == restated.content_hash} == {"2013-04-07 07:00:00"}
