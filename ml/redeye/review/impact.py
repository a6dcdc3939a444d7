"""What a branch's change of the dbt project does to data, features and models, before it is merged."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from redeye.audits.contract_files import EXPECTATIONS_ROOT
from redeye.champions.feature_edits import advise_beside, find_redefined_columns
from redeye.champions.serving_versions import list_serving_versions
from redeye.declarations.spec_fields import name_column
from redeye.declarations.specs import Spec, list_spec_faults, load_valid_specs
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review import check_house_rules as rules
from redeye.review import (
    impact_leaks,
    impact_night,
    impact_reach,
    impact_scores,
    impact_training,
    merge_base,
    table_diff,
)
from redeye.review.generate import describe_stale_texts
from redeye.review.impact_change import Change, compare_specs, find_change, is_built_by, lend_parsed
from redeye.review.logic.impact_verdict import (
    Impact,
    Target,
    find_affected_columns,
    list_touched_models,
)
from redeye.review.logic.known_in_time import Lineage
from redeye.review.logic.model_diff import ModelDiff, Origin
from redeye.review.merge_base import Base
from redeye.review.sandboxes import sandbox as job
from redeye.review.sandboxes.sandbox_catalog import Sandbox
from redeye.review.sandboxes.temporary_sandboxes import drop_abandoned, hold_sandbox
from redeye.review.table_diff import NEW, OLD
from redeye.warehouse import dbt, dbt_project, lake
from redeye.warehouse.logic.column_lineage import ROWS, Read
from redeye.warehouse.logic.dbt_models import Project
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)

Report = Callable[[str], None]


@dataclass
class _Clock:
    """Seconds by step."""

    report: Report
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.report(name)
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


@dataclass(frozen=True)
class _Against:
    """What the change is held against, and how."""

    code: Base
    release: Release
    specs: dict[str, Spec]
    suites: Path
    seeds: int


def assess(base: str, *, seeds: int = 0, report: Report = log.info, root: Path = PROJECT_ROOT) -> Impact:
    """Build what differs from the merge base and what depends on it in a sandbox, and compare with the last release.

    Nothing outside of sandboxes of its own is written, and these are gone afterwards.

    Args:
        base: the branch that this one leaves from.
        seeds: how many models are fitted on the old and on the new state, of each model that the change may move; 0
            for none. Each takes a minute or two more.
        report: is called with the name of each step.
        root: of the checkout.

    Raises:
        NotReleased: if there is no release.
        ConfigError: if the base cannot be found.
        DbtError: if the base does not build.
    """
    clock = _Clock(report)
    with ExitStack() as held:
        with clock.step("making a sandbox"):
            drop_abandoned()
            release = job.release_to_copy()
            first = job.first_night(release)
            head = held.enter_context(hold_sandbox("", release, first_night=first))
            # In the sandbox, so that it goes with it.
            folder = head.folder / "base"
            code = merge_base.write_base(base, folder / "code", root=root)
        with clock.step("finding what changed"):
            change = find_change(head, code, folder, root / "dbt")
        specs, suites = load_valid_specs(root / merge_base.SPECS_FOLDER), root / EXPECTATIONS_ROOT.name
        found = Impact(code.sha[:10], release.release_id, f"{first} to {release.night}", ())
        old = load_valid_specs(code.specs)
        found = replace(
            found,
            specs=compare_specs(old, specs),
            targets=_list_targets(old),
            broken_files=_list_broken_files(root),
        )
        with_ = _Against(code, release, specs, suites if suites.is_dir() else EXPECTATIONS_ROOT, seeds)
        if change.origins or change.removed:
            found = _assess_built(found, change, head, with_, clock, folder)
        else:
            if change.unit_tested:
                found = _run_unit_tests(found, change, head, clock)
            if change.tests or merge_base.is_changed(EXPECTATIONS_ROOT.name, code, root=root):
                found = _play_night(found, change, head, with_, clock)
            if seeds and found.specs:
                with clock.step("training"):
                    found = _retrain_by_specs(found, change, with_)
        return replace(found, seconds=dict(clock.seconds))


def _list_broken_files(root: Path) -> tuple[str, ...]:
    """Specs that cannot be read, and files that do not follow what is declared."""
    found = list_spec_faults(root / merge_base.SPECS_FOLDER)
    # A part of a checkout has not all that is declared.
    if all((root / each).exists() for each in ("redeye.yaml", EXPECTATIONS_ROOT.name)):
        try:
            found += describe_stale_texts(root)
        except ConfigError as error:
            found.append(str(error))
    return tuple(found)


def _list_targets(specs: Mapping[str, Spec]) -> tuple[Target, ...]:
    return tuple(
        Target(name, spec.population.relation, spec.target.column) for name, spec in sorted(specs.items())
    )


def _assess_built(
    found: Impact, change: Change, head: Sandbox, against: _Against, clock: _Clock, folder: Path
) -> Impact:
    seconds: dict[str, float] = {}
    try:
        if change.origins:
            with clock.step("building"):
                seconds = job.rebuild(
                    head, list(change.origins), project=change.project, manifest=change.head
                ).seconds
    except dbt.DbtError as error:
        found = replace(found, failure=str(error).removeprefix("dbt failed:\n"))
    with clock.step("following columns"):
        try:
            with dbt.environment(head.attach, head.data_path):
                project = dbt_project.describe_manifest(
                    dbt.compile_models(head.state, project=change.project, manifest=change.head)
                )
        except dbt.DbtError as error:
            return replace(found, failure=found.failure or str(error).removeprefix("dbt failed:\n"))
        lineage = Lineage.of(project, catalog=dbt_project.CATALOG)
        found = replace(found, violations=tuple(rules.violations(project, lineage)))
    if found.failure:
        # What a refused build left is not compared: it is not what a merge would bring.
        return found
    if change.origins:
        found = _run_unit_tests(found, change, head, clock)
        found = _play_night(found, change, head, against, clock)
    with clock.step("building again without what came later"):
        again = impact_leaks.find_leaks(head, change.head, list(change.origins), project=change.project)
        found = replace(found, leaks=again.leaks, short_of_history=again.short, checked_nights=again.nights)
    before = dbt_project.describe_manifest(change.base)
    with _old_state(change, against, head, clock, folder) as (con, old_seconds):
        head.attach_to(con, NEW)
        with clock.step("comparing"):
            snapshot = against.release.snapshot_id
            models = _diffs(con, change, before, project, lineage, seconds, old_seconds, snapshot)
        found = replace(found, models=models)
        with clock.step("scoring"):
            found = _read_by(found, con, against, before, project)
        found = _with_reach(found, change, head, against)
        with clock.step("comparing definitions"):
            found = replace(found, redefined=_find_redefined(found, change, head, against, folder))
        if against.seeds:
            with clock.step("training"):
                found = _retrain(found, con, against, before, project)
    return found


def _run_unit_tests(found: Impact, change: Change, head: Sandbox, clock: _Clock) -> Impact:
    with clock.step("running unit tests"):
        return replace(found, failed_unit_tests=impact_night.run_unit_tests(head, change))


def _play_night(found: Impact, change: Change, head: Sandbox, against: _Against, clock: _Clock) -> Impact:
    with clock.step("building and auditing a night"):
        outcome = impact_night.play_night(head, change, against.release, suites=against.suites)
    return replace(found, refusals=outcome.refusals, kept_columns=outcome.kept)


def _retrain_by_specs(found: Impact, change: Change, against: _Against) -> Impact:
    """With what models fitted by the new specs gain on those by the old ones, where the data is the same."""
    project = dbt_project.describe_manifest(change.head)
    with lake.connect() as con:
        for alias in (OLD, NEW):
            lake.attach(con, Catalog.WAREHOUSE, alias=alias, snapshot_id=against.release.snapshot_id)
        return _retrain(found, con, against, project, project)


def _find_redefined(
    found: Impact, change: Change, head: Sandbox, against: _Against, folder: Path
) -> tuple[str, ...]:
    """Parsed anew: what is compiled already keeps its SQL of the night."""
    projects = (against.code.project, change.project)
    with dbt.environment("none", "none"):
        old, new = (
            dbt.parse(state, project=project)
            for state, project in zip((folder / "state", head.state), projects, strict=True)
        )
    return find_redefined_columns(old, new, projects, found.readers, against.specs)


@contextmanager
def _old_state(
    change: Change, against: _Against, head: Sandbox, clock: _Clock, folder: Path
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, float]]]:
    """The state before the change, attached as `old`: the release, or a sandbox where the base is built.

    The release stands for the base where it was built by the base's code of all that is compared.
    """
    release = against.release
    wanted = [each for each in change.origins if each in change.base.nodes]
    con = lake.connect()
    try:
        if is_built_by(release, change, wanted):
            lake.attach(con, Catalog.WAREHOUSE, alias=OLD, snapshot_id=release.snapshot_id)
            yield con, {}
            return
        with hold_sandbox("-base", release, first_night=head.first_night) as old:
            with clock.step("building the base"):
                lend_parsed(folder / "state", old.state)
                built = job.rebuild(old, wanted, project=against.code.project, is_tested=False)
            old.attach_to(con, OLD)
            yield con, built.seconds
    finally:
        con.close()


def _diffs(
    con: duckdb.DuckDBPyConnection,
    change: Change,
    before: Project,
    after: Project,
    lineage: Lineage,
    seconds: dict[str, float],
    old_seconds: dict[str, float],
    snapshot_id: int,
) -> tuple[ModelDiff, ...]:
    sizes = {alias: table_diff.measure_bytes(con, alias) for alias in (OLD, NEW)}
    found: list[ModelDiff] = []
    for unique_id, origin in change.origins.items():
        node = change.head.nodes[unique_id]
        name = f"{node.schema}.{node.alias}"
        key = after.models[name].key
        if origin is Origin.NEW:
            diff = table_diff.describe_unmatched(con, NEW, name, key, origin)
        else:
            diff = table_diff.compare(con, name, key, origin)
        found.append(
            replace(
                diff,
                seconds_old=old_seconds.get(unique_id),
                seconds_new=seconds.get(unique_id, 0.0),
                bytes_old=sizes[OLD].get(name, 0),
                bytes_new=sizes[NEW].get(name, 0),
                query=table_diff.write_query(diff, snapshot_id),
                beside=advise_beside(node.alias, root=change.project.parent),
            )
        )
    for unique_id in change.removed:
        node = change.base.nodes[unique_id]
        name = f"{node.schema}.{node.alias}"
        found.append(table_diff.describe_unmatched(con, OLD, name, before.models[name].key, Origin.REMOVED))
    return _with_lineage(found, lineage)


def _with_lineage(models: list[ModelDiff], lineage: Lineage) -> tuple[ModelDiff, ...]:
    """Each model with the columns that come, by lineage, from columns whose values changed."""
    moved = {Read(m.name, c.name) for m in models for c in m.changed}
    moved |= {Read(m.name, ROWS) for m in models if m.keys_added or m.keys_lost}
    reached = lineage.downstream(moved)
    return tuple(
        replace(m, reached=frozenset(r.column for r in reached if r.relation == m.name)) for m in models
    )


def _read_by(
    found: Impact, con: duckdb.DuckDBPyConnection, against: _Against, before: Project, after: Project
) -> Impact:
    """Who reads what changed; and their probabilities with it, where the new state still has it."""
    specs, release = against.specs, against.release
    live = list_serving_versions(specs.values(), release.night)
    hit = find_affected_columns(found)
    scores = []
    for each in live:
        read = each.reader.columns & hit.keys()
        # What is gone or of another type cannot be read at all.
        if read and not any(hit[name][1].change in {"removed", "type"} for name in read):
            spec = specs[each.reader.model]
            scores.append(impact_scores.rescore_version(con, spec, each, release, before, after))
    return replace(
        found,
        readers=tuple(each.reader for each in live),
        used_by_specs={
            name: tuple(name_column(feature) for feature in spec.features) for name, spec in specs.items()
        },
        scores=tuple(scores),
    )


def _with_reach(found: Impact, change: Change, head: Sandbox, against: _Against) -> Impact:
    features = frozenset(find_affected_columns(found))
    consumers = impact_reach.list_consumers(change, found.models, found.readers, against.specs, features)
    rollout = impact_reach.plan_rollout(change, head, against.release, found.models, against.specs, features)
    return replace(found, consumers=consumers, rollout=rollout)


def _retrain(
    found: Impact, con: duckdb.DuckDBPyConnection, against: _Against, before: Project, after: Project
) -> Impact:
    specs = (load_valid_specs(against.code.specs), against.specs)
    gains, untrained = impact_training.retrain_models(
        con, specs, (before, after), list_touched_models(found), against.release, seeds=against.seeds
    )
    return replace(found, gains=gains, untrained=untrained)
