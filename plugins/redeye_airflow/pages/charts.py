"""Charts of the pages: their numbers, ticks and words. `static/charts.js` draws them with uPlot.

Every chart carries its numbers twice: as JSON for the script, and as a table for who cannot see it or runs no script.
Both show the same text. Colours come from the style sheet, so that light and dark need one chart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from redeye.champions.logic.succession import Turn
from redeye.declarations.calendar import count_nights_since, find_next_night
from redeye.models.logic.blocks import Block, Picture, Shares
from redeye.scoring.outputs_reader import Row

Points = Sequence[tuple[date, float | None]]
Marks = Sequence[tuple[date, str]]

_NIGHTS_OF_GAP = 8
"""Points farther apart than so many nights are not joined."""
_THRESHOLD = "threshold"
_NOTHING = Markup('<p class="empty">{}</p>')
_NONE = "\N{EN DASH}"
_CHART = Markup(
    '<div class="chart{size}" data-chart="{data}" role="img" aria-label="{title}"></div>'
    '<p class="unseen" aria-live="polite"></p>'
    '<details class="numbers"><summary>Show as table<span class="unseen">: {title}</span></summary>'
    '<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>'
)


def series_by_night(rows: Sequence[Row], metric: str) -> dict[str, list[tuple[date, float | None]]]:
    """One metric of champion and heuristic over nights, for `lines`."""
    own = [row for row in rows if row["metric"] == metric]
    return {who: [(row["night"], row[who]) for row in own] for who in ("champion", "heuristic")}


def mark_turns(turns: Sequence[Turn]) -> list[tuple[date, str]]:
    """The nights from which versions serve, for `lines`; withdrawn ones serve none."""
    return [(turn.first, f"version {turn.promotion.version}") for turn in turns if turn.withdrawn_by is None]


def lines(
    series: Mapping[str, Points],
    *,
    title: str,
    threshold: Points = (),
    marks: Marks = (),
    by: str = "night",
    is_small: bool = False,
    is_share: bool = False,
) -> Markup:
    """Lines over nights, one per series.

    Args:
        series: by name, nights with values; None leaves a hole.
        title: read out in place of the picture.
        threshold: by night, the value above which the chart is shaded.
        marks: nights that get a vertical line, with the text at it; those out of the span are left out.
        by: what stands before a night; of values that are a week's, that it is the first one.
        is_small: for one of many: lower.
        is_share: the values are 0 to 1 and read in percent.
    """
    columns = {name: _list_known(points) for name, points in series.items()}
    known = sorted({night for own in columns.values() for night in own})
    if not known:
        return _NOTHING.format("Nothing measured in these nights.")
    if threshold:
        columns[_THRESHOLD] = _list_known(threshold)
    nights = _open_gaps(known)
    values = [own[night] for own in columns.values() for night in known if night in own]
    # What is held against a threshold is read as a share of it, from zero, and so is any share.
    is_from_zero = bool(threshold) or is_share
    ticks = choose_ticks(0.0 if is_from_zero else min(values), max(values))
    ticks = [tick for tick in ticks if tick >= 0 or not is_from_zero or min(values) < 0]
    show, show_tick = _choose_form(is_share=is_share)
    shown = [(night, text) for night, text in marks if nights[0] <= night <= nights[-1]]
    data = {
        "isTime": True,
        "xTitle": by,
        "x": [_seconds(night) for night in nights],
        "xTexts": [str(night) for night in nights],
        "series": [_make_series(name, own, nights, show) for name, own in columns.items()],
        "ticks": _show_ticks(ticks, show_tick),
        "marks": [{"x": _seconds(night), "text": text} for night, text in shown],
    }
    told = f"{title}. {'; '.join(f'{night}: {text}' for night, text in shown)}" if shown else title
    return _draw(data, told, size=" small" if is_small else "")


def calibration(bins: Sequence[tuple[float, float, int]], *, title: str, one: str = "rows") -> Markup:
    """Predicted against observed share.

    Args:
        bins: of each the mean prediction, the observed share and the rows.
        title: read out in place of the picture.
        one: the noun for the rows.
    """
    if not bins:
        return _NOTHING.format("No matured predictions in these nights.")
    ticks = choose_ticks(0.0, max(0.1, *(max(predicted, observed) for predicted, observed, _ in bins)))
    top = float(ticks[-1])
    shares = [
        (predicted, share, f"{share:.1%} of {rows} {one}", f"{predicted:.1%}")
        for predicted, share, rows in sorted(bins)
    ]
    # The diagonal goes on to both ends.
    places, observed, texts, expected = zip(
        (0.0, None, _NONE, _NONE), *shares, (top, None, _NONE, _NONE), strict=True
    )
    data = {
        "isTime": False,
        "x": places,
        "xTexts": [f"{place:.1%}" for place in places],
        "series": [
            {"name": "observed", "values": observed, "texts": texts},
            {"name": "as predicted", "values": places, "texts": expected, "isReference": True},
        ],
        "ticks": _show_ticks(ticks, _show_percent),
        "xTicks": _show_ticks(ticks, _show_percent),
        "xTitle": "predicted",
        "yTitle": "observed",
        "marks": [],
    }
    return _draw(data, title, size=" square")


def draw_picture(picture: Picture) -> Markup:
    """Lines over nights or numbers, beside what they are held against."""
    drawn = {**picture.lines, **picture.references}
    values = [value for own in drawn.values() for value in own if value is not None and math.isfinite(value)]
    if not values:
        return _NOTHING.format("Nothing measured in these nights.")
    show, show_tick = _choose_form(is_share=picture.is_share)
    show_place, show_place_tick = _choose_form(is_share=picture.is_share_below)
    nights = [each for each in picture.x if isinstance(each, date)]
    places = [_seconds(each) if isinstance(each, date) else float(each) for each in picture.x]
    texts = [str(each) for each in nights] or [show_place(each) for each in places]
    data = {
        "isTime": bool(nights),
        "x": places,
        "xTexts": texts,
        "xTitle": picture.x_title,
        "yTitle": picture.y_title,
        "series": [
            {
                "name": name,
                "values": list(own),
                "texts": [_NONE if value is None else show(value) for value in own],
                "isReference": name in picture.references,
            }
            for name, own in drawn.items()
        ],
        "ticks": _show_ticks(choose_ticks(min(values), max(values)), show_tick),
        "marks": [],
    }
    if not nights:
        data["xTicks"] = _show_ticks(choose_ticks(min(places), max(places)), show_place_tick)
    return _draw(data, picture.title, size="" if nights else " square")


def draw_block(block: Block, one: str) -> tuple[str, Markup]:
    """The title and the picture of what a kind shows; a table has none."""
    match block:
        case Picture():
            return block.title, draw_picture(block)
        case Shares():
            title = "Predicted against observed share"
            return block.title, calibration(block.bins, title=title, one=one)
    return "", Markup("")


def _choose_form(*, is_share: bool) -> tuple[Callable[[float], str], Callable[[Decimal], str]]:
    return ("{:.1%}".format, _show_percent) if is_share else ("{:.4g}".format, "{:f}".format)


def choose_ticks(low: float, high: float) -> list[Decimal]:
    """Three to six round numbers, evenly apart (1, 2 or 5 of a power of ten), around `low` to `high`.

    A single value gets the two round numbers around it that are some tenth of it away, so that noise looks small.
    """
    span = high - low or abs(high) / 5 or 1.0
    middle = (low + high) / 2
    low, high = min(low, middle - span / 2), max(high, middle + span / 2)
    power = Decimal(10) ** math.floor(math.log10(span))
    step = next(each for each in (power * n / 10 for n in (1, 2, 5, 10, 20, 50)) if span / float(each) <= 4)
    first = math.floor(Decimal(repr(low)) / step)
    last = math.ceil(Decimal(repr(high)) / step)
    return [step * n for n in range(first, last + 1)]


def _list_known(points: Points) -> dict[date, float]:
    return {night: value for night, value in points if value is not None and math.isfinite(value)}


def _open_gaps(nights: Sequence[date]) -> list[date]:
    """The nights, with one that has no values in each gap that a line must not cross."""
    found = list(nights[:1])
    for before, night in pairwise(nights):
        if count_nights_since(before, night) > _NIGHTS_OF_GAP:
            found.append(find_next_night(before))
        found.append(night)
    return found


def _make_series(
    name: str, own: Mapping[date, float], nights: Sequence[date], show: Callable[[float], str]
) -> dict[str, object]:
    values = [own.get(night) for night in nights]
    return {
        "name": name,
        "values": values,
        "texts": [_NONE if value is None else show(value) for value in values],
        "isThreshold": name == _THRESHOLD,
    }


def _show_ticks(ticks: Sequence[Decimal], show: Callable[[Decimal], str]) -> list[tuple[float, str]]:
    return [(float(tick), show(tick)) for tick in ticks]


def _show_percent(tick: Decimal) -> str:
    return f"{(tick * 100).normalize():f}%"


def _seconds(night: date) -> int:
    return int(datetime(night.year, night.month, night.day, tzinfo=UTC).timestamp())


def _draw(data: dict[str, Any], title: str, *, size: str) -> Markup:
    series = data["series"]
    rows = [
        (text, *own)
        for text, *own in zip(data["xTexts"], *(each["texts"] for each in series), strict=True)
        if set(own) != {_NONE}
    ]
    cell, head = Markup("<td>{}</td>").format, Markup("<th>{}</th>").format
    return _CHART.format(
        size=size,
        data=json.dumps(data, allow_nan=False),
        title=title,
        head=Markup("").join(map(head, (data["xTitle"].capitalize(), *(each["name"] for each in series)))),
        rows=Markup("").join(Markup("<tr>{}</tr>").format(Markup("").join(map(cell, row))) for row in rows),
    )
