"""Which predictions rest on data that was restated since."""

from __future__ import annotations

from datetime import date

import pandas as pd

from redeye.declarations.calendar import find_previous_night
from redeye.declarations.project import project
from redeye.declarations.subject import Subject
from redeye.scoring import outputs_store
from redeye.scoring.logic.restatements import Restatement, changes
from redeye.sources import delivery_store, landing_store
from redeye.sources.configured_source import load_source
from redeye.sources.logic.deliveries import DeliveryRef, find_dataset
from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import Release


def columns(subject: Subject) -> list[str]:
    """Those of `restated_predictions`, with the subject's noun."""
    found = ["night", "release_id", "dataset", "delivery_night", "before", "after", "taken_in_by", "changed"]
    return [*found, subject.many, f"{subject.many}_behind", "labels_changed"]


def restatements() -> list[Restatement]:
    """Every delivery that a release took in and another replaced, with what changed, oldest first.

    Raises:
        DeliveryError: if a landing file is not what its manifest says.
    """
    source, rules = load_source(), project().restatements
    found = []
    for before, after in delivery_store.list_replaced_deliveries():
        taken, again = (
            release_store.find_release_of_delivery(before),
            release_store.find_release_of_delivery(after),
        )
        if taken is None:
            continue  # replaced before any release took it in: nothing was made of it
        key = find_dataset(source, before.dataset).key
        then, now = (landing_store.read(ref).to_pandas() for ref in (before, after))
        found.append(
            Restatement(
                before=before,
                after=after,
                from_night=_arrival(before, taken),
                until_night=_last_without(after, again),
                release_id=taken.release_id,
                taken_in_by=again.release_id if again else "",
                changes=changes(then, now, key),
                shared=rules.shared,
                is_of_one_night=before.dataset in rules.of_one_night,
            )
        )
    return found


def _arrival(ref: DeliveryRef, release: Release | None) -> date:
    """The night with which a delivery's rows arrived: that of the build, if it missed its own."""
    if release is not None and ref.night < release.first_night:
        return max(ref.arrival_night, release.first_night)
    return ref.arrival_night


def _last_without(after: DeliveryRef, again: Release | None) -> date:
    """The last night that was scored without a restatement.

    A repair, or one still to come, brings in what arrived when its night was built already.
    """
    arrived = _arrival(after, again)
    return arrived if again is None or again.is_again else find_previous_night(arrived)


def find_restated_predictions(model: str, first: date, last: date) -> pd.DataFrame:
    """Per night that scored and restatement that it could not know of, what rests on what was restated.

    Returns:
        `columns`, one row per night and restatement: of how many were predicted, those `behind` share a key with
        a restated row, so that some feature of theirs counted it; `labels_changed` are those predicted that night
        whose own outcome was restated. Empty if there are none.

    Raises:
        DeliveryError: if a landing file is not what its manifest says.
    """
    found = restatements()
    predictions = outputs_store.read("predictions", model, first, last) if found else pd.DataFrame()
    rows = []
    for each in found:
        if predictions.empty:
            break
        behind, labels = each.behind(predictions), _own_outcome(each, predictions)
        for night, part in predictions[behind | labels].groupby("night"):
            of_night = predictions["night"] == night
            rows.append(
                (
                    pd.Timestamp(str(night)).date(),
                    str(part["release_id"].iloc[0]),
                    each.before.dataset,
                    each.before.night,
                    each.before.content_hash,
                    each.after.content_hash,
                    each.taken_in_by,
                    ", ".join(f"{name} {count}" for name, count in each.columns.items()),
                    int(of_night.sum()),
                    int((behind & of_night).sum()),
                    int((labels & of_night).sum()),
                )
            )
    return pd.DataFrame(rows, columns=columns(project().subject)).sort_values(
        ["night", "delivery_night", "dataset"], ignore_index=True
    )


def _own_outcome(restated: Restatement, predictions: pd.DataFrame) -> pd.Series:
    """Which predictions are of those whose own outcome was restated."""
    subject, rules = project().subject, project().restatements
    if restated.before.dataset != rules.outcomes:
        return pd.Series(False, index=predictions.index)
    return predictions[subject.key].isin({rules.key.format(**change.key) for change in restated.changes})
