-- An outcome of a flight that its schedule does not know, or that the flights do not show, must not vanish
-- silently. A flight whose schedule came after the cutoff was never to be predicted: it is no row of the
-- flights, as where the whole schedule of a day was refused. Its outcome still counts in the features. So does that
-- of a flight which a schedule lacks that is in doubt: intake has named it, and a corrected one brings the flight.
{%- set first, last = first_night(), last_night() %}
{%- set outcomes = ref('int_outcomes__versioned') %}
{#- No source, as no model may read it: what is in doubt is known afterwards. #}
{%- set doubts = api.Relation.create(database=target.database, schema='raw', identifier='doubts') %}

select
    outcomes.flight_id,
    outcomes.night,
    outcomes.version,
    flights.outcome_version
from {{ outcomes }} as outcomes
left join {{ ref('fct_flights') }} as flights
    on
        outcomes.flight_id = flights.flight_id
        and flights.night >= {{ earliest_flight_date(outcomes, first, last) }} - 1
where
    outcomes.night between {{ first }} and {{ last }}
    and (flights.outcome_version is null or flights.outcome_version < outcomes.version)
    and outcomes.flight_date - 1 in (
        select schedule.night from {{ ref('stg_nycflights13__schedule_in_time') }} as schedule
    )
    and outcomes.flight_date - 1 not in (
        select doubts.night from {{ doubts }} as doubts where doubts.dataset = 'schedule'
    )
    and outcomes.flight_id not in (
        select late.flight_id
        from {{ ref('stg_nycflights13__schedule_versions') }} as late
        where late.night >= {{ earliest_flight_date(outcomes, first, last) }} - 1 and late.known_at > late.entity_at
    )
