{%- set first, last = first_night(), last_night() -%}
{%- set values = [
    'plane_id', 'departure_delay_minutes', 'arrival_delay_minutes', 'is_cancelled', 'is_diverted'
] -%}

with arrived as (
    select
        *,
        null::date as first_known_night,
        0 as version
    from {{ ref('stg_nycflights13__outcomes') }}
    where night between {{ first }} and {{ last }}
),

{% if is_incremental() -%}
    -- Earlier versions can only be of the dates that arrived now: history beyond them is not read.
    known_before as (
        select * exclude (previous_arrival_delay_minutes, previous_is_cancelled)
        from {{ this }}
        where
            night < {{ first }}
            and flight_date >= {{ earliest_flight_date(ref("stg_nycflights13__outcomes"), first, last) }}
    ),
{%- endif %}

known as (
    select * from arrived
    {%- if is_incremental() %}
        union all by name
        select * from known_before
    {%- endif %}
),

compared as (
    select
        *,
        min(coalesce(first_known_night, night)) over flights as flight_first_known_night,
        max(version) over flights as version_before,
        version = 0 and (
            row_number() over versions = 1
            {%- for value in values %}
                or {{ value }} is distinct from lag({{ value }}) over versions
            {%- endfor %}
        ) as is_new,
        lag(arrival_delay_minutes) over versions as previous_arrival_delay_minutes,
        lag(is_cancelled) over versions as previous_is_cancelled
    from known
    window
        flights as (partition by flight_id),
        versions as (partition by flight_id order by night)
),

numbered as (
    select
        *,
        version_before
        + sum(is_new::integer) over (partition by flight_id order by night) as new_version
    from compared
)

select
    night,
    flight_id,
    carrier_id,
    origin_id,
    destination_id,
    route_id,
    flight_number_id,
    origin_hour_id,
    carrier_origin_hour_id,
    flight_date,
    scheduled_departure_time,
    plane_id,
    departure_delay_minutes,
    arrival_delay_minutes,
    previous_arrival_delay_minutes,
    is_cancelled,
    previous_is_cancelled,
    is_diverted,
    flight_first_known_night as first_known_night,
    new_version::integer as version,
    known_at
from numbered
where is_new
order by night, flight_id
