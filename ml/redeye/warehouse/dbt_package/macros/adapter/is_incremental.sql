{# Of the engine: `redeye generate` writes it. #}
{# The definition of a model is that of a night upon others, whatever tables there are. #}
{% macro is_incremental() %}
    {{ return(var('is_definition', false) or dbt.is_incremental()) }}
{% endmacro %}
