"""Nights are ingested: what is accepted, refused, restated and missed, and what is recorded of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from redeye.foundation.errors import AuditRefused, DeliveryError
from redeye.sources import landing_store
from redeye.sources.logic.deliveries import Dataset

N1, N2, N3 = (date(2013, 4, day) for day in (4, 5, 6))
TEXT = {"value": "VARCHAR", "known_at": "TIMESTAMP"}


def test_a_night_lands_is_audited_and_recorded(ingest, ledger, auditor):
    refs = ingest(N1, N1)
    assert [(ref.dataset, ref.arrival_night) for ref in refs] == [("weather", N1), ("schedule", N1)]
    assert [landing_store.read(ref)["value"].to_pylist() for ref in refs] == [["weather 4"], ["schedule 4"]]
    assert ledger.names(is_accepted=True) == ["schedule 4", "weather 4"]
    assert auditor.calls == [{"arrivals/weather": 1, "arrivals/schedule": 1}]


def test_many_nights_are_one_audit_per_dataset(ingest, auditor):
    assert len(ingest(N1, N3)) == 6
    assert auditor.calls == [{"arrivals/weather": 3, "arrivals/schedule": 3}]


def test_a_bulk_ingest_audits_in_bounded_batches(ingest, auditor):
    assert len(ingest(N1, N3, batch_rows=4)) == 6
    assert [sum(call.values()) for call in auditor.calls] == [4, 2]


def test_again_unchanged_is_neither_audited_nor_recorded(ingest, ledger, auditor):
    first = ingest(N1, N2)
    before = dict(ledger.judged)
    assert ingest(N1, N2) == first
    assert len(auditor.calls) == 1
    assert ledger.judged == before


def test_a_refused_dataset_does_not_keep_out_the_schedule(ingest, demo, ledger):
    demo.values["weather", N1] = "bad weather"
    with pytest.raises(
        AuditRefused, match=r"demo/weather refused in nights 2013-04-04\n(?s:.*)saw \['bad weather'\]"
    ) as e:
        ingest(N1, N1)
    assert "schedule" not in str(e.value)
    assert ledger.names(is_accepted=True) == ["schedule 4"]
    assert ledger.names(is_accepted=False) == ["weather 4"]
    assert "demo/weather refused" in ledger.gaps[N1]


def test_a_good_night_leaves_no_gap(ingest, ledger):
    ingest(N1, N1)
    assert not ledger.gaps


def test_a_refused_schedule_does_not_keep_out_the_rest(ingest, demo, ledger):
    demo.values["schedule", N1] = "bad"
    with pytest.raises(AuditRefused, match="demo/schedule refused"):
        ingest(N1, N1)
    assert ledger.names(is_accepted=True) == ["weather 4"]


def test_in_bulk_only_the_nights_named_are_refused(ingest, demo, ledger, auditor):
    demo.values["weather", N2] = "bad weather"
    with pytest.raises(AuditRefused, match="refused in nights 2013-04-05\n"):
        ingest(N1, N3)
    assert ledger.names(is_accepted=False) == ["weather 5"]
    assert len(ledger.names(is_accepted=True)) == 5
    assert auditor.calls[1:] == [{"arrivals/weather": 2}]


def test_a_failure_that_names_no_night_refuses_all_of_its_dataset(ingest, demo, ledger, auditor):
    auditor.nights_named = 0
    demo.values["weather", N2] = "bad weather"
    with pytest.raises(AuditRefused):
        ingest(N1, N3)
    assert ledger.names(is_accepted=False) == ["weather 4", "weather 5", "weather 6"]
    assert ledger.names(is_accepted=True) == ["schedule 4", "schedule 5", "schedule 6"]
    assert len(auditor.calls) == 1


def test_the_nights_not_named_are_accepted_only_if_they_pass_alone(ingest, demo, ledger, auditor):
    auditor.nights_named = 1
    demo.values |= {("weather", N1): "bad weather", ("weather", N2): "bad weather"}
    with pytest.raises(AuditRefused):
        ingest(N1, N3)
    assert ledger.names(is_accepted=False) == ["weather 4", "weather 5", "weather 6"]


def test_what_was_refused_is_judged_again(ingest, demo, ledger, auditor):
    demo.values["weather", N1] = "bad weather"
    with pytest.raises(AuditRefused):
        ingest(N1, N1)
    auditor.bad = "worse"
    assert len(ingest(N1, N1)) == 2
    assert ledger.names(is_accepted=False) == []


def test_a_corrected_delivery_of_a_refused_night_is_no_restatement(ingest, demo):
    demo.values["weather", N1] = "bad weather"
    with pytest.raises(AuditRefused):
        ingest(N1, N1)
    demo.values["weather", N1] = "good weather"
    assert not any(ref.is_restatement for ref in ingest(N1, N1))


def test_a_restatement_arrives_with_the_newest_night_on_record(ingest, demo, ledger):
    ingest(N1, N3)
    demo.values["weather", N1] = "corrected"
    restated = next(ref for ref in ingest(N1, N1) if ref.dataset == "weather")
    assert (restated.night, restated.arrival_night) == (N1, N3)
    assert ledger.names(is_accepted=True).count("weather 4") == 2


def test_each_restatement_arrives_after_the_one_before(ingest, demo):
    ingest(N3, N3)
    arrivals = []
    for value in ("once", "twice"):
        demo.values["weather", N3] = value
        arrivals.append(next(ref.arrival_night for ref in ingest(N3, N3) if ref.dataset == "weather"))
    assert arrivals == [N3 + timedelta(days=1), N3 + timedelta(days=2)]


def test_what_changed_after_its_night_was_built_arrives_with_the_first_unbuilt_night(ingest, demo, ledger):
    ingest(N1, N2)
    ledger.built = N2
    demo.values["weather", N1] = "corrected"
    restated = next(ref for ref in ingest(N1, N1) if ref.dataset == "weather")
    assert restated.arrival_night == N3


@pytest.mark.parametrize(("built", "arrives"), [(None, N1), (N1 - timedelta(days=1), N1), (N1, N2), (N2, N3)])
def test_what_was_refused_arrives_with_the_first_night_that_can_hold_it(ingest, demo, ledger, built, arrives):
    demo.values["weather", N1] = "bad weather"
    with pytest.raises(AuditRefused):
        ingest(N1, N1)
    ledger.built = built
    demo.values["weather", N1] = "good weather"
    found = {ref.dataset: ref.arrival_night for ref in ingest(N1, N1)}
    assert found == {"schedule": N1, "weather": arrives}


def test_going_back_to_a_replaced_version_is_refused(ingest, demo):
    ingest(N1, N1)
    demo.values["weather", N1] = "corrected"
    ingest(N1, N1)
    del demo.values["weather", N1]
    with pytest.raises(DeliveryError, match="went back to this version"):
        ingest(N1, N1)


@pytest.mark.parametrize("way", ["left out", "empty"])
def test_a_missing_schedule_is_an_error_after_the_rest_is_in(ingest, demo, ledger, way):
    if way == "left out":
        demo.left_out.add(("schedule", N2))
        message = "demo: no schedule was delivered in night 2013-04-05"
    else:
        demo.values["schedule", N2] = None
        message = "demo/schedule/2013-04-05: the delivery has no rows"
    with pytest.raises(DeliveryError, match=message):
        ingest(N1, N2)
    assert ledger.names(is_accepted=True) == ["schedule 4", "weather 4", "weather 5"]


@pytest.mark.parametrize("dataset", ["schedule", "outcomes"])
def test_a_dataset_that_may_not_be_empty_is_refused_by_name(ingest, demo, ledger, auditor, dataset):
    demo.datasets += (Dataset("outcomes", ("value", "known_at"), TEXT, ("value",)),)
    demo.stated_empty.add((dataset, N2))
    with pytest.raises(
        AuditRefused, match=rf"demo/{dataset} refused\n(?s:.*)states that {dataset} of night 2013-04-05 is"
    ) as e:
        ingest(N2, N2)
    assert "holidays included" in str(e.value)  # the contract's reason
    assert ledger.names(is_accepted=False) == [f"{dataset} 5"]
    assert dataset in ledger.gaps[N2]
    assert len(auditor.calls[0]) == 2  # what is stated to be empty is not judged row by row


def test_a_refused_statement_of_emptiness_is_mended_by_rows(ingest, demo, ledger):
    demo.stated_empty.add(("schedule", N2))
    with pytest.raises(AuditRefused):
        ingest(N2, N2)
    demo.stated_empty.clear()
    assert [ref.rows for ref in ingest(N2, N2)] == [1, 1]


@pytest.mark.parametrize("way", ["left out", "stated empty"])
def test_a_dataset_that_may_lack_degrades_the_night_and_refuses_nothing(ingest, demo, ledger, way):
    (demo.left_out if way == "left out" else demo.stated_empty).add(("weather", N2))
    ingest(N2, N2)
    assert not ledger.gaps
    assert "schedule 5" in ledger.names(is_accepted=True)


def test_after_the_sources_last_night_there_is_no_schedule_to_miss(ingest, demo, ledger):
    after = N3 + timedelta(days=1)
    demo.stated_empty.add(("schedule", after))
    assert [(ref.dataset, ref.is_stated_empty) for ref in ingest(after, after)] == [
        ("weather", False),
        ("schedule", True),
    ]
