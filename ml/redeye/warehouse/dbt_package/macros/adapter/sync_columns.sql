{# Of the engine: `redeye generate` writes it. #}
{# Gives a table the columns and types of its model; called by dbt where a model is not as its table is.
dbt allows contracts no configuration but `append_new_columns`; what that does here is this.

A column that the model has no more leaves the table, and a new one is empty in the rows that stay. Where a type
is another one, the table is made anew in one statement, without the nights that are built now. Earlier rows keep
their values: a type that cannot hold one of them is refused. Releases of before keep the table that they had. #}
{% macro duckdb__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
    {%- if schema_changes_dict['new_target_types'] -%}
        {%- do change_types(target_relation, schema_changes_dict) -%}
    {%- else -%}
        {%- do alter_relation_add_remove_columns(
            target_relation, schema_changes_dict['source_not_in_target'], schema_changes_dict['target_not_in_source']
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro change_types(relation, changes) %}
    {%- set staying = relation ~ ' where night not between ' ~ first_night() ~ ' and ' ~ last_night() -%}
    {%- set now = {} -%}
    {%- for column in changes['target_columns'] -%} {%- do now.update({column.name: column.data_type}) -%} {%- endfor -%}

    {%- set counts = [] -%}
    {%- for each in changes['new_target_types'] -%}
        {%- set name = adapter.quote(each['column_name']) -%}
        {%- set there_and_back -%}
            try_cast(try_cast({{ name }} as {{ each['new_type'] }}) as {{ now[each['column_name']] }})
        {%- endset -%}
        {%- do counts.append('count(*) filter (where ' ~ there_and_back ~ ' is distinct from ' ~ name ~ ')') -%}
    {%- endfor -%}
    {%- set found = run_query('select min(night), ' ~ counts | join(', ') ~ ' from ' ~ staying).rows[0] -%}
    {%- for each in changes['new_target_types'] -%}
        {%- if found[loop.index] > 0 -%}
            {{ exceptions.raise_compiler_error(
                relation.schema ~ '.' ~ relation.identifier ~ '.' ~ each['column_name'] ~ ' is '
                ~ now[each['column_name']] ~ ' in the table and ' ~ each['new_type'] ~ ' by the model, which cannot hold '
                ~ found[loop.index] ~ ' of its values in nights that are not built now. `redeye rebuild ' ~ found[0]
                ~ " --reason '...'` builds all of them in the new type; else undo the edit, or add a column of another name"
            ) }}
        {%- endif -%}
    {%- endfor -%}

    {%- set columns = [] -%}
    {%- for column in changes['source_columns'] -%}
        {%- set name = adapter.quote(column.name) -%}
        {%- set value = name if column.name in now else 'null' -%}
        {%- do columns.append('cast(' ~ value ~ ' as ' ~ column.data_type ~ ') as ' ~ name) -%}
    {%- endfor -%}
    {%- do run_query('create or replace table ' ~ relation ~ ' as select ' ~ columns | join(', ') ~ ' from ' ~ staying) -%}
{% endmacro %}
