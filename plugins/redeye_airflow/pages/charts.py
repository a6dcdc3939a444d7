"""Small plots as inline SVG, drawn on the server: lines over nights, a spark, a calibration curve.

Colours come from the style sheet by class, so that light and dark need one picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from markupsafe import Markup, escape

from redeye.scoring.outputs_reader import Row

Points = Sequence[tuple[date, float | None]]

WIDTH, HEIGHT = 420, 130
# The axis has room for its text at twice its size: style sheets enlarge it on narrow screens.
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 6, 10, 20
_DAYS_OF_GAP = 8
"""Points farther apart than so many days are not joined."""


def series_by_night(rows: Sequence[Row], metric: str) -> dict[str, list[tuple[date, float | None]]]:
    """One metric of champion and heuristic over nights, for `lines`."""
    own = [row for row in rows if row["metric"] == metric]
    return {who: [(row["night"], row[who]) for row in own] for who in ("champion", "heuristic")}


def lines(series: Mapping[str, Points], *, title: str) -> Markup:
    """Lines over nights, one per series; its name becomes its class.

    Args:
        series: by name, nights with values; None leaves a hole.
        title: read out in place of the picture.
    """
    runs = {name: _split_runs(points) for name, points in series.items()}
    known = [point for each in runs.values() for run in each for point in run]
    if not known:
        return Markup('<p class="empty">Nothing measured in these nights.</p>')
    nights, values = zip(*known, strict=True)
    ticks = choose_ticks(min(values), max(values))
    low, high = float(ticks[0]), float(ticks[-1])
    first, last = min(nights), max(nights)
    days = (last - first).days

    def at(night: date, value: float) -> tuple[float, float]:
        # Of one night alone there is no span: it stands in the middle.
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * ((night - first).days / days if days else 0.5)
        y = _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)
        return round(x, 1), round(y, 1)

    parts = []
    for tick in ticks:
        y = at(first, float(tick))[1]
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(_tick(_LEFT - 5, y + 3, tick, "end"))
    if days:
        parts.append(_tick(_LEFT, HEIGHT - 6, first, "start"))
        parts.append(_tick(WIDTH - _RIGHT, HEIGHT - 6, last, "end"))
    else:
        parts.append(_tick(at(first, low)[0], HEIGHT - 6, first, "middle"))
    for name, each in runs.items():
        parts += [_polyline(escape(name), (at(*point) for point in run)) for run in each]
        parts += [
            _dot(escape(name), *at(night, value), 2, f"{night}: {escape(name)} {value:.4g}")
            for run in each
            for night, value in run
        ]
    return _svg(WIDTH, HEIGHT, title, parts)


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


def spark(points: Points, thresholds: Points, *, title: str) -> Markup:
    """A value relative to its threshold by night; what lies above is marked."""
    bounds = {night: value for night, value in thresholds if value}
    shares = [
        (night, value / bounds[night]) for night, value in points if value is not None and night in bounds
    ]
    if not shares:
        return Markup('<span class="empty">not measured</span>')
    width, height = 160, 36
    first, last = shares[0][0], shares[-1][0]
    days = max((last - first).days, 1)
    top = max(1.25, *(share for _, share in shares))

    def at(night: date, share: float) -> tuple[float, float]:
        x = 3 + (width - 6) * (night - first).days / days
        return round(x, 1), round(2 + (height - 4) * (1 - share / top), 1)

    bound = at(first, 1.0)[1]
    parts = [
        f'<line class="bound" x1="0" x2="{width}" y1="{bound}" y2="{bound}"/>',
        _polyline("champion", (at(*each) for each in shares)),
        *(_dot("bad", *at(*each), 1.6) for each in shares if each[1] > 1),
    ]
    return _svg(width, height, title, parts, css="spark")


def calibration(bins: Sequence[tuple[float, float, int]], *, title: str) -> Markup:
    """Predicted against observed: mean prediction, observed rate, rows of each bin."""
    if not bins:
        return Markup('<p class="empty">No matured predictions in these nights.</p>')
    size, edge = 260, 34
    ticks = choose_ticks(0.0, max(0.1, *(max(predicted, observed) for predicted, observed, _ in bins)))
    top = float(ticks[-1])
    span = size - edge - 14

    def at(predicted: float, observed: float) -> tuple[float, float]:
        return round(edge + span * predicted / top, 1), round(12 + span * (1 - observed / top), 1)

    ends = (*at(0, 0), *at(top, top))
    parts = ['<line class="bound" x1="{}" y1="{}" x2="{}" y2="{}"/>'.format(*ends)]
    for level in ticks:
        x, y = at(float(level), float(level))
        parts.append(_tick(x, size - 10, f"{level:.0%}", "middle"))
        parts.append(_tick(edge - 4, y + 3, f"{level:.0%}", "end"))
    parts.append(_tick(edge + span / 2, size - 1, "predicted", "middle"))
    parts.append(_tick(edge, 6, "observed", "middle"))
    parts.append(_polyline("champion", (at(predicted, observed) for predicted, observed, _ in bins)))
    parts += [
        _dot("champion", *at(*shares), 3, "predicted {:.1%}, observed {:.1%}, {} rows".format(*shares, rows))
        for *shares, rows in bins
    ]
    return _svg(size, size, title, parts, css="square")


def _split_runs(points: Points) -> list[list[tuple[date, float]]]:
    runs: list[list[tuple[date, float]]] = []
    for night, value in points:
        if value is None:
            continue
        if not runs or (night - runs[-1][-1][0]).days > _DAYS_OF_GAP:
            runs.append([])
        runs[-1].append((night, value))
    return runs


def _polyline(css: str, points: Iterable[tuple[float, float]]) -> str:
    return f'<polyline class="line {css}" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'


def _dot(css: str, x: float, y: float, radius: float, title: str = "") -> str:
    circle = f'<circle class="dot {css}" cx="{x}" cy="{y}" r="{radius}"'
    return f"{circle}><title>{title}</title></circle>" if title else f"{circle}/>"


def _tick(x: float, y: float, text: object, anchor: str) -> str:
    return f'<text class="tick" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'


def _svg(width: int, height: int, title: str, parts: Sequence[str], *, css: str = "plot") -> Markup:
    return Markup(  # noqa: S704  every text in it was escaped above
        f'<svg class="{css}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
