{%- set first, last = first_night(), last_night() -%}
{%- set measures = ['outcomes', 'flights', 'late_flights', 'delay_minutes', 'cancelled_flights'] -%}

with increments as (
    select
        night,
        entity,
        entity_id,
        {%- for measure in measures %}
            sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        max(newest_known_at) as newest_known_at
    from {{ ref('int_delays__summed') }}
    where night between {{ first }} and {{ last }}
    group by all
),

-- What was carried into the first night stands one night earlier.
changes as (
    select * from increments
    {%- if is_incremental() %}
        union all by name
        select * replace ({{ first }} - 1 as night)
        from {{ this }}
        where night = {{ last_night_before(this, first) }} and night <= {{ first }} - 1
    {%- endif %}
),

entities as (
    select
        entity,
        entity_id,
        min(night) as first_known_night
    from changes
    group by all
),

nights as (
    select unnest(generate_series({{ first }} - 1, {{ last }}, interval 1 day))::date as night
),

every_night as (
    select
        entities.entity,
        entities.entity_id,
        nights.night
    from entities
    inner join nights on entities.first_known_night <= nights.night
),

accumulated as (
    select
        every_night.night,
        every_night.entity,
        every_night.entity_id,
        {%- for measure in measures %}
            (sum(coalesce(changes.{{ measure }}, 0)) over so_far)::bigint as {{ measure }},
        {%- endfor %}
        max(changes.newest_known_at) over so_far as newest_known_at
    from every_night
    left join changes
        on
            every_night.night = changes.night
            and every_night.entity = changes.entity
            and every_night.entity_id = changes.entity_id
    window
        so_far as (
            partition by every_night.entity, every_night.entity_id
            order by every_night.night
            rows between unbounded preceding and current row
        )
)

select *
from accumulated
where night between {{ first }} and {{ last }}
order by night, entity, entity_id
