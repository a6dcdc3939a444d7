"""How a delivery agrees with those that its contract says it refers to: which rows do not, and whose fault it is.

A row whose counterpart is missing is judged where it is likelier at fault itself, or where it cannot be told. Where
the other delivery is, the rows are sound: they are taken in and marked, and the message names the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from redeye.audits.contract_files import ARRIVALS, EXPECTATIONS_ROOT, find_contract
from redeye.audits.failing_rows import format_rows
from redeye.audits.logic.audit_result import EXAMPLES_SHOWN, Finding, Mark, Treatment
from redeye.audits.logic.contract import PROFILE
from redeye.audits.logic.contract_terms import Reference
from redeye.audits.logic.disagreements import (
    IS_DUE,
    NIGHT,
    Culprit,
    Disagreement,
    find_disagreements,
    find_overdue,
)
from redeye.audits.logic.typed_frames import parse_frame
from redeye.audits.suite_files import load_suite

Frames = Mapping[str, pd.DataFrame]
# Of one disagreement; of two deliveries that have hardly anything in common nobody reads all.
MARKS_KEPT = 1000


def relate_references(
    typed: pd.DataFrame,
    *,
    suite: str,
    judged: Frames,
    history: Frames,
    root: Path = EXPECTATIONS_ROOT,
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Adds what its dated references say of each row: `missing_in_<dataset>` and `<dataset>_at_fault`, 0 or 1.

    The first is 1 of a row without a counterpart, unless the other dataset is at fault; the second is 1 of all rows
    of a date and night for which it is. Rows of a date that the other dataset has not delivered are not compared.

    Args:
        typed: rows of the suite, with the columns of its contract and its nights.
        suite: `arrivals/<dataset>`; any other has no references.
        judged: text frames of what is judged together, by suite.
        history: text frames of earlier accepted nights, by suite.
        root: folder of the suites.

    Returns:
        The frame with the columns, and what was found of each night that disagrees.
    """
    found: list[Finding] = []
    if not suite.startswith(ARRIVALS) or suite.endswith(PROFILE):
        return typed, ()
    dated = [
        each for each in find_contract(suite.removeprefix(ARRIVALS), root).rows.references if each.within
    ]
    for reference in dated:
        missing, at_fault = f"missing_in_{reference.dataset}", f"{reference.dataset}_at_fault"
        typed = typed.assign(**{missing: 0, at_fault: 0})
        others = _read_others(reference, judged, history, root)
        if others is None:
            continue
        earlier = _read(suite, history[suite], reference.columns, root) if suite in history else None
        for each in find_disagreements(
            typed, others, earlier, key=reference.columns, within=reference.within
        ):
            if each.culprit == Culprit.OTHER:
                typed.loc[_have_dates(typed, each, list(reference.within)), at_fault] = 1
            else:
                typed.loc[each.unmatched, missing] = 1
            found.append(_describe(each, typed, suite.removeprefix(ARRIVALS), reference))
        if reference.due and reference.due.nights:
            overdue = find_overdue(
                typed,
                others,
                earlier,
                key=reference.columns,
                within=reference.within,
                nights=reference.due.nights,
            )
            found += _describe_overdue(overdue, suite.removeprefix(ARRIVALS), reference)
    return typed, tuple(found)


def _have_dates(typed: pd.DataFrame, each: Disagreement, within: list[str]) -> pd.Series:
    """Which rows of the disagreement's night are of the dates that it is about."""
    dates = pd.concat([typed.loc[each.unmatched, within], each.unanswered[within]]).drop_duplicates()
    meant = typed[within].merge(dates.assign(is_meant=True), how="left", on=within)["is_meant"].notna()
    return (typed[NIGHT] == pd.Timestamp(each.night)) & meant.to_numpy()


def _read_others(reference: Reference, judged: Frames, history: Frames, root: Path) -> pd.DataFrame | None:
    """The rows of the other dataset under our names of its columns; None if none are known."""
    suite = f"{ARRIVALS}{reference.dataset}"
    stated = list(load_suite(suite, root).types)
    known = [history[suite]] if suite in history else []
    known += [judged[suite]] if suite in judged and list(judged[suite].columns) == stated else []
    if not known:
        return None
    typed = _read(suite, pd.concat(known, ignore_index=True), reference.dataset_columns, root)
    if typed[NIGHT].isna().all():
        return None
    if reference.due:
        due = reference.due
        typed = typed.assign(**{IS_DUE: typed[due.column].between(due.first, due.last)})
    return typed.rename(columns=dict(zip(reference.dataset_columns, reference.columns, strict=True)))


