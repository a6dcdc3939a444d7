{# Of the engine: `redeye generate` writes it. #}
{# Incremental strategy: what the model selected replaces every row of the nights it covers.

These are the nights of the build window, also where the model selects nothing for one of them, and the
earlier nights that the model chose to rewrite because something new about them came to be known. #}
{% macro get_incremental_replace_nights_sql(arg_dict) %}
    {%- set target_relation = arg_dict['target_relation'] -%}
    {%- set temp_relation = arg_dict['temp_relation'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {%- set first, last = first_night(), last_night() -%}
    {%- set touched -%}
        select distinct night from {{ temp_relation }} where night not between {{ first }} and {{ last }} order by night
    {%- endset -%}
    {%- set earlier = run_query(touched).columns[0].values() -%}

    delete from {{ target_relation }} where night between {{ first }} and {{ last }};
    {% if earlier -%}
        delete from {{ target_relation }}
        where night in ({% for night in earlier %}date '{{ night }}'{{ ', ' if not loop.last }}{% endfor %});
    {%- endif %}
    insert into {{ target_relation }} ({{ columns }}) select {{ columns }} from {{ temp_relation }}
{% endmacro %}
