"""Monitoring a night: quality of the predictions whose labels have matured, drift, and the verdict on the model."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import Stint, find_champion
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import (
    count_nights_since,
    cutoff,
    find_previous_night,
    shift_nights,
)
from redeye.declarations.specs import Spec, load_spec
from redeye.features.known_past import read_caveats
from redeye.foundation import trail
from redeye.foundation.errors import AlreadyDecided, NotReleased, try_in_turn
from redeye.foundation.settings import SPECS
from redeye.foundation.task_session import task_session
from redeye.models.kinds.interface import Kind, find_kind
from redeye.models.logic.evaluation import Interval
from redeye.monitoring.compare_predecessor import compare_predecessors, find_last_judgeable
from redeye.monitoring.logic.feature_quality import make_frame
from redeye.monitoring.logic.maturity import RECHECK_NIGHTS, Maturity, assess_maturity
from redeye.monitoring.logic.quality import (
    Predecessor,
    Window,
    measure_quality,
    measure_window,
)
from redeye.monitoring.logic.verdict import Judgement, is_judgeable, judge
from redeye.monitoring.matured_predictions import count_known_labels, read_matured_predictions
from redeye.monitoring.measure_drift import measure
from redeye.monitoring.recalibrate import recalibrate
from redeye.scoring import outputs_store
from redeye.scoring.logic.predictions import LIVE
from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import Release

log = logging.getLogger(__name__)


@task_session()
def monitor_night(model: str, night: date, run_id: str) -> dict[str, Any]:
    """Judge a model by what is known at the cutoff of a night.

    The newest night whose labels are mature lies `label_maturity_nights` back; the window ends with it. Nights
    that lack too many outcomes are left out until they come. Only what the night's champion predicted itself is
    held against it, with the probabilities that were written when the nights were scored. What came or was
    restated since the night before is measured anew, and appended. Drift is measured up to the night itself,
    since it needs no labels, and written with the verdict.

    Returns:
        `verdict`, `reasons`, the window's rows and nights, and the metrics of champion and heuristic.

    Raises:
        NotReleased: if the night has no release to read labels from.
        AlreadyDecided: if the night was judged before with another verdict; the first one stands.
    """
    spec = load_spec(SPECS / f"{model}.yaml")
    release = release_store.covering_release(night)
    if release is None:
        raise NotReleased(f"night {night} has no release: build night {night} first")
    last = shift_nights(night, -spec.label_maturity_nights)
    first = shift_nights(last, 1 - spec.monitor.window_nights)
    labels = _labels(spec, release, night)
    matured = _final(read_matured_predictions(spec, release, night, first, last), labels)
    crowned = promotion_store.read_promotions(model)
    champion = find_champion(crowned, night)
    window, comparisons = measure_champion(find_kind(spec), matured, champion, crowned, night), pd.DataFrame()
    if champion is not None and is_judgeable(window, spec.monitor):
        window = replace(window, reference=_measure_first_nights(spec, release, night, champion, crowned))
        predecessors, comparisons = _predecessors(spec, release, champion, labels, night, run_id)
        window = replace(window, predecessors=predecessors)
    failures: list[str] = []
    finding = try_in_turn(
        [
            ("measuring drift", lambda: measure(spec, night, release, champion) if champion else None),
            ("no drift", lambda: None),
        ],
        failures,
    )
    if champion is not None:
        window = replace(window, kept_nights_ago=_count_nights_since_kept(spec, champion, night))
    judgement = judge(
        window,
        spec.monitor,
        (*failures, *(finding.reasons if finding else ())),
        label_changes=finding.label_changes if finding else (),
    )
    log.info("%s, night %s: %s (%s)", model, night, judgement.verdict, "; ".join(judgement.reasons))
    for caveat in read_caveats(spec, release):
        log.info("%s, night %s: nobody can know: %s", model, night, caveat)

    common: dict[str, Any] = {
        "model": model,
        "lane": LIVE,
        "night": night,
        "release_id": release.release_id,
        "run_id": run_id,
        "created_at": pd.Timestamp(cutoff(night).replace(tzinfo=None)).as_unit("us"),
    }
    quality = _quality(spec, release, night, labels)
    recalibration = recalibrate(spec, release, night, champion, labels)
    written = outputs_store.write_once(
        {
            "verdicts": _verdict_row(judgement, champion)
            .assign(labels_final_until=labels.watermark)
            .astype({"labels_final_until": "datetime64[us]"})
            .assign(**common),
            **({"quality": quality.assign(**common)} if len(quality) else {}),
            **({"recalibrations": recalibration.assign(**common)} if len(recalibration) else {}),
            **({"comparisons": comparisons.assign(**common)} if len(comparisons) else {}),
            **({"drift": finding.frame(champion.version).assign(**common)} if finding and champion else {}),
            **(
                {"feature_quality": make_frame(finding.features).assign(**common)}
                if finding and finding.features
                else {}
            ),
        },
        model=model,
        night=night,
        run_id=run_id,
    )
    stands = str(written.frame["verdict"].iloc[0])
    if stands != judgement.verdict:
        raise AlreadyDecided(
            f"{model}, night {night}: judged before as {stands}, now {judgement.verdict} "
            f"({'; '.join(judgement.reasons)}). The first verdict stands"
        )
    trail.write_anchors(f"the verdict of {model} on night {night}")
    return {
        "model": model,
        "verdict": stands,
        "reasons": list(judgement.reasons),
        "champion_version": champion.version if champion else None,
        "returns_to": judgement.returns_to,
        "is_challenge_due": judgement.is_challenge_due,
        "rows": window.rows,
        "nights": window.nights,
        "champion": dict(window.champion),
        "heuristic": dict(window.heuristic),
        "labels_final_until": labels.watermark.isoformat() if labels.watermark else None,
        "is_new": written.is_new,
    }


def _labels(spec: Spec, release: Release, night: date) -> Maturity:
    """Which labels are final at the night's cutoff, and which nights have to be measured since the night before."""
    before = find_previous_night(night)
    while release_store.is_gap(before):
        before = find_previous_night(before)
    last = shift_nights(night, -spec.label_maturity_nights)
    known = count_known_labels(spec, release, night, before, shift_nights(last, -RECHECK_NIGHTS), last)
    return assess_maturity(
        known,
        night=night,
        before=before,
        maturity_nights=spec.label_maturity_nights,
        completeness=spec.label_completeness,
    )


