"""What the wide tables hold is read whole on 80 columns."""

from __future__ import annotations

from datetime import date

import pandas as pd
from rich.console import Console
from rich.table import Table

from redeye.cli.analyse.rescoring import tabulate_reproductions, tabulate_restated
from redeye.cli.operate.storage import tabulate_costs
from redeye.foundation.cost_store import Cost
from redeye.models.logic.prediction_equality import Equality
from redeye.scoring.rescore import Reproduction

NIGHT = date(2013, 12, 29)


def test_a_narrow_table_of_costs_has_whole_nights():
    console = Console(record=True, width=46)
    console.print(
        tabulate_costs([Cost(NIGHT, "flight_delay", "reconcile_registry", 12, 12.3, 4.5, 10**11, 10**10)])
    )
    shown = console.export_text()
    assert "2013-12-29" in shown
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown


def show(table: Table) -> str:
    console = Console(record=True, width=80)
    console.print(table)
    shown = console.export_text()
    assert max(map(len, shown.splitlines())) <= 80
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown
    return shown


def test_costs():
    job = "reconcile_registry"
    shown = show(tabulate_costs([Cost(NIGHT, "flight_delay", job, 12, 12345.6, 1234.5, 10**11, 10**10)]))
    for whole in ("2013-12-29", "reconcile_registry", "flight_delay", "12345.6", "1234.5"):
        assert whole in shown


def test_reproductions():
    one = Reproduction(NIGHT, "2013-12-29.r12", 23, 1000, 999, 1, 0.125, Equality(0.0, "exact: here"))
    shown = show(tabulate_reproductions([one]))
    for whole in ("2013-12-29.r12", "23", "1000", "999", "0.125"):
        assert whole in shown


def test_restated():
    row = {
        "night": NIGHT,
        "release_id": "2013-12-29.r12",
        "dataset": "outcomes",
        "delivery_night": NIGHT,
        "before": "0123456789abcdef",
        "after": "fedcba9876543210",
        "taken_in_by": "2013-12-30.r1",
        "changed": "arrived_at 12, cancelled 3",
        "many": 1000,
        "many_behind": 12,
        "labels_changed": 3,
    }
    shown = show(tabulate_restated(pd.DataFrame([row])))
    for whole in (
        "2013-12-29.r12",
        "0123456789abcdef",
        "fedcba9876543210",
        "2013-12-30.r1",
        "12 by a feature",
    ):
        assert whole in shown
