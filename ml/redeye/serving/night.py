"""A night's predictions in memory, written once in every format: an answer is a choice of what is written already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from redeye.declarations.calendar import coming_day, cutoff
from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.foundation.settings import settings
from redeye.models.kinds.interface import find_kind
from redeye.serving.formats import (
    Columns,
    make_batch,
    write_csv_lines,
    write_json,
    write_parquet,
    write_row,
    write_value,
)
from redeye.serving.logic.queries import CSV, JSON, Query, Row, describe_columns
from redeye.serving.logic.row_index import RowIndex

TOLD = ("night", "scored_at", "known_until", "model_version", "algorithm", "release_id", "is_degraded")
"""What headers say of an answer too, as `Redeye-Model-Version` and so on; the reason if there is one."""


class Night:
    """A model's predictions of one night."""

    def __init__(self, about: Mapping[str, Any], rows: Sequence[Row], columns: Columns) -> None:
        """Write what every answer needs.

        Args:
            about: freshness and degraded state, as JSON has them.
            rows: with the outcomes that are known, the riskiest first.
            columns: those of an answer.
        """
        self.about, self.rows, self.columns = about, rows, columns
        self.index = RowIndex(rows)
        self.headers = write_headers(about)
        self._texts = [write_json(write_row(row, columns)) for row in rows]
        self._about = write_json(about)[:-1]
        digest = hashlib.sha256(self._about)
        for text in self._texts:
            digest.update(text)
        self._digest = digest.digest()

    def make_etag(self, kind: str, asked: str) -> str:
        """The ETag of an answer, which follows from the night, the media type and what is asked."""
        digest = hashlib.sha256(self._digest)
        digest.update(f"{kind} {asked}".encode(errors="surrogateescape"))
        return f'"{digest.hexdigest()[:32]}"'

    def write_table(self, query: Query, kind: str) -> bytes:
        """The body of an answer with some of the rows."""
        places, total = self.index.select(query)
        if kind == JSON:
            counts = f',"total":{total},"limit":{query.limit},"offset":{query.offset},"predictions":['
            return b"".join(
                (self._about, counts.encode(), b",".join([self._texts[place] for place in places]), b"]}")
            )
        return self._write_places(
            kind, places, {"total": total, "limit": query.limit, "offset": query.offset}
        )

    def write_prediction(self, place: int, kind: str) -> bytes:
        """The body of an answer with one row."""
        if kind == JSON:
            return b"".join((self._about, b',"prediction":', self._texts[place], b"}"))
        return self._write_places(kind, [place], {})

    def _write_places(self, kind: str, places: list[int], counts: Mapping[str, int]) -> bytes:
        if kind == CSV:
            head, *lines = self._lines
            return b"".join([head, *[lines[place] for place in places]])
        return write_parquet(self._batch.take(pa.array(places, pa.int64())), {**self.about, **counts})

    @cached_property
    def _lines(self) -> list[bytes]:
        return write_csv_lines(self.rows, self.columns)

    @cached_property
    def _batch(self) -> pa.RecordBatch:
        return make_batch(self.rows, self.columns)


def write_headers(about: Mapping[str, Any]) -> dict[str, str]:
    """What the headers of each answer say of a night."""
    headers = {}
    for name in TOLD:
        if (value := about.get(name)) is not None:
            told = "-".join(part.title() for part in ("redeye", *name.split("_")))
            headers[told] = str(value).lower() if isinstance(value, bool) else str(value)
    if reason := about.get("degraded_reason"):
        # A header holds ASCII only.
        headers["Redeye-Degraded-Reason"] = quote(reason, safe=" ;:,()'=/")
    return headers


def make_night(spec: Spec, night: date, rows: Sequence[Row], scored_at: str | None) -> Night:
    """A night from its rows; what all share is said once, and one degraded row makes the night so."""
    first = next((row for row in rows if row["is_degraded"]), rows[0])
    about = {
        "model": spec.model,
        "night": night.isoformat(),
        "coming_day": coming_day(night).isoformat(),
        "known_until": write_value(cutoff(night)),
        "scored_at": scored_at,
        "model_version": first["model_version"],
        "algorithm": first["algorithm"],
        "release_id": first["release_id"],
        "is_degraded": bool(first["is_degraded"]),
        "degraded_reason": first["degraded_reason"] or None,
        "outcomes_known": sum(row["outcome"] is not None for row in rows),
        "shift_weeks": settings().shift_weeks,
        "is_rehearsal": bool(settings().rehearsal),
    }
    return Night(
        about, list(rows), describe_columns(project().subject, find_kind(spec), spec.target.positive)
    )
