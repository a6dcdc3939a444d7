"""What a spec of several classes may say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_classes import CLASSES, COLUMNS, make_spec, write_spec

from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.models.kinds.multiclass_spec import MulticlassSpec, name_class_column


def test_a_spec_names_its_classes_and_a_column_for_each(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    assert isinstance(spec, MulticlassSpec)
    assert spec.target.classes == CLASSES
    assert tuple(map(name_class_column, CLASSES)) == COLUMNS
    assert [each.metric for each in spec.monitor.quality.list_bounds()] == [
        "relative_log_loss",
        "calibration_error",
    ]


def test_numbers_are_classes_as_they_are_written(tmp_path: Path) -> None:
    named = f"[{', '.join(CLASSES)}]"
    assert make_spec(tmp_path, (named, "[1, 2, 10]")).target.classes == ("1", "2", "10")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((f"[{', '.join(CLASSES)}]", "[late, early]"), "target.classes"),
        (("very late]", "late]"), "classes"),
        (("very late]", "LATE!]"), "gives no column of its own (probability_late)"),
        (("very late]", "'--']"), "'--' gives no column of its own"),
        (("very late]", "very late]\n  unseen_class: lost"), "unseen_class: 'lost' is none of"),
        (("  logistic: {", "  continued: {}\n  logistic: {"), "continued"),
        (("  maximum_calibration_error: 0.05\n", "  maximum_auc_drop: 0.05\n"), "maximum_auc_drop"),
        (("  primary_metric: log_loss\n", "  primary_metric: accuracy\n"), "primary_metric"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    path = write_spec(tmp_path, change)
    with pytest.raises(ConfigError) as refused:
        load_spec(path)
    assert said in str(refused.value)
    assert f"{path}:" in str(refused.value)
