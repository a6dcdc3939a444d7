{# Of the engine: `redeye generate` writes it. #}
{# Views are replaced in one statement. dbt's own way (create, rename, rename, drop) makes four snapshots of
the lake for each view and night. #}
{% materialization view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {% if config.get('contract').enforced -%} {{ get_assert_columns_equivalent(sql) }} {%- endif %}
        create or replace view {{ target_relation }} as ({{ sql }});
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
