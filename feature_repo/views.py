"""The feature view over each feature table that dbt builds.

Written by `redeye generate` from `dbt/models/features/*.yml`: change these.
"""

from __future__ import annotations

from feast.types import Bool, Float64, Int64, String

import entities
from redeye.features.feast_views import Fields, feature_view

CALENDAR: Fields = {
    "weekday": Int64,
    "month": Int64,
    "days_to_holiday": Int64,
    "days_from_holiday": Int64,
    "is_weekend": Bool,
    "is_us_holiday": Bool,
}
DELAYS: Fields = {
    "flights_1n": Int64,
    "late_flights_1n": Int64,
    "late_rate_1n": Float64,
    "mean_delay_minutes_1n": Float64,
    "cancelled_rate_1n": Float64,
    "flights_7n": Int64,
    "late_flights_7n": Int64,
    "late_rate_7n": Float64,
    "mean_delay_minutes_7n": Float64,
    "cancelled_rate_7n": Float64,
    "flights_28n": Int64,
    "late_flights_28n": Int64,
    "late_rate_28n": Float64,
    "mean_delay_minutes_28n": Float64,
    "cancelled_rate_28n": Float64,
    "flights_all": Int64,
    "late_flights_all": Int64,
    "late_rate_all": Float64,
    "mean_delay_minutes_all": Float64,
    "cancelled_rate_all": Float64,
}
PLANE: Fields = {
    "plane_flights": Int64,
    "usual_seats": Int64,
    "usual_engines": Int64,
    "usual_plane_share": Float64,
    "usual_plane_age_years": Float64,
    "usual_engine": String,
    "usual_plane_model": String,
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
    "humidity_percent": Float64,
    "wind_speed_mph": Float64,
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

date_calendar = feature_view(
    "feat_date__calendar",
    entities.date,
    CALENDAR,
    "Weekday and holidays of the eight coming dates.",
)
carrier_delays = feature_view(
    "feat_carrier__delays",
    entities.carrier,
    DELAYS,
    "Arrival delays of a carrier over windows of nights of knowledge, and over all.",
)
origin_delays = feature_view(
    "feat_origin__delays",
    entities.origin,
    DELAYS,
    "Arrival delays of an origin over windows of nights of knowledge, and over all.",
)
destination_delays = feature_view(
    "feat_destination__delays",
    entities.destination,
    DELAYS,
    "Arrival delays of a destination over windows of nights of knowledge, and over all.",
)
route_delays = feature_view(
    "feat_route__delays",
    entities.route,
    DELAYS,
    "Arrival delays of a route over windows of nights of knowledge, and over all.",
)
flight_number_delays = feature_view(
    "feat_flight_number__delays",
    entities.flight_number,
    DELAYS,
    "Arrival delays of a flight number over windows of nights of knowledge, and over all.",
)
origin_hour_delays = feature_view(
    "feat_origin_hour__delays",
    entities.origin_hour,
    DELAYS,
    "Arrival delays of an origin and hour over windows of nights of knowledge, and over all.",
)
carrier_origin_hour_delays = feature_view(
    "feat_carrier_origin_hour__delays",
    entities.carrier_origin_hour,
    DELAYS,
    "Arrival delays of a carrier at an origin and hour over windows of nights of knowledge, and over all.",
)
flight_number_plane = feature_view(
    "feat_flight_number__plane",
    entities.flight_number,
    PLANE,
    "The plane usually flown on a flight number over the last nights of knowledge.",
)
origin_evening = feature_view(
    "feat_origin__evening",
    entities.origin,
    EVENING,
    "How the evening before went at an origin, as known at the cutoff.",
)
origin_weather = feature_view(
    "feat_origin__weather",
    entities.origin,
    WEATHER,
    "The night's weather at an origin and its trend.",
)
origin_hour_congestion = feature_view(
    "feat_origin_hour__congestion",
    entities.origin_hour,
    CONGESTION,
    "How full the coming day's schedule is around an origin and hour.",
)
