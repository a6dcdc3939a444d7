"""What a change does to predictions and to trainings, as tables: one for all that are judged alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from redeye.foundation.pages import Cell, Table
from redeye.review.logic.impact_gains import Gain
from redeye.review.logic.impact_measures import Measures
from redeye.review.logic.impact_moves import ScoreDiff

Judged = TypeVar("Judged", ScoreDiff, Gain)


class MeasuredTable(NamedTuple):
    """A table of what is judged alike, by what that is."""

    measures: Measures
    table: Table
    columns: Table = Table((), ())
    """Of scores, a row for each column of a prediction; none where it is one number."""


def tabulate_scores(scores: Iterable[ScoreDiff]) -> list[MeasuredTable]:
    """A row for each version that reads what changed."""
    return [
        MeasuredTable(measures, _tabulate_versions(measures, group), _tabulate_columns(measures, group))
        for measures, group in _group_by_measures(scores)
    ]


def tabulate_gains(gains: Iterable[Gain]) -> list[MeasuredTable]:
    """A row for each model that was fitted on the old and on the new state."""
    return [
        MeasuredTable(
            measures,
            Table(
                ("model", "algorithm", "evaluated on", "rows", "seeds", measures.loss, "gained", "seconds"),
                [_describe_gain(each) for each in group],
                range(3, 8),
            ),
        )
        for measures, group in _group_by_measures(gains)
    ]


def tabulate_labels(gains: Iterable[Gain]) -> list[MeasuredTable]:
    """A row for each label that is not the same and each model of it: trained on one label, judged by one."""
    return [
        MeasuredTable(measures, _tabulate_fits(measures, group))
        for measures, group in _group_by_measures(each for each in gains if each.label)
    ]


def _group_by_measures(found: Iterable[Judged]) -> Iterator[tuple[Measures, list[Judged]]]:
    groups: dict[Measures, list[Judged]] = {}
    for each in found:
        groups.setdefault(each.measures, []).append(each)
    yield from groups.items()


def _tabulate_versions(measures: Measures, scores: Sequence[ScoreDiff]) -> Table:
    moved = (
        "moved of the coming day",
        "of the last nights",
        f"{measures.loss} gained",
        "largest move",
    )
    heads = ("version", *moved, "rank correlation", *(title for _, title in measures.others))
    return Table(heads, [_describe_score(each) for each in scores], range(1, len(heads)))


def _describe_score(score: ScoreDiff) -> tuple[Cell, ...]:
    measures = score.measures
    return (
        str(score.reader),
        _count_moved(score.coming_moved, score.coming),
        _count_moved(score.moved, score.rows),
        measures.show_gain(score.difference, digits=5, sign="+"),
        measures.show(score.largest),
        _show_correlation(score.columns[0].rank_correlation),
        *(
            measures.compare(getattr(score.old, name, None), getattr(score.new, name, None))
            for name, _ in measures.others
        ),
    )


def _tabulate_columns(measures: Measures, scores: Sequence[ScoreDiff]) -> Table:
    """Empty where a prediction is one number."""
    heads = ("version", "of each row", "moved of the last nights", "mean", "largest move", "rank correlation")
    rows = [
        (
            str(score.reader),
            each.title,
            _count_moved(each.moved, score.rows),
            measures.compare(each.mean_old, each.mean_new),
            measures.show(each.largest),
            _show_correlation(each.rank_correlation),
        )
        for score in scores
        for each in score.columns
        if len(score.columns) > 1
    ]
    return Table(heads, rows, range(2, len(heads)))


def _show_correlation(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _count_moved(moved: int, rows: int) -> str:
    return f"{moved:,} of {rows:,} ({moved / max(rows, 1):.1%})"


def _describe_gain(gain: Gain) -> tuple[Cell, ...]:
    loss = gain.measures.compare(gain.old, gain.new)
    gained = gain.measures.show_gain(gain.gain, digits=5, sign="+")
    numbers = (f"{gain.rows:,}", str(gain.seeds), loss, gained, f"{gain.seconds:.0f}")
    return (gain.model, gain.algorithm, gain.nights, *numbers)


def _tabulate_fits(measures: Measures, gains: Sequence[Gain]) -> Table:
    fits = [(gain.model, each) for gain in gains if gain.label for each in gain.label.fits]
    base = (f"of {measures.base}",) if measures.base else ()
    heads = ("model", "trained on", "judged by", measures.loss, *base, *fits[0][1].others)
    rows = [
        (
            model,
            f"the {fit.trained_on} label",
            f"the {fit.judged_by} label",
            measures.show(fit.loss),
            *(f"{fit.relative_loss:.3f}" for _ in base),
            *(f"{each:.4f}" for each in fit.others.values()),
        )
        for model, fit in fits
    ]
    return Table(heads, rows, range(3, len(heads)))
