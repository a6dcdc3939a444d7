"""A table of earlier code gets the columns that today's code writes; its old rows stay."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.scoring import outputs_store
from redeye.warehouse import lake

pytestmark = pytest.mark.integration

OLD, NEW = date(2013, 4, 1), date(2013, 4, 2)


def verdict(night: date) -> pd.DataFrame:
    row = {"model": "m", "lane": "live", "night": night, "verdict": "ok", "reasons": "none"}
    return pd.DataFrame([{**row, "release_id": "r", "run_id": "x", "created_at": pd.Timestamp("2013-04-03")}])


def test_missing_columns_are_added_and_empty_in_the_rows_from_before(stack_env: object) -> None:
    with lease.hold(Catalog.OUTPUTS, "test") as token, lake.connect(threads=1) as con:
        lake.attach(con, Catalog.OUTPUTS, token=token)
        con.execute(
            "CREATE TABLE outputs.main.verdicts (model VARCHAR, lane VARCHAR, night DATE, verdict VARCHAR)"
        )
        con.execute("INSERT INTO outputs.main.verdicts VALUES ('m', 'live', ?, 'watch')", [OLD])
    assert outputs_store.write_once({"verdicts": verdict(NEW)}, model="m", night=NEW, run_id="x").is_new
    rows = outputs_store.read("verdicts", "m", OLD, NEW)
    assert rows["verdict"].tolist() == ["warning", "ok"]
    assert rows["reasons"].isna().tolist() == [True, False]
    assert rows["shift_weeks"].fillna(0).tolist() == [0, 0]
