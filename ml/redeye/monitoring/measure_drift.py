"""Drift of a night's live predictions against what the champion learned from, and Evidently's reports on it.

With the drift goes which kind of shift the week shows: of the inputs, the label or the relation; and the label's form.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.verdicts import Verdict, split_reasons
from redeye.declarations.calendar import list_nights, shift_nights
from redeye.declarations.project import project
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.atomic_files import replace_file
from redeye.foundation.errors import AlreadyDecided, ConfigError, NotReleased, try_in_turn
from redeye.foundation.settings import SPECS, settings
from redeye.foundation.ui_links import link_drift_report
from redeye.models.kinds.interface import fill_raw, find_kind
from redeye.monitoring import evidently_reports, label_form_store
from redeye.monitoring.drift_reference_store import Reference
from redeye.monitoring.fit_drift_reference import list_input_columns, load_reference
from redeye.monitoring.logic.distribution_shift import (
    classify_signs,
    describe_covariates,
    describe_signs,
    measure_signs,
    shift_rows,
)
from redeye.monitoring.logic.drift_profile import find_drift, is_enough
from redeye.monitoring.logic.drift_quality import quality_drift
from redeye.monitoring.logic.drift_result import DriftFinding, Span
from redeye.monitoring.logic.feature_quality import summarize_features
from redeye.monitoring.logic.joint_drift import Joint, joint_rows, measure_joint, sample_rows
from redeye.monitoring.logic.label_form import LabelForm, changes, form_row
from redeye.monitoring.matured_predictions import read_matured_predictions
from redeye.scoring import outputs_store
from redeye.scoring.score import read_scored_rows
from redeye.warehouse import lake, release_store
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)

UNKNOWN = float("nan")


def measure(spec: Spec, night: date, release: Release, champion: Promotion) -> DriftFinding:
    """The drift of a night and of the week that ends with it.

    Features are those that scoring saw, read again from the release and the feature service that the
    predictions name. Of the predictions only the champion's own count.

    A night without predictions is not judged. Matured labels are read from `release` as known at the cutoff.

    Returns:
        Rows for the tables `drift` and `feature_quality`, to be written with the verdict, and what they amount to.
    """
    rules, kind = spec.monitor.drift, find_kind(spec)
    reference = load_reference(spec, champion)
    features = _features(spec, night)
    own = features.loc[features["model_version"] == champion.version, ["night", *kind.columns]]
    own = kind.tell(own)
    finding = find_drift(reference.profile, features, own, rules, last=night)
    matured = _read_matured(spec, night, release, champion)
    quality = quality_drift(kind, matured, reference.unseen(), reference.profile.thresholds, rules)
    shifts = measure_shift(
        spec, reference, features, matured[Span.WEEK], measure_label_form(spec, night, release)
    )
    of_night = Span.NIGHT.select(features, night)
    finding = DriftFinding(
        (*finding.rows, *quality, *shifts.rows),
        (*finding.reasons, *shifts.reasons),
        shifts.label_changes,
        summarize_features(of_night, list_input_columns(spec, of_night)) if len(of_night) else (),
    )
    said = (*finding.reasons, *finding.label_changes)
    log.info("%s, night %s: drift %s", spec.model, night, "; ".join(said) or "none")
    return finding


def make_pages(
    spec: Spec,
    night: date,
    rows: pd.DataFrame,
    release: Release,
    champion: Promotion,
    *,
    verdict: Verdict,
    reasons: tuple[str, ...],
) -> Iterator[evidently_reports.Page]:
    """What the pages of a night show, one per span; a span without a single row has none.

    Args:
        spec: of the model.
        night: that was judged.
        rows: of the table `drift`, of both spans.
        release: from which labels are read, as known at the night's cutoff.
        champion: that was judged.
        verdict: of the night, as recorded.
        reasons: for it, as recorded.
    """
    reference: Reference = load_reference(spec, champion)
    features = _features(spec, night)
    own = features["model_version"] == champion.version
    kind = find_kind(spec)
    told, is_told_number = kind.told
    features = kind.tell(features)
    features[told] = features[told].where(own)
    matured = _read_matured(spec, night, release, champion)
    sample = reference.sample()
    for span in Span:
        current = span.select(features, night)
        if current.empty:
            log.warning("%s, night %s: no predictions, no page on the %s", spec.model, night, span)
            continue
        yield evidently_reports.Page(
            model=spec.model,
            night=night,
            span=span,
            version=champion.version,
            verdict=verdict,
            reasons=reasons,
            rows=rows,
            current=current,
            reference=sample,
            matured=matured[span],
            predicted=kind.tell(reference.predictions()),
            unseen=reference.unseen(),
            told=told,
            is_told_number=is_told_number,
            has_classes=kind.has_classes,
            numeric=list_input_columns(spec, sample),
        )


def report_night(model: str, night: date) -> dict[str, Any]:
    """What the task `write_reports` does: read what was decided on a night, and write its pages.

    Returns:
        `pages`, the files; `drift_report_url`, where people read the week's page, or else the night's, None
        without any; `drifted`, the spans whose share of drifted features counts as drift.

    Raises:
        NotReleased: if the night has not been monitored.
        ConfigError: if the version that was monitored is no champion of the ledger.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    rows, judged = (outputs_store.read(table, model, night, night) for table in ("drift", "verdicts"))
    if rows.empty or judged.empty:
        raise NotReleased(
            f"{model}: night {night} has no drift rows: run `judge_predictions` of that night first"
        )
    release = release_store.release_named(str(rows["release_id"].iloc[0]))
    version = int(rows["model_version"].iloc[0])
    champion = next((p for p in promotion_store.read_promotions(model) if p.version == version), None)
    if release is None or champion is None:
        raise ConfigError(
            f"{model}, night {night}: the ledger lacks version {version} or the release judged by"
        )
    pages = make_pages(
        spec,
        night,
        rows,
        release,
        champion,
        verdict=Verdict(judged["verdict"].iloc[0]),
        reasons=split_reasons(judged["reasons"].iloc[0]),
    )
    written = {page.span: evidently_reports.write_page(page) for page in pages}
    is_measured = (rows["kind"] == "share") & rows["value"].notna()
    measured = set(rows.loc[is_measured, "span"])
    # The night is part of the week: with too few nights for one, the night's page says more.
    shown = max(written, key=lambda span: (str(span) in measured, span.nights), default=None)
    return {
        "model": model,
        "pages": [str(path) for path in written.values()],
        "drift_report_url": link_drift_report(model, night, shown) if shown else None,
        "drifted": sorted(rows.loc[rows["is_drifted"].astype(bool) & (rows["kind"] == "share"), "span"]),
    }


