"""The dbt project as the house rules see it, from its manifest; and its SQL, compiled over an empty lake."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redeye.declarations.calendar import shift_nights
from redeye.foundation.catalogs import Catalog
from redeye.sources.configured_source import load_source
from redeye.warehouse import dbt, lake, raw_tables
from redeye.warehouse.dbt_code import code_nodes
from redeye.warehouse.logic.dbt_models import KEY_TESTS, NIGHT, Column, Model, Project, Source

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

CATALOG = Catalog.WAREHOUSE.value
NIGHTS = 40


def compile_apart(*, project: Path = dbt.PROJECT, state: Path | None = None) -> Project:
    """The project with its SQL compiled over relations without rows, in a folder that is gone afterwards.

    Raises:
        DbtError: if the project does not parse or a model does not run.
    """
    with _empty_lake() as (target, data, folder):
        where = state or folder / "dbt"
        dbt.build(attach=target, data_path=data, target_dir=where, project=project, is_tested=False)
        with dbt.environment(target, data):
            return describe_manifest(dbt.compile_models(where, project=project))


def describe_manifest(manifest: Manifest) -> Project:
    """What a manifest says of models and sources."""
    tests: dict[str, dict[str, Any]] = {}
    for node in manifest.nodes.values():
        on, test = getattr(node, "attached_node", None), getattr(node, "test_metadata", None)
        if on and test:
            tests.setdefault(on, {})[test.name] = test.kwargs
    models = [
        _model(node, tests.get(node.unique_id, {}))
        for node in manifest.nodes.values()
        if str(node.resource_type) == "model"
    ]
    sources = [_source(each) for each in manifest.sources.values()]
    named = {each.name: each for each in models}, {each.name: each for each in sources}
    return Project(*named, code_nodes(manifest))


def _key(tests: dict[str, Any]) -> tuple[str, ...]:
    """The columns of the key that a model's key test names."""
    for name in sorted(KEY_TESTS & tests.keys()):
        given = tests[name].get("key", ())
        columns = (given,) if isinstance(given, str) else tuple(given)
        return (NIGHT, *columns) if name == "feature_rows" else columns
    return ()


def _model(node: Any, tests: dict[str, Any]) -> Model:  # noqa: ANN401 - dbt's nodes are of many types
    meta = node.config.meta or {}
    return Model(
        name=f"{node.schema}.{node.alias}",
        title=node.name,
        layer=node.schema,
        folder=Path(node.original_file_path).parts[1],
        description=node.description,
        columns=_columns(node),
        tests=frozenset(tests),
        is_contracted=bool(node.config.contract.enforced),
        raw=node.raw_code,
        sql=getattr(node, "compiled_code", None) or "",
        known_by=meta.get("known_by", ""),
        is_timeless=meta.get("known") == "always",
        trusted=meta.get("trusted", {}),
        key=_key(tests),
    )


def _source(node: Any) -> Source:  # noqa: ANN401 - as above
    meta = node.meta or {}
    return Source(
        name=f"{node.schema}.{node.identifier}",
        columns=_columns(node),
        known_by=meta.get("known_by", ""),
        is_timeless=meta.get("known") == "always",
    )


def _columns(node: Any) -> dict[str, Column]:  # noqa: ANN401 - as above
    found = {}
    for name, column in node.columns.items():
        meta = column.meta or {}
        banned = str(meta.get("banned", "")) or ("it is personal" if meta.get("personal") else "")
        found[name] = Column(column.description, column.data_type or "", meta.get("known", ""), banned)
    return found


@contextmanager
def _empty_lake() -> Iterator[tuple[str, str, Path]]:
    """A lake in a folder of its own with the raw tables, without a row: what to attach, and where."""
    with tempfile.TemporaryDirectory(prefix="redeye-lake-") as name:
        folder = Path(name)
        target, data = f"ducklake:{folder / 'catalog.ducklake'}", f"{folder / 'data'}/"
        source = load_source()
        with lake.connect(threads=1) as con:
            con.execute(f"ATTACH '{target}' AS {CATALOG} (DATA_PATH '{data}', DATA_INLINING_ROW_LIMIT 0)")
            raw_tables.create_tables(con, source)
            night = source.first_night
            raw_tables.add_holidays(con, night, night)
            # In a build of one night its bounds alone hold everything: what must hold within a range would not show.
            raw_tables.set_build_window(con, night, shift_nights(night, NIGHTS))
        yield target, data, folder
