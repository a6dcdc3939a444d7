"""Which deliveries are behind what an audit refused in a candidate, so that the sound ones beside them stay."""

from __future__ import annotations

from collections.abc import Iterable

import sqlglot
from sqlglot import exp

from redeye.audits.declared_checks import RELEASES, release_queries
from redeye.audits.logic.audit_result import AuditResult
from redeye.sources.configured_source import load_source
from redeye.warehouse import raw_tables, release_store
from redeye.warehouse.logic.releases import upstream
from redeye.warehouse.logic.sql_facts import DIALECT


def find_datasets_behind(refused: Iterable[AuditResult], code_hash: str) -> set[str]:
    """The datasets that the refused frames of a candidate are made from, by the dbt code that built it.

    Raises:
        ConfigError: if the project's queries cannot be loaded.
    """
    queries = release_queries()
    relations: set[str] = set()
    for result in refused:
        query = sqlglot.parse_one(queries[result.suite.removeprefix(RELEASES)], dialect=DIALECT)
        relations |= {f"{table.db}.{table.name}" for table in query.find_all(exp.Table) if table.db}
    nodes = upstream(release_store.code_nodes(code_hash), relations)
    read = {name for node in nodes for name in node.depends_on} | relations
    tables = {name.rpartition(".")[2] for name in read}
    source = load_source()
    return {each.name for each in source.datasets if raw_tables.table_name(source, each) in tables}
