-- Each outcome counts once for every entity: all entities add up to the same sums, night by night.
with totals as (
    select
        night,
        entity,
        sum(outcomes) as outcomes,
        sum(flights) as flights,
        sum(late_flights) as late_flights,
        sum(delay_minutes) as delay_minutes,
        sum(cancelled_flights) as cancelled_flights
    from {{ ref('int_delays__accumulated') }}
    where night between {{ first_night() }} and {{ last_night() }}
    group by all
)

select night
from totals
group by night
having
    count(distinct (outcomes, flights, late_flights, delay_minutes, cancelled_flights)) > 1
    or bool_or(late_flights > flights or flights + cancelled_flights > outcomes or late_flights < 0)
