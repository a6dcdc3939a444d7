{# Of the engine: `redeye generate` writes it. #}
{# SQL literals of the nights that this build rewrites, from `raw.build_window`.

They are literals, not a join, so that the lake skips the files of all other nights, and they come from a
table, not from --vars, so that dbt need not parse the project anew every night. #}

{% macro first_night() -%}
    {{ window_literal('first_night') }}
{%- endmacro %}


{% macro last_night() -%}
    {{ window_literal('last_night') }}
{%- endmacro %}


{# A date of the build window. It stands still while dbt runs: it is read once, and kept where all nodes see it. #}
{% macro window_literal(column) -%}
    {%- set query = 'select ' ~ column ~ ' from ' ~ source('raw', 'build_window') -%}
    {%- if execute and not var('is_definition', false) -%}
        {%- set known = graph.setdefault(invocation_id, {}) -%}
        {%- if column not in known -%} {%- do known.update({column: date_literal(query)}) -%} {%- endif -%}
        {{ known[column] }}
    {%- else -%}
        {{ date_literal(query) }}
    {%- endif -%}
{%- endmacro %}


{# What a query of one date finds, as a literal; NULL if it finds none.

Where the project is compiled for its definitions, the query itself: they may not depend on the night. #}
{% macro date_literal(query) -%}
    {%- if var('is_definition', false) -%}
        ({{ query }})
    {%- elif execute -%}
        {%- set rows = run_query(query).rows -%}
        {%- if rows | length != 1 -%}
            {{ exceptions.raise_compiler_error('expected exactly one row, got ' ~ rows | length ~ ': ' ~ query) }}
        {%- endif -%}
        {%- if rows[0][0] is none -%} null::date {%- else -%} date '{{ rows[0][0] }}' {%- endif -%}
    {%- else -%}
        date '2013-01-01'
    {%- endif -%}
{%- endmacro %}


{# The newest night in a relation before some night: the night before it, or the last one before a gap. #}
{% macro last_night_before(relation, night) -%}
    {%- set before = 'select max(night) from ' ~ relation ~ ' where night < ' ~ night -%}
    {%- set recent = date_literal(before ~ ' and night >= ' ~ night ~ ' - 8') -%}
    {{ date_literal(before) if 'null' in recent else recent }}
{%- endmacro %}


{# The earliest night of which a delivery of some nights holds a row. #}
{% macro earliest_night_delivered(delivered, first, last) -%}
    {{ date_literal(
        'select coalesce(min(night), ' ~ first ~ ') from ' ~ delivered
        ~ ' where arrival_night between ' ~ first ~ ' and ' ~ last
    ) }}
{%- endmacro %}


{# A timestamp of a zone's wall clock as the naive UTC timestamp of the same instant. #}
{% macro clock_to_utc(local, zone) -%}
    timezone('UTC', timezone('{{ zone }}', {{ local }}))
{%- endmacro %}


{# The end of a night, on the next date, as naive UTC: what is known by then may be used. #}
{% macro cutoff(night) -%}
    {%- set minutes = " + interval " ~ cutoff_minute() ~ " minute" if cutoff_minute() else "" -%}
    {{ clock_to_utc(
        "cast(" ~ night ~ " + 1 as timestamp) + interval " ~ cutoff_hour() ~ " hour" ~ minutes, clock_zone()
    ) }}
{%- endmacro %}
