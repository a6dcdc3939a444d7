"""The report on a change: HTML that loads nothing, and Markdown for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from redeye.foundation.atomic_files import write_text
from redeye.foundation.pages import (
    Cell,
    Link,
    Markdown,
    Table,
    escape_markdown,
    render_markdown,
    write_report,
)
from redeye.foundation.plot_theme import CHAMPION, QUIET, open_figure, render_svg
from redeye.foundation.ui_links import link_feature
from redeye.review.logic.impact_comment import cut_comment, draw_bars
from redeye.review.logic.impact_verdict import Impact, Judgement, find_affected_columns, some
from redeye.review.logic.model_diff import ColumnDiff, Histogram, ModelDiff, Origin
from redeye.review.reports.impact_tables import tabulate_gains, tabulate_labels, tabulate_scores

PLOTS = 12
TEXT_PLOTS = 4
"""In a comment, which is read in passing."""


def write_page(impact: Impact, judgement: Judgement, folder: Path) -> Path:
    """Write `impact.html`, its plots, and `impact.md`, a comment with plots as text; an older report is replaced.

    Returns:
        The HTML.
    """
    for stale in folder.glob("impact-*.svg"):
        stale.unlink()
    found = _choose_plots(impact)
    pictures = {f"impact-{place + 1}.svg": draw_histogram(*each) for place, each in enumerate(found)}
    shown = [
        Markdown(f"![{escape_markdown(title)}]({name})")
        for (title, _), name in zip(found, pictures, strict=True)
    ]
    page = write_report(folder, "impact", _render(impact, judgement, shown), pictures)
    as_text = [Markdown(draw_bars(*each)) for each in found[:TEXT_PLOTS]]
    write_text(page.with_suffix(".md"), cut_comment(_render(impact, judgement, as_text)))
    return page


def _render(impact: Impact, judgement: Judgement, plots: list[Markdown]) -> str:
    return render_markdown(
        "review/reports/impact.md.j2",
        impact=impact,
        judgement=judgement,
        reasons=[_split_reason(each) for each in judgement.reasons],
        steps=", ".join(f"{name} {seconds:.0f} s" for name, seconds in impact.seconds.items()),
        models=tabulate_models(impact),
        columns=_list_changed_columns(impact),
        compare=_compare,
        reached=list(_count_reached(impact)),
        plots=plots,
        features={name: _link_specs(impact, name) for name in sorted(find_affected_columns(impact))},
        scores=tabulate_scores(impact.scores),
        gains=tabulate_gains(impact.gains),
        labels=tabulate_labels(impact.gains),
        consumers=tabulate_consumers(impact),
        rollout=list(impact.rollout.describe()) if impact.rollout else (),
        some=some,
    )


def _link_specs(impact: Impact, feature: str) -> list[Link]:
    """The models whose specs name a feature, each with the page of how it was over nights."""
    return [
        Link(model, link_feature(model, feature))
        for model, used in impact.used_by_specs.items()
        if feature in used
    ]


def _split_reason(reason: str) -> tuple[str, Markdown]:
    """Its first line, and the others as a fenced block within a list."""
    head, _, rest = reason.partition("\n")
    if not rest.strip():
        return head, Markdown()
    lines = ("```", *rest.strip("\n").replace("```", "'''").splitlines(), "```")
    return head, Markdown("\n".join(f"  {line}".rstrip() for line in lines))


def tabulate_impact(impact: Impact) -> list[tuple[str, Table]]:
    """The tables of a change with titles, in the report's order: scores, who reads it, then the data."""
    scores = tabulate_scores(impact.scores)
    made = [
        *(("Scores", each.table) for each in scores),
        *(("Scores by what they are made of", each.columns) for each in scores),
        *(("Trained anew", each.table) for each in tabulate_gains(impact.gains)),
        *(("Trained on and judged by each label", each.table) for each in tabulate_labels(impact.gains)),
        ("Who reads it", tabulate_consumers(impact)),
        ("Data", tabulate_models(impact)),
    ]
    return [(title, table) for title, table in made if table.rows]


def tabulate_models(impact: Impact) -> Table:
    """A row for each model that was built or is gone."""
    heads = ("model", "why", "rows", "keys added", "keys lost", "columns with other values", "seconds", "MB")
    return Table(heads, [_describe_model(each) for each in impact.models], (2, 3, 4, 6, 7))


def _describe_model(model: ModelDiff) -> tuple[Cell, ...]:
    values = [each.name for each in model.changed if each.change == "values"]
    others = [f"{each.name} ({each.change})" for each in model.changed if each.change != "values"]
    changed = some([*others, *values]) if model.changed else "none"
    if model.origin in {Origin.NEW, Origin.REMOVED}:
        changed = f"{len(model.columns)} columns"
    return (
        model.title,
        str(model.origin),
        _compare(model.rows_old, model.rows_new, ","),
        f"{model.keys_added:,}",
        f"{model.keys_lost:,}",
        changed,
        _compare(model.seconds_old, model.seconds_new, ".1f") or f"{model.seconds_new:.1f}",
        _compare(model.bytes_old / 1e6, model.bytes_new / 1e6, ".1f"),
    )


def _compare(old: float | None, new: float | None, form: str) -> str:
    """Old and new, or one where they read the same; empty if either is not known."""
    if old is None or new is None:
        return ""
    return f"{new:{form}}" if f"{old:{form}}" == f"{new:{form}}" else f"{old:{form}} → {new:{form}}"


def _list_changed_columns(impact: Impact) -> list[tuple[ModelDiff, ColumnDiff]]:
    return [(m, c) for m in impact.models for c in m.changed if c.change == "values"]


def _count_reached(impact: Impact) -> Iterator[str]:
    """What lineage expected, beside what the data show."""
    for model in impact.models:
        if model.origin is Origin.DOWNSTREAM and not model.is_same:
            reached = model.reached & {each.name for each in model.columns}
            yield f"{model.title} {len(reached)} of {len(model.columns)}"


def tabulate_consumers(impact: Impact) -> Table:
    """A row for each consumer of what is not as it was."""
    return Table(
        ("consumer", "kind", "reads"), [(each.name, each.kind, some(each.reads)) for each in impact.consumers]
    )


def _choose_plots(impact: Impact) -> list[tuple[str, Histogram]]:
    """The published columns that moved farthest, with their titles."""
    found = [
        (f"{model.title}.{column.name}", column.histogram)
        for model, column in _list_changed_columns(impact)
        if column.histogram and model.layer != "intermediate"
    ]
    return sorted(found, key=lambda each: -each[1].shift)[:PLOTS]


def draw_histogram(name: str, histogram: Histogram) -> str:
    """Old and new shares beside each other, as SVG text."""
    with open_figure(6, 2.4) as figure:
        axes = figure.subplots()
        places = range(len(histogram.labels))
        axes.bar([place - 0.2 for place in places], histogram.old, 0.4, color=QUIET, label="old")
        axes.bar([place + 0.2 for place in places], histogram.new, 0.4, color=CHAMPION, label="new")
        every = max(len(places) // 8, 1)
        axes.set_xticks(list(places)[::every], histogram.labels[::every], fontsize=7)
        axes.set(ylabel="share of rows", title=f"{name}\n{histogram.shift:.1%} of rows in another bin")
        axes.legend()
        return render_svg(figure)
