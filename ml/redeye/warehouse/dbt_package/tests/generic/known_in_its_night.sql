{# Of the engine: `redeye generate` writes it. #}
{# Every row was known by the cutoff of the night it arrived with. One that missed its own night's build was
   known before that night began. #}
{% test known_in_its_night(model, night_column='night') %}
    select *
    from {{ model }}
    where
        {{ night_column }} between {{ first_night() }} and {{ last_night() }}
        and not coalesce(known_at <= {{ cutoff(night_column) }}, false)
{% endtest %}
