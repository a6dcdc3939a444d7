{%- set first, last = first_night(), last_night() -%}
{%- set schedule, outcomes = ref('stg_nycflights13__schedule_versions'), ref('int_outcomes__versioned') -%}
{%- set earliest = "least(" ~ earliest_night_delivered(schedule, first, last) ~ ", "
    ~ earliest_flight_date(outcomes, first, last) ~ " - 1)" -%}

with schedule as (
    select *
    from {{ schedule }}
    where night between {{ earliest }} and {{ last }} and arrival_night <= {{ last }}
),

outcomes as (
    select *
    from {{ outcomes }}
    where flight_date > {{ earliest }} and night <= {{ last }}
),

-- Nights of which anything new came to be known: all their flights are written again.
touched as (
    select night
    from schedule
    where arrival_night between {{ first }} and {{ last }}
    union
    select flight_date - 1 as night
    from outcomes
    where night between {{ first }} and {{ last }}
),

newest_schedule as (
    select *
    from schedule
    where night in (select touched.night from touched)
    qualify rank() over (partition by night, flight_id order by arrival_night desc) = 1
),

newest_outcomes as (
    select *
    from outcomes
    qualify rank() over (partition by flight_id order by version desc) = 1
)

select
    newest_schedule.flight_id,
    newest_schedule.carrier_id,
    newest_schedule.origin_id,
    newest_schedule.destination_id,
    newest_schedule.route_id,
    newest_schedule.flight_number_id,
    newest_schedule.origin_hour_id,
    newest_schedule.carrier_origin_hour_id,
    newest_schedule.flight_date_id,
    newest_schedule.night,
    newest_schedule.flight_date,
    newest_schedule.flight_number,
    newest_schedule.distance_miles,
    newest_schedule.scheduled_departure_time,
    newest_schedule.scheduled_arrival_time,
    newest_schedule.scheduled_departure_minute,
    newest_schedule.scheduled_arrival_minute,
    newest_outcomes.departure_delay_minutes,
    newest_outcomes.arrival_delay_minutes,
    newest_outcomes.version as outcome_version,
    newest_outcomes.is_cancelled,
    newest_outcomes.is_diverted,
    {{ is_late('newest_outcomes.arrival_delay_minutes') }} as is_late,
    newest_schedule.scheduled_departure_at,
    newest_schedule.entity_at,
    newest_schedule.known_at,
    newest_outcomes.night as outcome_night,
    newest_outcomes.known_at as outcome_known_at
from newest_schedule
left join newest_outcomes on newest_schedule.flight_id = newest_outcomes.flight_id
order by newest_schedule.night, newest_schedule.flight_id
