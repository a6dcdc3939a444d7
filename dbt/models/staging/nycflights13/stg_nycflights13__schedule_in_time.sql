with source as (
    select
        *,
        {{ cutoff('night') }} as predicted_at
    from {{ source('raw', 'nycflights13__schedule') }}
    where known_at <= {{ cutoff('night') }}
),

newest_in_time as (
    select *
    from source
    qualify
        rank() over (
            partition by predicted_at, night, year, month, day, carrier, flight, origin, dest, sched_dep_time
            order by known_at desc, delivery_id desc
        ) = 1
)

select
    {{ schedule_columns() }},
    predicted_at
from newest_in_time
