"""No build changes unseen what a serving version reads: the code is held against the one that built the head.

A column that the champion, a version decided after it, the one to go back to or the last resort reads keeps its
definition from release to release. A changed one stands beside it under another name, or is brought in on purpose,
by a rebuild with its reason.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from redeye.champions.logic.readers import Reader, some
from redeye.declarations.specs import Spec, list_spec_faults, load_valid_specs
from redeye.features.logic.feature_views import PREFIX, name_view, next_version
from redeye.foundation.errors import FeatureEdited
from redeye.foundation.settings import PROJECT_ROOT, SPECS
from redeye.warehouse.logic.column_definitions import Definitions, Edit, edits
from redeye.warehouse.logic.column_lineage import Read
from redeye.warehouse.logic.dbt_models import FEATURES, NIGHT
from redeye.warehouse.logic.releases import Release, ReleaseKind

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

log = logging.getLogger(__name__)

TABLES = Path("dbt") / "models" / "features"


def check_feature_edits(head: Release | None, kind: ReleaseKind) -> Manifest:
    """The dbt project, parsed, after its code is held against the head's; a version's definitions are kept once.

    Where the code is the head's, this is one query. A rebuild may change what is read: it is there for that.

    Raises:
        FeatureEdited: naming columns, files and versions, and what to do.
        DbtError: if the project does not parse or compile.
    """
    from redeye.warehouse import dbt, dbt_code
    from redeye.warehouse import definition_store as definitions

    with dbt.environment("none", "none"):
        manifest = dbt.parse()
    code = dbt_code.hash_code(manifest)
    if not definitions.is_recorded(code):
        definitions.record_definitions(code, definitions.compile_definitions(manifest))
    if head is None or head.code_hash == code or kind == ReleaseKind.REBUILD:
        return manifest
    before, after = definitions.read_definitions(head.code_hash), definitions.read_definitions(code)
    if before is None or after is None:
        log.warning("%s was built before definitions were kept: its code cannot be compared", head.release_id)
        return manifest
    if found := _find_edits(before, after, head):
        raise FeatureEdited(f"{_describe_edits(found)}. Nothing was built. {_advise(found, head)}")
    return manifest


def _find_edits(before: Definitions, after: Definitions, head: Release) -> list[tuple[Edit, list[Reader]]]:
    """The columns that serving versions read and that are not defined as they were, with these versions."""
    from redeye.champions.serving_versions import list_serving_versions

    specs = load_valid_specs(SPECS)
    asked = {relation for relation in before.relations if relation.startswith(f"{FEATURES}.")}
    asked |= {spec.schedule for spec in specs.values()} & before.relations.keys()
    found = edits(
        before, after, (Read(name, column) for name in asked for column in before.relations[name].columns)
    )
    if not found:
        return []
    if broken := list_spec_faults(SPECS):
        raise FeatureEdited(f"features are edited, and who reads them cannot be told: {'; '.join(broken)}")
    readers = [each.reader for each in list_serving_versions(specs.values(), head.night)]
    return _group_by_reader(found, readers, specs, before)


def find_redefined_columns(
    before: Manifest,
    after: Manifest,
    projects: tuple[Path, Path],
    readers: Iterable[Reader],
    specs: dict[str, Spec],
) -> tuple[str, ...]:
    """The columns that some versions read and that a change defines otherwise, by name; for before it is merged.

    The project is given parsed, as it is and with the change; `projects` are the folders of both.

    Raises:
        DbtError: if either does not compile.
    """
    from redeye.warehouse import definition_store as definitions

    then, now = (
        definitions.compile_definitions(each, project=project)
        for each, project in zip((before, after), projects, strict=True)
    )
    readers = tuple(readers)
    asked = {read for each in readers for read in list_columns_read(each, specs[each.model], then)}
    found = _group_by_reader(edits(then, now, asked), readers, specs, then)
    return tuple(str(edit.read) for edit, _ in found)


def _group_by_reader(
    found: Iterable[Edit], readers: Iterable[Reader], specs: dict[str, Spec], before: Definitions
) -> list[tuple[Edit, list[Reader]]]:
    reads = [(reader, list_columns_read(reader, specs[reader.model], before)) for reader in readers]
    reported = [(edit, [reader for reader, read in reads if edit.read in read]) for edit in found]
    return [(edit, by) for edit, by in reported if by]


def list_columns_read(reader: Reader, spec: Spec, definitions: Definitions) -> set[Read]:
    """The columns of the warehouse that a version's frame is made of: features, inputs, keys and times."""
    tables = {name_view(name): name for name in definitions.relations if name.startswith(f"{FEATURES}.")}
    population = spec.population
    found = {Read(spec.schedule, each) for each in (population.key, population.night, population.entity_time)}
    found |= {Read(spec.schedule, each) for each in spec.entity_keys}
    for name in reader.columns:
        view, _, column = name.partition("__")
        if table := tables.get(view):
            key = definitions.relations[table].key
            found |= {Read(table, each) for each in (column, *key, NIGHT, "event_at", "created_at")}
            # A spec may drop an entity key that the version is still joined by.
            found |= {Read(spec.schedule, each) for each in key if each != NIGHT}
        else:
            found.add(Read(spec.schedule, name))
    return found


def _describe_edits(found: Iterable[tuple[Edit, list[Reader]]]) -> str:
    by_reader: dict[str, list[str]] = {}
    for edit, readers in sorted(found, key=lambda each: not each[0].is_gone):
        for reader in readers:
            by_reader.setdefault(str(reader), []).append(f"{edit.read}{' (gone)' if edit.is_gone else ''}")
    files = sorted({path for edit, _ in found for path in edit.paths})
    who = "; ".join(f"{reader} reads {some(columns)}" for reader, columns in by_reader.items())
    return f"{', '.join(files) or 'a macro or a setting'} changes what serving versions read: {who}"


def _advise(found: Iterable[tuple[Edit, list[Reader]]], head: Release) -> str:
    tables = sorted({each.relation.partition(".")[2] for each in (edit.read for edit, _ in found)})
    beside = [advise_beside(each) for each in tables if each.startswith(PREFIX)]
    undo = (
        f"Undo the edit and put it beside: {'; '.join(dict.fromkeys(beside))}. "
        if beside
        else "Undo the edit. "
    )
    return (
        f"{undo}If `make impact` finds the same rows, or what was shall change: `./redeye rebuild {head.night} "
        "--reason '…'` (docs/tutorials/adding-a-feature.md)"
    )


def advise_beside(table: str, *, root: Path = PROJECT_ROOT) -> str:
    """How a changed form of a feature table comes to stand beside it; names no command that would refuse."""
    if not has_own_files(table, root):
        return f"as columns of other names in {table}, or as a table of another theme"
    if (root / TABLES / f"{next_version(table)}.sql").exists():
        return f"in {next_version(table)}, which stands beside {table}"
    return f"as a new version (`./redeye new version {table}`)"


def has_own_files(table: str, root: Path = PROJECT_ROOT) -> bool:
    """Whether a feature table's YAML declares it alone: one that shares it cannot be copied by itself."""
    return all((root / TABLES / f"{table}{suffix}").exists() for suffix in (".sql", ".yml"))
