"""A dataset that no code knows is guarded by its contract alone, and each of its lines stops a fault of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from made_readings import last_night, make_readings, move, swap

from redeye.audits.audit import audit_many
from redeye.audits.contract_files import CONTRACT

ROOT = Path(__file__).parent / "made_project"
SUITE = "arrivals/readings"
COLUMNS = ["gauge", "read_at", "degrees", "flow", "level", "known_at", "night"]
Change = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


def as_text(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as a source delivers them, each reading known when it is made."""
    known = rows["read_at"] + pd.Timedelta(minutes=59)
    instants = {
        name: at.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, at in (("read_at", rows["read_at"]), ("known_at", known))
    }
    numbers = {
        name: rows[name].map(lambda value: "NA" if pd.isna(value) else str(value)) for name in COLUMNS[2:5]
    }
    texts = rows.assign(**instants, **numbers, night=rows["night"].dt.strftime("%Y-%m-%d"))
    return texts[COLUMNS].reset_index(drop=True)


@pytest.fixture(scope="module")
def readings() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last night's rows, and those of the nights before, on the project's clock."""
    rows = make_readings(15)
    # Nights begin at 03:00 in New York: 08:00 UTC in winter.
    return last_night(rows.assign(read_at=rows["read_at"] + pd.Timedelta(hours=5)))


def change_last(column: str, value: object) -> Change:
    return lambda now, _: now.assign(
        **{column: now[column].astype(object).mask(now.index == now.index[-1], value)}
    )


# What is wrong, the column whose lines stop it, and how it comes about: of typed rows, before they become text.
FAULTS: dict[str, tuple[str, Change]] = {
    "a gauge that is not known": ("gauge", change_last("gauge", "oak")),
    "a reading far off": ("degrees", change_last("degrees", 1e4)),
    "a reading in another unit": ("degrees", lambda now, _: now.assign(degrees=now["degrees"] + 273.15)),
    "half a night": ("rows_on_usual_days", lambda now, _: now[now["read_at"].dt.hour % 2 == 0]),
    "yesterday's file under new dates": (
        "repeated_row_share",
        lambda now, before: now.assign(
            **{
                name: before[before["night"] == before["night"].max()]
                .sort_values(["gauge", "read_at"])[name]
                .to_numpy()
                for name in ("degrees", "flow", "level")
            }
        ),
    ),
    "two gauges under each other's names": ("swapped_gain", lambda now, _: swap(now, "ash", "cedar")),
    "the last two hours missing": (
        "minutes_to_cutoff",
        lambda now, _: now[now["read_at"] < now["read_at"].max() - pd.Timedelta(hours=1)],
    ),
    "no flow": ("flow_zeros_beyond_usual", lambda now, _: now.assign(flow=0.0)),
    "no levels": ("level_nulls_beyond_usual", lambda now, _: now.assign(level=float("nan"))),
}
OF_SHAPE: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "a word for a number": ("degrees", lambda text: text.assign(degrees=["warm", *text["degrees"][1:]])),
    "a missing reading": ("flow", lambda text: text.assign(flow=["NA", *text["flow"][1:]])),
    "a column more": ("remark", lambda text: text.assign(remark="none")),
    "a column less": ("level", lambda text: text.drop(columns="level")),
    "columns in another order": (
        "flow",
        lambda text: text[["gauge", "read_at", "flow", "degrees", *COLUMNS[4:]]],
    ),
    "a row twice": ("read_at", lambda text: pd.concat([text, text.tail(1)], ignore_index=True)),
    "a row of the night before": ("minutes_into_night", lambda text: _know(text, "2013-01-02T00:00:00Z")),
    "a row from the future": ("minutes_before_cutoff", lambda text: _know(text, "2013-02-02T00:00:00Z")),
}


def _know(text: pd.DataFrame, at: str) -> pd.DataFrame:
    return text.assign(known_at=[at, *text["known_at"][1:]])


def judge(now: pd.DataFrame, before: pd.DataFrame, root: Path = ROOT) -> dict[str, str]:
    """What is refused: by column, the message."""
    result = audit_many({SUITE: now}, subject="readings", history={SUITE: as_text(before)}, root=root)[SUITE]
    return {str(each.column): each.line() for each in result.failures}


def test_a_sound_night_passes(readings: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    now, before = readings
    assert judge(as_text(now), before) == {}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_stopped_by_the_lines_that_name_it_alone(
    name: str, readings: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    now, before = readings
    column, change = FAULTS[name]
    bad = as_text(change(now.copy(), before))
    found = judge(bad, before)
    assert column in found, found
    less = tmp_path / "less"
    shutil.copytree(ROOT, less)
    contract = less / f"{SUITE}{CONTRACT}"
    kept = [
        line
        for line in contract.read_text().splitlines(keepends=True)
        if "implementation:" not in line or not any(f"column: {each}," in line for each in found)
    ]
    contract.write_text("".join(kept))
    assert judge(bad, before, less) == {}


@pytest.mark.parametrize("name", OF_SHAPE)
def test_a_delivery_of_another_shape_is_refused_by_its_columns(
    name: str, readings: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    now, before = readings
    column, change = OF_SHAPE[name]
    found = judge(change(as_text(now)), before)
    assert any(column in each for each in found.values()), found


@pytest.mark.parametrize("hours", [3, 5, 8])
def test_readings_some_hours_late_are_stopped(
    hours: int, readings: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    now, before = readings
    found = judge(as_text(move(now, before, hours)), before)
    assert {"stale_series", "repeated_row_share"} & set(found), found
