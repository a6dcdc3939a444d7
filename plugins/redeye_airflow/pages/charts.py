"""Small plots as inline SVG, drawn on the server: lines over nights, a spark, a calibration curve.

Colours come from the style sheet by class, so that light and dark need one picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

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


def lines(series: Mapping[str, Points], *, title: str, digits: int = 3, band: float | None = None) -> Markup:
    """Lines over nights, one per series; its name becomes its class.

    Args:
        series: by name, nights with values; None leaves a hole.
        title: read out in place of the picture.
        digits: of the axis.
        band: a level to draw as a dashed line.
    """
    known = [(night, value) for points in series.values() for night, value in points if value is not None]
    if not known:
        return Markup('<p class="empty">Nothing measured in these nights.</p>')
    values = [value for _, value in known] + ([band] if band is not None else [])
    low, high = _range(values)
    first, last = min(night for night, _ in known), max(night for night, _ in known)
    days = max((last - first).days, 1)

    def at(night: date, value: float) -> tuple[float, float]:
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * (night - first).days / days
        y = _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)
        return round(x, 1), round(y, 1)

    parts = [_frame(low, high, first, last, digits)]
    if band is not None:
        y = at(first, band)[1]
        parts.append(f'<line class="bound" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
    for name, points in series.items():
        for run in _runs(points):
            path = " ".join(f"{x},{y}" for x, y in (at(night, value) for night, value in run))
            parts.append(f'<polyline class="line {escape(name)}" points="{path}"/>')
        for night, value in points:
            if value is not None:
                x, y = at(night, value)
                parts.append(
                    f'<circle class="dot {escape(name)}" cx="{x}" cy="{y}" r="2">'
                    f"<title>{night}: {escape(name)} {value:.{digits}f}</title></circle>"
                )
    return _svg(WIDTH, HEIGHT, title, "".join(parts))


def spark(points: Points, thresholds: Points, *, title: str) -> Markup:
    """A value relative to its threshold by night; what lies above is marked."""
    bounds = {night: value for night, value in thresholds if value}
    shares = [
        (night, value / (bounds[night] or 1.0))
        for night, value in points
        if value is not None and night in bounds
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
    path = " ".join(f"{x},{y}" for x, y in (at(*each) for each in shares))
    marks = "".join(
        f'<circle class="dot bad" cx="{at(*each)[0]}" cy="{at(*each)[1]}" r="1.6"/>'
        for each in shares
        if each[1] > 1
    )
    body = (
        f'<line class="bound" x1="0" x2="{width}" y1="{bound}" y2="{bound}"/>'
        f'<polyline class="line champion" points="{path}"/>{marks}'
    )
    return _svg(width, height, title, body, css="spark")


def calibration(bins: Sequence[tuple[float, float, int]], *, title: str) -> Markup:
    """Predicted against observed: mean prediction, observed rate, rows of each bin."""
    if not bins:
        return Markup('<p class="empty">No matured predictions in these nights.</p>')
    size, edge = 260, 34
    top = max(0.1, *(max(predicted, observed) for predicted, observed, _ in bins)) * 1.05
    span = size - edge - 8

    def at(predicted: float, observed: float) -> tuple[float, float]:
        return round(edge + span * predicted / top, 1), round(8 + span * (1 - observed / top), 1)

    ends = (*at(0, 0), *at(top, top))
    parts = ['<line class="bound" x1="{}" y1="{}" x2="{}" y2="{}"/>'.format(*ends)]
    for level in (0.0, top / 2, top):
        x, y = at(level, level)
        parts.append(f'<text class="tick" x="{x}" y="{size - 10}" text-anchor="middle">{level:.0%}</text>')
        parts.append(f'<text class="tick" x="{edge - 4}" y="{y + 3}" text-anchor="end">{level:.0%}</text>')
    path = " ".join(f"{x},{y}" for x, y in (at(predicted, observed) for predicted, observed, _ in bins))
    parts.append(f'<polyline class="line champion" points="{path}"/>')
    for predicted, observed, rows in bins:
        x, y = at(predicted, observed)
        parts.append(
            f'<circle class="dot champion" cx="{x}" cy="{y}" r="3">'
            f"<title>predicted {predicted:.1%}, observed {observed:.1%}, {rows} rows</title></circle>"
        )
    return _svg(size, size, title, "".join(parts), css="square")


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return low - room, high + room


def _runs(points: Points) -> list[list[tuple[date, float]]]:
    runs: list[list[tuple[date, float]]] = []
    for night, value in points:
        if value is None:
            continue
        if not runs or (night - runs[-1][-1][0]).days > _DAYS_OF_GAP:
            runs.append([])
        runs[-1].append((night, value))
    return runs


def _frame(low: float, high: float, first: date, last: date, digits: int) -> str:
    parts = []
    for level in (low, (low + high) / 2, high):
        y = round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (high - level) / (high - low), 1)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="tick" x="{_LEFT - 5}" y="{y + 3}" text-anchor="end">{level:.{digits}f}</text>'
        )
    for x, night, anchor in ((_LEFT, first, "start"), (WIDTH - _RIGHT, last, "end")):
        parts.append(f'<text class="tick" x="{x}" y="{HEIGHT - 6}" text-anchor="{anchor}">{night}</text>')
    return "".join(parts)


def _svg(width: int, height: int, title: str, body: str, *, css: str = "plot") -> Markup:
    return Markup(  # noqa: S704  every text in it was escaped above
        f'<svg class="{css}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )
