"""One prediction is explained from its landing files to its probability."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from redeye.cli import app
from redeye.cli.shell import console
from redeye.declarations.project import project
from redeye.declarations.specs import load_spec
from redeye.features.input_descriptions import read_descriptions
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS
from redeye.models.kinds.interface import find_kind
from redeye.scoring import outputs_store
from redeye.scoring.explain import explain
from redeye.warehouse import release_store
from redeye_airflow.pages import rendering
from redeye_airflow.pages.explained_inputs import group_inputs


@pytest.fixture(scope="module")
def predictions(nights):
    night = nights.next
    nights.build(night)
    nights.score(night)
    return outputs_store.read("predictions", nights.model, night, night)


def test_the_chain_gives_the_very_probability_again(predictions):
    for name in predictions["prediction_id"].sample(5, random_state=3):
        found = explain(name)
        assert found.is_reproduced, (found.recomputed, found.prediction["probability"])
        assert found.faults == ()
        json.dumps(found.to_dict(), default=str)


def test_its_page_is_drawn(nights, predictions):
    found = json.loads(json.dumps(explain(predictions["prediction_id"].iloc[0]).to_dict(), default=str))
    spec = load_spec(SPECS / f"{nights.model}.yaml")
    kind = find_kind(spec)
    text = rendering._TEMPLATES.get_template("predictions/explanation.html").render(
        found=found,
        groups=group_inputs(found["inputs"], read_descriptions(spec)),
        amount=kind.amount,
        said=kind.columns,
        subject=project().subject,
        url=lambda *parts: "/".join(map(str, parts)),
        here="",
        user="ada",
        shift_weeks=0,
    )
    assert "computed again from the chain, the probability is the very same" in text
    assert found["release"]["release_id"] in text


def test_it_is_printed_whole_with_numbers_for_people(predictions, monkeypatch):
    name = predictions["prediction_id"].iloc[0]
    for width in (80, 50):
        # A console keeps the width that its environment had when it was made.
        monkeypatch.setattr(console, "_width", width)
        shown = CliRunner().invoke(app, ["explain", name])
        assert shown.exit_code == 0, shown.output
        assert max(map(len, shown.output.splitlines())) <= width
        for wrong in (
            "np.",
            "float64",
            "\N{HORIZONTAL ELLIPSIS}",
            "value missing",
            "bound missing",
            "e+0",
            "nan",
        ):
            assert wrong not in shown.output
        assert name in shown.output.replace("\n", "")


def test_every_link_of_the_chain_is_named(predictions):
    row = predictions.iloc[0]
    found = explain(row["prediction_id"])
    assert found.release.release_id == row["release_id"]
    assert found.ancestors[-1].kind == "history"
    assert {ref.dataset for ref in found.deliveries} >= {"outcomes", "schedule", "weather"}
    assert found.schedule is not None
    assert found.schedule.night == found.night
    assert found.promotion.version == row["model_version"]
    assert found.contributions[0].effect != 0


def test_an_altered_landing_file_is_named(predictions):
    found = explain(predictions["prediction_id"].iloc[0])
    path = found.deliveries[0].path
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content.replace(b"2013", b"2031"))
    try:
        again = explain(predictions["prediction_id"].iloc[0])
    finally:
        path.write_bytes(content)
        path.chmod(0o444)
    assert any(path.name in fault for fault in again.faults)


def test_a_probability_that_the_chain_does_not_give_is_told(predictions, monkeypatch):
    altered = predictions.assign(probability=predictions["probability"] + 1e-9)
    monkeypatch.setattr(outputs_store, "read_prediction", lambda *_: altered.head(1))
    assert not explain(predictions["prediction_id"].iloc[0]).is_reproduced


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("flight_delay/live", "no prediction id"),
        ("flight_delay/live/tomorrow", "there is no prediction"),
        ("flight_delay/live/2013-03-10_XX_1_JFK_LAX_0900", "there is no prediction"),
    ],
)
def test_an_id_that_names_nothing_says_so(predictions, name, words):
    with pytest.raises(ConfigError, match=words):
        explain(name)


def test_the_ledger_knows_what_a_release_was_built_on(predictions):
    head = release_store.latest_release()
    assert head is not None
    assert [each.release_id for each in release_store.ancestors(head.release_id)]
    first = release_store.ancestors(head.release_id)[-1]
    assert release_store.ancestors(first.release_id) == []
