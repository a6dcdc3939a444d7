{%- set first, last = first_night(), last_night() -%}
{%- set means = ['temperature_f', 'humidity_percent', 'wind_speed_mph', 'pressure_mb'] -%}
{%- set trends = {
    'temperature_trend_f': 'temperature_f',
    'wind_speed_trend_mph': 'wind_speed_mph',
    'pressure_trend_mb': 'pressure_mb',
    'visibility_trend_miles': 'visibility_miles',
} -%}

with {{ scheduled_keys('origin_id', first, last) }},

-- Hours that were delivered late were not known when their night ended, and count in no feature.
hours as (
    select
        *,
        hour_starts_at + interval 1 hour as hour_ends_at,
        {{ cutoff('night') }} as cutoff_at
    from {{ ref('stg_nycflights13__weather') }}
    where night between {{ first }} and {{ last }} and arrival_night = night
),

parts as (
    select
        *,
        hour_ends_at > cutoff_at - interval 6 hour as is_newest,
        hour_ends_at > cutoff_at - interval 24 hour and hour_ends_at <= cutoff_at - interval 18 hour as is_oldest
    from hours
),

state as (
    select
        night,
        origin_id,
        count(*) as weather_hours,
        {%- for measure in means %}
            sum({{ measure }})::double / nullif(count({{ measure }}), 0) as {{ measure }},
        {%- endfor %}
        sum(precipitation_in)::double as precipitation_in,
        min(visibility_miles)::double as visibility_min_miles,
        {%- for trend, measure in trends.items() %}
            sum({{ measure }}) filter (where is_newest)::double
            / nullif(count({{ measure }}) filter (where is_newest), 0)
            - sum({{ measure }}) filter (where is_oldest)::double
            / nullif(count({{ measure }}) filter (where is_oldest), 0) as {{ trend }},
        {%- endfor %}
        max(known_at) as known_at
    from parts
    group by all
)

select
    keys.night,
    keys.origin_id,
    coalesce(state.weather_hours, 0)::bigint as weather_hours,
    {%- for measure in means %}
        state.{{ measure }},
    {%- endfor %}
    state.precipitation_in,
    state.visibility_min_miles,
    {%- for trend in trends %}
        state.{{ trend }},
    {%- endfor %}
    {{ cutoff('keys.night') }} as event_at,
    greatest(keys.known_at, state.known_at) as created_at
from keys
left join state on keys.night = state.night and keys.origin_id = state.origin_id
order by keys.night, keys.origin_id
