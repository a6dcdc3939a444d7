"""What pages show of numbers between bounds: whether they hold as promised, by quantile, night and slice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from redeye.models.kinds.scored_quantiles import VALUE, ScoredQuantiles
from redeye.models.logic.blocks import Block, Cut, Form, Picture, Table
from redeye.models.logic.evaluation import Interval
from redeye.models.logic.promises import check_promise, measure_parts


def show_quantiles(
    scored: ScoredQuantiles, baseline: ScoredQuantiles, cuts: Sequence[Cut], confidence: float
) -> tuple[Block, ...]:
    """Calibration of the quantiles, what came of what was predicted, coverage, width and residuals by night, slices."""
    return (
        _draw_calibration(scored, confidence),
        _draw_values(scored),
        *_draw_nights(scored),
        _tabulate(scored, baseline, cuts, confidence),
    )


def _draw_calibration(scored: ScoredQuantiles, confidence: float) -> Picture:
    """The share of labels up to each quantile with its bounds by nights, beside what is promised."""
    # Each share may be off to either side.
    held = [check_promise(scored, each, (1 + confidence) / 2) for each in scored.quantile_promises]
    found = [each.found or Interval(np.nan, np.nan, np.nan) for each in held]
    levels = [float(each) for each in scored.levels]
    return Picture(
        "Labels up to each quantile",
        levels,
        {"labels": [each.share for each in held]},
        "quantile",
        "share of labels",
        {
            "as promised": levels,
            "lower bound": [_drop_nan(each.lower) for each in found],
            "upper bound": [_drop_nan(each.upper) for each in found],
        },
        is_share=True,
        is_share_below=True,
    )


def _draw_values(scored: ScoredQuantiles) -> Picture:
    curve = scored.draw_curves()["values"]
    predicted, observed = curve.x.tolist(), curve.y.tolist()
    return Picture(
        "Predicted and observed, by tenths of the predicted number",
        predicted,
        {"mean label": observed},
        "mean prediction",
        "mean label",
        {"as predicted": predicted},
    )


def _draw_nights(scored: ScoredQuantiles) -> tuple[Picture, ...]:
    nights = [pd.Timestamp(each).date() for each in scored.nights]
    each_night = np.eye(len(nights))
    coverage, width = (scored.resample(name, each_night).tolist() for name in ("within", "mean_width"))
    promised = [scored.levels[2] - scored.levels[0]] * len(nights)
    return (
        Picture(
            "Labels within the bounds, by night",
            nights,
            {"labels": coverage},
            "night",
            references={"as promised": promised},
            is_share=True,
        ),
        Picture("Distance of the bounds, by night", nights, {"mean width": width}, "night"),
        _draw_residuals(scored, nights),
    )


def _draw_residuals(scored: ScoredQuantiles, nights: Sequence[date]) -> Picture:
    residuals = pd.Series(scored.labels - scored.predictions[:, VALUE]).groupby(scored.night_of_row)
    lower, middle, upper = (residuals.quantile(level).tolist() for level in scored.levels)
    low, mid, high = (f"{level:.0%} of the labels" for level in scored.levels)
    return Picture(
        "Label less the predicted number, by night",
        nights,
        {mid: middle},
        "night",
        references={low: lower, high: upper, "as predicted": [0.0] * len(nights)},
    )


def _tabulate(
    scored: ScoredQuantiles, baseline: ScoredQuantiles, cuts: Sequence[Cut], confidence: float
) -> Table:
    """Loss, coverage and bias of each cut; what is off is so at that confidence over all of them."""
    rows = np.arange(scored.labels.size)
    parts = {f"{number}": np.isin(rows, cut.rows) for number, cut in enumerate(cuts)}
    metrics = ("pinball_loss", "bias")
    own = measure_parts(scored, parts, scored.promises, metrics=metrics, confidence=confidence)
    losses = [baseline.where(is_own).measure("pinball_loss") for is_own in parts.values()]
    found: list[Sequence[str | float | None]] = [
        (
            cut.by,
            cut.value,
            part.rows,
            part.metrics["pinball_loss"],
            loss,
            *(each.describe() for each in part.held),
            part.metrics["bias"],
        )
        for cut, part, loss in zip(cuts, own, losses, strict=True)
    ]
    heads = [("Slice", Form.TEXT), ("", Form.TEXT), ("Rows", Form.COUNT)]
    heads += [("Pinball loss", Form.NUMBER), ("Heuristic", Form.NUMBER)]
    heads += [(f"{each.title.capitalize()}, of {each.share:.0%}", Form.TEXT) for each in scored.promises]
    heads.append(("Above the label by", Form.NUMBER))
    note = (
        f"Shares with their bounds; off is what these exclude, at {confidence:.0%} confidence over all slices "
        "together. A mean lies off the middle of labels that are skewed: that the number is above the label on average "
        "is no fault by itself."
    )
    return Table(tuple(heads), found, note)


def _drop_nan(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
