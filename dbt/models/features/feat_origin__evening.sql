{%- set first, last = first_night(), last_night() -%}

with {{ scheduled_keys('origin_id', first, last) }},

-- The evening of night n is that of date n: what its flights' newest versions said when the night ended.
evening as (
    select
        *,
        flight_date as evening_night
    from {{ ref('int_outcomes__versioned') }}
    where
        flight_date between {{ first }} and {{ last }}
        and night between {{ first }} - 1 and {{ last }}
        and night <= flight_date
        and scheduled_departure_time >= 1700
    qualify rank() over (partition by flight_date, flight_id order by version desc) = 1
),

state as (
    select
        evening_night as night,
        origin_id,
        count(*) as flights,
        count(departure_delay_minutes) as departed_flights,
        sum(({{ is_late('departure_delay_minutes') }})::integer) as late_departures,
        sum(departure_delay_minutes) as departure_delay_minutes,
        sum(is_cancelled::integer) as cancelled_flights,
        max(known_at) as known_at
    from evening
    group by all
)

select
    keys.night,
    keys.origin_id,
    coalesce(state.flights, 0)::bigint as evening_flights,
    {{ ratio('state.late_departures', 'state.departed_flights') }} as evening_late_departure_rate,
    {{ ratio('state.departure_delay_minutes', 'state.departed_flights') }} as evening_mean_departure_delay_minutes,
    {{ ratio('state.cancelled_flights', 'state.flights') }} as evening_cancelled_rate,
    {{ cutoff('keys.night') }} as event_at,
    greatest(keys.known_at, state.known_at) as created_at
from keys
left join state on keys.night = state.night and keys.origin_id = state.origin_id
order by keys.night, keys.origin_id
