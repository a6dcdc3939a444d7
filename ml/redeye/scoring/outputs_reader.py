"""Small questions to the outputs lake, for a server that answers many of them: one kept connection, read-only.

Opening DuckDB with its extensions takes a third of a second, a question some 20 ms. Every question names the
nights or the prediction it is about, so that only their files are read.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from redeye.declarations.project import project
from redeye.foundation.catalogs import Catalog
from redeye.foundation.renamed_values import VERDICTS
from redeye.scoring.logic.predictions import LIVE
from redeye.warehouse import lake

Row = dict[str, Any]

# Of one server process: what a page reads is a few thousand rows.
MEMORY = "512MB"
FOUND_ROWS = 200
SORTED_BY = ("probability", "baseline_probability", "rank")
"""Columns of every prediction by which it can be sorted, besides the subject's own."""


class OutputsReader:
    """Reads the head of the outputs lake; safe to share between threads, one question at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._con: duckdb.DuckDBPyConnection | None = None

    def close(self) -> None:
        """Let go of the connection; the next question opens another."""
        with self._lock:
            self._drop()

    def last_night(self, model: str) -> date | None:
        """The latest night with live predictions."""
        rows = self._of_nights(
            "model, max(night) AS night FROM outputs.main.predictions",
            model,
            date.min,
            date.max,
            "GROUP BY model",
        )
        return rows[0]["night"] if rows else None

    def predictions_by_night(self, model: str, first: date, last: date) -> list[Row]:
        """Per night: rows, how many are degraded and why, release and version."""
        return self._of_nights(
            "model, night, count(*) AS rows, count(*) FILTER (is_degraded) AS degraded, "
            "max(degraded_reason) FILTER (is_degraded) AS degraded_reason, max(release_id) AS release_id, "
            "max(model_version) AS model_version, max(algorithm) AS algorithm, avg(probability) AS mean, "
            "max(run_id) AS run_id FROM outputs.main.predictions",
            model,
            first,
            last,
            "GROUP BY model, night ORDER BY night",
        )

    def quality(self, model: str, first: date, last: date) -> list[Row]:
        """By scored night and metric: champion, heuristic, rows; the nights are those that were scored."""
        return self._of_nights(
            "model, night, metric, champion, heuristic, rows, model_version "
            "FROM (SELECT * REPLACE (scored_night AS night) FROM outputs.main.quality)",
            model,
            first,
            last,
            "ORDER BY night, metric",
        )

    def verdicts(self, model: str, first: date, last: date) -> list[Row]:
        """By night: verdict, reasons and, but for those of earlier code, their causes."""
        rows = self._of_nights("* FROM outputs.main.verdicts", model, first, last, "ORDER BY night")
        return [{**row, "verdict": VERDICTS.get(row["verdict"], row["verdict"])} for row in rows]

    def drift_shares(self, model: str, first: date, last: date) -> list[Row]:
        """By night and span: the share of features that drifted, with its threshold."""
        return self._of_nights(
            "model, night, span, value, threshold, is_drifted FROM outputs.main.drift",
            model,
            first,
            last,
            "AND kind = 'share' ORDER BY night, span",
        )

    def feature_quality(self, model: str, first: date, last: date) -> list[Row]:
        """By night and feature: rows, share of nulls, mean, range and distinct values, as scoring saw them."""
        return self._of_nights(
            "model, night, column_name, rows, null_share, mean, minimum, maximum, distinct_values "
            "FROM outputs.main.feature_quality",
            model,
            first,
            last,
            "ORDER BY column_name, night",
        )

    def drift_of_features(self, model: str, first: date, last: date, span: str) -> list[Row]:
        """By night and feature: the distance, and the threshold it is held against."""
        return self._of_nights(
            "model, night, column_name, statistic, value, threshold, is_drifted, note FROM outputs.main.drift",
            model,
            first,
            last,
            "AND span = ? AND kind IN ('feature', 'prediction') "
            "AND statistic IN ('wasserstein', 'jensen_shannon') ORDER BY column_name, night",
            span,
        )

    def find_predictions(
        self,
        model: str,
        first: date,
        last: date,
        equal: Mapping[str, str],
        *,
        text: str = "",
        sort: str = "",
        page: int = 1,
        limit: int | None = FOUND_ROWS,
        more: Sequence[str] = (),
    ) -> list[Row]:
        """Predictions of the nights `first` to `last` that match; `found` of each row counts them all.

        Args:
            model: by its name.
            first: night.
            last: night.
            equal: values that columns must have.
            text: what one of the shown text columns must contain, in any case.
            sort: a column, with `-` before it from the highest down, then by night and rank; else the newest night
                first, by time.
            page: of `limit` rows, from 1.
            limit: rows of a page; None for all.
            more: columns of a kind, beside those of every table.

        Raises:
            KeyError: if the subject has no such column.
        """
        subject = project().subject
        by = sort.removeprefix("-")
        own = [name for name in more if name not in SORTED_BY]
        known = {*subject.columns, *SORTED_BY, *own}
        if unknown := [name for name in (*equal, *([by] if by else [])) if name not in known]:
            raise KeyError(f"{unknown} are no columns of a {subject.one}")
        texts = [name for name in subject.shown if subject.columns[name].type == "text"] or [subject.key]
        order = (
            f"{by} {'DESC' if sort.startswith('-') else 'ASC'} NULLS LAST, night DESC, rank, " if by else ""
        )
        return self._of_nights(
            f"prediction_id, night, {', '.join(subject.columns)}, probability, baseline_probability, rank, "
            f"{''.join(f'{name}, ' for name in own)}"
            "release_id, model_version, algorithm, is_degraded, degraded_reason, "
            "count(*) OVER () AS found FROM outputs.main.predictions",
            model,
            first,
            last,
            "".join(f"AND {name} = ? " for name in equal)
            + (
                f"AND ({' OR '.join(f'contains(lower({name}), lower(?))' for name in texts)}) "
                if text
                else ""
            )
            + f"ORDER BY {order}night DESC, {subject.time}, {subject.key} "
            + (f"LIMIT {limit} OFFSET {(page - 1) * limit}" if limit else ""),
            *equal.values(),
            *([text] * len(texts) if text else []),
        )

    def prediction(self, model: str, key: str) -> Row | None:
        """One prediction with all its columns."""
        rows = self._rows(
            "SELECT * FROM outputs.main.predictions WHERE model = ? AND lane = ? AND prediction_id = ?",
            model,
            LIVE,
            f"{model}/{LIVE}/{key}",
        )
        return rows[0] if rows else None

    def _of_nights(
        self, selected: str, model: str | None, first: date, last: date, rest: str, *values: object
    ) -> list[Row]:
        """What is `selected` of a model's live rows of some nights, or of all models'; `rest` narrows and orders."""
        where, models = ("WHERE model = ? AND", [model]) if model is not None else ("WHERE", [])
        question = f"SELECT {selected} {where} lane = ? AND night BETWEEN ? AND ? {rest}"
        return self._rows(question, *models, LIVE, first, last, *values)

    def _rows(self, sql: str, *values: object) -> list[Row]:
        with self._lock:
            try:
                try:
                    return self._ask(sql, values)
                except duckdb.CatalogException:
                    raise
                except duckdb.Error:
                    # The server that keeps the catalog may have been restarted since: one more try, anew.
                    self._drop()
                    return self._ask(sql, values)
            except duckdb.CatalogException:
                return []  # The table appears with its first row.

    def _ask(self, question: str, values: Sequence[object]) -> list[Row]:
        found = self._open().execute(question, values)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._con is None:
            con = lake.connect(threads=1)
            con.execute(f"SET memory_limit = '{MEMORY}'")
            lake.attach(con, Catalog.OUTPUTS)
            self._con = con
        return self._con

    def _drop(self) -> None:
        if self._con is not None:
            self._con.close()
            self._con = None


class AllModelsReader(OutputsReader):
    """Answers model by model what was asked once for all: with hundreds of models a page asks as often as with one.

    For one page: what was asked once is not asked again. Of no use for single predictions.
    """

    def __init__(self, reader: OutputsReader) -> None:
        super().__init__()
        self._reader = reader
        self._found: dict[tuple[object, ...], dict[str, list[Row]]] = {}

    def _of_nights(
        self, selected: str, model: str | None, first: date, last: date, rest: str, *values: object
    ) -> list[Row]:
        key = (selected, first, last, rest, *values)
        if key not in self._found:
            by_model: dict[str, list[Row]] = {}
            for row in self._reader._of_nights(selected, None, first, last, rest, *values):
                by_model.setdefault(row["model"], []).append(row)
            self._found[key] = by_model
        return self._found[key].get(model or "", [])
