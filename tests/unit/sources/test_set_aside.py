"""The sound rows of a refused delivery land as a file of their own, and that file is what was audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from redeye.audits.contract_files import load_contract
from redeye.audits.logic.audit_result import AuditFailure, AuditResult
from redeye.sources import landing_store, set_aside
from redeye.sources.audited_frames import Arrived
from redeye.sources.logic.deliveries import Delivery, DeliveryRef
from redeye.sources.set_aside import SoundRows, take_sound_rows

NIGHT = date(2015, 4, 4)
CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: water
name: water
version: 1.0.0
status: active
customProperties:
  - {property: redeye.mayBeAbsent, value: degraded, description: The network is often down.}
  - {property: redeye.mayBeEmpty, value: true, description: There may be nothing to tell.}
  - {property: redeye.setAside, value: {at_most: 0.1}, description: One gauge of ten may be broken.}
schema:
  - name: water
    description: Temperatures of a test.
    dataGranularityDescription: A gauge has one row per night.
    properties:
      - {name: gauge, logicalType: string, required: true, primaryKey: true}
      - {name: degrees, logicalType: number}
      - {name: night, logicalType: date, required: true, partitioned: true}
"""


class Auditor:
    """Refuses a frame with degrees of which some are `bad`; what it judged stays in `frames`."""

    def __init__(self) -> None:
        self.frames: list[list[str]] = []

    def __call__(self, batches: Mapping[str, Arrived]) -> dict[str, AuditResult]:
        return {dataset: self.judge(batch) for dataset, batch in batches.items()}

    def judge(self, batch: Arrived) -> AuditResult:
        degrees = pa.concat_tables(frame for _, frame in batch)["degrees"].to_pylist()
        self.frames.append(degrees)
        rows = [place for place, value in enumerate(degrees) if value == "bad"]
        found = [AuditFailure("arrivals/water", "types", "degrees", "bad", rows=rows)] if rows else []
        if "too warm" in degrees:
            found.append(AuditFailure("arrivals/water_profile", "between", "mean", "too warm"))
        return AuditResult("arrivals/water", "water", not found, tuple(found), 1)


@pytest.fixture(autouse=True)
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "water.odcs.yaml"
    path.write_text(CONTRACT)
    monkeypatch.setattr(set_aside, "find_contract", lambda dataset: load_contract(path))
    return path


def arrive(root: Path, degrees: list[str], night: date = NIGHT) -> tuple[DeliveryRef, pa.Table]:
    frame = pa.table({"gauge": [f"G{n}" for n in range(len(degrees))], "degrees": degrees})
    return landing_store.land(root, Delivery("desk", "water", night, frame)), frame


def take(root: Path, *arrived: tuple[DeliveryRef, pa.Table]) -> tuple[SoundRows | None, Auditor]:
    auditor, batch = Auditor(), list(arrived)
    return take_sound_rows(batch, auditor.judge(batch), dataset="water", root=root, audit=auditor), auditor


def test_the_sound_rows_land_with_a_hash_of_their_own_and_name_the_whole(tmp_path: Path) -> None:
    whole, frame = arrive(tmp_path, ["bad", *"123456789"])
    sound, auditor = take(tmp_path, (whole, frame))
    assert sound is not None
    (part,) = sound.taken
    assert (part.parent, part.rows, part.arrival_night) == (whole.content_hash, 9, NIGHT)
    assert part.content_hash != whole.content_hash
    assert landing_store.read(part)["degrees"].to_pylist() == list("123456789") == auditor.frames[-1]
    assert landing_store.read(whole).num_rows == 10
    assert landing_store.find_parent(part) == whole
    assert [(mark.row["gauge"], mark.position) for mark in sound.marks[part]] == [("G0", 0)]
    assert sound.refused == []


def test_the_sound_rows_delivered_again_as_a_whole_are_the_same_file(tmp_path: Path) -> None:
    sound, _ = take(tmp_path, arrive(tmp_path, [*"123456789", "bad"]))
    assert sound is not None
    again, _ = arrive(tmp_path, list("123456789"))
    assert (again.content_hash, again.path) == (sound.taken[0].content_hash, sound.taken[0].path)


def test_beyond_the_share_the_delivery_is_refused_with_the_numbers(tmp_path: Path) -> None:
    whole, frame = arrive(tmp_path, ["bad", "bad", *"12345678"])
    sound, _ = take(tmp_path, (whole, frame))
    assert sound is not None
    assert (sound.taken, sound.result, sound.refused) == ([], None, [whole])
    assert "2 of its 10 rows would be set aside, and the contract allows 10.00%" in sound.excess


def test_one_delivery_beyond_the_share_costs_no_other(tmp_path: Path) -> None:
    good, other = arrive(tmp_path, [*"123456789", "bad"]), arrive(tmp_path, ["bad"] * 5, date(2015, 4, 5))
    sound, _ = take(tmp_path, good, other)
    assert sound is not None
    assert [ref.night for ref in sound.taken] == [NIGHT]
    assert sound.refused == [other[0]]


def test_where_the_others_do_not_pass_nothing_is_taken(tmp_path: Path) -> None:
    sound, _ = take(tmp_path, arrive(tmp_path, ["bad", "too warm", *"12345678"]))
    assert sound is None


def test_what_no_row_is_to_blame_for_is_judged_once(tmp_path: Path) -> None:
    sound, auditor = take(tmp_path, arrive(tmp_path, ["too warm", *"123456789"]))
    assert (sound, len(auditor.frames)) == (None, 1)


def test_without_its_line_in_the_contract_nothing_is_set_aside(tmp_path: Path, contract: Path) -> None:
    line = next(line for line in CONTRACT.splitlines(True) if "setAside" in line)
    contract.write_text(CONTRACT.replace(line, ""))
    load_contract.cache_clear()
    sound, _ = take(tmp_path, arrive(tmp_path, ["bad", *"123456789"]))
    assert sound is None
