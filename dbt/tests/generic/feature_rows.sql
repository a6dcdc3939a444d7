{# Of the engine: `redeye generate` writes it. #}
{# One row per night and key, at the cutoff of its night, made of nothing that came to be known later. #}
{% test feature_rows(model, key) %}
    select
        night,
        {{ key }},
        count(*) as rows_found
    from {{ model }}
    where night between {{ first_night() }} and {{ last_night() }}
    group by all
    having
        count(*) > 1
        or {{ key }} is null
        or not coalesce(bool_and(event_at = {{ cutoff('night') }} and created_at <= event_at), false)
{% endtest %}
