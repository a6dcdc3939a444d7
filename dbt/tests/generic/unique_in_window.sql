{# Of the engine: `redeye generate` writes it. #}
{# The key is there and unique among the rows of the nights that this build wrote. #}
{% test unique_in_window(model, key, night_column='night') %}
    select
        {{ key | join(', ') }},
        count(*) as rows_found
    from {{ model }}
    where {{ night_column }} between {{ first_night() }} and {{ last_night() }}
    group by all
    having count(*) > 1 or {{ key | join(' is null or ') }} is null
{% endtest %}
