{{ config(materialized='view') }}

select
    carrier_id,
    carrier_name,
    known_at
from {{ ref('stg_nycflights13__airlines') }}
