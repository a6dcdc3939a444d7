-- A flight is late exactly when it arrived late; one that was cancelled or diverted has no such label.
select
    flight_id,
    is_cancelled,
    is_diverted,
    is_late,
    arrival_delay_minutes
from {{ ref('fct_flights') }}
where
    night between {{ first_night() }} - 3 and {{ last_night() }}
    and (
        (outcome_night is null) <> (is_cancelled is null)
        or (is_late is null) <> (arrival_delay_minutes is null)
        or ((is_cancelled or is_diverted) and is_late is not null)
        or (is_cancelled and is_diverted)
        or (outcome_night is not null and not is_cancelled and not is_diverted and is_late is null)
    )
