"""What features are about. The join key of each is a text column, derived once, in staging."""

from __future__ import annotations

from feast import Entity, ValueType


def entity(name: str, example: str, description: str, *, key: str = "") -> Entity:
    """An entity with the one join key `<name>_id`, unless another is named."""
    return Entity(
        name=name,
        join_keys=[key or f"{name}_id"],
        value_type=ValueType.STRING,
        description=f"{description}, such as {example}.",
    )


carrier = entity("carrier", "AA", "An airline")
origin = entity("origin", "JFK", "The airport of departure")
destination = entity("destination", "LAX", "The airport of arrival")
route = entity("route", "JFK-LAX", "Origin and destination")
flight_number = entity("flight_number", "AA-1", "Carrier and flight number")
origin_hour = entity("origin_hour", "JFK-17", "Origin and hour of scheduled departure, New York time")
carrier_origin_hour = entity("carrier_origin_hour", "AA-JFK-17", "Carrier, origin and hour")
date = entity("date", "2013-04-04", "The calendar day of the flight, New York time", key="flight_date_id")
