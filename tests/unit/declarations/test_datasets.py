"""Declared datasets: what a good declaration says, and what is said of a bad one."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from redeye.declarations.datasets import Changes, DeclaredDataset, Deletes, Files, KnownAt, Sql
from redeye.declarations.project import PROJECT_FILE, load_project
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import ENGINE

SOURCE = next(line for line in PROJECT_FILE.read_text().splitlines() if line.startswith("source:"))
GOOD = """datasets:
  orders:
    files: {url: "data/orders.csv"}
    known_at: {column: created_at}
    changes: {mode: append}
  prices:
    sql: {url_env: SHOP_DB, table: prices, cursor: updated_at, overlap: PT6H}
    known_at: {column: updated_at}
    changes: {mode: upsert, deletes: {compare_keys: P60D}}
  clicks:
    python: shop.clicks:Clicks
    known_at: {after: night, of: at, lag: PT30M, assumed: true}
    changes: {mode: append}
  shops:
    files: {url: "s3://shop/shops.parquet"}
    known_at: delivery
    changes: {mode: snapshot, history: assumed_constant}
"""


@pytest.fixture
def declare(tmp_path):
    def declare(text: str) -> dict[str, DeclaredDataset]:
        path = tmp_path / "redeye.yaml"
        path.write_text(PROJECT_FILE.read_text().replace(SOURCE, text))
        return load_project(path).datasets

    return declare


def test_datasets_are_declared_by_name_and_say_what_of_them_nobody_knows(declare):
    assert {name: each.list_caveats() for name, each in declare(GOOD).items()} == {
        "orders": [],
        "prices": ["of a row that was replaced before it was first delivered only the newest state is known"],
        "clicks": ["when its rows became known is assumed, not recorded"],
        "shops": ["its past is assumed to have been as at its first delivery"],
    }


def test_the_source_is_python_or_declared_and_not_both(declare):
    with pytest.raises(ConfigError, match=r"redeye.yaml:1: source: is missing; add it, or `datasets`"):
        declare("")
    with pytest.raises(ConfigError, match=r"redeye.yaml:\d+: datasets: stands beside `source`"):
        declare(f"{SOURCE}\n{GOOD}")


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        (
            "append",
            "apend",
            "orders:",
            "changes.mode: 'apend': input should be 'append', 'upsert' or 'snapshot'",
        ),
        ("known_at: {column: created_at}", "knwon_at: delivery", "orders:", "did you mean 'known_at'?"),
        (
            "{column: created_at}",
            "{colum: created_at}",
            "orders:",
            "known_at.colum: unknown key; did you mean 'column'?",
        ),
        (
            "{column: created_at}",
            "created_at",
            "orders:",
            "write delivery, or a mapping as {column: created_at}",
        ),
        ("{column: created_at}", "{after: day}", "orders:", "known_at.of: is missing"),
        ("PT6H", "6", "prices:", "sql.overlap: 6 has no unit: write PT30M"),
        ("PT30M", '"30"', "clicks:", "known_at.lag: '30' has no unit: write PT30M"),
        (", deletes: {compare_keys: P60D}", "", "prices:", "deletes: is missing; no cursor shows a deletion"),
        ("cursor: updated_at, ", "", "prices:", "overlap: says nothing without a cursor"),
        (
            "table: prices",
            "table: prices, query: SELECT 1",
            "prices:",
            "query: stands beside table; keep one",
        ),
        (
            "snapshot, history",
            "snapshot, deletes: never, history",
            "shops:",
            "deletes: says nothing of a snapshot",
        ),
        (
            'url: "data/orders.csv"}\n    known_at: {column: created_at}\n    changes: {mode: append}',
            'url: "{night:%Y-%m-%d}.csv"}\n    known_at: delivery\n'
            "    changes: {mode: append, deletes: {compare_keys: P9D}}",
            "orders:",
            "changes.deletes.compare_keys: files of each night do not say",
        ),
        ("data/orders.csv", "data/{night:%Y-%m}.csv", "orders:", "says no whole date"),
        (
            "data/orders.csv",
            "data/orders.txt",
            "orders:",
            "format: is missing, and the ending says none of csv",
        ),
        (
            "{mode: append}",
            "{mode: append, history: unknown}",
            "orders:",
            "changes.history: its past is what its rows",
        ),
        (
            "python: shop.clicks:Clicks",
            "python: shop.clicks",
            "clicks:",
            "python: 'shop.clicks' does not match",
        ),
        ("  orders:\n", "  orders:\n    zone: Europe/Madird\n", "orders:", "is no time zone"),
        (
            "  clicks:\n",
            "  clicks:\n    files: {url: a.csv}\n",
            "clicks:",
            "python: stands beside files; keep one",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(declare, before, after, line, said):
    with pytest.raises(ConfigError) as error:
        declare(GOOD.replace(before, after, 1))
    assert said in str(error.value)
    assert f"datasets.{line.rstrip(':')}" in str(error.value)
    assert "redeye.yaml:" in str(error.value)


@pytest.mark.parametrize(
    "url",
    ["s3://me:geheim@b/a.csv", "https://b/a.csv?X-Amz-Signature=geheim", "https://b/a.csv?token=geheim"],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(declare, url):
    with pytest.raises(ConfigError, match="name that with `url_env`") as error:
        declare(GOOD.replace("data/orders.csv", url))
    assert "geheim" not in str(error.value)


def test_the_page_names_every_key():
    page = (ENGINE / "docs" / "reference" / "datasets.md").read_text()
    models: dict[str, type[BaseModel]] = {
        "": DeclaredDataset,
        "files.": Files,
        "sql.": Sql,
        "known_at.": KnownAt,
        "changes.": Changes,
    }
    models["changes.deletes."] = Deletes
    keys = {f"{before}{name}" for before, model in models.items() for name in model.model_fields}
    whole = {"files", "sql", "known_at", "changes"}
    assert {key for key in keys - whole if f"| `{key}` |" not in page} == set()
    assert set(re.findall(r"^\| `([\w.]+)` \|", page, re.M)) <= keys


def test_editors_are_told_of_words_and_mappings():
    schema = DeclaredDataset.model_json_schema()
    known_at = schema["properties"]["known_at"]
    assert known_at["anyOf"] == [{"enum": ["delivery"]}, {"$ref": "#/$defs/KnownAt"}]
    deletes = schema["$defs"]["Changes"]["properties"]["deletes"]["anyOf"]
    assert {"enum": ["never", "missing"]} in [deletes[0], *deletes[0].get("anyOf", [])]
