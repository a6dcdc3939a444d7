{# The entities whose delays are summed: each has a key column `<entity>_id` in the flights. #}
{% macro delay_entities() -%}
    {{ return(['carrier', 'origin', 'destination', 'route', 'flight_number', 'origin_hour', 'carrier_origin_hour']) }}
{%- endmacro %}


{# The columns that an entity's id is made of, in order, joined by dashes. #}
{% macro id_parts(entity) -%}
    {{ return({
        'carrier': ['carrier_id'],
        'origin': ['origin_id'],
        'destination': ['destination_id'],
        'route': ['origin_id', 'destination_id'],
        'flight_number': ['carrier_id', 'number'],
        'origin_hour': ['origin_id', 'hour'],
        'carrier_origin_hour': ['carrier_id', 'origin_id', 'hour'],
    }[entity]) }}
{%- endmacro %}


{# An entity's id at a night: with the codes of those who hold them then (`successions` of redeye.yaml). #}
{% macro follow_successions(entity, entity_id, night) -%}
    {%- set parts = id_parts(entity) -%}
    {%- set declared = successions() | selectattr('key', 'in', parts) | list -%}
    {%- if not declared -%}
        {{ entity_id }}
    {%- else -%}
        concat_ws(
            '-'
            {%- for part in parts -%}
                {%- set place = 'split_part(' ~ entity_id ~ ", '-', " ~ loop.index ~ ')' -%}
                {%- set own = declared | selectattr('key', 'equalto', part) | list %}
                , {% if own -%}
                    case
                        {% for each in own -%}
                            when {{ place }} = '{{ each.old }}' and {{ night }} >= date '{{ each.first_night }}'
                                then '{{ each.new }}'
                        {% endfor -%}
                        else {{ place }}
                    end
                {%- else -%}
                    {{ place }}
                {%- endif -%}
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}


{# The delays of one entity at each night of the build window, over `delay_windows` nights of knowledge and over all.

Sums are of integers; there is one division, at the end, so a night built alone and a night built with a year
give the same bits. A flight counts in the night in which its outcome first came to be known, with the values
known at the feature's own night: a later correction changes no earlier row. #}
{% macro delay_features(entity) -%}
    {%- set key = entity ~ '_id' -%}
    {%- set first, last = first_night(), last_night() -%}
    {%- set windows = delay_windows() | sort -%}
    {%- set longest = windows | max -%}
    {%- set measures = ['outcomes', 'flights', 'late_flights', 'delay_minutes', 'cancelled_flights'] -%}

with {{ scheduled_keys(key, first, last) }},

summed as (
    select
        *,
        first_known_night + {{ longest - 1 }} as last_counting_night
    from {{ ref('int_delays__summed') }}
    where
        entity = '{{ entity }}'
        and night between {{ first }} - {{ longest - 1 }} and {{ last }}
        and first_known_night > {{ first }} - {{ longest }}
),

-- Each sum once for every night that it counts in.
counting as (
    select
        * exclude (night, entity_id),
        {{ follow_successions(entity, 'summed.entity_id', '(summed.night + nights.after::integer)') }} as entity_id,
        (summed.night + nights.after::integer) as night
    from summed
    cross join range({{ longest }}) as nights (after)
    where
        summed.night + nights.after::integer <= summed.last_counting_night
        and summed.night + nights.after::integer between {{ first }} and {{ last }}
),

windowed as (
    select
        night,
        entity_id,
        {%- for nights in windows %}
            {%- for measure in measures %}
                sum({{ measure }}) filter (where night < first_known_night + {{ nights }})
                    as {{ measure }}_{{ nights }}n{{ ',' if not (loop.last and nights == longest) }}
            {%- endfor %}
        {%- endfor %}
    from counting
    group by all
),

total as (
    select
        night,
        {{ follow_successions(entity, 'entity_id', 'night') }} as entity_id,
        {%- for measure in measures %}
            sum({{ measure }})::bigint as {{ measure }}_all,
        {%- endfor %}
        max(newest_known_at) as newest_known_at
    from {{ ref('int_delays__accumulated') }}
    where entity = '{{ entity }}' and night between {{ first }} and {{ last }}
    group by 1, 2
)

select
    keys.night,
    keys.{{ key }},
    {%- for window in windows + ['all'] %}
        {%- set nights = window if window == 'all' else window ~ 'n' %}
        {%- set sums = 'total' if window == 'all' else 'windowed' %}
        coalesce({{ sums }}.flights_{{ nights }}, 0)::bigint as flights_{{ nights }},
        coalesce({{ sums }}.late_flights_{{ nights }}, 0)::bigint as late_flights_{{ nights }},
        {{ ratio(sums ~ '.late_flights_' ~ nights, sums ~ '.flights_' ~ nights) }} as late_rate_{{ nights }},
        {{ ratio(sums ~ '.delay_minutes_' ~ nights, sums ~ '.flights_' ~ nights) }} as mean_delay_minutes_{{ nights }},
        {{ ratio(sums ~ '.cancelled_flights_' ~ nights, sums ~ '.outcomes_' ~ nights) }}
            as cancelled_rate_{{ nights }},
    {%- endfor %}
    {{ cutoff('keys.night') }} as event_at,
    greatest(keys.known_at, total.newest_known_at) as created_at
from keys
left join windowed on keys.night = windowed.night and keys.{{ key }} = windowed.entity_id
left join total on keys.night = total.night and keys.{{ key }} = total.entity_id
order by keys.night, keys.{{ key }}
{%- endmacro %}


{# One division of exact numbers; NULL where there is nothing to divide by. #}
{% macro ratio(numerator, denominator) -%}
    {{ numerator }}::double / nullif({{ denominator }}, 0)::double
{%- endmacro %}
