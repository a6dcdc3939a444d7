{%- set first, last = first_night(), last_night() -%}

-- A version counts its own values less those of the version it replaces: sums stay right after a restatement.
with changes as (
    select
        *,
        (version = 1)::integer as outcomes,
        (arrival_delay_minutes is not null)::integer - (previous_arrival_delay_minutes is not null)::integer
            as flights,
        coalesce(({{ is_late('arrival_delay_minutes') }})::integer, 0)
        - coalesce(({{ is_late('previous_arrival_delay_minutes') }})::integer, 0) as late_flights,
        coalesce(arrival_delay_minutes, 0) - coalesce(previous_arrival_delay_minutes, 0) as delay_minutes,
        is_cancelled::integer - coalesce(previous_is_cancelled::integer, 0) as cancelled_flights
    from {{ ref('int_outcomes__versioned') }}
    where night between {{ first }} and {{ last }}
),

summed as (
    {%- for entity in delay_entities() %}
        select
            night,
            first_known_night,
            '{{ entity }}' as entity,
            {{ entity }}_id as entity_id,
            sum(outcomes)::bigint as outcomes,
            sum(flights)::bigint as flights,
            sum(late_flights)::bigint as late_flights,
            sum(delay_minutes)::bigint as delay_minutes,
            sum(cancelled_flights)::bigint as cancelled_flights,
            max(known_at) as newest_known_at
        from changes
        group by all
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select *
from summed
order by night, entity, entity_id, first_known_night