def prune_reports(keep: int) -> list[Path]:
    """Remove the reports of all but the newest `keep` nights of each model, and cached features like them."""
    removed = evidently_reports.prune(keep)
    for folder in sorted(settings().drift.glob("features/*")):
        kept = sorted({path.name[:10] for path in folder.glob("*.parquet")})[-max(keep, 7) :]
        for path in sorted(folder.glob("*.parquet")):
            if path.name[:10] not in kept:
                path.unlink()
                removed.append(path)
    return removed


def _features(spec: Spec, night: date) -> pd.DataFrame:
    """The week's rows: features as scored, `night`, what was predicted, `model_version`; no label."""
    first = shift_nights(night, 1 - Span.WEEK.nights)
    predictions = outputs_store.read("predictions", spec.model, first, night)
    days = pd.to_datetime(predictions["night"])
    frames = [
        load_features(spec, one, predictions[days == pd.Timestamp(one)])
        for one in list_nights(first, night)
        if (days == pd.Timestamp(one)).any()
    ]
    if not frames:
        return pd.DataFrame({name: [] for name in ("night", *find_kind(spec).columns, "model_version")})
    return pd.concat(frames, ignore_index=True)


def load_features(
    spec: Spec, night: date, predictions: pd.DataFrame, service: str | None = None
) -> pd.DataFrame:
    """One night's, from the cache where it has been read before: six of a week's seven nights.

    `predictions` are all of that night's; they name the feature service, unless another is given.
    """
    service = service or str(predictions["feature_service"].iloc[0])
    reported = "|".join(
        [service, str(predictions["release_id"].iloc[0]), *sorted(predictions["prediction_id"])]
    )
    key = hashlib.sha256(reported.encode()).hexdigest()[:16]
    path = settings().drift / "features" / spec.model / f"{night.isoformat()}-{key}.parquet"

    def read_again() -> pd.DataFrame:
        features = _read_features(spec, night, predictions, service)
        with replace_file(path) as making:
            features.to_parquet(making, index=False)
        return features

    cached = [(str(path), lambda: pd.read_parquet(path))] if path.is_file() else []
    features = try_in_turn([*cached, ("reading features again", read_again)], [])
    # The reference is what the version itself said: a recalibration is no drift of its predictions.
    kind = find_kind(spec)
    made = fill_raw(predictions, kind)[[spec.population.key, *kind.raw_columns, "model_version"]].rename(
        columns=dict(zip(kind.raw_columns, kind.columns, strict=True))
    )
    joined = features.merge(made, on=spec.population.key, how="inner", validate="one_to_one")
    if len(joined) != len(predictions):
        raise AlreadyDecided(f"{path} does not hold the rows that were scored: remove it and run again")
    return joined.assign(night=pd.Timestamp(night))


