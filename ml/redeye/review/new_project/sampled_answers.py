"""Answers that are left to the sample, and are written into what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from redeye.declarations.clock import WEEKDAYS
from redeye.foundation.errors import ConfigError
from redeye.review.new_project.answers import FEWEST, FROM_SAMPLE, Answers
from redeye.review.new_project.column_values import name_word
from redeye.review.new_project.sample import Column, Sample, list_values

HOUR = "03:00"
MOST = 12
"""Values of a column that are taken for its classes; with more of them, somebody has to say which matter."""


def complete_answers(answers: Answers, sample: Sample, path: str) -> Answers:
    """The answers with what they left to the sample.

    Raises:
        ConfigError: naming the answer that the sample refutes.
    """
    if answers.cutoff is None:
        answers = answers.model_copy(update={"cutoff": suggest_cutoff(answers.every, sample.dates)})
    if not answers.classes:
        return answers
    column = sample.columns[str(answers.predict)]
    return answers.model_copy(
        update={"classes": _find_classes(answers, column, list_values(path, column.name))}
    )


def suggest_cutoff(every: str, dates: Sequence[date]) -> str:
    """When nights may well end: in the small hours, of a week those of the day with which weeks with rows begin.

    It is the weekday before which most days have no row; where every day has some, Monday.
    """
    if every == "day":
        return HOUR
    seen = {day.weekday() for day in dates} or {0}
    week = len(WEEKDAYS)
    gaps = {
        first: next(back for back in range(1, week + 1) if (first - back) % week in seen) for first in seen
    }
    return f"{WEEKDAYS[max(sorted(gaps), key=gaps.__getitem__)]} {HOUR}"


def _find_classes(answers: Answers, column: Column, seen: list[str]) -> tuple[str, ...]:
    if column.type not in ("VARCHAR", "BIGINT"):
        raise ConfigError(
            f"classes: {column.name} is {column.type.lower()}, neither text nor whole numbers: leave them out"
        )
    unseen = answers.unseen_class
    if answers.classes != FROM_SAMPLE:
        classes = answers.classes
        if unseen is None and (left := [value for value in seen if value not in classes]):
            raise ConfigError(
                f"classes: {column.name} also has {_list_some(left)} in the sample: name them, or say with "
                "`unseen_class` which class they count to"
            )
    else:
        classes = tuple(seen)
        if not FEWEST <= len(seen) <= MOST:
            raise ConfigError(
                f"classes: {column.name} has {len(seen)} values in the sample, {_list_some(seen)}; from {FEWEST} to "
                f"{MOST} of them are taken: list the classes"
                + (", and say with `unseen_class` which the others count to" if len(seen) > MOST else "")
            )
        if unseen is not None and unseen not in seen:
            raise ConfigError(
                f"unseen_class: {unseen} is no value of {column.name}; it has {_list_some(seen)}"
            )
    words = [name_word(name) for name in classes]
    for name, word in zip(classes, words, strict=True):
        if not word or words.count(word) > 1:
            raise ConfigError(
                f"classes: {name!r} names no column of its own: letters a to z and digits must tell it from the others"
            )
    return classes


def _list_some(values: list[str]) -> str:
    shown = ", ".join(values[:6])
    return f"{shown}, …" if len(values) > 6 else shown
