{%- set first, last = first_night(), last_night() -%}
{%- set versions, outcomes = ref('stg_nycflights13__schedule_versions'), ref('int_outcomes__versioned') -%}
{%- set earliest = "least(" ~ earliest_night_delivered(versions, first, last) ~ ", "
    ~ earliest_flight_date(outcomes, first, last) ~ " - 1)" -%}

with schedule as (
    select *
    from {{ ref('stg_nycflights13__schedule_in_time') }}
    where night between {{ earliest }} and {{ last }}
),

outcomes as (
    select *
    from {{ outcomes }}
    where flight_date > {{ earliest }} and night <= {{ last }}
),

-- Nights of which anything new came to be known: all their flights are written again.
touched as (
    select night
    from {{ versions }}
    where arrival_night between {{ first }} and {{ last }}
    union
    select flight_date - 1 as night
    from outcomes
    where night between {{ first }} and {{ last }}
),

flights as (
    select *
    from schedule
    where night in (select touched.night from touched)
),

newest_outcomes as (
    select *
    from outcomes
    qualify rank() over (partition by flight_id order by version desc) = 1
)

select
    flights.flight_id,
    flights.carrier_id,
    flights.origin_id,
    flights.destination_id,
    flights.route_id,
    flights.flight_number_id,
    flights.origin_hour_id,
    flights.carrier_origin_hour_id,
    flights.flight_date_id,
    flights.night,
    flights.flight_date,
    flights.flight_number,
    flights.distance_miles,
    flights.scheduled_departure_time,
    flights.scheduled_arrival_time,
    flights.scheduled_departure_minute,
    flights.scheduled_arrival_minute,
    newest_outcomes.departure_delay_minutes,
    newest_outcomes.arrival_delay_minutes,
    newest_outcomes.version as outcome_version,
    newest_outcomes.is_cancelled,
    newest_outcomes.is_diverted,
    {{ is_late('newest_outcomes.arrival_delay_minutes') }} as is_late,
    flights.scheduled_departure_at,
    flights.predicted_at as entity_at,
    flights.known_at,
    newest_outcomes.night as outcome_night,
    newest_outcomes.known_at as outcome_known_at
from flights
left join newest_outcomes on flights.flight_id = newest_outcomes.flight_id
order by flights.night, flights.flight_id