def _final(rows: pd.DataFrame, labels: Maturity) -> pd.DataFrame:
    return rows[rows["night"].isin([pd.Timestamp(each) for each in labels.final])]


def _quality(spec: Spec, release: Release, night: date, labels: Maturity) -> pd.DataFrame:
    """The quality of each night whose labels became final or changed since the night before, as known now.

    What was measured of a night before stays; `revision` counts how often it has been, up to this night.
    """
    if not labels.to_measure:
        return pd.DataFrame()
    first, last = labels.to_measure[0], labels.to_measure[-1]
    matured = read_matured_predictions(spec, release, night, first, last)
    earlier = outputs_store.read("quality", spec.model, first, find_previous_night(night))
    found = []
    for each in labels.to_measure:
        rows = matured[matured["night"] == pd.Timestamp(each)]
        times = earlier.loc[earlier["scored_night"] == pd.Timestamp(each), "night"].nunique()
        if len(rows):
            found.append(_quality_rows(find_kind(spec), rows, each).assign(revision=times + 1))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _predecessors(
    spec: Spec, release: Release, champion: Promotion, labels: Maturity, night: date, run_id: str
) -> tuple[tuple[Predecessor, ...], pd.DataFrame]:
    """The versions that the model could return to, compared on the champion's own rows, and what to record.

    What a version's last judged night said decides whether it served well; where that night was scored and
    not judged it is judged now, so that the order in which nights are run changes nothing.
    """

    def read_own(first: date, last: date) -> pd.DataFrame:
        return _own(read_matured_predictions(spec, release, night, first, last), champion)

    def last_verdict(stint: Stint) -> Verdict | None:
        last = find_last_judgeable(spec.model, stint)
        if last is None:
            return None
        found = outputs_store.read("verdicts", spec.model, last, last)
        return Verdict(
            found["verdict"].iloc[0] if len(found) else monitor_night(spec.model, last, run_id)["verdict"]
        )

    return compare_predecessors(spec, champion, labels, read_own, night, last_verdict)


