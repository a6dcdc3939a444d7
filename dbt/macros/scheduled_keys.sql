{# CTE `keys`: the keys that get a feature row at each night, and when their schedule came to be known.

They are those scheduled for the coming day or in the schedules of the six nights before, so that a night
scored from a release some nights old finds nearly all of its keys. #}
{% macro scheduled_keys(key, first, last) -%}
keys_by_schedule as (
    select
        night,
        arrival_night,
        {{ key }},
        max(known_at) as known_at
    from {{ ref('stg_nycflights13__schedule_versions') }}
    where night between {{ first }} - 6 and {{ last }} and arrival_night <= {{ last }}
    group by all
),

keys as (
    select
        keys_by_schedule.night + nights.after::integer as night,
        keys_by_schedule.{{ key }},
        max(keys_by_schedule.known_at) as known_at
    from keys_by_schedule
    cross join range(7) as nights (after)
    where
        keys_by_schedule.night + nights.after::integer between {{ first }} and {{ last }}
        and keys_by_schedule.arrival_night <= keys_by_schedule.night + nights.after::integer
    group by all
)
{%- endmacro %}
