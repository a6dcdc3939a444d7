{{ config(materialized='view') }}
{%- set most = 180 %}

-- The schedule is read again, as what a flight is learned from must be seen to be known in time.
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
    flights.distance_miles,
    flights.scheduled_departure_minute,
    flights.scheduled_arrival_minute,
    case
        when outcomes.is_cancelled then {{ most }}
        when outcomes.arrival_delay_minutes is not null
            then least(greatest(outcomes.arrival_delay_minutes, 0), {{ most }})
    end as minutes_lost,
    flights.predicted_at as entity_at,
    outcomes.outcome_known_at
from {{ ref('stg_nycflights13__schedule_in_time') }} as flights
inner join {{ ref('fct_flights') }} as outcomes on flights.flight_id = outcomes.flight_id
