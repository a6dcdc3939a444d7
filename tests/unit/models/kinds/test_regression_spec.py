"""A spec of kind regression: what it may say, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest
from delay_minutes import make_spec, write_spec

from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError

INTEGER = "  integer: true\n"


def refuse(folder: Path, *changes: tuple[str, str]) -> str:
    with pytest.raises(ConfigError) as error:
        load_spec(write_spec(folder, *changes))
    return str(error.value)


def test_quantiles_and_whole_numbers_may_be_left_out(tmp_path: Path) -> None:
    target = make_spec(tmp_path, (INTEGER, "")).target
    assert (target.quantiles, target.integer) == ((0.1, 0.5, 0.9), False)


def test_an_unknown_kind_is_named_with_what_is_allowed(tmp_path: Path) -> None:
    message = refuse(tmp_path, ("kind: regression", "kind: regresion"))
    path = write_spec(tmp_path)
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "kind: regression" in text)
    assert f"{path}:{line}: target.kind: 'regresion' is no kind" in message
    assert "use one of binary, multiclass, ranking, regression" in message
    assert "did you mean 'regression'?" in message


def test_a_target_without_a_kind_is_refused(tmp_path: Path) -> None:
    assert "target.kind: is missing; use one of" in refuse(tmp_path, ("  kind: regression\n", ""))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("  maximum_coverage_error: 0.05\n", "  maximum_auc: 0.9\n", "gates.maximum_auc: unknown key"),
        (INTEGER, "  integer: true\n  quantiles: [0.9, 0.5, 0.1]\n", "do not ascend"),
        (INTEGER, "  integer: true\n  quantiles: [0.1, 0.5]\n", "target.quantiles"),
        (INTEGER, "  integer: true\n  quantiles: [0, 0.5, 0.9]\n", "target.quantiles.0"),
        ("  primary_metric: pinball_loss\n", "  primary_metric: log_loss\n", "gates.primary_metric: 'log_loss'"),
        ("monitor:\n", "recalibration: {half_life_nights: 4}\nmonitor:\n", "half_life_nights"),
        (
            "  xgboost:\n",
            "  logistic: {regularization: 1, maximum_iterations: 2, maximum_categories: 3}\n  xgboost:\n",
            "algorithms.logistic means nothing to a target of kind regression: remove it",
        ),
        (
            "    groups: [origin_id, carrier_id]\n",
            "    successes: carrier_origin_hour_delays:late_flights_all\n"
            "    trials: carrier_origin_hour_delays:flights_all\n",
            "algorithms.heuristic.successes means nothing",
        ),
        ("    coverage_error: {", "    auc_drop: {", "monitor.quality.auc_drop: unknown key"),
    ],
)  # fmt: skip
def test_what_the_kind_does_not_know_is_refused_by_name(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert complaint in refuse(tmp_path, (old, new))
