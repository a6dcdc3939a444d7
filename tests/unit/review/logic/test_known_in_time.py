"""No feature knows more than its night: three models are enough to see each way of knowing too much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redeye.review.logic import known_in_time
from redeye.review.logic.known_in_time import Inputs, Lineage
from redeye.warehouse.logic.column_lineage import ROWS, Read
from redeye.warehouse.logic.dbt_models import Column, Model, Project, Source


def column(known: str = "", forbidden: str = "") -> Column:
    return Column("A column.", known=known, **{_FORBIDDEN: forbidden})


# The attribute by which a column says that no feature may have it.
(_FORBIDDEN,) = set(Column.__dataclass_fields__) - {"description", "data_type", "known"}
SALES = Source(
    "raw.sales",
    {"night": column("delivery"), "shop": column("schedule"), "amount": column("outcome")},
    known_by="night",
)
PLAN = Source("raw.plan", {"night": column("delivery"), "shop": column("schedule")}, known_by="night")
CALENDAR = Source("raw.calendar", {"day": column("always"), "is_holiday": column("always")}, is_timeless=True)
NEWEST = Source("raw.newest", {"shop": column("registry"), "size": column("registry")})


def model(name: str, columns: str, sql: str, **more: object) -> Model:
    layer, _, title = name.partition(".")
    described = {each: column() for each in columns.split()}
    return Model(name, title, layer, layer, "", described, frozenset(), True, sql, sql, **more)


STAGED = model(
    "staging.stg_sales",
    "night shop amount",
    'select night, shop, amount from "w"."raw"."sales"',
    known_by="night",
)
FEATURE = model(
    "features.feat_shop__sales",
    "night shop amount",
    'select night, shop, sum(amount) as amount from "w"."staging"."stg_sales" group by night, shop',
)


def project(*models: Model, **sources: Source) -> Project:
    given = {each.name: each for each in (SALES, PLAN, CALENDAR, NEWEST)} | {
        s.name: s for s in sources.values()
    }
    return Project({each.name: each for each in (STAGED, FEATURE, *models)}, given)


def follow(*models: Model, **sources: Source) -> Lineage:
    return Lineage.of(project(*models, **sources), catalog="w")


def messages(*models: Model, inputs: tuple[Inputs, ...] = (), **sources: Source) -> list[str]:
    return [str(each) for each in known_in_time.violations(follow(*models, **sources), inputs)]


def edit(sql: str, **more: object) -> Model:
    return replace(FEATURE, sql=sql, **more)


def test_a_feature_of_its_own_night_is_known_in_time():
    assert messages() == []


@pytest.mark.parametrize(
    ("sql", "part"),
    [
        ('select night, shop, (select max(amount) from "w"."staging"."stg_sales") as amount '
         'from "w"."staging"."stg_sales"', "amount"),
        ('select a.night, a.shop, b.amount from "w"."staging"."stg_sales" a '
         'join "w"."staging"."stg_sales" b on a.shop = b.shop and b.night = a.night + 1', "stg_sales.night"),
        ('select s.night, s.shop, n.size as amount from "w"."staging"."stg_sales" s '
         'join "w"."raw"."newest" n on n.shop = s.shop', "newest shows the newest state"),
        ('select night, shop, lead(amount) over (partition by shop order by night) as amount '
         'from "w"."staging"."stg_sales"', "sales.amount"),
    ],
    ids=["of all nights", "of the next night", "of the newest state", "looking ahead"],
)  # fmt: skip
def test_a_feature_that_reads_later_rows_is_refused_with_the_path(sql: str, part: str):
    found = messages(edit(sql))
    assert found
    assert all("feat_shop__sales" in each and "knows too much" in each for each in found)
    assert part in "\n".join(found)


def test_of_many_paths_three_are_told_and_the_others_counted():
    letters = "abcde"
    newest = Source(
        "raw.newest", {"shop": column("registry")} | {each: column("registry") for each in letters}
    )
    parts = " + ".join(f'(select max({each}) from "w"."raw"."newest")' for each in letters)
    query = f'select night, shop, {parts} as amount from "w"."staging"."stg_sales"'
    *_, amount = messages(edit(query), newest=newest)
    # Beside the five, the row itself.
    assert amount.count(" ← newest.") == 3
    assert " and 3 more" in amount


def test_what_decides_about_the_rows_is_told_once():
    sql = (
        'select s.night, s.shop, s.amount from "w"."staging"."stg_sales" s '
        'join "w"."raw"."newest" n on n.shop = s.shop'
    )
    (only,) = messages(edit(sql))
    assert only.startswith(f"feat_shop__sales.{ROWS}")


def test_a_model_that_claims_a_night_it_does_not_have_is_refused():
    (fault,) = messages(replace(STAGED, known_by="day"))[:1]
    assert fault.startswith("stg_sales: has no column day")


def test_a_timeless_model_reads_timeless_things_alone():
    days = model("staging.stg_days", "day", 'select day from "w"."raw"."calendar"', is_timeless=True)
    assert messages(days) == []
    shops = model("staging.stg_days", "shop", 'select shop from "w"."raw"."sales"', is_timeless=True)
    assert any("says `known: always`, and is not" in each for each in messages(shops))


def test_a_query_that_cannot_be_followed_is_refused():
    (fault,) = messages(edit('select nothing from "w"."staging"."unknown"'))
    assert fault.startswith("feat_shop__sales")


def test_a_forbidden_column_reaches_no_feature_however_far_away():
    forbidden = replace(SALES, columns={**SALES.columns, "amount": column("outcome", "it is personal")})
    found = messages(sales=forbidden)
    assert found
    assert all("(it is personal)" in each for each in found)
    assert "feat_shop__sales.amount ← stg_sales.amount ← sales.amount" in "\n".join(found)


@pytest.mark.parametrize(("columns", "count"), [(("shop",), 0), (("amount",), 1), (("night", "shop"), 0)])
def test_a_model_reads_from_its_schedule_only_what_is_known_with_it(columns: tuple[str, ...], count: int):
    found = messages(inputs=(Inputs("sales_model", "staging.stg_sales", columns),))
    assert len(found) == count
    assert all(each.startswith("sales_model: amount is known outcome only: ") for each in found)


def test_a_schedule_may_show_what_is_seen_to_be_known_by_its_night():
    """Rows that nobody announces are known by what happened, up to the cutoff."""
    of_night = model(
        "marts.dim_shops",
        "night shop amount",
        'select n.day as night, s.shop, sum(s.amount) as amount from "w"."raw"."calendar" as n '
        'inner join "w"."staging"."stg_sales" as s on s.night <= n.day group by n.day, s.shop',
    )
    whenever = model("marts.dim_shops", "night shop amount", of_night.sql.replace("<=", ">="))
    seen = Inputs("sales_model", "marts.dim_shops", ("shop", "amount"), night="night")
    assert messages(of_night, inputs=(seen,)) == []
    assert messages(whenever, inputs=(seen,))
    population = replace(seen, known_by="predicted_at")
    assert messages(of_night, inputs=(population,)) == []
    assert messages(whenever, inputs=(population,))


PREDICTED = 'select night, shop, known_at, night + 1 as predicted_at from "w"."raw"."offers"'
OFFERS = Source(
    "raw.offers",
    {name: column("delivery") for name in ("night", "arrival_night", "shop", "known_at")},
    known_by="arrival_night",
)
POPULATION = Inputs("sales_model", "marts.fct_offers", ("shop",), known_by="predicted_at")


@pytest.mark.parametrize(
    ("sql", "is_refused"),
    [
        (f"{PREDICTED} where known_at <= night + 1", False),
        (PREDICTED, True),
        (f"{PREDICTED} where known_at <= night + 2", True),
        (f"{PREDICTED} where known_at >= night + 1", True),
        (f"{PREDICTED} qualify rank() over (partition by shop order by known_at desc) = 1", True),
        # Outcomes may choose the rows that are written again, and are no input.
        (
            f'{PREDICTED} where known_at <= night + 1 and night in (select night from "w"."raw"."sales")',
            False,
        ),
    ],
    ids=["in time", "whenever", "a day later", "only late ones", "the newest", "chosen by outcomes"],
)
def test_a_population_shows_what_was_known_when_it_was_predicted(sql: str, is_refused: bool):
    population = model("marts.fct_offers", "night shop known_at predicted_at", sql)
    found = messages(population, inputs=(POPULATION,), offers=OFFERS)
    assert bool(found) == is_refused
    assert all("fct_offers.shop knows too much" in each for each in found)


def test_the_instant_of_a_model_is_not_taken_for_that_of_all_of_its_row():
    everything = 'select night, arrival_night, shop, known_at from "w"."raw"."offers"'
    columns = "night arrival_night shop known_at"
    staged = model("staging.stg_offers", columns, everything, known_by="arrival_night")
    sql = f"{PREDICTED} where known_at <= night + 1".replace('"raw"."offers"', '"staging"."stg_offers"')
    population = model("marts.fct_offers", "night shop known_at predicted_at", sql)
    assert messages(staged, population, inputs=(POPULATION,), offers=OFFERS)


def test_paths_lead_to_every_source_by_values_alone_if_asked():
    lineage = follow()
    start = Read(FEATURE.name, "amount")
    assert set(lineage.paths(start, only_values=True)) == {Read("raw.sales", "amount")}
    assert Read("raw.sales", "night") in lineage.paths(start)
    assert list(lineage.reads(Read("raw.sales", "amount"))) == []


def test_downstream_holds_every_user_and_what_was_changed_itself():
    changed = {Read("raw.sales", "amount")}
    found = follow().downstream(changed)
    assert found >= {*changed, Read(STAGED.name, "amount"), Read(FEATURE.name, "amount")}
    assert Read(STAGED.name, "shop") not in found


def test_what_was_followed_before_is_not_followed_again():
    before = follow()
    after = Lineage.of(before.project, catalog="w", known=before)
    assert after.described[STAGED.name] is before.described[STAGED.name]
    changed = replace(
        before.project, models={**before.project.models, STAGED.name: replace(STAGED, title="other")}
    )
    again = Lineage.of(changed, catalog="w", known=before)
    assert again.described[STAGED.name] is not before.described[STAGED.name]
