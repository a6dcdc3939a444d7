{%- set first, last = first_night(), last_night() -%}

with {{ scheduled_keys('origin_hour_id', first, last) }},

-- Departures by the night with which their schedule came, so that later schedules change no earlier row.
flights as (
    select
        night,
        origin_id,
        flight_id,
        scheduled_departure_time // 100 as departure_hour,
        min(arrival_night) as first_arrival_night
    from {{ ref('stg_nycflights13__schedule_versions') }}
    where night between {{ first }} - 7 and {{ last }} and arrival_night <= {{ last }}
    group by all
),

counted as (
    select
        night as schedule_night,
        first_arrival_night,
        origin_id,
        departure_hour,
        count(*) as departures
    from flights
    group by all
),

nights as (
    select unnest(generate_series({{ first }}, {{ last }}, interval 1 day))::date as night
),

departures as (
    select
        nights.night,
        counted.schedule_night,
        counted.origin_id,
        counted.departure_hour,
        sum(counted.departures) as departures
    from nights
    inner join counted on counted.schedule_night between nights.night - 7 and nights.night
    where counted.first_arrival_night <= nights.night
    group by all
),

coming_hours as (
    select
        night,
        origin_id,
        departure_hour,
        departures
    from departures
    where schedule_night = night
),

coming_days as (
    select
        night,
        origin_id,
        sum(departures) as departures
    from coming_hours
    group by all
),

schedules as (
    select
        night,
        origin_id,
        count(distinct schedule_night) as schedules
    from departures
    where schedule_night < night
    group by all
),

earlier_hours as (
    select
        night,
        origin_id,
        departure_hour,
        sum(departures) as departures
    from departures
    where schedule_night < night
    group by all
),

hours as (
    select
        *,
        left(origin_hour_id, -3) as origin_id,
        right(origin_hour_id, 2)::integer as departure_hour
    from keys
)

select
    hours.night,
    hours.origin_hour_id,
    coalesce(same.departures, 0)::bigint as scheduled_departures,
    (coalesce(hour_before.departures, 0) + coalesce(same.departures, 0) + coalesce(hour_after.departures, 0))::bigint
        as scheduled_departures_nearby,
    coalesce(coming_days.departures, 0)::bigint as scheduled_departures_origin,
    {{ ratio('(coalesce(same.departures, 0) * schedules.schedules)', 'earlier_hours.departures') }}
        as scheduled_departures_ratio,
    {{ cutoff('hours.night') }} as event_at,
    hours.known_at as created_at
from hours
left join coming_hours as same
    on
        hours.night = same.night
        and hours.origin_id = same.origin_id
        and hours.departure_hour = same.departure_hour
left join coming_hours as hour_before
    on
        hours.night = hour_before.night
        and hours.origin_id = hour_before.origin_id
        and hours.departure_hour - 1 = hour_before.departure_hour
left join coming_hours as hour_after
    on
        hours.night = hour_after.night
        and hours.origin_id = hour_after.origin_id
        and hours.departure_hour + 1 = hour_after.departure_hour
left join coming_days on hours.night = coming_days.night and hours.origin_id = coming_days.origin_id
left join schedules on hours.night = schedules.night and hours.origin_id = schedules.origin_id
left join earlier_hours
    on
        hours.night = earlier_hours.night
        and hours.origin_id = earlier_hours.origin_id
        and hours.departure_hour = earlier_hours.departure_hour
order by hours.night, hours.origin_hour_id