def _read(suite: str, frame: pd.DataFrame, columns: tuple[str, ...], root: Path) -> pd.DataFrame:
    types = load_suite(suite, root).types
    wanted = list(dict.fromkeys((NIGHT, *columns)))
    return parse_frame(frame[wanted], {column: types[column] for column in wanted})[0]


def _describe(each: Disagreement, typed: pd.DataFrame, dataset: str, reference: Reference) -> Finding:
    """What an operator needs of a disagreement: rows of both sides, who is likelier at fault, and what to do."""
    other = reference.dataset
    nights = ", ".join(str(night) for night in each.other_nights)
    ours = format_rows(typed.loc[each.unmatched[:MARKS_KEPT]], reference.columns)
    theirs = format_rows(each.unanswered.head(MARKS_KEPT), reference.columns)
    lines = [
        f"{dataset} of night {each.night} and {other} of night {nights} disagree: {len(each.unmatched)} of "
        f"{each.rows} rows are not in {other}, {len(each.unanswered)} that {other} has and that are due did not come"
    ]
    lines += [f"only in {dataset}: {_in_words(row)}" for row in ours[:EXAMPLES_SHOWN]]
    lines += [f"only in {other}: {_in_words(row)}" for row in theirs[:EXAMPLES_SHOWN]]
    for mine, yours in each.pairs:
        (column,) = (name for name in mine if mine[name] != yours[name])
        rest = {name: str(value) for name, value in mine.items() if name != column}
        lines.append(
            f"differ in {column} alone: {dataset} {mine[column]}, {other} {yours[column]}: {_in_words(rest)}"
        )
    culprit, remedy = _blame(each, dataset, other, nights)
    lines += [f"likelier at fault: {culprit} ({each.evidence})", f"remedy: {remedy}"]
    is_others = each.culprit == Culprit.OTHER
    reason = f"not in {other} of night {nights}; likelier at fault: {culprit}"
    marks = [Mark(each.night, row, Treatment.TAKEN_IN, reason) for row in ours if is_others]
    marks += [
        Mark(
            each.night, row, Treatment.LACKING, f"in {other} of night {nights}; likelier at fault: {culprit}"
        )
        for row in theirs
    ]
    in_doubt = tuple((other, night) for night in each.other_nights if is_others)
    return Finding(each.night, "\n    ".join(lines), tuple(marks), in_doubt)


def _describe_overdue(overdue: pd.DataFrame, dataset: str, reference: Reference) -> Iterator[Finding]:
    """What an operator needs of rows that had to come by now: which, and of which delivery they are missing."""
    for (night, of_night), lost in overdue.groupby(["by_night", "of_night"]):
        by, of = (pd.Timestamp(str(each)).date() for each in (night, of_night))
        rows = format_rows(lost.head(MARKS_KEPT), reference.columns)
        lines = [
            f"{dataset} of night {of} lack {len(lost)} rows that {reference.dataset} has: they had to come by "
            f"night {by}, and did not"
        ]
        lines += [f"only in {reference.dataset}: {_in_words(row)}" for row in rows[:EXAMPLES_SHOWN]]
        lines.append(f"remedy: have the source deliver {dataset} of night {of} again, whole")
        reason = f"in {reference.dataset}, and due in {dataset} of night {of} or after it"
        marks = tuple(Mark(by, row, Treatment.LACKING, reason) for row in rows)
        yield Finding(by, "\n    ".join(lines), marks)


def _blame(each: Disagreement, dataset: str, other: str, nights: str) -> tuple[str, str]:
    if each.culprit == Culprit.OTHER:
        return f"{other} of night {nights}", (
            f"nothing is lost: these {dataset} are taken in as they are; have the source deliver {other} of night "
            f"{nights} again, corrected"
        )
    again = (
        f"have the source deliver {dataset} of night {each.night} again, corrected: rows set aside come in with it. "
        f"If they are right as they are: `./redeye intake accept {dataset} {each.night} --because '…'`"
    )
    if each.culprit == Culprit.ITSELF:
        return f"{dataset} of night {each.night}", again
    return "it cannot be told", f"compare both with the source; {again}"


def _in_words(row: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in row.items())
