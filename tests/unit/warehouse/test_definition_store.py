"""Which of the project's macros are part of how a column is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.warehouse import dbt
from redeye.warehouse.definition_store import FORM_ALONE, compile_definitions


@pytest.mark.parametrize(
    ("macros", "is_told"), [(FORM_ALONE, False), ("macros/adapter/replace_nights.sql", True)]
)
def test_a_macro_that_gives_a_table_its_form_makes_no_column_another(
    tmp_path: Path, macros: str, is_told: bool
) -> None:
    def compile_project(state: str) -> object:
        with dbt.environment("none", "none"):
            manifest = dbt.parse(tmp_path / state)
        changed = [each for each in manifest.macros.values() if each.original_file_path == macros]
        assert changed
        for macro in changed if state == "after" else ():
            macro.macro_sql = macro.macro_sql.replace("%}", "%} {%- set another = 1 -%}", 1)
        return compile_definitions(manifest).relations

    assert (compile_project("before") != compile_project("after")) is is_told
