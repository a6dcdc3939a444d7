"""Datasets that a project declares instead of writing a source: where they come from, how they change, when known.

What a dataset is (columns, types, key) is said by its contract, and nothing of it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from redeye.declarations.durations import Duration, DurationField
from redeye.declarations.file_names import FileNames, refuse_secret
from redeye.declarations.spec_fields import Frozen, Name, OrWord, PositiveInt, PythonName, ZoneName

Format = Literal["csv", "jsonl", "parquet"]
DELIVERY = "delivery"
IS_DELETED = "is_deleted"
"""The column that says of a row that it was deleted, where the engine is to find that out."""
_SUFFIXES: Mapping[str, Format] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}

Column = Annotated[str, Field(min_length=1)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _require_one(said: Mapping[str, object]) -> str:
    """Which of some keys is said.

    Raises:
        ValueError: unless it is one.
    """
    there = [name for name, value in said.items() if value is not None]
    if len(there) != 1:
        raise ValueError(
            f"{there[-1]}: stands beside {there[0]}; keep one"
            if there
            else f"one of {', '.join(said)} is missing; add it"
        )
    return there[0]


def _spell_out_deletes(said: object) -> object:
    return {"how": said} if isinstance(said, str) else said


def _spell_out_known_at(said: object) -> object:
    if isinstance(said, str) and said != DELIVERY:
        raise ValueError(f"{said!r} is no instant: write {DELIVERY}, or a mapping as {{column: {said}}}")
    return {DELIVERY: True} if said == DELIVERY else said


class Files(Frozen):
    """Files of a folder or an object store."""

    url: Annotated[str, Field(min_length=1), AfterValidator(refuse_secret)] | None = Field(
        default=None,
        description="Where they lie: from the folder of `redeye.yaml`, absolute, or in a store, as `s3://…`. `*` may "
        "stand in it. `{night:%Y-%m-%d}` or `{day:%Y-%m-%d}`: each night or day has files of its own; without, the "
        "file has all history.",
    )
    url_env: VariableName | None = Field(
        default=None, description="The environment variable that holds the URL, where it has a secret in it."
    )
    format: Format | None = Field(
        default=None,
        description="CSV with a header, JSON with an object on each line, or Parquet; by default the name's ending "
        "says it.",
    )
    per_period: PositiveInt | None = Field(
        default=None, description="How many files each night or day has; 1 unless `*` stands in the name."
    )
    delimiter: str = Field(
        default=",", min_length=1, max_length=1, description="What stands between the values of a CSV file."
    )

    @model_validator(mode="after")
    def _says_where_and_what(self) -> Files:
        if _require_one({"url": self.url, "url_env": self.url_env}) == "url_env":
            return self
        names = self.names
        if self.per_period and names.word is None:
            raise ValueError("per_period: says nothing, as the url names no {night:…}: remove it")
        _ = self.read_format(names.url)
        return self

    @cached_property
    def names(self) -> FileNames:
        """The names of the declared URL.

        Raises:
            ValueError: as `FileNames.parse`.
        """
        try:
            return FileNames.parse(self.url or "")
        except ValueError as error:
            raise ValueError(f"url: {error}") from error

    def read_format(self, url: str) -> Format:
        """What kind of files a URL names.

        Raises:
            ValueError: if neither its ending nor `format` says it.
        """
        plain = url.removesuffix(".gz")
        found = self.format or next(
            (kind for suffix, kind in _SUFFIXES.items() if plain.endswith(suffix)), None
        )
        if found is None:
            raise ValueError(
                f"format: is missing, and the ending says none of {', '.join(get_args(Format))}; add it"
            )
        return found


class Sql(Frozen):
    """A table or a query of a database that SQLAlchemy reaches."""

    url_env: VariableName = Field(
        description="The environment variable that holds the database's SQLAlchemy URL, as "
        "`postgresql+psycopg2://…`."
    )
    table: Annotated[str, Field(pattern=r"^\w+(\.\w+)?$")] | None = Field(
        default=None, description="`table` or `schema.table`."
    )
    query: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="A SELECT in its place, where a table alone does not do."
    )
    cursor: Column | None = Field(
        default=None,
        description="The column of instants that grows with each new or changed row: what is not newer than what was "
        "read is not read again. Without it all is read each night.",
    )
    overlap: DurationField = Field(
        default=Duration(days=1),
        description="How far behind the cursor rows are looked for that were committed late; P1D by default.",
    )

    @model_validator(mode="after")
    def _says_what(self) -> Sql:
        _require_one({"table": self.table, "query": self.query})
        if "overlap" in self.model_fields_set and self.cursor is None:
            raise ValueError("overlap: says nothing without a cursor; add one, or remove it")
        return self


class KnownAt(Frozen):
    """When a row became known: at an instant that it says itself, after or before its night or day, or by delivery."""

    delivery: bool = Field(
        default=False, description="`known_at: delivery`: when the night ends with which it is delivered."
    )
    column: Column | None = Field(default=None, description="The column that holds the instant.")
    after: Literal["night", "day"] | None = Field(
        default=None, description="When the night or calendar day of the row ends."
    )
    before: Literal["day"] | None = Field(
        default=None,
        description="In advance: at the cutoff of the night before the row's calendar day, as a schedule is.",
    )
    of: Column | None = Field(
        default=None,
        description="The column of the date or instant that says which night or day is the row's; by default the "
        "file's name does.",
    )
    lag: DurationField = Field(default=Duration(), description="So much later than that.")
    lead: DurationField = Field(
        default=Duration(), description="With `before`, so much earlier than that cutoff."
    )
    assumed: bool = Field(
        default=False, description="Nobody recorded it: whatever is made from it is labelled so."
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> KnownAt:
        said = {"column": self.column, "after": self.after, "before": self.before}
        _require_one({**said, DELIVERY: self.delivery or None})
        allowed = {"of": self.after or self.before, "lead": self.before, "lag": self.column or self.after}
        for name, by in allowed.items():
            if name in self.model_fields_set and not by:
                raise ValueError(f"{name}: says nothing here; remove it")
        return self


class Deletes(Frozen):
    """How rows that were deleted are noticed."""

    how: Literal["never", "missing"] | None = Field(
        default=None,
        description="`deletes: never`: no row is ever deleted. `deletes: missing`: rows are, unseen.",
    )
    column: Column | None = Field(default=None, description="The source's own column that says it.")
    compare_keys: DurationField | None = Field(
        default=None,
        description="Keys that were known for so long at most, and are not there any more, are deleted.",
    )

    @model_validator(mode="after")
    def _says_one_thing(self) -> Deletes:
        _require_one({"column": self.column, "compare_keys": self.compare_keys, "never or missing": self.how})
        return self


class Changes(Frozen):
    """How a dataset changes from night to night."""

    mode: Literal["append", "upsert", "snapshot"] = Field(
        description="`append`: rows are added and never changed. `upsert`: a row of a key may be replaced by a newer "
        "one. `snapshot`: what is there is all that holds; a key that is not there was deleted."
    )
    deletes: (
        Annotated[
            Deletes,
            BeforeValidator(_spell_out_deletes),
            OrWord(("never", "missing")),
        ]
        | None
    ) = Field(
        default=None,
        description="`never`, `missing`, or a mapping. An upsert has to say it, as no cursor shows a deletion; of an "
        "append it is `never`.",
    )
    history: Literal["unknown", "assumed_constant"] = Field(
        default="unknown",
        description="Of rows that say no instant of their own: what they were before they were first delivered. "
        "`unknown`: nothing is there before. `assumed_constant`: as if they had always been so, from the first night.",
    )
    revised_for: DurationField | None = Field(
        default=None,
        description="History holds values that were corrected for so long after they were first known: before "
        "`clock.live_from` a row counts as known that much later.",
    )

    @model_validator(mode="after")
    def _says_what_is_deleted(self) -> Changes:
        if self.mode == "upsert" and self.deletes is None:
            raise ValueError(
                "deletes: is missing; no cursor shows a deletion: say never, missing, {column: …} or "
                "{compare_keys: P60D}"
            )
        if self.mode == "snapshot" and self.deletes is not None:
            raise ValueError("deletes: says nothing of a snapshot, where what is gone is deleted; remove it")
        return self

    @property
    def finds_deletions(self) -> bool:
        """Whether the engine finds out what was deleted, and says so in the column `is_deleted`."""
        return self.mode == "snapshot" or bool(self.deletes and self.deletes.compare_keys)


class DeclaredDataset(Frozen):
    """One dataset of `datasets:` in `redeye.yaml`."""

    files: Files | None = Field(default=None, description="It comes in files.")
    sql: Sql | None = Field(default=None, description="It comes from a database.")
    python: PythonName | None = Field(
        default=None,
        description="`module:name` of a class or function that is called for an iterator of rows (mappings), data "
        "frames or Arrow tables; with the instants `since` and `until` if it takes them.",
    )
    known_at: Annotated[
        KnownAt,
        BeforeValidator(_spell_out_known_at),
        OrWord((DELIVERY,)),
    ] = Field(description="When a row became known: `delivery`, or a mapping.")
    changes: Changes = Field(description="How it changes.")
    zone: ZoneName | None = Field(
        default=None,
        description="The zone of instants whose text says none; by default the clock's.",
    )
    repeated_hour: Literal["first", "second"] | None = Field(
        default=None,
        description="Which one is meant by an instant without a zone in the hour that comes twice when clocks go "
        "back; by default such a row is refused. One in the hour that is skipped is then read as by the clock before.",
    )
    most_rows: PositiveInt | None = Field(
        default=None,
        description="How many rows a night's delivery may have at most; by default 200,000, or ten times the largest.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> DeclaredDataset:
        _require_one({"files": self.files, "sql": self.sql, "python": self.python})
        known = self.known_at
        if (known.after or known.before) and known.of is None and self.has_nightly_files is False:
            raise ValueError("known_at.of: is missing; name the column whose night or day is meant")
        if self.changes.revised_for and known.delivery:
            raise ValueError("changes.revised_for: says nothing of rows known by delivery; remove it")
        if known.column and known.lag != Duration() and self.has_nightly_files:
            raise ValueError("known_at.lag: a row comes with the file of its night; remove it")
        if self.has_nightly_files and self.changes.deletes and self.changes.deletes.compare_keys:
            raise ValueError(
                "changes.deletes.compare_keys: files of each night do not say which keys are there"
            )
        if self.sql and self.sql.cursor and self.changes.mode == "snapshot":
            raise ValueError("sql.cursor: says nothing of a snapshot, which is read whole; remove it")
        if "history" in self.changes.model_fields_set and self.has_past:
            raise ValueError("changes.history: its past is what its rows or files say; remove it")
        return self

    @property
    def has_nightly_files(self) -> bool | None:
        """Whether each night or day has files of its own; None where a variable has the URL."""
        if self.files and self.files.url_env:
            return None
        return bool(self.files and self.files.names.word)

    @property
    def has_past(self) -> bool:
        """Whether its rows or files say when they became known."""
        return not self.known_at.delivery or bool(self.has_nightly_files)

    @property
    def is_past_unknown(self) -> bool:
        """Whether nothing of it is there before it was first delivered."""
        return not self.has_past and self.changes.history == "unknown"

    def list_columns(self) -> dict[str, str]:
        """The columns that are named, by the key that names each: they must be those of the contract."""
        named = {
            "known_at.column": self.known_at.column,
            "known_at.of": self.known_at.of,
            "changes.deletes.column": self.changes.deletes.column if self.changes.deletes else None,
            "sql.cursor": self.sql.cursor if self.sql else None,
        }
        return {key: column for key, column in named.items() if column}

    def list_caveats(self) -> list[str]:
        """What nobody can know of its past, in sentences for people."""
        is_missing = self.changes.deletes is not None and self.changes.deletes.how == "missing"
        is_assumed = not (self.has_past or self.is_past_unknown)
        is_replaced = self.has_past and self.changes.mode == "upsert"
        sentences = {
            "when its rows became known is assumed, not recorded": self.known_at.assumed,
            "its past is unknown: there is nothing of it before it was first delivered": self.is_past_unknown,
            "its past is assumed to have been as at its first delivery": is_assumed,
            "of a row that was replaced before it was first delivered only the newest state is known": is_replaced,
            "rows that were deleted are not seen, and stay": is_missing,
        }
        return [sentence for sentence, holds in sentences.items() if holds]


Datasets = Annotated[dict[Name, DeclaredDataset], Field(min_length=1)]
