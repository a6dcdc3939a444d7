"""Which kind of shift a night's week shows: of the inputs, the label or the relation; and the label's form."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.monitoring import label_form_store
from redeye.monitoring.drift_reference_store import Reference
from redeye.monitoring.logic.distribution_shift import (
    classify_signs,
    describe_signs,
    measure_signs,
    shift_rows,
)
from redeye.monitoring.logic.drift_profile import is_enough
from redeye.monitoring.logic.drift_result import DriftFinding, Span
from redeye.monitoring.logic.joint_drift import Joint, joint_rows, measure_joint, sample_rows
from redeye.monitoring.logic.label_form import LabelForm, changes, form_row
from redeye.warehouse import lake
from redeye.warehouse.logic.releases import Release

UNKNOWN = float("nan")


def measure_label_form(spec: Spec, night: date, release: Release) -> LabelForm:
    """The label's form in the newest week whose labels are final."""
    last = night - timedelta(days=spec.label_maturity_nights)
    with lake.connect_at(release.snapshot_id) as con:
        return label_form_store.measure_form(con, spec, last - timedelta(days=Span.WEEK.nights - 1), last)


def measure_shift(
    spec: Spec, reference: Reference, features: pd.DataFrame, matured: pd.DataFrame, form: LabelForm
) -> DriftFinding:
    """Tell the kinds of shift apart, as far as the week's data allow.

    Args:
        spec: of the model.
        reference: of the champion.
        features: the week's rows as scoring saw them, with `night` and the spec's key.
        matured: the champion's own predictions of the newest matured week, with `label`.
        form: of the label in that week.
    """
    rules, subject = spec.monitor.drift, project().subject
    thresholds = reference.profile.thresholds
    sample, unseen = reference.sample(), reference.unseen()
    joint, why = Joint(UNKNOWN, UNKNOWN, ()), "too few rows or nights to judge"
    if is_enough(Span.WEEK, features, rules):
        week = sample_rows(features, key=spec.population.key)
        joint = measure_joint(week, sample, reference.joint_inputs)
    of_inputs = joint_rows(joint, thresholds, rows=len(features), reference_rows=len(sample), note=why)

    is_judged = is_enough(Span.WEEK, matured, rules)
    signs = measure_signs(matured if is_judged else matured.head(0), unseen)
    of_labels = shift_rows(signs, thresholds, rows=len(matured), reference_rows=len(unseen))
    is_beyond = {sign: row.is_drifted for sign, row in of_labels.items()}
    kinds = classify_signs(is_beyond, are_inputs_moved=any(each.is_drifted for each in of_inputs))
    reported = describe_signs(
        kinds, signs, is_beyond, joint.leading, many=subject.many, positive=spec.target.positive
    )
    rows = (*of_inputs, *of_labels.values(), form_row(form, reference.label_form, subject))
    return DriftFinding(rows, (*changes(form, reference.label_form, subject), *reported))
