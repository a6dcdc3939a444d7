from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import numpy as np
import pytest

from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.succession import list_turns
from redeye.models.logic.blocks import Picture
from redeye_airflow.pages import charts
from redeye_airflow.pages.files import STATIC
from redeye_airflow.pages.model_pages import draw_quality

NIGHT = date(2013, 4, 4)
# What is drawn or written in a colour, and the ratio that it must have to the card it stands on: WCAG 2.2,
# 1.4.11 for parts of pictures and 1.4.3 for text.
LEAST_CONTRAST = {
    "series-1": 4.5,
    "series-3": 4.5,
    "series-2": 4.5,
    "mark": 3.0,
    "bad": 4.5,
    "quiet": 4.5,
    "good": 4.5,
    "warn": 4.5,
    "fg": 4.5,
    "link": 4.5,
}


def read_data(chart: str) -> dict[str, Any]:
    found = re.search(r'data-chart="([^"]*)"', chart)
    assert found
    data: dict[str, Any] = json.loads(unescape(found[1]))
    return data


def read_table(chart: str) -> list[list[str]]:
    return [
        [unescape(cell) for cell in re.findall(r"<t[hd]>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", chart)
    ]


def on_nights(*values: float | None) -> list[tuple[date, float | None]]:
    return [(NIGHT + timedelta(days=day), value) for day, value in enumerate(values)]


def test_a_chart_and_its_table_show_the_same_numbers() -> None:
    shown = charts.lines(
        {"champion": on_nights(0.7471, None, 0.75), "heuristic": on_nights(0.7, 0.71, None)}, title="AUC"
    )
    data = read_data(shown)
    assert data["x"][0] == 1365033600
    assert data["xTexts"] == ["2013-04-04", "2013-04-05", "2013-04-06"]
    assert [each["values"] for each in data["series"]] == [[0.7471, None, 0.75], [0.7, 0.71, None]]
    assert read_table(shown) == [
        ["Night", "champion", "heuristic"],
        ["2013-04-04", "0.7471", "0.7"],
        ["2013-04-05", "\N{EN DASH}", "0.71"],
        ["2013-04-06", "0.75", "\N{EN DASH}"],
    ]


def test_a_line_does_not_cross_nights_far_apart_and_the_table_has_only_what_was_measured() -> None:
    shown = charts.lines(
        {"champion": [(NIGHT, 0.1), (NIGHT + timedelta(days=8), 0.2), (NIGHT + timedelta(days=40), 0.3)]},
        title="AUC",
    )
    data = read_data(shown)
    assert data["xTexts"] == ["2013-04-04", "2013-04-12", "2013-04-13", "2013-05-14"]
    assert data["series"][0]["values"] == [0.1, 0.2, None, 0.3]
    assert [row[0] for row in read_table(shown)[1:]] == ["2013-04-04", "2013-04-12", "2013-05-14"]


def test_what_is_no_number_is_a_hole_and_names_are_text() -> None:
    shown = charts.lines({"<b>": on_nights(float("nan"), 0.2)}, title='"<i>')
    assert read_data(shown)["series"][0]["values"] == [0.2]
    assert "<b>" not in shown
    assert "<i>" not in shown


def test_promotions_within_the_nights_are_marked_and_read_out() -> None:
    marks = [(NIGHT - timedelta(days=1), "version 1"), (NIGHT + timedelta(days=1), "version 2")]
    shown = charts.lines({"champion": on_nights(0.1, 0.2)}, title="AUC", marks=marks)
    assert read_data(shown)["marks"] == [{"x": 1365120000, "text": "version 2"}]
    assert 'aria-label="AUC. 2013-04-05: version 2"' in shown


def test_versions_are_marked_from_the_night_that_they_serve_and_withdrawn_ones_never() -> None:
    first = Promotion(
        promotion_id=1,
        model="m",
        version=1,
        algorithm="heuristic",
        feature_service="m_v1",
        artifact_uri="there",
        artifact_sha256="hash",
        decided_night=NIGHT - timedelta(days=2),
        effective_night=NIGHT,
        reason="a test",
        evidence={},
        actor="test",
        run_id="test",
        kind=PromotionKind.FIRST,
    )
    second = replace(first, promotion_id=2, version=2, effective_night=NIGHT + timedelta(days=2))
    back = replace(
        first, promotion_id=3, effective_night=NIGHT + timedelta(days=1), kind=PromotionKind.ROLLBACK
    )
    turns = list_turns([first, second, back], NIGHT + timedelta(days=5))
    assert charts.mark_turns(turns) == [(NIGHT, "version 1"), (NIGHT + timedelta(days=1), "version 1")]


def test_a_threshold_is_drawn_from_zero_on_the_nights_that_were_measured() -> None:
    shown = charts.lines({"distance": on_nights(0.5, 2.0)}, title="x", threshold=on_nights(1.0, 1.5, 9.0))
    data = read_data(shown)
    assert [each["isThreshold"] for each in data["series"]] == [False, True]
    assert data["series"][1]["values"] == [1.0, 1.5]
    assert data["ticks"][0] == [0.0, "0.0"]
    assert data["ticks"][-1] == [2.0, "2.0"]


def test_calibration_shows_each_bin_beside_what_it_predicted() -> None:
    shown = charts.calibration([(0.12, 0.1, 20), (0.4, 0.55, 21)], title="x", one="flights")
    data = read_data(shown)
    assert data["x"] == [0.0, 0.12, 0.4, 0.6]
    assert data["series"][0]["values"] == [None, 0.1, 0.55, None]
    assert [tick[1] for tick in data["xTicks"]] == ["0%", "20%", "40%", "60%"]
    assert (data["xTitle"], data["yTitle"]) == ("predicted", "observed")
    assert read_table(shown)[1:] == [
        ["12.0%", "10.0% of 20 flights", "12.0%"],
        ["40.0%", "55.0% of 21 flights", "40.0%"],
    ]


def test_bins_of_one_prediction_are_all_shown() -> None:
    shown = charts.calibration([(0.2, 0.1, 20), (0.2, 0.3, 21)], title="x")
    assert read_data(shown)["series"][0]["values"] == [None, 0.1, 0.3, None]


def test_shares_read_in_percent() -> None:
    data = read_data(charts.lines({"share": on_nights(0.004, 0.02)}, title="x", is_share=True))
    assert data["series"][0]["texts"] == ["0.4%", "2.0%"]
    assert [tick[1] for tick in data["ticks"]] == ["0%", "0.5%", "1%", "1.5%", "2%"]


@pytest.mark.parametrize("share", [0.0, 0.04, 1.0])
def test_a_share_is_read_from_zero(share: float) -> None:
    data = read_data(charts.lines({"share": on_nights(share, share)}, title="x", is_share=True))
    assert data["ticks"][0][1] == "0%"
    assert data["ticks"][-1][0] >= max(share, 0.01)


def test_quality_is_shown_by_night_until_there_are_four_weeks() -> None:
    def rows(count: int, days: int) -> list[dict[str, Any]]:
        values = {"metric": "auc", "champion": 0.7, "heuristic": 0.6}
        return [{"night": NIGHT + timedelta(days=days * n), **values} for n in range(count)]

    by, plots = draw_quality(rows(3, 7), rows(20, 1), [], {"auc": "AUC"})
    assert (by, len(read_data(plots[0][1])["x"])) == ("night", 20)
    by, plots = draw_quality(rows(4, 7), rows(28, 1), [], {"auc": "AUC"})
    assert (by, len(read_data(plots[0][1])["x"])) == ("week", 4)
    assert read_table(plots[0][1])[0] == ["Week from", "champion", "heuristic"]


def test_a_chart_of_nothing_says_so() -> None:
    assert "Nothing measured" in charts.lines({"champion": [(NIGHT, None)]}, title="AUC")
    assert "No matured" in charts.calibration([], title="x")


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.7463, 0.763, "0.745 0.750 0.755 0.760 0.765"),
        (0.0, 1.0, "0.0 0.5 1.0"),
        (0.7471, 0.7471, "0.65 0.70 0.75 0.80 0.85"),
        (0.0, 0.0, "-0.5 0.0 0.5"),
        (-3.2, 41.0, "-20 0 20 40 60"),
    ],
)
def test_ticks_are_round_numbers_around_what_was_measured(low: float, high: float, ticks: str) -> None:
    assert " ".join(str(each) for each in charts.choose_ticks(low, high)) == ticks


