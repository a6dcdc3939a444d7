"""The feature views: one line for each feature table that dbt builds.

`view(carrier, "delays", …)` is the view `carrier_delays` over `features.feat_carrier__delays`. Fields are
declared here by name and type, once; Feast never asks the lake for them.
"""

from __future__ import annotations

from feast import Entity, FeatureView, Field
from feast.types import Bool, FeastType, Float64, Int64, String

from entities import (
    carrier,
    carrier_origin_hour,
    date,
    destination,
    flight_number,
    origin,
    origin_hour,
    route,
)
from redeye.declarations.calendar import FEATURE_TTL
from redeye.features.feast_lake_source import LakeSource

Fields = dict[str, FeastType]


def view(entity: Entity, theme: str, fields: Fields, description: str) -> FeatureView:
    """The feature view `<entity>_<theme>` over `features.feat_<entity>__<theme>`."""
    name = f"{entity.name}_{theme}"
    key = Field(name=entity.join_key, dtype=String)
    return FeatureView(
        name=name,
        entities=[entity],
        ttl=FEATURE_TTL,
        schema=[key, *(Field(name=field, dtype=dtype) for field, dtype in fields.items())],
        source=LakeSource(relation=f"features.feat_{entity.name}__{theme}", description=description),
        description=description,
        tags={"theme": theme},
    )


# Each over the last 1, 7, 28 and all nights of knowledge.
DELAYS: Fields = {
    f"{measure}_{window}": dtype
    for window in ("1n", "7n", "28n", "all")
    for measure, dtype in {
        "flights": Int64,
        "late_flights": Int64,
        "late_rate": Float64,
        "mean_delay_minutes": Float64,
        "cancelled_rate": Float64,
    }.items()
}
EVENING: Fields = {
    "evening_flights": Int64,
    "evening_late_departure_rate": Float64,
    "evening_mean_departure_delay_minutes": Float64,
    "evening_cancelled_rate": Float64,
}
WEATHER: Fields = {
    "weather_hours": Int64,
    "temperature_f": Float64,
    "wind_speed_mph": Float64,
    "humidity_percent": Float64,
    "pressure_mb": Float64,
    "precipitation_in": Float64,
    "visibility_min_miles": Float64,
    "temperature_trend_f": Float64,
    "wind_speed_trend_mph": Float64,
    "pressure_trend_mb": Float64,
    "visibility_trend_miles": Float64,
}
CONGESTION: Fields = {
    "scheduled_departures": Int64,
    "scheduled_departures_nearby": Int64,
    "scheduled_departures_origin": Int64,
    "scheduled_departures_ratio": Float64,
}
CALENDAR: Fields = {
    "weekday": Int64,
    "month": Int64,
    "is_weekend": Bool,
    "is_us_holiday": Bool,
    "days_to_holiday": Int64,
    "days_from_holiday": Int64,
}
PLANE: Fields = {
    "plane_flights": Int64,
    "usual_plane_share": Float64,
    "usual_seats": Int64,
    "usual_engines": Int64,
    "usual_engine": String,
    "usual_plane_model": String,
    "usual_plane_age_years": Float64,
}

carrier_delays = view(carrier, "delays", DELAYS, "Delays of a carrier.")
origin_delays = view(origin, "delays", DELAYS, "Delays from an origin.")
destination_delays = view(destination, "delays", DELAYS, "Delays to a destination.")
route_delays = view(route, "delays", DELAYS, "Delays of a route.")
flight_number_delays = view(flight_number, "delays", DELAYS, "Delays of a flight number.")
origin_hour_delays = view(origin_hour, "delays", DELAYS, "Delays from an origin in an hour of day.")
carrier_origin_hour_delays = view(
    carrier_origin_hour, "delays", DELAYS, "Delays of a carrier in such an hour."
)
origin_evening = view(origin, "evening", EVENING, "Departures on the last evening, as known at 03:00.")
origin_weather = view(origin, "weather", WEATHER, "The last night's weather at an origin, and its trend.")
origin_hour_congestion = view(origin_hour, "congestion", CONGESTION, "Departures scheduled around an hour.")
date_calendar = view(date, "calendar", CALENDAR, "Weekday and holidays of a flight's day.")
flight_number_plane = view(flight_number, "plane", PLANE, "The plane usually flown, from earlier nights.")
