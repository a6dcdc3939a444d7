with source as (
    select *
    from {{ source('raw', 'nycflights13__weather') }}
),

newest_of_night as (
    select *
    from source
    qualify
        rank() over (partition by arrival_night, night, origin, time_hour order by known_at desc, delivery_id desc) = 1
)

-- Decimals add up to the same bits in any order. A wind of 1,048 mph stands in the source: nothing above 250
-- has ever been a wind.
select
    origin as origin_id,
    night,
    arrival_night,
    cast(temp as decimal(9, 4)) as temperature_f,
    cast(dewp as decimal(9, 4)) as dew_point_f,
    cast(humid as decimal(9, 4)) as humidity_percent,
    cast(wind_dir as integer) as wind_direction_degrees,
    case when wind_speed <= 250 then cast(wind_speed as decimal(9, 4)) end as wind_speed_mph,
    case when wind_gust <= 250 then cast(wind_gust as decimal(9, 4)) end as wind_gust_mph,
    cast(precip as decimal(9, 4)) as precipitation_in,
    cast(pressure as decimal(9, 4)) as pressure_mb,
    cast(visib as decimal(9, 4)) as visibility_miles,
    time_hour as hour_starts_at,
    known_at
from newest_of_night
