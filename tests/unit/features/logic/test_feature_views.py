"""Names of feature views."""

from __future__ import annotations

import pytest

from redeye.features.logic.feature_views import name_view


@pytest.mark.parametrize(
    ("table", "view"),
    [
        ("feat_carrier__delays", "carrier_delays"),
        ("features.feat_origin_hour__congestion", "origin_hour_congestion"),
        ("feat_origin__weather_v2", "origin_weather_v2"),
    ],
)
def test_a_view_is_named_after_entity_and_theme(table: str, view: str) -> None:
    assert name_view(table) == view
