"""A declared dataset's columns, types and key come from its contract."""

from __future__ import annotations

import pytest

from redeye.foundation.errors import ConfigError

DECLARED = """  orders:
    files: {url: orders.csv}
    known_at: {column: created_at}
    changes: {mode: upsert, deletes: {compare_keys: P60D}}
    most_rows: 1000
"""


def test_the_contract_says_columns_types_and_key(made):
    made.promise(
        "orders",
        order_id="integer",
        created_at="timestamp",
        amount="number",
        sold_on="date",
        is_deleted="boolean",
        note="string",
    )
    (dataset,) = made.declare(DECLARED).datasets
    assert dataset.types == {
        "order_id": "BIGINT",
        "created_at": "TIMESTAMP",
        "amount": "DOUBLE",
        "sold_on": "DATE",
        "is_deleted": "BOOLEAN",
        "note": "VARCHAR",
        "known_at": "TIMESTAMP",
    }
    assert (dataset.columns[-1], dataset.key, dataset.most_rows) == ("known_at", ("order_id",), 1000)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "      - {name: known_at, logicalType: timestamp, required: true}\n",
            "",
            "the last columns delivered must be",
        ),
        (
            "name: known_at, logicalType: timestamp",
            "name: known_at, logicalType: date",
            "known_at must be a timestamp",
        ),
        (
            "is_deleted, logicalType: boolean",
            "is_deleted, logicalType: string",
            "is_deleted must be a boolean",
        ),
        (
            "order_id, logicalType: integer, required: true, primaryKey: true",
            "order_id, logicalType: integer",
            "no column is a primaryKey",
        ),
        (
            "night, logicalType: date, required: true, primaryKey: true",
            "night, logicalType: date, required: true",
            "night must be a primaryKey too",
        ),
    ],
)
def test_a_contract_that_cannot_be_delivered_is_refused_with_its_line(made, before, after, said):
    made.promise("orders", order_id="integer", created_at="timestamp", is_deleted="boolean")
    path = made.root / "expectations" / "arrivals" / "orders.odcs.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(ConfigError, match=rf"orders\.odcs\.yaml:\d+: schema\.0\.properties: {said}"):
        made.declare(DECLARED)
