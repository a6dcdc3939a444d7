"""What pages read of the outputs: for many models at once it is the same, and asked as often as for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import pytest

from redeye.scoring.outputs_reader import AllModelsReader, OutputsReader, Row

MODELS = ["demand", "delay", "new"]
FIRST, LAST = date(2013, 4, 1), date(2013, 4, 3)
TABLES = {
    "predictions": "false AS is_degraded, '' AS degraded_reason, 'r' AS release_id, 1 AS model_version, "
    "'xgboost' AS algorithm, night::VARCHAR || model AS run_id, 0.5 AS probability",
    "quality": "night AS scored_night, 'auc' AS metric, 0.7 AS champion, 0.6 AS heuristic, 8 AS rows, "
    "1 AS model_version",
    "feature_quality": "'wind' AS column_name, 8 AS rows, 0.1 AS null_share, 2.0 AS mean, 1.0 AS minimum, "
    "3.0 AS maximum, 5 AS distinct_values",
    "verdicts": "'ok' AS verdict, model AS reasons",
    "drift": "span, kind, 'wind' AS column_name, 'wasserstein' AS statistic, 0.1 AS value, 0.2 AS threshold, "
    "false AS is_drifted, '' AS note",
}


class CountingReader(OutputsReader):
    """One that counts what it is asked."""

    asked = 0

    def _ask(self, question: str, values: Sequence[object]) -> list[Row]:
        self.asked += 1
        return super()._ask(question, values)


@pytest.fixture
def reader() -> CountingReader:
    """Of two models with three nights each; a third has none yet."""
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS outputs")
    for table, columns in TABLES.items():
        con.execute(
            f"CREATE TABLE outputs.main.{table} AS SELECT model, 'live' AS lane, night, {columns} "
            "FROM unnest($models) AS m(model), (SELECT unnest(['week', 'night']) AS span), "
            "(SELECT unnest(['share', 'feature']) AS kind), "
            "(SELECT unnest(generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY))::DATE AS night)",
            {"models": MODELS[:2], "first": FIRST, "last": LAST},
        )
    found = CountingReader()
    found._con = con
    return found


def read_all(reader: OutputsReader, model: str) -> list[object]:
    """Everything that a page shows of a model's nights."""
    return [
        reader.last_night(model),
        reader.predictions_by_night(model, FIRST, LAST),
        reader.predictions_by_night(model, LAST, LAST),
        reader.quality(model, FIRST, LAST),
        reader.verdicts(model, date.min, LAST),
        reader.feature_quality(model, FIRST, LAST),
        reader.drift_shares(model, FIRST, LAST),
        reader.drift_of_features(model, FIRST, LAST, "week"),
    ]


def test_each_model_is_answered_as_if_it_alone_were_asked_for(reader: CountingReader) -> None:
    at_once = AllModelsReader(reader)
    for model in MODELS:
        assert read_all(at_once, model) == read_all(reader, model)
    assert len(reader.verdicts("delay", date.min, LAST)) == 12
    assert at_once.last_night("new") is None


def test_many_models_are_asked_for_as_often_as_one(reader: CountingReader) -> None:
    at_once = AllModelsReader(reader)
    read_all(at_once, "demand")
    once = reader.asked
    for number in range(200):
        read_all(at_once, f"model {number}")
    assert reader.asked == once == 8
