{{ config(materialized='view') }}

-- All years of which the holidays are known, day by day.
with holidays as (
    select
        date as holiday_date,
        string_agg(name, ', ' order by name) as holiday_name
    from {{ source('raw', 'holidays') }}
    group by all
),

years as (
    select
        date_trunc('year', min(holiday_date)) as first_date,
        date_trunc('year', max(holiday_date)) + interval 1 year - interval 1 day as last_date
    from holidays
),

dates as (
    select cast(unnest(generate_series(first_date, last_date, interval 1 day)) as date) as calendar_date
    from years
)

select
    cast(dates.calendar_date as varchar) as date_id,
    dates.calendar_date,
    cast(year(dates.calendar_date) as integer) as calendar_year,
    cast(month(dates.calendar_date) as integer) as calendar_month,
    cast(isodow(dates.calendar_date) as integer) as weekday,
    isodow(dates.calendar_date) >= 6 as is_weekend,
    holidays.holiday_date is not null as is_us_holiday,
    holidays.holiday_name,
    -- A holiday too far away to matter, or beyond the known years, is as far as one can be.
    cast(least(
        coalesce(
            min(holidays.holiday_date) over (
                order by dates.calendar_date rows between current row and unbounded following
            ) - dates.calendar_date, 60
        ), 60
    ) as integer) as days_to_holiday,
    cast(least(
        coalesce(
            dates.calendar_date - max(holidays.holiday_date) over (
                order by dates.calendar_date rows between unbounded preceding and current row
            ), 60
        ), 60
    ) as integer) as days_from_holiday
from dates
left join holidays on dates.calendar_date = holidays.holiday_date
