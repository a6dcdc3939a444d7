"""The first screen of a drift page: what is beyond its bound, what to draw, and why something was not measured."""

from __future__ import annotations

from typing import Any

import pandas as pd

from redeye.monitoring.logic.drift_result import Kind, Span
from redeye.monitoring.logic.drift_summary import DriftSummary, summarise_drift

NAN = float("nan")
WASSERSTEIN = "wasserstein"


def row(kind: Kind, column: str, statistic: str, value: float, bound: float, **more: Any) -> dict[str, Any]:
    said = {"span": "week", "is_drifted": value > bound, "note": ""} | more
    return {
        "kind": str(kind), "column_name": column, "statistic": statistic, "value": value, "threshold": bound
    } | said  # fmt: skip


SHARE = row(Kind.SHARE, "features", "drifted_share", 0.05, 0.1)


def summarise(*rows: dict[str, Any], span: Span = Span.WEEK) -> DriftSummary:
    return summarise_drift(pd.DataFrame(rows), span)


def test_without_drift_nothing_is_beyond_and_nothing_is_drawn() -> None:
    found = summarise(SHARE, row(Kind.FEATURE, "rate", WASSERSTEIN, 0.05, 0.1))
    assert found.beyond == found.features == found.quality == ()
    assert found.pictured == ()
    assert found.unmeasured == {}
    assert (found.share.value, found.share.bound) == ("0.050", "0.100")


def test_the_farthest_beyond_its_bound_comes_first_and_is_drawn_first() -> None:
    found = summarise(
        row(Kind.SHARE, "features", "drifted_share", 0.5, 0.1),
        row(Kind.FEATURE, "near", WASSERSTEIN, 0.2, 0.1),
        row(Kind.FEATURE, "far", WASSERSTEIN, 0.9, 0.1),
        row(Kind.FEATURE, "within", WASSERSTEIN, 0.01, 0.1),
        row(Kind.PREDICTION, "probability", WASSERSTEIN, 0.2, 0.1),
    )
    assert [each.subject for each in found.features] == ["far", "near"]
    assert [each.subject for each in found.beyond] == ["features that drifted, as a share", "predictions"]
    assert found.pictured == ("probability", "far", "near")


def test_a_measure_that_does_not_count_for_the_share_is_no_drift() -> None:
    found = summarise(
        SHARE,
        row(Kind.FEATURE, "rate", "ks", 0.9, 0.1),
        row(Kind.FEATURE, "rate", "psi", 0.9, 0.1),
        row(Kind.PREDICTION, "probability", "ks", 0.9, 0.1),
    )
    assert found.features == found.beyond == ()
    assert found.pictured == ()


def test_inputs_that_moved_together_draw_those_that_moved_most_though_none_drifted_alone() -> None:
    found = summarise(
        SHARE,
        row(Kind.FEATURE, "hour", WASSERSTEIN, 0.01, 0.1),
        row(Kind.JOINT, "inputs", "c2st_auc", 0.999, 0.998, note="hour, temperature"),
        row(Kind.JOINT, "inputs", "mmd", 0.01, 0.1, note="hour, temperature"),
    )
    assert [(each.subject, each.statistic) for each in found.beyond] == [
        ("all inputs together", "AUC of a classifier between week and training")
    ]
    assert found.pictured == ("hour", "temperature")


def test_the_night_s_page_shows_what_the_week_decided_and_draws_its_own_columns() -> None:
    found = summarise(
        row(Kind.JOINT, "inputs", "mmd", 0.2, 0.1, note="hour"),
        row(Kind.FEATURE, "of_week", WASSERSTEIN, 0.2, 0.1),
        row(Kind.FEATURE, "of_night", WASSERSTEIN, 0.2, 0.1, span="night"),
        {**SHARE, "span": "night"},
        span=Span.NIGHT,
    )
    assert [each.span for each in found.beyond] == ["week"]
    assert found.pictured == ("of_night",)


def test_what_was_not_measured_stands_under_its_reason_once_and_never_as_a_value() -> None:
    few = {"note": "too few rows"}
    found = summarise(
        row(Kind.SHARE, "features", "drifted_share", NAN, NAN, **few),
        row(Kind.FEATURE, "rate", WASSERSTEIN, NAN, 0.1, **few),
        row(Kind.FEATURE, "rate", "ks", NAN, 0.1, **few),
        row(Kind.QUALITY, "label", "auc_drop", NAN, NAN),
        row(Kind.QUALITY, "label", "log_loss_rise", 0.2, NAN),
    )
    assert found.unmeasured == {
        "no reason is recorded": ("quality on matured labels",),
        "too few rows": ("features that drifted, as a share", "rate"),
    }
    assert found.share.value == ""
    assert [(each.statistic, each.value, each.bound) for each in found.quality] == [
        ("log loss rise", "0.200", "")
    ]
