"""Changes of the label's form are named; a label like before is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redeye.declarations.project import project
from redeye.monitoring.logic.label_form import LabelForm, changes, form_row

SUBJECT = project().subject
THEN = LabelForm("BOOLEAN", ("false", "true"), 80_000, 0.10)


def test_the_same_form_is_no_change() -> None:
    now = LabelForm("BOOLEAN", ("false", "true"), 6_000, 0.03)
    assert changes(now, THEN, SUBJECT) == ()
    row = form_row(now, THEN, SUBJECT)
    assert (row.value, row.is_drifted, row.note) == (0.0, False, "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "VARCHAR"}, "type is VARCHAR, it was BOOLEAN"),
        ({"values": ("false", "true", "unknown")}, "new values: unknown"),
        ({"values": ("false",)}, "one value throughout: false"),
        ({"empty_share": 1.0, "values": ()}, "no flight has a label"),
        ({"empty_share": 0.30}, "30.0% of the flights have no label"),
    ],
)
def test_each_change_is_named(change: dict[str, object], said: str) -> None:
    now = replace(LabelForm("BOOLEAN", ("false", "true"), 6_000, 0.03), **change)  # type: ignore[arg-type]
    (found,) = changes(now, THEN, SUBJECT)
    assert said in found
    assert form_row(now, THEN, SUBJECT).is_drifted


def test_several_changes_are_all_named() -> None:
    now = LabelForm("VARCHAR", ("no", "yes"), 6_000, 0.5)
    assert len(changes(now, THEN, SUBJECT)) == 3
    assert form_row(now, THEN, SUBJECT).value == 3


def test_without_rows_there_is_nothing_to_say() -> None:
    now = LabelForm("", (), 0, 0.0)
    assert changes(now, THEN, SUBJECT) == ()
    assert form_row(now, THEN, SUBJECT).value is None
