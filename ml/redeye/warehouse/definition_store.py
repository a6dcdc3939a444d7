"""How each version of the dbt project defines its columns: compiled once for each version, and kept in the ledger."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg2.extras import Json

from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import insert, read_rows
from redeye.warehouse import dbt, dbt_code, dbt_project
from redeye.warehouse.logic.column_definitions import Definition, Definitions

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
# What asks or tells the warehouse something while dbt runs does not show in a model's SQL.
UNSEEN = re.compile(r"\b(run_query|statement|date_literal|adapter\.\w+)\b|\{%-?\s*materialization\b")
# It gives a table the columns and types that its model declares, which are compared by themselves. Were it part of how
# each column is made, a change of it would be one of every feature that a version reads.
FORM_ALONE = "macros/adapter/sync_columns.sql"


def compile_definitions(manifest: Manifest, *, project: Path = dbt.PROJECT) -> Definitions:
    """The definitions of a project, which is parsed and not compiled yet; needs no warehouse.

    Raises:
        DbtError: if a model does not compile.
    """
    with tempfile.TemporaryDirectory(prefix="redeye-definitions-") as folder:
        with dbt.environment(f"ducklake:{folder}/catalog.ducklake", f"{folder}/data/"):
            # A copy: compiling adds to the manifest what code hashes are made of.
            copy = manifest.deepcopy()
            done = dbt.compile_models(
                Path(folder) / "dbt", project=project, manifest=copy, is_definition=True
            )
    found_in = dbt_project.describe_manifest(done)
    nodes = {
        f"{node.schema}.{node.alias}": node for node in done.nodes.values() if node.resource_type == "model"
    }
    written = _list_macros(done)
    found = [
        Definition(each.name, {name: column.data_type for name, column in each.columns.items()})
        for each in found_in.sources.values()
    ]
    for name, model in found_in.models.items():
        raw = _bare(model.raw) if UNSEEN.search(model.raw) else ""
        how = json.dumps([dbt_code.configuration(nodes[name]), written, raw], sort_keys=True, default=str)
        found.append(
            Definition(
                name,
                {column: each.data_type for column, each in model.columns.items()},
                sql=model.sql,
                how=hashlib.sha256(how.encode()).hexdigest(),
                path=f"dbt/{nodes[name].original_file_path}",
                key=model.key,
            )
        )
    return Definitions({each.name: each for each in found}, dbt_project.CATALOG)


def record_definitions(code_hash: str, definitions: Definitions) -> None:
    """Keep the definitions of a version of the code; again is no change."""
    insert(
        Catalog.WAREHOUSE,
        "INSERT INTO ledger.code_definitions (code_hash, relations) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (code_hash, Json([asdict(each) for each in definitions.relations.values()])),
    )


def is_recorded(code_hash: str) -> bool:
    """Whether the definitions of a version of the code are kept."""
    found = read_rows(
        Catalog.WAREHOUSE, "SELECT 1 FROM ledger.code_definitions WHERE code_hash = %s", (code_hash,)
    )
    return bool(found)


def read_definitions(code_hash: str) -> Definitions | None:
    """The definitions of a version of the code; None if it built before they were kept."""
    rows = read_rows(
        Catalog.WAREHOUSE, "SELECT relations FROM ledger.code_definitions WHERE code_hash = %s", (code_hash,)
    )
    if not rows:
        return None
    found = [Definition.from_dict(each) for each in rows[0][0]]
    return Definitions({each.name: each for each in found}, dbt_project.CATALOG)


def _list_macros(manifest: Manifest) -> list[list[Any]]:
    """The project's macros that ask or tell the warehouse something themselves."""
    return [
        [name, _bare(macro.macro_sql)]
        for name, macro in sorted(manifest.macros.items())
        if macro.package_name == dbt_code.PACKAGE
        and UNSEEN.search(macro.macro_sql)
        and macro.original_file_path != FORM_ALONE
    ]


def _bare(text: str) -> str:
    return " ".join(COMMENT.sub(" ", text).split())
