{%- set first, last = first_night(), last_night() -%}
{%- set earlier = plane_window() - 1 -%}

with {{ scheduled_keys('flight_number_id', first, last) }},

-- Only planes of flights whose outcome is known are read, never the one assigned to a flight to come.
versions as (
    select
        *,
        lead(night) over (partition by flight_id order by version) as replaced_night
    from {{ ref('int_outcomes__versioned') }}
    where night between {{ first }} - {{ earlier }} and {{ last }} and first_known_night >= {{ first }} - {{ earlier }}
),

flown as (
    select
        versions.flight_number_id,
        versions.night,
        versions.known_at,
        planes.model,
        planes.engine_type,
        planes.engines,
        planes.seats,
        planes.built_year,
        least(
            versions.first_known_night + {{ earlier }},
            coalesce(versions.replaced_night - 1, versions.first_known_night + {{ earlier }})
        ) as last_counting_night
    from versions
    asof left join {{ ref('stg_nycflights13__planes') }} as planes
        on versions.plane_id = planes.plane_id and versions.night >= planes.arrival_night
    where versions.plane_id is not null
),

by_type as (
    select
        {{ follow_successions('flight_number', 'flown.flight_number_id', '(flown.night + nights.after::integer)') }}
            as flight_number_id,
        (flown.night + nights.after::integer) as night,
        flown.model,
        flown.engine_type,
        flown.engines,
        flown.seats,
        count(*) as flights,
        count(flown.built_year) as dated_flights,
        sum(flown.built_year) as built_years,
        max(flown.known_at) as known_at
    from flown
    cross join range({{ plane_window() }}) as nights (after)
    where
        flown.night + nights.after::integer <= flown.last_counting_night
        and flown.night + nights.after::integer between {{ first }} and {{ last }}
    group by all
),

ranked as (
    select
        *,
        sum(flights) over key_nights as plane_flights,
        max(known_at) over key_nights as newest_known_at,
        row_number() over (
            partition by night, flight_number_id
            order by model is null asc, flights desc, model asc, engine_type asc, engines asc, seats asc
        ) as place
    from by_type
    window key_nights as (partition by night, flight_number_id)
),

usual as (
    select *
    from ranked
    where place = 1
)

select
    keys.night,
    keys.flight_number_id,
    coalesce(usual.plane_flights, 0)::bigint as plane_flights,
    usual.seats::bigint as usual_seats,
    usual.engines::bigint as usual_engines,
    case when usual.model is not null then {{ ratio('usual.flights', 'usual.plane_flights') }} end
        as usual_plane_share,
    year(keys.night + 1)::double - {{ ratio('usual.built_years', 'usual.dated_flights') }} as usual_plane_age_years,
    usual.engine_type as usual_engine,
    usual.model as usual_plane_model,
    {{ cutoff('keys.night') }} as event_at,
    greatest(keys.known_at, usual.newest_known_at) as created_at
from keys
left join usual on keys.night = usual.night and keys.flight_number_id = usual.flight_number_id
order by keys.night, keys.flight_number_id
