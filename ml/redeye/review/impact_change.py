"""What a branch changes: models of the dbt project with those that depend on them, and specs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redeye.declarations.specs import Spec
from redeye.foundation.settings import settings
from redeye.review.logic.impact_verdict import SpecDiff
from redeye.review.logic.model_diff import Origin
from redeye.review.merge_base import Base, write_base
from redeye.review.sandboxes.sandbox_catalog import Sandbox
from redeye.warehouse import dbt, dbt_code, release_store
from redeye.warehouse.dbt import PROJECT
from redeye.warehouse.logic.releases import Release

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


# Keys of a spec that change nothing that is computed.
DESCRIBING = ("owner", "description", "audience", "limits", "tags")


@dataclass(frozen=True)
class Change:
    """What the branch builds: unique ids with their origin, the tests that it changes, and what is gone.

    Attributes:
        tests: names of its data tests.
        unit_tested: names of the models whose unit tests it changes.
    """

    origins: dict[str, Origin]
    tests: tuple[str, ...]
    unit_tested: tuple[str, ...]
    removed: tuple[str, ...]
    base: Manifest
    head: Manifest
    project: Path


def choose_models(at: Sandbox, *, select: str = "", base: str = "main") -> list[str]:
    """Unique ids of the models to build in a sandbox, which keeps dbt's state.

    By dbt's selectors; by default what differs from the merge base with a branch, and what depends on it.

    Raises:
        ConfigError: if the base cannot be found.
        DbtError: if a project does not parse.
    """
    with tempfile.TemporaryDirectory(prefix="redeye-base-") as name:
        state, project = at.state, PROJECT
        if not select:
            state, project = Path(name) / "state", write_base(base, Path(name) / "code").project
        with dbt.environment("none", "none"):
            dbt.parse(state, project=project)
        found = dbt.list_modified(select or "state:modified+", base=state / "target", target_dir=at.state)
        return [each for each in found if each.startswith("model.")]


def find_change(head: Sandbox, code: Base, folder: Path, project: Path) -> Change:
    """What a project does otherwise than the merge base's: changed and new models with all that depend on them."""
    lend_parsed(settings().home / "dbt", head.state)
    with dbt.environment("none", "none"):
        mine = dbt.parse(head.state, project=project)
        lend_parsed(head.state, folder / "state")
        theirs = dbt.parse(folder / "state", project=code.project)
    state = folder / "state" / "target"
    changed = set(
        dbt.list_modified("state:modified", base=state, target_dir=head.state, project=project, manifest=mine)
    )
    origins = {
        each: Origin.CHANGED if each in theirs.nodes else Origin.NEW
        for each in _models(mine)
        if each in changed
    }
    grown = True
    while grown:
        grown = False
        for each in _models(mine):
            parents = getattr(mine.nodes[each].depends_on, "nodes", ())
            if each not in origins and any(parent in origins for parent in parents):
                origins[each] = Origin.DOWNSTREAM
                grown = True
    removed = tuple(each for each in _models(theirs) if each not in mine.nodes)
    tests = tuple(sorted(mine.nodes[each].name for each in changed if each.startswith("test.")))
    # dbt's own comparison finds no unit test.
    kept = {name: each.checksum for name, each in theirs.unit_tests.items()}
    unit_tested = {each.model for name, each in mine.unit_tests.items() if kept.get(name) != each.checksum}
    return Change(origins, tests, tuple(sorted(unit_tested)), removed, theirs, mine, project)


def _models(manifest: Manifest) -> list[str]:
    return sorted(name for name, node in manifest.nodes.items() if str(node.resource_type) == "model")


def lend_parsed(source: Path, target: Path) -> None:
    """Spare dbt a full parse: it reads again what differs from another state's parsed project."""
    kept = source / "target" / "partial_parse.msgpack"
    if kept.is_file():
        (target / "target").mkdir(parents=True, exist_ok=True)
        (target / "target" / kept.name).write_bytes(kept.read_bytes())


def is_built_by(release: Release, change: Change, wanted: list[str]) -> bool:
    """Whether the release's rows of some models are what the base's code makes."""
    if release.code_hash == dbt_code.hash_code(change.base) or not wanted:
        return True
    kept = {node.node_id: node.checksum for node in release_store.code_nodes(release.code_hash)}
    base = {node.node_id: node for node in dbt_code.code_nodes(change.base)}
    open_, seen = list(wanted), set(wanted)
    while open_:
        node = base[open_.pop()]
        if kept.get(node.node_id) != node.checksum:
            return False
        for parent in node.depends_on:
            if parent in base and parent not in seen:
                seen.add(parent)
                open_.append(parent)
    return True


def compare_specs(old: dict[str, Spec], new: dict[str, Spec]) -> tuple[SpecDiff, ...]:
    """The specs that are not as they were, but for what only describes them."""
    found = []
    for model, spec in new.items():
        before = old.get(model)
        kept = set(before.features) if before else set()
        added, removed = set(spec.features) - kept, kept - set(spec.features)
        fields = _list_changed_fields(before, spec) if before else ()
        if added or removed or fields or before is None or before.version != spec.version:
            version = before.version if before else None
            found.append(
                SpecDiff(model, version, spec.version, tuple(sorted(added)), tuple(sorted(removed)), fields)
            )
    return tuple(found)


def _list_changed_fields(old: Spec, new: Spec) -> tuple[str, ...]:
    """Keys of a spec with another value, without those that the features are told by."""
    told = {"version", "features", *DESCRIBING}
    before, after = (each.model_dump(mode="json", by_alias=True, exclude=told) for each in (old, new))
    return tuple(key for key, value in after.items() if before[key] != value)
