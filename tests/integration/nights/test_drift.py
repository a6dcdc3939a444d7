"""A night's drift on a real warehouse with a real champion: rows, pages by Evidently, and what is seen.

One night of the fixture's history is scored for all of the tests here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from redeye.champions import promotion_store
from redeye.declarations.project import project
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.errors import NotReleased
from redeye.foundation.settings import SPECS, settings
from redeye.monitoring import evidently_reports, measure_drift, monitor
from redeye.monitoring.drift_reference_store import Reference
from redeye.monitoring.fit_drift_reference import list_input_columns, load_reference
from redeye.monitoring.logic.drift_profile import find_drift
from redeye.monitoring.logic.drift_result import DriftFinding, Kind, Span
from redeye.monitoring.logic.label_form import LabelForm, changes
from redeye.scoring import outputs_store
from redeye.scoring.logic.predictions import LIVE
from redeye.warehouse import release_store

PREDICTION = "probability"

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Measured:
    spec: Spec
    night: date
    champion: Any
    release: Any
    reference: Reference
    finding: DriftFinding

    def rows(self) -> pd.DataFrame:
        common = {"model": self.spec.model, "lane": LIVE, "night": self.night, "run_id": "test"}
        return self.finding.frame(self.champion.version).assign(
            **common, release_id=self.release.release_id, created_at=pd.Timestamp("2013-03-11")
        )


@pytest.fixture(scope="module")
def measured(nights: Any) -> Measured:
    spec = load_spec(SPECS / f"{nights.model}.yaml")
    for _ in range(2):  # the heuristic serves the first night, the trained champion the second
        night = nights.next
        nights.build(night)
        nights.score(night)
    champion = promotion_store.read_champion(spec.model, night)
    release = release_store.covering_release(night)
    assert champion is not None
    assert release is not None
    finding = measure_drift.measure(spec, night, release, champion)
    return Measured(spec, night, champion, release, load_reference(spec, champion), finding)


def drawn(reference: Reference, seed: int, last: date, rows: int = 6300) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A week of made-up nights: rows of the training, each as likely as the next."""
    rng = np.random.default_rng(seed)
    sample, made = reference.sample(), reference.predictions()
    nights = pd.Timestamp(last) - pd.to_timedelta(np.arange(rows) % 7, unit="D")
    features = sample.iloc[rng.integers(0, len(sample), rows)].assign(night=nights)
    predictions = made.iloc[rng.integers(0, len(made), rows)][[PREDICTION]].assign(night=nights)
    return features, predictions


def test_the_quality_of_every_input_is_kept_with_the_verdict(nights: Any, measured: Measured) -> None:
    found = {each.column_name: each for each in measured.finding.features}
    assert set(found) >= set(list_input_columns(measured.spec, measured.reference.sample()))
    weather = found["origin_weather__temperature_f"]
    assert weather.minimum is not None
    assert weather.mean is not None
    assert weather.maximum is not None
    assert -20 < weather.minimum <= weather.mean <= weather.maximum < 120
    assert found["carrier_id"].mean is None
    assert 5 < found["carrier_id"].distinct_values < 20
    monitor.monitor_night(measured.spec.model, measured.night, "test")
    kept = outputs_store.read("feature_quality", measured.spec.model, measured.night, measured.night)
    assert set(kept["column_name"]) == set(found)
    assert set(kept["rows"]) == {weather.rows}


def test_every_input_has_its_rows_and_a_reason_where_it_is_not_judged(measured: Measured) -> None:
    rows, spec = measured.rows(), measured.spec
    inputs = {*spec.numeric_columns, *spec.categorical_columns}
    only_move_on = {
        *(name for name in inputs if name.startswith("date_calendar__")),
        *(f"carrier_origin_hour_delays__{name}_all" for name in ("flights", "late_flights")),
    }
    for span in ("night", "week"):
        of_span = rows[(rows["span"] == span) & (rows["kind"] == "feature")]
        assert inputs - only_move_on == set(of_span["column_name"]) & inputs
    share = rows[rows["kind"] == "share"].set_index("span")["value"]
    assert share.isna().to_dict() == {"night": False, "week": True}  # two nights of seven
    unknown = rows[rows["value"].isna()]
    assert (unknown["note"] != "").all()
    assert (rows["model_version"] == measured.champion.version).all()
    assert set(rows["kind"]) == {
        *("feature", "prediction", "share", "quality"),
        *("joint", "label", "concept"),
    }
    assert not rows["column_name"].str.contains("is_late").any()


def test_measured_again_it_is_the_same_and_the_reference_is_not_made_again(measured: Measured) -> None:
    made = (measured.reference.folder / "manifest.json").stat().st_mtime_ns
    again = measure_drift.measure(measured.spec, measured.night, measured.release, measured.champion)
    assert again == measured.finding
    assert (measured.reference.folder / "manifest.json").stat().st_mtime_ns == made