def _read_features(spec: Spec, night: date, predictions: pd.DataFrame, service: str) -> pd.DataFrame:
    from redeye.features.feast_frames import read_feature_frame

    rows, release = read_scored_rows(spec, night, predictions)
    frame = read_feature_frame(release.snapshot_id, rows, service)
    columns = list(list_input_columns(spec, frame))
    return frame[[spec.population.key, *columns]]


def _read_matured(spec: Spec, night: date, release: Release, champion: Promotion) -> dict[Span, pd.DataFrame]:
    """The champion's own predictions with labels known at the cutoff: newest matured night, and its week."""
    last = shift_nights(night, -spec.label_maturity_nights)
    first = shift_nights(last, 1 - Span.WEEK.nights)
    predictions = read_matured_predictions(spec, release, night, first, last)
    own = predictions[predictions["model_version"] == champion.version]
    kind = find_kind(spec)
    rows = own[[spec.population.key, "night", *kind.groups, *kind.columns, "label"]]
    return {span: span.select(rows, last) for span in Span}


def measure_label_form(spec: Spec, night: date, release: Release) -> LabelForm:
    """The label's form in the newest week whose labels are final."""
    last = shift_nights(night, -spec.label_maturity_nights)
    with lake.connect_at(release.snapshot_id) as con:
        return label_form_store.measure_form(con, spec, shift_nights(last, 1 - Span.WEEK.nights), last)


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
    rules, subject, kind = spec.monitor.drift, project().subject, find_kind(spec)
    thresholds = reference.profile.thresholds
    sample, unseen = reference.sample(), reference.unseen()
    joint, why = Joint(UNKNOWN, UNKNOWN, ()), "too few rows or nights to judge"
    if is_enough(Span.WEEK, features, rules):
        week = sample_rows(features, key=spec.population.key)
        # Without what the spec of now does not name any more.
        read = {name: kind for name, kind in reference.joint_inputs.items() if name in week}
        joint = measure_joint(week, sample, read)
    of_inputs = joint_rows(joint, thresholds, rows=len(features), reference_rows=len(sample), note=why)

    of_form = form_row(form, reference.label_form, subject)
    if not kind.has_classes:
        moved = any(each.is_drifted for each in of_inputs)
        of_week = (describe_covariates(joint.leading),) if moved else ()
        return DriftFinding((*of_inputs, of_form), of_week, changes(form, reference.label_form, subject))
    is_judged = is_enough(Span.WEEK, matured, rules)
    signs = measure_signs(matured if is_judged else matured.head(0), unseen)
    of_labels = shift_rows(signs, thresholds, rows=len(matured), reference_rows=len(unseen))
    is_beyond = {sign: row.is_drifted for sign, row in of_labels.items()}
    kinds = classify_signs(is_beyond, are_inputs_moved=any(each.is_drifted for each in of_inputs))
    reported = describe_signs(
        kinds, signs, is_beyond, joint.leading, many=subject.many, positive=spec.target.positive
    )
    rows = (*of_inputs, *of_labels.values(), of_form)
    return DriftFinding(rows, tuple(reported), changes(form, reference.label_form, subject))