def read_colors() -> dict[str, dict[str, tuple[float, float, float]]]:
    """The style sheet's variables by theme, as linear red, green and blue."""
    sheet = (STATIC / "redeye.css").read_text(encoding="utf-8")
    light = re.search(r":root \{(.*?)\}", sheet, re.DOTALL)
    dark = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', sheet, re.DOTALL)
    assert light
    assert dark
    return {
        theme: {
            name: color
            for name, value in re.findall(r"--([\w-]+): ([^;]+);", text)
            if (color := read_color(value)) is not None
        }
        for theme, text in (("light", light[1]), ("dark", dark[1]))
    }


def read_color(value: str) -> tuple[float, float, float] | None:
    if value.startswith("#"):
        parts = [int(value[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (
            each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
        )
        return red, green, blue
    if value.startswith("oklch("):
        return convert_oklch(*(float(part) for part in value[6:-1].split()))
    return None


def convert_oklch(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Linear sRGB, by the matrices of CSS Color 4."""
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    to_lms = np.array(
        [
            [1, 0.3963377774, 0.2158037573],
            [1, -0.1055613458, -0.0638541728],
            [1, -0.0894841775, -1.2914855480],
        ]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    red, green, blue = np.clip(to_rgb @ (to_lms @ np.array([lightness, a, b])) ** 3, 0, 1)
    return float(red), float(green), float(blue)


def luminance(color: tuple[float, float, float]) -> float:
    red, green, blue = color
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_known_colors_is_the_known_one() -> None:
    white, black, grey = (read_color(value) for value in ("#ffffff", "#000000", "#767676"))
    assert white
    assert black
    assert grey
    assert contrast(white, black) == pytest.approx(21)
    assert contrast(white, grey) == pytest.approx(4.54, abs=0.01)
    red = read_color("oklch(0.62796 0.25768 29.2339)")
    assert red == pytest.approx((1, 0, 0), abs=0.001)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", sorted(LEAST_CONTRAST))
def test_colors_stand_out_from_the_card(theme: str, name: str) -> None:
    colors = read_colors()[theme]
    assert contrast(colors[name], colors["panel"]) >= LEAST_CONTRAST[name]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "seen",
    [
        # Machado, Oliveira and Fernandes 2009, severity 1: what is left of linear red, green and blue.
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ],
    ids=["protanopia", "deuteranopia", "tritanopia"],
)
def test_series_differ_for_the_colour_blind(theme: str, seen: list[list[float]]) -> None:
    colors = read_colors()[theme]
    one, other = (np.clip(np.array(seen) @ colors[name], 0, 1) for name in ("series-1", "series-2"))
    assert float(np.abs(np.sqrt(one) - np.sqrt(other)).max()) > 0.25


def test_the_library_is_shipped_with_its_license_and_nothing_is_fetched_from_elsewhere() -> None:
    folder = STATIC / "vendor" / "uplot"
    assert "uPlot" in (folder / "uPlot.iife.min.js").read_text(encoding="utf-8")
    assert "The MIT License" in (folder / "LICENSE").read_text(encoding="utf-8")
    ours = [*STATIC.glob("*.js"), *STATIC.glob("*.css")]
    assert [path.name for path in ours if "://" in path.read_text(encoding="utf-8")] == []


def test_a_picture_of_nights_has_its_references_and_one_of_numbers_has_ticks_below() -> None:
    nights = [NIGHT, NIGHT + timedelta(days=1)]
    shown = Picture(
        "Coverage", nights, {"labels": [0.75, None]}, "night", "", {"as promised": [0.8, 0.8]}, True
    )
    data = read_data(charts.draw_picture(shown))
    assert [(each["name"], each["isReference"]) for each in data["series"]] == [
        ("labels", False),
        ("as promised", True),
    ]
    assert data["series"][0]["texts"] == ["75.0%", "\N{EN DASH}"]
    assert data["isTime"]
    assert read_table(charts.draw_picture(shown))[1] == ["2013-04-04", "75.0%", "80.0%"]
    title, drawn = charts.draw_block(
        Picture("Values", [1.0, 20.0], {"label": [2.0, 18.5]}, "predicted"), "rows"
    )
    data = read_data(drawn)
    assert title == "Values"
    assert data["x"] == [1.0, 20.0]
    assert [tick[1] for tick in data["xTicks"]] == ["0", "5", "10", "15", "20"]
    assert data["series"][0]["texts"] == ["2", "18.5"]
