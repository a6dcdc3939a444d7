{# Written by `redeye generate` from `clock`, `constants` and `successions` of redeye.yaml: change these. #}

{% macro clock_zone() -%} {{ return('America/New_York') }} {%- endmacro %}

{% macro cutoff_hour() -%} {{ return(3) }} {%- endmacro %}

{% macro cutoff_minute() -%} {{ return(0) }} {%- endmacro %}

{% macro late_minutes() -%} {{ return(15) }} {%- endmacro %}

{% macro delay_windows() -%} {{ return([1, 7, 28]) }} {%- endmacro %}

{% macro plane_window() -%} {{ return(28) }} {%- endmacro %}

{% macro airport_zone() -%} {{ return('America/New_York') }} {%- endmacro %}

{% macro successions() -%} {{ return([]) }} {%- endmacro %}
