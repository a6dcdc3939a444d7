with source as (
    select *
    from {{ source('raw', 'nycflights13__airlines') }}
),

newest as (
    select *
    from source
    qualify rank() over (partition by carrier order by known_at desc, delivery_id desc) = 1
)

select
    carrier as carrier_id,
    name as carrier_name,
    known_at
from newest