def measure_champion(
    kind: Kind, rows: pd.DataFrame, champion: Promotion | None, crowned: Sequence[Promotion], night: date
) -> Window:
    """The champion's own rows, measured; of a champion that serves only since yesterday there are none."""
    if champion is None:
        return measure_window(None, None, reference={})
    sound = _own(rows, champion)
    served = [_serves(champion, crowned, pd.Timestamp(each).date()) for each in rows["night"]]
    trained = date.fromisoformat(champion.evidence.get("night", champion.decided_night.isoformat()))
    window = measure_window(
        *(
            kind.score_rows(sound, columns) if len(sound) else None
            for columns in (kind.columns, kind.baseline_columns)
        ),
        reference={},
        degraded_share=1 - len(sound) / sum(served) if any(served) else 0.0,
        age_nights=count_nights_since(trained, night),
    )
    return replace(window, is_last_resort=champion.version == crowned[0].version)


def _serves(champion: Promotion, crowned: Sequence[Promotion], night: date) -> bool:
    """Whether the version is a night's champion, whoever's predictions the night was served with."""
    serving = find_champion(crowned, night)
    return serving is not None and serving.version == champion.version


def _measure_first_nights(
    spec: Spec, release: Release, night: date, champion: Promotion, crowned: Sequence[Promotion]
) -> Mapping[str, Interval]:
    """The quality of the champion's first window in service; none while it reaches into the one that is judged.

    Not that of its test: on that window it was selected, so that the next one is worse on average by itself.
    """
    first = min(row.effective_night for row in crowned if row.version == champion.version)
    last = shift_nights(first, spec.monitor.window_nights - 1)
    judged_from = shift_nights(night, 1 - (spec.label_maturity_nights + spec.monitor.window_nights))
    if last >= judged_from:
        return {}
    own = _own(read_matured_predictions(spec, release, night, first, last), champion)
    if len(own) < spec.monitor.minimum_rows:
        return {}
    kind = find_kind(spec)
    found = measure_quality(kind.score_rows(own, kind.columns))
    return {name: one for name, one in found.items() if one is not None}


def _count_nights_since_kept(spec: Spec, champion: Promotion, night: date) -> int | None:
    """Since the last training that kept the champion. One of the last nights may not have ended everywhere."""
    kept = promotion_store.find_last_kept(
        spec.model, champion.version, shift_nights(night, -spec.effective_lag_nights)
    )
    return count_nights_since(kept, night) if kept is not None else None


def _own(rows: pd.DataFrame, champion: Promotion) -> pd.DataFrame:
    """What the champion predicted itself, not degraded."""
    return rows[(rows["model_version"] == champion.version) & ~rows["is_degraded"].astype(bool)]


def _verdict_row(judgement: Judgement, champion: Promotion | None) -> pd.DataFrame:
    versions = {
        "champion_version": champion.version if champion else None,
        "returns_to": judgement.returns_to,
    }
    return pd.DataFrame(
        {
            "verdict": [str(judgement.verdict)],
            "reasons": ["; ".join(judgement.reasons)],
            "causes": ["; ".join(judgement.causes)],
            "is_challenge_due": [judgement.is_challenge_due],
        }
        | {name: pd.array([version], dtype="Int64") for name, version in versions.items()}
    )


def _quality_rows(kind: Kind, rows: pd.DataFrame, scored_night: date) -> pd.DataFrame:
    """One row per metric for a scored night; null where a metric is not defined."""
    scored = [kind.score_rows(rows, columns) for columns in (kind.columns, kind.baseline_columns)]
    metrics, (champion, heuristic) = scored[0].TITLES, [one.list_plain_metrics() for one in scored]
    return pd.DataFrame(
        {
            "scored_night": scored_night,
            "metric": list(metrics),
            "champion": [champion.get(metric, np.nan) for metric in metrics],
            "heuristic": [heuristic.get(metric, np.nan) for metric in metrics],
            "rows": len(rows),
            "model_version": int(rows["model_version"].iloc[0]),
        }
    )
