"""Files of declared datasets: found here or in an object store, read by DuckDB, every value as text."""

from __future__ import annotations

import csv
import gzip
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from redeye.declarations.datasets import Files
from redeye.declarations.file_names import FileNames
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.sources.declared.logic.text_columns import describe_missing, quote_text, select_text

AGAIN = "mend the file, or `files` in redeye.yaml"


def read_names(declared: Files, root: Path, environment: Mapping[str, str] = os.environ) -> FileNames:
    """The names of a dataset's files, absolute or of a store.

    Args:
        declared: what `redeye.yaml` says.
        root: the folder that relative names begin at.
        environment: has the variable that `url_env` names.

    Raises:
        ConfigError: if the variable is not set, or its value is no such URL; the message does not repeat it.
    """
    if declared.url_env is None:
        names = declared.names
    else:
        try:
            names = FileNames.parse(environment[declared.url_env])
            _ = declared.read_format(names.url)
        except (KeyError, ValueError) as error:
            why = "is not set" if isinstance(error, KeyError) else "is no URL of files"
            raise ConfigError(f"{declared.url_env} {why}: `files.url_env` in redeye.yaml names it") from None
    return names if "://" in names.url else FileNames(os.path.normpath(root / names.url), names.word)


def list_files(url: str) -> list[str]:
    """The files at a URL, which may have `*` in it, by name; as paths of their store."""
    store, path = _open_store(url)
    if "*" in path:
        return sorted(str(each) for each in store.glob(path))
    return [path] if store.isfile(path) else []


def read_rows(url: str, paths: Sequence[str], declared: Files, columns: Sequence[str]) -> pa.Table:
    """The rows of some files of a store, in the order of their names: the columns asked for, as text.

    Raises:
        DeliveryError: if a file cannot be read as declared, or lacks a column; names both.
    """
    kind = declared.read_format(url)
    with _open_here(url, paths) as here:
        tables = [
            _read(local, path, kind, declared.delimiter, columns)
            for local, path in zip(here, paths, strict=True)
        ]
    return pa.concat_tables(tables)


def _open_store(url: str) -> tuple[Any, str]:
    import fsspec

    # What another process has put must be seen at once.
    options = {} if url.partition("://")[0] in (url, "file") else {"use_listings_cache": False}
    store, path = fsspec.core.url_to_fs(url, **options)
    return store, str(path)


@contextmanager
def _open_here(url: str, paths: Sequence[str]) -> Iterator[list[str]]:
    """Files as paths of this machine, while the context lasts."""
    store, _ = _open_store(url)
    if "file" in ((store.protocol,) if isinstance(store.protocol, str) else store.protocol):
        yield list(paths)
        return
    with tempfile.TemporaryDirectory(prefix="redeye-files-") as folder:
        here = [str(Path(folder) / f"{number}-{Path(path).name}") for number, path in enumerate(paths)]
        for path, local in zip(paths, here, strict=True):
            store.get_file(path, local)
        yield here


def _read(local: str, path: str, kind: str, delimiter: str, columns: Sequence[str]) -> pa.Table:
    file = quote_text(local)
    con = duckdb.connect()
    try:
        con.execute("SET TimeZone = 'UTC'")
        if kind == "jsonl":
            there = list(columns)
            relation = f"read_json({file}, format = 'newline_delimited', columns = {_list_texts(there)})"
        elif kind == "parquet":
            relation = f"read_parquet({file})"
            there = [str(row[0]) for row in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
        else:
            # Nothing of it is guessed: neither types, nor comments, nor where the rows begin.
            there = _read_header(local, delimiter)
            relation = (
                f"read_csv({file}, auto_detect = false, columns = {_list_texts(there)}, header = true, "
                f"delim = {quote_text(delimiter)}, quote = '\"', escape = '\"', comment = '')"
            )
        if missing := [column for column in columns if column not in there]:
            raise DeliveryError(f"{path} {describe_missing(missing, there)}: {AGAIN}")
        return con.execute(f"SELECT {select_text(columns)} FROM {relation}").to_arrow_table()
    except (duckdb.Error, UnicodeDecodeError, csv.Error) as error:
        raise DeliveryError(f"{path} cannot be read as {kind} ({error}): {AGAIN}") from error
    finally:
        con.close()


def _read_header(local: str, delimiter: str) -> list[str]:
    opener = gzip.open if local.endswith(".gz") else open
    # Without the mark that some programs put before UTF-8.
    with opener(local, "rt", encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file, delimiter=delimiter), [])


def _list_texts(columns: Sequence[str]) -> str:
    return "{" + ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in columns) + "}"
