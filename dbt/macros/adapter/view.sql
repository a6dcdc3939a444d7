{# Of the engine: `redeye generate` writes it. #}
{# Views are replaced in one statement, and only where they changed. dbt's own way (create, rename, rename, drop)
makes four snapshots of the lake for each view and night. #}
{% materialization view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {% if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif %}
        {% if is_view_changed(target_relation, sql) -%} create or replace view {{ target_relation }} as ({{ sql }});
        {%- else -%} select 'unchanged' {%- endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{# Whether a view is not there, or not as a query would make it: two views of one query are printed alike. #}
{% macro is_view_changed(relation, sql) %}
    {%- do run_query('create or replace temporary view wanted_view as (' ~ sql ~ ')') -%}
    {%- set same -%}
        select count(*) - count(distinct substr(sql, position(' AS ' in sql)))
        from duckdb_views()
        where (temporary and view_name = 'wanted_view')
            or (database_name, schema_name, view_name)
                = ('{{ relation.database }}', '{{ relation.schema }}', '{{ relation.identifier }}')
    {%- endset -%}
    {{ return(run_query(same).rows[0][0] == 0) }}
{% endmacro %}
