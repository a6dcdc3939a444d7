{# Of the engine: `redeye generate` writes it. #}
{# The key is there and unique among all rows; for small relations. #}
{% test unique_key(model, key) %}
    select
        {{ key }},
        count(*) as rows_found
    from {{ model }}
    group by all
    having count(*) > 1 or {{ key }} is null
{% endtest %}
