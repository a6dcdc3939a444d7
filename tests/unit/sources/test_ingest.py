from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from redeye.audits.logic.audit_result import AuditFailure, AuditResult
from redeye.declarations.calendar import list_nights
from redeye.foundation.errors import AuditRefused, ConfigError, DeliveryError, DeliveryInterrupted
from redeye.sources import delivery_store, landing_store
from redeye.sources.ingest import ingest_nights
from redeye.sources.logic.deliveries import Dataset, Delivery, DeliveryRef

N1, N2, N3 = (date(2013, 4, day) for day in (4, 5, 6))
TEXT = {"value": "VARCHAR", "known_at": "TIMESTAMP"}


@dataclass
class Demo:
    """A source of one value per dataset and night, which a test may change, empty or leave out."""

    values: dict[tuple[str, date], str | None] = field(default_factory=dict)
    left_out: set[tuple[str, date]] = field(default_factory=set)
    stated_empty: set[tuple[str, date]] = field(default_factory=set)
    split: set[tuple[str, date]] = field(default_factory=set)
    more_follows: bool = True
    on: Callable[[str, date], object] = field(default=lambda dataset, night: None)
    name: str = "demo"
    first_night: date = N1
    last_night: date = N3
    final_night: date = N3 + timedelta(days=30)
    datasets: tuple[Dataset, ...] = tuple(
        Dataset(name, ("value", "known_at"), TEXT, ("value",)) for name in ("weather", "schedule")
    )

    def fetch(self, first: date, last: date, dataset: str | None = None) -> Iterator[Delivery]:
        for night in list_nights(first, last):
            for name in [each.name for each in self.datasets if dataset in (None, each.name)]:
                if (name, night) in self.left_out:
                    continue
                self.on(name, night)
                value = self.values.get((name, night), f"{name} {night.day}")
                if (name, night) in self.split:
                    yield self.make(name, night, value, more_follows=self.more_follows)
                    value = f"{value} too"
                is_empty = (name, night) in self.stated_empty
                yield self.make(name, night, None if is_empty else value, is_stated_empty=is_empty)

    def make(self, name: str, night: date, value: str | None, **said: bool) -> Delivery:
        column = pa.array([value] if value else [], pa.string())
        return Delivery(self.name, name, night, pa.table({"value": column, "known_at": column}), **said)


@dataclass
class Ledger:
    """As `redeye.sources.delivery_store`: the last judgement of a delivery counts."""

    judged: dict[tuple[str, date, str], tuple[DeliveryRef, bool]] = field(default_factory=dict)
    gaps: dict[date, str] = field(default_factory=dict)
    built: date | None = None

    def list_refused_by_people(self, first: date, last: date) -> dict[tuple[str, str, date, str], str]:
        return {}

    def find_last_built_night(self) -> date | None:
        return self.built

    def deliveries(self, first: date, last: date, *, accepted_only: bool = True) -> list[DeliveryRef]:
        found = [ref for ref, is_accepted in self.judged.values() if is_accepted or not accepted_only]
        return [ref for ref in found if first <= ref.night <= last]

    def find_newest_delivery(self, source: str, dataset: str, before: date) -> DeliveryRef | None:
        found = [
            ref for ref in self.deliveries(date.min, before) if (ref.source, ref.dataset) == (source, dataset)
        ]
        return max(
            (ref for ref in found if ref.night < before and ref.rows), key=lambda ref: ref.night, default=None
        )

    def record_deliveries(
        self, refs: Iterable[DeliveryRef], *, is_accepted: bool, audits: dict[str, AuditResult] | None = None
    ) -> None:
        for ref in refs:
            key = (ref.dataset, ref.night, ref.content_hash)
            self.judged.pop(key, None)
            self.judged[key] = (ref, is_accepted)

    def record_gap(self, night: date, *, reason: str, recorded_by: str) -> None:
        self.gaps.setdefault(night, reason)

    def names(self, *, is_accepted: bool) -> list[str]:
        return sorted(
            f"{r.dataset} {r.night.day}" for r, accepted in self.judged.values() if accepted is is_accepted
        )


@dataclass
class Auditor:
    """Refuses the values that contain `bad`; `nights_named` bounds how many nights a failure names."""

    bad: str = "bad"
    nights_named: int = 1000
    calls: list[dict[str, int]] = field(default_factory=list)
    histories: list[dict[str, list[str]]] = field(default_factory=list)

    def __call__(
        self,
        judged: Mapping[str, pd.DataFrame],
        *,
        subject: str,
        data_docs: object = None,
        history: Mapping[str, pd.DataFrame] | None = None,
    ) -> dict[str, AuditResult]:
        self.calls.append({suite: len(frame) for suite, frame in judged.items()})
        self.histories.append({suite: list(frame["value"]) for suite, frame in (history or {}).items()})
        return {suite: self.judge(suite, frame, subject) for suite, frame in judged.items()}

    def judge(self, suite: str, frame: pd.DataFrame, subject: str) -> AuditResult:
        if list(frame.columns) != ["value", "known_at", "night"]:
            return AuditResult(suite, subject, False, (AuditFailure(suite, "columns", "more", "extra"),))
        rows = frame[frame["value"].str.contains(self.bad)]
        if rows.empty:
            return AuditResult(suite, subject, True, (), 1)
        named = tuple(date.fromisoformat(night) for night in rows["night"][: self.nights_named])
        failure = AuditFailure(suite, "expect_good", "value", f"saw {list(rows['value'])}", nights=named)
        return AuditResult(suite, subject, False, (failure,), 1)


@pytest.fixture
def demo() -> Demo:
    return Demo()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def auditor() -> Auditor:
    return Auditor()


@pytest.fixture
def ingest(tmp_path, demo, ledger, auditor):
    def run(first: date, last: date, **kwargs):
        return ingest_nights(
            first, last, source=demo, root=tmp_path, ledger=ledger, audit_many=auditor, **kwargs
        )

    return run


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