def test_an_altered_reference_is_made_again_and_equal(measured: Measured) -> None:
    before = {path.name: path.read_bytes() for path in measured.reference.folder.iterdir()}
    (measured.reference.folder / "profile.json").write_text("{}")
    again = load_reference(measured.spec, measured.champion)
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == before


def test_fourteen_nights_drawn_from_the_training_do_not_fire(measured: Measured) -> None:
    rules = measured.spec.monitor.drift
    for seed in range(14):
        features, predictions = drawn(measured.reference, seed, measured.night)
        finding = find_drift(measured.reference.profile, features, predictions, rules, last=measured.night)
        assert finding.reasons == ()


FORM = LabelForm("BOOLEAN", ("false", "true"), 6300, 0.02)


def shifted(measured: Measured, features: pd.DataFrame, form: LabelForm = FORM) -> dict[str, bool]:
    features = features.assign(flight_id=[f"f{n}" for n in range(len(features))])
    nothing = measured.reference.unseen().head(0)
    found = measure_drift.measure_shift(measured.spec, measured.reference, features, nothing, form)
    return {row.statistic: row.is_drifted for row in found.rows}


def test_inputs_drawn_from_the_training_are_no_shift_and_moved_ones_are(measured: Measured) -> None:
    for seed in range(4):
        features, _ = drawn(measured.reference, seed, measured.night)
        assert not any(shifted(measured, features).values())
    assert measured.reference.label_form.type == "BOOLEAN"
    assert 0 < measured.reference.label_form.empty_share < 0.5
    features, _ = drawn(measured.reference, 1, measured.night)
    names = [name for name, is_number in measured.reference.joint_inputs.items() if is_number]
    features[names] = features[names] * 3 + 50
    found = shifted(measured, features)
    assert found["c2st_auc"]
    assert found["mmd"]


def test_the_label_s_form_is_read_from_the_release_and_a_change_is_named(measured: Measured) -> None:
    now = measure_drift.measure_label_form(measured.spec, measured.night, measured.release)
    assert (now.type, now.values) == ("BOOLEAN", ("false", "true"))
    assert now.rows > 5000
    assert changes(now, measured.reference.label_form, project().subject) == ()
    features, _ = drawn(measured.reference, 1, measured.night)
    assert shifted(measured, features, replace(FORM, type="VARCHAR"))["schema_changes"]


@pytest.mark.parametrize(
    ("column", "factor"),
    [("distance_miles", 0.0), ("carrier_delays__late_rate_all", 0.0), ("distance_miles", 100.0)],
)
def test_a_broken_feature_is_seen_and_named(measured: Measured, column: str, factor: float) -> None:
    features, predictions = drawn(measured.reference, 1, measured.night)
    features[column] = features[column] * factor
    rules = measured.spec.monitor.drift
    finding = find_drift(measured.reference.profile, features, predictions, rules, last=measured.night)
    (share,) = [row for row in finding.rows if (row.span, row.kind) == (Span.WEEK, Kind.SHARE)]
    assert share.is_drifted
    of_week = [reason for reason in finding.reasons if reason.startswith("week: ")]
    assert of_week
    assert all(reason.startswith(f"week: {column} ") for reason in of_week)


def test_the_pages_are_written_from_the_kept_rows_and_load_nothing(measured: Measured) -> None:
    model, night = measured.spec.model, measured.night
    with pytest.raises(NotReleased, match="judge_predictions"):
        measure_drift.report_night(model, night - timedelta(days=300))
    reasons = monitor.monitor_night(model, night, "test")["reasons"]
    report = measure_drift.report_night(model, night)
    # One night has no week: the link leads to the page that was measured.
    assert report["drift_report_url"].endswith(f"/redeye/reports/{model}/{night}/night.html")
    pages = report["pages"]
    folder = settings().reports / model / night.isoformat()
    assert [Path(page) for page in pages] == [folder / "night.html", folder / "week.html"]
    for page in pages:
        text = Path(page).read_text(encoding="utf-8")
        assert text.index("Content-Security-Policy") < text.index("<script")
        assert "default-src 'none'" in text
        assert not re.findall(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)\s*=\s*[\"']?https?:", text)
        assert not re.findall(r"url\(\s*[\"']?https?:", text)
        said = re.findall(r"<li>(.*?)</li>", text[text.index('<ul id="reasons">') : text.index("</ul>")])
        assert [unescape(each) for each in said] == reasons
    week_page = Path(pages[-1]).read_text(encoding="utf-8")
    assert "Share of the features that drifted: not measured, too few rows, nights" in week_page


def test_reports_are_pruned_to_the_newest_nights(measured: Measured) -> None:
    folder = settings().reports / "another_model"
    for day in range(1, 6):
        (folder / f"2013-04-{day:02d}").mkdir(parents=True)
    removed = measure_drift.prune_reports(2)
    assert [path.name for path in removed if path.parent == folder] == [
        "2013-04-01", "2013-04-02", "2013-04-03",
    ]  # fmt: skip
    assert evidently_reports.locate_folder(measured.spec.model, measured.night).parent.is_dir()
