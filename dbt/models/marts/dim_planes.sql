{{ config(materialized='view') }}

select
    plane_id,
    built_year,
    plane_type,
    manufacturer,
    model,
    engines,
    seats,
    engine_type,
    known_at
from {{ ref('stg_nycflights13__planes') }}
qualify rank() over (partition by plane_id order by arrival_night desc) = 1
