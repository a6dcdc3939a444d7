"""Reading what a declared dataset has now, wherever it comes from: its columns as text, instants in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from redeye.declarations.calendar import zone
from redeye.declarations.datasets import IS_DELETED, DeclaredDataset
from redeye.declarations.file_names import FileNames
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.sources.declared import fsspec_files, python_rows, sqlalchemy_rows
from redeye.sources.declared.logic.instants import translate_instants
from redeye.sources.logic.deliveries import KNOWN_AT, Dataset


@dataclass(frozen=True)
class DeclaredRows:
    """The rows of one declared dataset, as they are now.

    Attributes:
        root: the folder that names of files begin at.
    """

    declared: DeclaredDataset
    dataset: Dataset
    root: Path

    @property
    def names(self) -> FileNames | None:
        """The names of its files; None if it does not come in files.

        Raises:
            ConfigError: if a variable has them, and they do not fit what is declared.
        """
        if self.declared.files is None:
            return None
        names, known = fsspec_files.read_names(self.declared.files, self.root), self.declared.known_at
        if names.word is None and (known.after or known.before) and known.of is None:
            raise ConfigError(
                f"{self.dataset.name}: {self.declared.files.url_env} names one file for all nights, so that "
                "`known_at.of` in redeye.yaml must name the column whose night or day is meant"
            )
        return names

    @property
    def columns(self) -> list[str]:
        """The columns that it is read for: those of its contract, without what the engine finds out."""
        own = {KNOWN_AT} - set(self.declared.list_columns().values())
        if self.declared.changes.finds_deletions:
            own.add(IS_DELETED)
        return [name for name in self.dataset.columns if name not in own]

    def read(self, *, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
        """All rows, or where it has a cursor or takes bounds those after an instant.

        Raises:
            ConfigError: if a variable that the declaration names is not set.
            DeliveryError: if they cannot be read, or an instant is none.
        """
        return self._translate(self._read(self.columns, since, until))

    def read_keys(self, since: datetime) -> pa.Table:
        """The keys that are there of rows after an instant.

        Raises:
            ConfigError, DeliveryError: as `read`.
        """
        return self._translate(self._read(self.dataset.key, since, None))

    def read_texts(self, column: str) -> list[str]:
        """Values of a column of instants or dates as they land, the least and the greatest among them.

        Raises:
            ConfigError, DeliveryError: as `read`.
        """
        if self.declared.sql:
            texts = pa.array(sqlalchemy_rows.read_extremes(self.declared.sql, column), pa.string())
            table = pa.table({column: texts})
        else:
            table = self._read([column], None, None)
        texts = self._translate(table).column(column).unique().to_pylist()
        return [str(text) for text in texts]

    def read_files(self, day: date) -> pa.Table | None:
        """The rows of the files of one night or day; None if there are none.

        Raises:
            DeliveryError: if there are more or fewer than declared, naming them, or as `read`.
        """
        files, names = self.declared.files, self.names
        if files is None or names is None:
            raise ValueError(f"{self.dataset.name} comes in no files")
        url = names.name_files(day)
        paths = fsspec_files.list_files(url)
        wanted = files.per_period or (None if "*" in url else 1)
        if wanted and paths and len(paths) != wanted:
            raise DeliveryError(
                f"{self.dataset.name} of {names.word} {day}: {wanted} files are declared and {len(paths)} are there: "
                f"{', '.join(paths)}"
            )
        return self._translate(fsspec_files.read_rows(url, paths, files, self.columns)) if paths else None

    def list_days(self) -> list[date]:
        """The nights or days that files are there of."""
        names = self.names
        if names is None:
            return []
        found = {names.read_date(path) for path in fsspec_files.list_files(names.name_all())}
        return sorted(day for day in found if day)

    def _read(self, columns: Sequence[str], since: datetime | None, until: datetime | None) -> pa.Table:
        declared = self.declared
        if declared.sql:
            return sqlalchemy_rows.read_rows(declared.sql, columns, since=since, zone=self._zone)
        if declared.python:
            return python_rows.read_rows(declared.python, columns, since=since, until=until)
        files, names = declared.files, self.names
        if files is None or names is None:
            raise ValueError(f"{self.dataset.name} comes from nowhere")
        paths = fsspec_files.list_files(names.url)
        if not paths:
            raise DeliveryError(f"{self.dataset.name}: there is no file {names.url}")
        return fsspec_files.read_rows(names.url, paths, files, columns)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.declared.zone) if self.declared.zone else zone()

    def _translate(self, table: pa.Table) -> pa.Table:
        """The instants among the columns in UTC."""
        for place, name in enumerate(table.column_names):
            if self.dataset.types[name] != "TIMESTAMP":
                continue
            coded = table.column(name).combine_chunks().dictionary_encode()
            try:
                found = translate_instants(
                    coded.dictionary.to_pylist(), self._zone, self.declared.repeated_hour
                )
            except ValueError as error:
                raise DeliveryError(f"{self.dataset.name}, column {name}: {error}") from error
            texts = pa.array(list(found.values()), pa.string()).take(coded.indices)
            table = table.set_column(place, name, texts)
        return table
