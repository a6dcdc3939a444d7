with source as (
    select *
    from {{ source('raw', 'nycflights13__schedule') }}
),

newest_of_night as (
    select *
    from source
    qualify
        rank() over (
            partition by arrival_night, night, year, month, day, carrier, flight, origin, dest, sched_dep_time
            order by known_at desc, delivery_id desc
        ) = 1
)

select
    {{ schedule_columns() }},
    arrival_night
from newest_of_night
