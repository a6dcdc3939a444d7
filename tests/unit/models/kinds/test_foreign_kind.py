"""A kind that a package brings: counts with one expected number each, from a spec to gates, predictions and audits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from delay_minutes import write_spec
from prediction_frames import make_flights

from redeye.declarations.project import project
from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.errors import ConfigError
from redeye.models.algorithms.base import Inputs
from redeye.models.algorithms.storage import load_model, save_model
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.blocks import Cut
from redeye.models.logic.prediction_equality import Equality
from redeye.models.logic.splits import Window, Windows
from redeye.models.logic.training import fit_candidates, select_candidate, select_rows
from redeye.monitoring.logic.quality import measure_window
from redeye.monitoring.logic.verdict import judge as give_verdict
from redeye.promotion.logic import gate_inputs
from redeye.promotion.logic.gates import judge
from redeye.scoring.logic.predictions import Lineage, assemble, derive_predictions, differences

PACKAGE = Path(__file__).with_name("made_counts")
FIRST, NIGHTS, PER_NIGHT = date(2013, 1, 1), 50, 120


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spec]:
    """The spec of a kind that is only there while its package is."""
    folder = tmp_path_factory.mktemp("counts")
    path = write_spec(
        folder,
        ("kind: regression\n  integer: true\n", "kind: count\n"),
        ("  primary_metric: pinball_loss\n", "  primary_metric: poisson_deviance\n"),
        ("  maximum_coverage_error: 0.05\n", ""),
        (
            "  xgboost:",
            "  logistic: {regularization: 1, maximum_iterations: 2, maximum_categories: 3}\n  xgboost:",
        ),
    )
    text = path.read_text()
    first, last = text.index("    relative_pinball_loss:"), text.index("  maximum_degraded_share:")
    text = text[:first] + "    poisson_deviance: {warning: 5, critical: 9}\n" + text[last:]
    first, last = text.index("  xgboost:"), text.index("# Beside one refit")
    text = text[:first] + text[last:]
    first, last = text.index("candidates:\n"), text.index("gates:\n")
    path.write_text(text[:first] + text[last:])
    with pytest.raises(ConfigError, match="'count' is no kind"):
        load_spec(path)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(PACKAGE))
        yield load_spec(path)


@pytest.fixture(scope="module")
def frame(spec: Spec) -> pd.DataFrame:
    """Counts whose mean follows one feature and the airport."""
    random = np.random.default_rng(7)
    rows = NIGHTS * PER_NIGHT
    inputs = Inputs.of(spec)
    columns = {name: random.normal(size=rows) for name in inputs.numeric}
    columns |= {name: random.choice(["EWR", "JFK"], rows) for name in inputs.categorical}
    made = pd.DataFrame(columns)
    mean = np.exp(0.8 * made[inputs.numeric[0]] + 0.5 * (made["origin_id"] == "EWR"))
    made["arrival_delay_minutes"] = random.poisson(mean).astype(float)
    made["night"] = np.repeat(pd.date_range(FIRST, periods=NIGHTS), PER_NIGHT)
    return made


def span(first: int, last: int) -> Window:
    return Window(FIRST + timedelta(days=first), FIRST + timedelta(days=last))


SPANS = Windows(train=span(0, 19), validation=span(20, 33), test=span(36, 49))


def test_its_candidates_pass_gates_of_its_own(spec: Spec, frame: pd.DataFrame, tmp_path: Path) -> None:
    kind = find_kind(spec)
    heuristic, logistic = candidates = fit_candidates(frame, spec, SPANS, seed=1, threads=1)
    chosen, selection = select_candidate(candidates, spec)
    assert chosen is logistic
    assert "poisson_deviance" in selection.reason
    model = load_model(tmp_path / "model", save_model(chosen.model, tmp_path / "model"))
    windows = [select_rows(frame, spec, each) for each in (SPANS.test, SPANS.validation)]
    train = select_rows(frame, spec, SPANS.train)
    rules = {"minimum_rows": 1000, "slices": spec.gates.slices.model_copy(update={"columns": ("origin_id",)})}
    easy = find_kind(spec.model_copy(update={"gates": spec.gates.model_copy(update=rules)}))
    candidate = gate_inputs.make_candidate_input(
        "candidate",
        model,
        windows[0],
        spec,
        seen_until=SPANS.validation.last,
        base=gate_inputs.measure_base(train, spec),
        before=windows[1],
    )
    champion = gate_inputs.make_champion_input(
        "champion", heuristic.model, windows[0], spec, seen_until=SPANS.validation.last, before=windows[1]
    )
    groups = gate_inputs.group_rows(windows[0], spec)
    report = judge(candidate, champion, SPANS.test, easy, groups=groups)
    assert report.is_passed, report.message()
    gates = {str(result.gate): result for result in report.results}
    assert not {"calibration", "ranking", "plausibility"} & gates.keys()
    assert "mean count" in gates["total"].reason
    assert not judge(champion, candidate, SPANS.test, easy, groups=groups).is_passed
    window = measure_window(candidate.scored, champion.scored, reference={})
    assert give_verdict(window, spec.monitor.model_copy(update={"minimum_rows": 10})).verdict == "ok"
    worse = measure_window(champion.scored, candidate.scored, reference={})
    verdict = give_verdict(worse, spec.monitor.model_copy(update={"minimum_rows": 10}))
    assert "worse than the heuristic: Poisson deviance" in verdict.reasons[0]
    assert kind.name == "count"


def test_its_predictions_have_columns_of_their_own(spec: Spec) -> None:
    kind, subject = find_kind(spec), project().subject
    lineage = Lineage("flight_lateness", date(2013, 4, 3), "r1", 1, "count_heuristic", "v1", "run")
    told = np.arange(5, dtype=np.float64)
    rows = assemble(make_flights(), told, told / 2, lineage, subject, kind)
    assert list(rows["expected"]) == [4, 3, 2, 1, 0]
    assert list(rows["baseline_expected"]) == [2, 1.5, 1, 0.5, 0]
    assert "probability" not in rows
    checked = derive_predictions(
        rows.assign(scheduled_rows=5, night=pd.Timestamp("2013-04-03")), subject, kind
    )
    assert set(checked["mean_expected"]) == {2}
    other = rows.assign(expected=rows["expected"] + 1)
    (found,) = differences(rows, other, subject, kind, Equality(0.0, "exact"))
    assert "5 expectations, by up to 1" in found


def test_pages_show_its_loss_by_slice_without_a_word_of_its_own(spec: Spec) -> None:
    kind = find_kind(spec)
    assert kind.charted == {"poisson_deviance": "Poisson deviance, lower is better"}
    rows = pd.DataFrame(
        {
            "night": np.repeat(pd.date_range(FIRST, periods=2), 2),
            "label": [1.0, 2, 3, 4],
            "expected": [1.0, 2, 3, 4],
            "baseline_expected": [2.5] * 4,
        }
    )
    (table,) = kind.show_matured(rows, [Cut("origin", "EWR", [0, 3])])
    by, value, count, own, baseline = table.rows[0]
    assert (by, value, count) == ("origin", "EWR", 2)
    assert own < baseline
    assert table.columns[3][0] == "Poisson deviance"


def test_its_predictions_are_explained_by_what_rows_are_ranked_by(spec: Spec, frame: pd.DataFrame) -> None:
    kind = find_kind(spec)
    assert kind.amount.name == "expected"
    model = kind.make_constant(np.array(2.5))
    assert kind.measure_amount(model, frame.head(3)).tolist() == [2.5] * 3
    assert kind.trace(model, frame.head(1)) == ()
