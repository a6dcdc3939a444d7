"""The report on a change: HTML that loads nothing, and Markdown fit for a comment on a pull request."""

from __future__ import annotations

import io
import os
from pathlib import Path

from redeye.champions.logic.readers import some
from redeye.foundation.pages import Block, Bullets, Cell, Heading, Page, Paragraph, Picture, Table
from redeye.models.logic.evaluation import Interval
from redeye.review.logic.impact_verdict import (
    Histogram,
    Impact,
    Judgement,
    ModelDiff,
    Origin,
    ScoreDiff,
    find_affected_columns,
)

OLD_COLOUR, NEW_COLOUR = "#777777", "#1f6fb4"
PLOTS = 12


def write(impact: Impact, judgement: Judgement, folder: Path) -> Path:
    """Write both forms and the plots; an older report there is replaced.

    Returns:
        The HTML.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = _page(impact, judgement)
    for stale in folder.glob("impact-*.svg"):
        stale.unlink()
    for picture in page.pictures():
        _put(folder / picture.file, picture.svg)
    _put(folder / "impact.md", page.markdown())
    _put(folder / "impact.html", page.html())
    return folder / "impact.html"


def _put(path: Path, text: str) -> None:
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.write_text(text, encoding="utf-8")
    making.replace(path)


def _page(impact: Impact, judgement: Judgement) -> Page:
    blocks: list[Block] = [
        Bullets(judgement.reasons),
        Paragraph(
            f"Against the base {impact.base}, over release {impact.release_id}, nights {impact.nights}. "
            f"{sum(impact.seconds.values()):.0f} s: "
            f"{', '.join(f'{name} {seconds:.0f} s' for name, seconds in impact.seconds.items())}."
        ),
    ]
    if impact.models:
        blocks += [Heading("Models"), model_table(impact), *_columns(impact)]
    if impact.models or impact.specs:
        blocks += [Heading("Features and who reads them"), *_features(impact)]
    if impact.scores:
        blocks += [Heading("The same flights, scored with old and new features"), score_table(impact)]
    if impact.gains:
        blocks += [Heading("A model trained anew"), gain_table(impact)]
    return Page(f"Impact: {judgement.verdict}", tuple(blocks))


def model_table(impact: Impact) -> Table:
    """A row for each model that was built or is gone."""
    heads = ("model", "why", "rows", "keys added", "keys lost", "columns with other values", "seconds", "MB")
    rows = tuple(_model_row(each) for each in impact.models)
    return Table(heads, rows, frozenset({2, 3, 4, 6, 7}))


def _model_row(model: ModelDiff) -> tuple[Cell, ...]:
    values = [each.name for each in model.changed if each.change == "values"]
    others = [f"{each.name} ({each.change})" for each in model.changed if each.change != "values"]
    changed = some([*others, *values]) if model.changed else "none"
    if model.origin in {Origin.NEW, Origin.REMOVED}:
        changed = f"{len(model.columns)} columns"
    return (
        model.title,
        str(model.origin),
        _was_is(f"{model.rows_old:,}", f"{model.rows_new:,}"),
        f"{model.keys_added:,}",
        f"{model.keys_lost:,}",
        changed,
        f"{model.seconds_new:.1f}"
        if model.seconds_old is None
        else _was_is(f"{model.seconds_old:.1f}", f"{model.seconds_new:.1f}"),
        _was_is(f"{model.bytes_old / 1e6:.1f}", f"{model.bytes_new / 1e6:.1f}"),
    )


def _was_is(old: str, new: str) -> str:
    return new if old == new else f"{old} → {new}"


def _columns(impact: Impact) -> list[Block]:
    """Columns with other values: how many rows, nulls, means and distributions."""
    found = [(m, c) for m in impact.models for c in m.changed if c.change == "values"]
    if not found:
        return []
    rows: list[tuple[Cell, ...]] = []
    for model, column in found:
        kept = model.rows_new - model.keys_added
        rows.append(
            (
                f"{model.title}.{column.name}",
                f"{column.rows:,} of {kept:,}",
                "" if column.largest is None else f"{column.largest:.4g}",
                _was_is(f"{column.nulls_old:,}", f"{column.nulls_new:,}"),
                ""
                if column.mean_old is None or column.mean_new is None
                else _was_is(f"{column.mean_old:.4g}", f"{column.mean_new:.4g}"),
                f"{column.histogram.shift:.1%}" if column.histogram else "",
            )
        )
    heads = (
        "column",
        "rows with another value",
        "largest difference",
        "nulls",
        "mean",
        "rows in another bin",
    )
    blocks: list[Block] = [
        Heading("Columns", 3),
        Table(heads, tuple(rows), frozenset({1, 2, 3, 4, 5})),
        Paragraph(_reach(impact)),
    ]
    drawable = [(m, c) for m, c in found if c.histogram and m.layer != "intermediate"]
    drawable.sort(key=lambda each: -(each[1].histogram.shift if each[1].histogram else 0.0))
    for place, (model, column) in enumerate(drawable[:PLOTS]):
        if column.histogram:
            name = f"{model.title}.{column.name}"
            blocks.append(Picture(f"impact-{place + 1}.svg", name, _draw(name, column.histogram)))
    return blocks


def _reach(impact: Impact) -> str:
    """What lineage expected, beside what the data show."""
    parts = []
    for model in impact.models:
        if model.origin is Origin.DOWNSTREAM and not model.is_same:
            parts.append(
                f"{model.title} {len(model.reached & {c.name for c in model.columns})} of {len(model.columns)}"
            )
    if not parts:
        return "By lineage no column of a model further on comes from them."
    return f"Columns further on that come from them, by lineage: {', '.join(parts)}."


def _features(impact: Impact) -> list[Block]:
    hit = find_affected_columns(impact)
    rows: list[tuple[Cell, ...]] = []
    for name in sorted(hit):
        versions = [f"{r.model} v{r.version} ({r.role})" for r in impact.readers if name in r.columns]
        specs = [model for model, features in impact.used_by_specs.items() if name in features]
        rows.append((name, ", ".join(versions) or "none", ", ".join(specs) or "none"))
    blocks: list[Block] = []
    for spec in impact.specs:
        old = (
            "is new"
            if spec.version_old is None
            else f"goes from version {spec.version_old} to {spec.version_new}"
        )
        said = [f"adds {some(spec.added)}"] if spec.added else []
        said += [f"leaves out {some(spec.removed)}"] if spec.removed else []
        blocks.append(Paragraph(f"The spec of {spec.model} {old}{': ' + '; '.join(said) if said else ''}."))
    if rows:
        blocks.append(Table(("feature", "read by versions", "named by specs"), tuple(rows)))
    elif not blocks:
        blocks.append(Paragraph("No feature changes."))
    return blocks


def score_table(impact: Impact) -> Table:
    """A row for each version that reads what changed."""
    heads = (
        "version",
        "flights",
        "moved",
        "largest",
        "rank correlation",
        "AUC",
        "calibration error",
        "log loss gained",
    )
    return Table(heads, tuple(_score_row(each) for each in impact.scores), frozenset(range(1, 8)))


def _score_row(score: ScoreDiff) -> tuple[Cell, ...]:
    return (
        str(score.reader),
        f"{score.rows:,} of {score.nights} nights",
        f"{score.moved:,} ({score.moved / max(score.rows, 1):.1%})",
        f"{score.largest:.4f}",
        "" if score.rank_correlation is None else f"{score.rank_correlation:.4f}",
        _metric(score, "auc"),
        _metric(score, "calibration_error"),
        interval(score.difference),
    )


def _metric(score: ScoreDiff, name: str) -> str:
    old, new = (getattr(each, name) if each else None for each in (score.old, score.new))
    return "" if old is None or new is None else _was_is(f"{old:.4f}", f"{new:.4f}")


def gain_table(impact: Impact) -> Table:
    """A row for each model that was fitted on old and new features."""
    rows = tuple(
        (
            each.model,
            each.algorithm,
            f"{each.rows:,}",
            _was_is(f"{each.old:.4f}", f"{each.new:.4f}"),
            interval(each.gain),
            f"{each.seconds:.0f}",
        )
        for each in impact.gains
    )
    heads = ("model", "algorithm", "flights judged", "log loss", "gained", "seconds")
    return Table(heads, rows, frozenset({2, 3, 4, 5}))


def interval(found: Interval | None) -> str:
    """A value with its bounds."""
    return f"{found.value:+.5f} ({found.lower:+.5f} to {found.upper:+.5f})" if found else ""


def _draw(name: str, histogram: Histogram) -> str:
    """Old and new shares beside each other, as SVG text, the same for the same shares."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "redeye", "svg.fonttype": "none"}):
        figure = Figure(figsize=(6, 2.2), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        places = range(len(histogram.labels))
        axes.bar([p - 0.2 for p in places], histogram.old, 0.4, color=OLD_COLOUR, label="old")
        axes.bar([p + 0.2 for p in places], histogram.new, 0.4, color=NEW_COLOUR, label="new")
        every = max(len(places) // 8, 1)
        axes.set_xticks(list(places)[::every], histogram.labels[::every], fontsize=7)
        axes.set_ylabel("share of rows", fontsize=8)
        axes.set_title(f"{name}: {histogram.shift:.1%} of rows in another bin", fontsize=9)
        axes.legend(fontsize=7)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
