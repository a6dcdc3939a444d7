"""Whether labels have the form that the champion learned from: their type, their values, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass

from redeye.declarations.subject import Subject
from redeye.monitoring.logic.drift_result import ColumnDrift, Kind, Span

COLUMN = "label"
# Of a week's rows with an outcome; a storm's cancellations have none. As for a feature's values.
MINIMUM_RISE = 0.02
MARGIN = 1.25
SHOWN = 5


@dataclass(frozen=True)
class LabelForm:
    """The label's column over some nights.

    Attributes:
        type: as the warehouse names it.
        values: that occur, as text, at most a handful.
        rows: of the population.
        empty_share: of them, those without a label; of a reference the highest of its weeks.
    """

    type: str
    values: tuple[str, ...]
    rows: int
    empty_share: float


def changes(now: LabelForm, then: LabelForm, subject: Subject) -> tuple[str, ...]:
    """What changed, one sentence each; empty if nothing did, or if there are no rows to go by."""
    if not now.rows:
        return ()
    reported = []
    if now.type != then.type:
        reported.append(f"the label's type is {now.type}, it was {then.type}")
    if fresh := [value for value in now.values if value not in then.values]:
        reported.append(f"the label has new values: {', '.join(fresh[:SHOWN])}")
    if now.values and len(now.values) == 1 and len(then.values) > 1:
        reported.append(f"the label has one value throughout: {now.values[0]}")
    if now.empty_share == 1:
        reported.append(f"no {subject.one} has a label")
    elif now.empty_share > max(then.empty_share * MARGIN, then.empty_share + MINIMUM_RISE):
        reported.append(
            f"{now.empty_share:.1%} of the {subject.many} have no label, at most {then.empty_share:.1%} in a week "
            "of the training"
        )
    return tuple(f"label schema: {each}" for each in reported)


def form_row(now: LabelForm, then: LabelForm, subject: Subject) -> ColumnDrift:
    """A row for the table `drift`: how many things changed, and which."""
    found = changes(now, then, subject)
    return ColumnDrift.of(
        (COLUMN, Span.WEEK, "schema_changes"),
        Kind.LABEL,
        float(len(found)) if now.rows else float("nan"),
        0.0,
        rows=now.rows,
        reference_rows=then.rows,
        empty_share=now.empty_share,
        note="; ".join(found),
        unknown="no rows whose label is final",
    )
