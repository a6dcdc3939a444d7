{# Of the engine: `redeye generate` writes it. #}
{# The layer is the schema: no prefix of the target's own schema. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
