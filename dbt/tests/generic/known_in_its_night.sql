{# Every row came to be known after its night began and no later than its cutoff. #}
{% test known_in_its_night(model, night_column='night') %}
    select *
    from {{ model }}
    where
        {{ night_column }} between {{ first_night() }} and {{ last_night() }}
        and not coalesce(
            known_at > {{ cutoff(night_column ~ ' - 1') }} and known_at <= {{ cutoff(night_column) }}, false
        )
{% endtest %}
