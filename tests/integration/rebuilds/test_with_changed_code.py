"""A rebuild brings changed dbt code to nights that were released before, as one more revision."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rebuilds.conftest import NIGHTS, Story, frame_of, table
from redeye.declarations.calendar import list_nights
from redeye.foundation.errors import NotReleased
from redeye.operations import build_nights
from redeye.warehouse import build, dbt, release_store
from redeye.warehouse.logic.releases import ReleaseKind

pytestmark = pytest.mark.integration

EVENING, OUTCOMES = "features/feat_origin__evening.sql", "intermediate/int_outcomes__versioned.sql"


@pytest.fixture
def mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the dbt project: one formula mended, one column new."""
    project = shutil.copytree(dbt.PROJECT, tmp_path / "dbt", ignore=shutil.ignore_patterns("target"))
    _replace(
        project / "models" / EVENING,
        "{{ is_late('departure_delay_minutes') }}",
        "departure_delay_minutes >= 30",
    )
    _replace(
        project / "models" / OUTCOMES,
        "    is_diverted,\n    flight_first",
        "    is_diverted,\n    departure_delay_minutes > 60 as is_very_late,\n    flight_first",
    )
    real = dbt._invoke

    def invoke(command: list[str], target_dir: Path | None, manifest: Any = None, *_: Any, **__: Any) -> Any:
        return real(command, target_dir or tmp_path / "state", manifest, project)

    monkeypatch.setattr(dbt, "_invoke", invoke)
    return project


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_changed_code_reaches_earlier_nights_in_a_new_revision_alone(story: Story, mended: Path) -> None:
    head = release_store.latest_release()
    assert head is not None
    with pytest.raises(NotReleased, match="by a rebuild first"):
        build_nights.transform_again(NIGHTS[1], kind="repair", reason="mixed", holder="test")

    made = build_nights.build_again(NIGHTS[1], kind="rebuild", reason="late is half an hour", holder="test")
    release = release_store.latest_release()
    assert release is not None
    assert (release.kind, release.first_night) == (ReleaseKind.REBUILD, NIGHTS[1])
    assert (release.night, release.revision) == (head.night, head.revision + 1)
    assert release.code_hash != head.code_hash
    assert made["deliveries"] == 0
    assert set(made["changed"]) == {"features.feat_origin__evening", "intermediate.int_outcomes__versioned"}

    column = "evening_late_departure_rate"
    name = "features.feat_origin__evening"
    then, now = (
        table(each.snapshot_id, name).set_index(["night", "origin_id"])[column] for each in (head, release)
    )
    differing = {night.date() for night, _ in then[then.ne(now) & then.notna()].index}
    assert differing <= set(list_nights(NIGHTS[1], head.night))
    assert differing >= set(NIGHTS[1:])
    filled = table(release.snapshot_id, "intermediate.int_outcomes__versioned")
    known = filled[filled["night"] >= str(NIGHTS[1])]
    assert known["is_very_late"].notna().any()
    assert filled[filled["night"] < str(NIGHTS[1])]["is_very_late"].isna().all()
    # What a decision of then was made from is untouched.
    assert frame_of(story.releases[1], NIGHTS[1]).equals(story.frame)

    nodes = {
        code: {n.node_id: n.checksum for n in release_store.code_nodes(code)}
        for code in (head.code_hash, release.code_hash)
    }
    changed = {
        name for name, checksum in nodes[release.code_hash].items() if nodes[head.code_hash][name] != checksum
    }
    assert changed == {"model.redeye.feat_origin__evening", "model.redeye.int_outcomes__versioned"}

    done = build.publish(
        build_nights.transform_again(NIGHTS[1], kind="rebuild", reason="again", holder="test")
    )
    assert done["release_id"] == release.release_id
