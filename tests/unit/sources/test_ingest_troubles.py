"""What goes wrong with one delivery costs no other, and is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from redeye.foundation.errors import AuditRefused, ConfigError, DeliveryError, DeliveryInterrupted
from redeye.sources import delivery_store, landing_store
from redeye.sources.logic.deliveries import Dataset, Delivery

N1, N2, N3 = (date(2013, 4, day) for day in (4, 5, 6))
TEXT = {"value": "VARCHAR", "known_at": "TIMESTAMP"}


def test_what_was_accepted_before_is_not_missed_when_it_does_not_come_again(ingest, demo):
    ingest(N2, N2)
    demo.left_out.add(("schedule", N2))
    ingest(N2, N2)


def test_a_damaged_landing_file_is_an_error_after_the_rest_is_in(ingest, ledger):
    weather = ingest(N1, N1)[0]
    weather.path.chmod(0o644)
    weather.path.write_text("value\n")
    with pytest.raises(DeliveryError, match=str(weather.path)):
        ingest(N1, N2)
    assert ledger.names(is_accepted=True) == ["schedule 4", "schedule 5", "weather 4", "weather 5"]


def test_refusals_and_faults_are_told_together(ingest, demo):
    demo.values["weather", N1] = "bad weather"
    demo.values["schedule", N1] = None
    with pytest.raises(
        AuditRefused, match=r"(?s)demo/weather refused.*demo/schedule/2013-04-04: the delivery has no rows"
    ):
        ingest(N1, N1)


def test_nights_in_the_wrong_order_are_refused(ingest):
    with pytest.raises(ConfigError, match="2013-04-05 is after the last night 2013-04-04"):
        ingest(N2, N1)


def test_a_night_is_compared_with_the_newest_accepted_nights_before(ingest, demo, auditor):
    demo.values["weather", N2] = "bad weather"
    with pytest.raises(AuditRefused):
        ingest(N1, N2)
    demo.values["weather", N1] = "corrected"
    ingest(N1, N1)
    ingest(N3, N3)
    assert auditor.histories[0] == {}
    assert auditor.histories[-1] == {
        "arrivals/weather": ["corrected"],
        "arrivals/schedule": ["schedule 4", "schedule 5"],
    }


def test_a_restatement_is_not_compared_with_what_it_replaces(ingest, demo, auditor):
    ingest(N1, N2)
    demo.values["weather", N2] = "corrected"
    ingest(N2, N2)
    assert auditor.histories[-1] == {
        "arrivals/weather": ["weather 4"],
        "arrivals/schedule": ["schedule 4", "schedule 5"],
    }


def test_a_damaged_earlier_night_does_not_keep_out_tonight(ingest, auditor, caplog):
    weather = ingest(N1, N1)[0]
    weather.path.chmod(0o644)
    weather.path.write_text("value\n")
    assert len(ingest(N2, N2)) == 2
    assert auditor.histories[-1] == {"arrivals/schedule": ["schedule 4"]}
    assert str(weather.path) in caplog.text


def test_parts_are_audited_landed_and_recorded_as_one(ingest, demo, ledger, auditor):
    demo.split.add(("weather", N1))
    refs = ingest(N1, N1)
    assert auditor.calls == [{"arrivals/weather": 2, "arrivals/schedule": 1}]
    [weather] = [ref for ref in refs if ref.dataset == "weather"]
    assert landing_store.read(weather)["value"].to_pylist() == ["weather 4", "weather 4 too"]
    assert ledger.names(is_accepted=True) == ["schedule 4", "weather 4"]


def test_two_deliveries_of_one_night_are_refused_and_neither_is_taken_in(
    ingest, demo, ledger, auditor, tmp_path
):
    demo.split.add(("weather", N1))
    demo.more_follows = False
    with pytest.raises(DeliveryError, match="demo/weather/2013-04-04 was delivered 2 times in one fetch"):
        ingest(N1, N1)
    assert auditor.calls == [{"arrivals/schedule": 1}]
    assert ledger.names(is_accepted=True) == ["schedule 4"]
    assert "delivered 2 times" in ledger.gaps[N1]
    assert not (tmp_path / "demo" / "weather").exists()


def test_what_was_taken_in_is_refused_when_the_same_fetch_brings_it_again(ingest, demo, ledger, monkeypatch):
    fetch = demo.fetch

    def again(first: date, last: date) -> Iterator[Delivery]:
        yield from fetch(first, last)
        yield Delivery("demo", "weather", N1, pa.table({"value": ["other"], "known_at": ["other"]}))

    monkeypatch.setattr(demo, "fetch", again)
    with pytest.raises(DeliveryError, match="delivered again after its night was over"):
        ingest(N1, N2, batch_rows=1)
    assert ledger.names(is_accepted=False) == ["weather 4"]
    assert ledger.names(is_accepted=True) == ["schedule 4", "schedule 5", "weather 5"]


def test_what_a_source_raises_leaves_a_gap_and_costs_no_other_dataset(ingest, demo, ledger):
    demo.on = lambda dataset, night: {}["Year"] if dataset == "weather" else None
    with pytest.raises(
        DeliveryInterrupted, match="weather/2013-04-04 could not be fetched: KeyError: 'Year'"
    ):
        ingest(N1, N1)
    assert ledger.names(is_accepted=True) == ["schedule 4"]
    assert "KeyError: 'Year'" in ledger.gaps[N1]
    demo.on = lambda dataset, night: None
    assert len(ingest(N1, N1)) == 2


def test_a_folder_that_cannot_be_written_costs_no_other_dataset(ingest, ledger, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "weather").write_text("a file where a folder should be")
    with pytest.raises(DeliveryInterrupted, match=f"demo/weather/2013-04-04 could not land.*{tmp_path}"):
        ingest(N1, N1)
    assert ledger.names(is_accepted=True) == ["schedule 4"]
    assert "could not land" in ledger.gaps[N1]


def test_a_source_without_a_proper_name_is_refused(ingest, demo):
    demo.name = "../../evil"
    with pytest.raises(ConfigError, match="is no name"):
        ingest(N1, N1)


def test_far_more_rows_than_declared_are_refused_before_they_are_judged(ingest, demo, ledger, auditor):
    demo.datasets = tuple(replace(each, most_rows=1) for each in demo.datasets)
    demo.split.add(("weather", N1))
    with pytest.raises(AuditRefused, match=r"2 rows and .* bytes in .*, at most 1 rows"):
        ingest(N1, N1)
    assert auditor.calls == [{"arrivals/schedule": 1}]
    assert ledger.names(is_accepted=False) == ["weather 4"]
    assert "at most 1 rows" in ledger.gaps[N1]


def test_columns_of_one_night_that_fit_no_other_cost_no_other(ingest, demo, ledger, monkeypatch):
    fetch = demo.fetch

    def with_a_column(first: date, last: date) -> Iterator[Delivery]:
        for each in fetch(first, last):
            is_meant = (each.dataset, each.night) == ("weather", N2)
            frame = each.frame.append_column("more", each.frame["value"]) if is_meant else each.frame
            yield Delivery(each.source, each.dataset, each.night, frame)

    monkeypatch.setattr(demo, "fetch", with_a_column)
    with pytest.raises(AuditRefused, match="refused in nights 2013-04-05\n"):
        ingest(N1, N3)
    assert ledger.names(is_accepted=False) == ["weather 5"]
    assert len(ledger.names(is_accepted=True)) == 5


@pytest.mark.parametrize("is_mended", [True, False])
def test_rows_set_aside_come_back_when_what_they_refer_to_comes_anew(
    is_mended, tmp_path, ingest, demo, ledger, auditor, monkeypatch
):
    refers = {("weather", "schedule")}
    monkeypatch.setattr("redeye.sources.ingest.refers_to", lambda *names: names in refers)
    whole = next(each for each in demo.fetch(N1, N1) if each.dataset == "weather")
    landed = landing_store.land(tmp_path, whole)
    sound = pa.table({name: ["sound"] for name in whole.frame.column_names})
    part = replace(whole, frame=sound, parent=landed.content_hash)
    ledger.record_deliveries([landing_store.land(tmp_path, part)], is_accepted=True)
    demo.left_out.add(("weather", N1))
    ingest(N1, N1)
    ledger.built = N1
    demo.values["schedule", N1] = "schedule corrected"
    if not is_mended:
        auditor.bad = "weather"
    ingest(N1, N1)
    accepted = [ref for ref in ledger.deliveries(N1, N1) if ref.dataset == "weather"]
    assert [ref.content_hash for ref in accepted if not ref.parent] == [landed.content_hash] * is_mended
    assert [ref.arrival_night for ref in accepted if not ref.parent] == [N2] * is_mended
    assert ledger.names(is_accepted=False) == []


def test_a_delivery_of_which_some_rows_were_set_aside_is_unchanged_when_it_comes_again(
    tmp_path, ingest, demo, ledger, auditor
):
    whole = next(each for each in demo.fetch(N1, N1) if each.dataset == "weather")
    landed = landing_store.land(tmp_path, whole)
    part = replace(
        whole, frame=pa.table({"value": ["sound"], "known_at": ["sound"]}), parent=landed.content_hash
    )
    part = landing_store.land(tmp_path, part)
    ledger.record_deliveries([part], is_accepted=True)
    assert part in ingest(N1, N1)
    assert auditor.calls == [{"arrivals/schedule": 1}]


def test_a_gap_says_of_each_dataset_why_however_long_the_others_are(ingest, demo, ledger):
    demo.values["weather", N1] = "bad " * 1000
    demo.values["schedule", N1] = None
    with pytest.raises(AuditRefused, match="the delivery has no rows"):
        ingest(N1, N1)
    reason = ledger.gaps[N1]
    assert len(reason) <= delivery_store.REASON_LENGTH
    assert "demo/weather refused" in reason
    assert "demo/schedule/2013-04-04: the delivery has no rows" in reason


def test_a_dataset_without_a_contract_is_named_and_costs_no_other(ingest, demo, ledger):
    demo.datasets += (Dataset("novelties", ("value", "known_at"), TEXT, ("value",)),)
    with pytest.raises(
        DeliveryError, match=r"demo/novelties/2013-04-04 cannot be judged: .*novelties\.odcs\.yaml"
    ):
        ingest(N1, N1)
    assert ledger.names(is_accepted=True) == ["schedule 4", "weather 4"]
    assert "novelties" in ledger.gaps[N1]


def test_what_a_contract_asks_wrongly_costs_no_other_dataset(ingest, demo, ledger, auditor, monkeypatch):
    judge = auditor.judge

    def stumble(suite: str, *args: object):
        if suite == "arrivals/weather":
            raise ConfigError("weather.odcs.yaml:40: expectations.3: no such argument")
        return judge(suite, *args)

    monkeypatch.setattr(auditor, "judge", stumble)
    with pytest.raises(
        DeliveryError, match=r"weather/2013-04-04/.* cannot be judged: weather\.odcs\.yaml:40"
    ):
        ingest(N1, N1)
    assert ledger.names(is_accepted=True) == ["schedule 4"]
    assert "no such argument" in ledger.gaps[N1]
