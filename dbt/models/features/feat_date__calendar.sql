{%- set first, last = first_night(), last_night() -%}

with nights as (
    select unnest(generate_series({{ first }}, {{ last }}, interval 1 day))::date as night
),

dates as (
    select *
    from {{ ref('dim_dates') }}
    where calendar_date between {{ first }} + 1 and {{ last }} + 8
)

select
    nights.night,
    dates.date_id as flight_date_id,
    dates.weekday::bigint as weekday,
    dates.calendar_month::bigint as month,
    dates.days_to_holiday::bigint as days_to_holiday,
    dates.days_from_holiday::bigint as days_from_holiday,
    dates.is_weekend,
    dates.is_us_holiday,
    {{ cutoff('nights.night') }} as event_at,
    -- The calendar was known long before; nothing newer than the night itself is used.
    {{ cutoff('nights.night') }} as created_at
from nights
inner join dates on dates.calendar_date between nights.night + 1 and nights.night + 8
order by nights.night, dates.date_id
