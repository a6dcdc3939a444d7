"""What pages show of probabilities of classes: calibration, what came of what was said, shares by night, slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from redeye.models.kinds.classes.scored_classes import ScoredClasses, cut_tenths
from redeye.models.logic.blocks import Block, Cut, Form, Picture, Shares, Table

# Of classes, the commonest: more pictures say no more.
DRAWN = 6


def show_classes(scored: ScoredClasses, baseline: ScoredClasses, cuts: Sequence[Cut]) -> tuple[Block, ...]:
    """How the likeliest class keeps its promise, each class for itself, what was taken for what, nights, slices."""
    return (
        _draw_calibration(scored),
        _tabulate_classes(scored),
        _tabulate_confusion(scored),
        *_draw_nights(scored),
        _tabulate_cuts(scored, baseline, cuts),
    )


def _draw_calibration(scored: ScoredClasses) -> Shares:
    top, is_hit = scored.predictions.max(axis=1), scored.likeliest == scored.labels
    tenths = pd.DataFrame({"told": top, "came": is_hit}).groupby(cut_tenths(top))
    bins = [(float(rows["told"].mean()), float(rows["came"].mean()), len(rows)) for _, rows in tenths]
    return Shares("Predicted and observed share of the likeliest class, by tenths", bins)


def _tabulate_classes(scored: ScoredClasses) -> Table:
    """Of each class how often it came and was expected, what was said of it, and how far its probabilities are off."""
    once = np.ones((1, len(scored.nights)))
    found: list[Sequence[str | float | None]] = []
    for place, name in enumerate(scored.classes):
        came, said = scored.labels == place, scored.likeliest == place
        both = float((came & said).sum())
        found.append(
            (
                name,
                int(came.sum()),
                float(came.mean()),
                float(scored.predictions[:, place].mean()),
                float(said.mean()),
                both / came.sum() if came.any() else None,
                both / said.sum() if said.any() else None,
                float(scored.measure_class(place, once)[0]),
            )
        )
    heads = (
        ("Class", Form.TEXT),
        ("Came", Form.COUNT),
        ("Share", Form.SHARE),
        ("Mean probability", Form.SHARE),
        ("Likeliest", Form.SHARE),
        ("Of those that came, found", Form.SHARE),
        ("Of those said, came", Form.SHARE),
        ("Calibration error", Form.NUMBER),
    )
    return Table(heads, found, "Each class against all others.")


def _tabulate_confusion(scored: ScoredClasses) -> Table:
    """Rows by what came and what was the likeliest."""
    places = range(len(scored.classes))
    found: list[Sequence[str | float | None]] = [
        (
            scored.classes[came],
            *(int(((scored.labels == came) & (scored.likeliest == said)).sum()) for said in places),
        )
        for came in places
    ]
    heads = (("Came", Form.TEXT), *((f"said {name}", Form.COUNT) for name in scored.classes))
    return Table(heads, found, "What came, and below what was said of it as the likeliest.")


def _draw_nights(scored: ScoredClasses) -> Iterator[Picture]:
    """Of the commonest classes the mean probability and the share by night."""
    nights = [pd.Timestamp(each).date() for each in scored.nights]
    by_night = pd.DataFrame(scored.predictions).groupby(scored.night_of_row).mean()
    rows = scored.labels_per_night()
    for place in sorted(np.argsort(-rows.sum(axis=1), kind="stable")[:DRAWN].tolist()):
        yield Picture(
            f"Share of {scored.classes[place]}, by night",
            nights,
            {
                "predicted": by_night[place].tolist(),
                "came": (rows[place] / rows.sum(axis=0)).tolist(),
            },
            "night",
            is_share=True,
        )


def _tabulate_cuts(scored: ScoredClasses, baseline: ScoredClasses, cuts: Sequence[Cut]) -> Table:
    found: list[Sequence[str | float | None]] = []
    for cut in cuts:
        is_own = np.isin(np.arange(scored.labels.size), cut.rows)
        own, other = scored.where(is_own), baseline.where(is_own)
        metrics = (
            each.measure(name)
            for name in ("accuracy", "log_loss", "calibration_error")
            for each in (own, other)
        )
        found.append((cut.by, cut.value, own.labels.size, *list(metrics)[:5]))
    heads = [("Slice", Form.TEXT), ("", Form.TEXT), ("Rows", Form.COUNT)]
    heads += [("Accuracy", Form.SHARE), ("Heuristic", Form.SHARE)]
    heads += [("Log loss", Form.NUMBER), ("Heuristic", Form.NUMBER), ("Calibration error", Form.NUMBER)]
    return Table(tuple(heads), found)
