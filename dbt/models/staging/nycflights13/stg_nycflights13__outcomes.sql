with source as (
    select *
    from {{ source('raw', 'nycflights13__outcomes') }}
),

newest_of_night as (
    select *
    from source
    qualify
        rank() over (
            partition by arrival_night, year, month, day, carrier, flight, origin, dest, sched_dep_time
            order by known_at desc, delivery_id desc
        ) = 1
)

select
    {{ flight_keys() }},
    arrival_night as night,
    sched_dep_time as scheduled_departure_time,
    tailnum as plane_id,
    dep_delay as departure_delay_minutes,
    arr_delay as arrival_delay_minutes,
    dep_time is null as is_cancelled,
    dep_time is not null and arr_delay is null as is_diverted,
    known_at
from newest_of_night
