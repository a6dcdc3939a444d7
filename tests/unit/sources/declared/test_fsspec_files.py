"""Files of declared datasets: every value as the text that it is, whatever the format."""

from __future__ import annotations

import gzip

import duckdb
import pytest

from redeye.declarations.datasets import Files
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.sources.declared.fsspec_files import list_files, read_names, read_rows

COLUMNS = ["id", "name", "at"]


@pytest.fixture
def read(tmp_path):
    def read(
        name: str, content: str | bytes, columns: list[str] = COLUMNS, **said: str
    ) -> list[tuple[str, ...]]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        files = Files(url=name, **said)
        url = read_names(files, tmp_path).url
        table = read_rows(url, list_files(url), files, columns)
        return [tuple(row.values()) for row in table.to_pylist()]

    return read


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.csv",
            '\ufeffname,id,more,at\n"Ash, ""big"""\n,007,x,\n#b,1e3,y,2026\n'.replace('"\n,', '",'),
            {},
        ),
        ("a.txt", 'name;id;at\n"Ash, ""big""";007;\n#b;1e3;2026\n', {"format": "csv", "delimiter": ";"}),
        (
            "a.csv.gz",
            gzip.compress(b'name,id,at\r\n"Ash, ""big""",007,NA\r\n#b,1e3,2026\r\n'),
            {},
        ),
        ("a.jsonl", '{"id": "007", "name": "Ash, \\"big\\""}\n{"id": "1e3", "name": "#b", "at": 2026}\n', {}),
    ],
)
def test_values_are_the_text_of_the_file_and_what_is_missing_is_na(read, name, content, said):
    assert read(name, content, **said) == [("007", 'Ash, "big"', "NA"), ("1e3", "#b", "2026")]


def test_parquet_keeps_instants_with_their_zone(tmp_path):
    path = tmp_path / "a.parquet"
    duckdb.sql(
        "COPY (SELECT 1 AS id, NULL AS name, TIMESTAMPTZ '2026-03-01 08:00:00+05:45' AS at, 2.50::DECIMAL(4, 2) AS "
        f"amount, true AS is_open) TO '{path}'"
    )
    files = Files(url=str(path))
    columns = [*COLUMNS, "amount", "is_open"]
    assert [list(row.values()) for row in read_rows(str(path), [str(path)], files, columns).to_pylist()] == [
        ["1", "NA", "2026-03-01 02:15:00+00", "2.50", "true"]
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "id,nmae,at\n1,2,3\n", "has no column name; is 'nmae' meant; it has id, nmae, at"),
        ("a.csv", "id,name,at\n1,2,3,4\n", "cannot be read as csv"),
        ("a.jsonl", '{"id": 1\n', "cannot be read as jsonl"),
        ("a.parquet", "PAR", "cannot be read as parquet"),
    ],
)
def test_a_file_that_is_otherwise_is_refused_by_name(read, name, content, said):
    with pytest.raises(DeliveryError, match=said) as error:
        read(name, content)
    assert name in str(error.value)


def test_several_files_are_read_in_the_order_of_their_names(tmp_path):
    for name in "ba":
        (tmp_path / f"{name}.csv").write_text(f"id\n{name}\n")
    files = Files(url="*.csv")
    url = read_names(files, tmp_path).url
    assert read_rows(url, list_files(url), files, ["id"]).to_pydict() == {"id": ["a", "b"]}


def test_a_url_may_stand_in_a_variable_and_is_not_repeated(tmp_path):
    files = Files(url_env="SHOP_FILES")
    names = read_names(files, tmp_path, {"SHOP_FILES": "data/{night:%Y-%m-%d}.csv"})
    assert (names.url, names.word) == (f"{tmp_path}/data/{{night:%Y-%m-%d}}.csv", "night")
    with pytest.raises(ConfigError, match=r"SHOP_FILES is not set: `files\.url_env`"):
        read_names(files, tmp_path, {})
    with pytest.raises(ConfigError, match="SHOP_FILES is no URL of files") as error:
        read_names(files, tmp_path, {"SHOP_FILES": "geheim/{nigt}.csv"})
    assert "geheim" not in str(error.value)
