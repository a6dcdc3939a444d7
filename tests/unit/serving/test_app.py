"""The API over nights in memory: tokens, formats, filters, freshness, errors, and whatever schemathesis makes up."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import hypothesis
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import strategies as st
from prediction_frames import KIND
from pyarrow import parquet

from redeye.declarations.specs import load_valid_specs
from redeye.foundation.settings import SPECS
from redeye.scoring.logic.outcomes import judge
from redeye.serving.app import make_app
from redeye.serving.logic.tokens import Token, hash_token
from redeye.serving.night import make_night
from redeye.serving.night_cache import NightCache

SPEC = load_valid_specs(SPECS)["flight_delay"]
MODEL = SPEC.model
LATEST, BEFORE = date(2013, 4, 4), date(2013, 4, 3)
NOW = datetime(2013, 4, 5, tzinfo=UTC)
ALL, ONE, OTHER, GONE, OLD = "all", "one", "other", "gone", "old"
LIST = f"/v1/models/{MODEL}/predictions"


def make_rows(night, outcomes=(), reason=""):
    day = night + timedelta(days=1)
    rows = [
        {
            "flight_id": f"{day}_{carrier}_{number}_JFK",
            "flight_date": day,
            "carrier_id": carrier,
            "flight_number_id": f"{carrier}-{number}",
            "origin_id": "JFK",
            "destination_id": "LAX",
            "scheduled_departure_at": datetime.combine(day, time(23, 30)) + timedelta(hours=number),
            "probability": 0.9 - number / 10,
            "baseline_probability": 0.2,
            "rank": number + 1,
            "release_id": f"{night}.r1",
            "model_version": 3,
            "algorithm": "xgboost",
            "is_degraded": bool(reason),
            "degraded_reason": reason,
        }
        for number, carrier in enumerate(["EV", "AA", "EV", "B6", "UA"])
    ]
    known = dict(enumerate(outcomes))
    return [judge(row, known.get(number), KIND) for number, row in enumerate(rows)]


class MemoryStore:
    """Nights that are written down here."""

    def __init__(self):
        self.stamp = 1
        self.nights = {
            BEFORE: make_rows(BEFORE, outcomes=[True, True, False, False]),
            LATEST: make_rows(LATEST, reason="no release of the night → the last one served"),
        }
        self.tokens = [
            Token(1, "all", hash_token(ALL), ("*",), NOW, "a"),
            Token(2, "one", hash_token(ONE), (MODEL,), NOW, "a"),
            Token(3, "other", hash_token(OTHER), ("another_model",), NOW, "a"),
            Token(4, "gone", hash_token(GONE), ("*",), NOW, "a", revoked_at=NOW),
            Token(5, "old", hash_token(OLD), ("*",), NOW, "a", expires_at=NOW - timedelta(seconds=1)),
        ]
        self.reads = []

    def read_stamp(self):
        return self.stamp

    def read_tokens(self):
        return self.tokens

    def specs(self):
        return {MODEL: SPEC}

    def find_last_night(self, model):
        return max(self.nights, default=None)

    def find_prediction_night(self, model, key):
        self.reads.append(key)
        return next((n for n, rows in self.nights.items() if any(r["flight_id"] == key for r in rows)), None)

    def read_night(self, spec, night):
        self.reads.append(night)
        rows = self.nights.get(night)
        return make_night(spec, night, rows, "2013-04-05T03:10:00-04:00") if rows else None


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def cache(store):
    return NightCache(store)


@pytest.fixture
def client(cache):
    with TestClient(make_app(cache), headers={"Authorization": f"Bearer {ALL}"}) as client:
        yield client


def test_the_latest_night_says_how_fresh_and_how_good_it_is(client):
    found = client.get(f"{LIST}/latest").json()
    rows = found.pop("predictions")
    assert found == {
        "model": MODEL,
        "night": "2013-04-04",
        "coming_day": "2013-04-05",
        "known_until": "2013-04-05T03:00:00-04:00",
        "scored_at": "2013-04-05T03:10:00-04:00",
        "model_version": 3,
        "algorithm": "xgboost",
        "release_id": "2013-04-04.r1",
        "is_degraded": True,
        "degraded_reason": "no release of the night → the last one served",
        "outcomes_known": 0,
        "shift_weeks": 0,
        "is_rehearsal": False,
        "total": 5,
        "limit": 1000,
        "offset": 0,
    }
    assert rows[0]["scheduled_departure_at"] == "2013-04-05T19:30:00-04:00", "the place's own time"
    assert (rows[0]["outcome"], rows[0]["result"]) == (None, None)


@pytest.mark.parametrize(
    "header", [None, "Bearer unknown", f"Bearer {GONE}", f"Bearer {OLD}", f"Basic {ALL}"]
)
@pytest.mark.parametrize("path", ["/v1/models", f"{LIST}/latest", "/openapi.json", "/docs", "/", "/no/such"])
def test_nothing_is_answered_without_a_valid_token(client, path, header):
    client.headers.pop("Authorization")
    found = client.get(path, headers={"Authorization": header} if header else {})
    assert found.status_code == 401
    assert found.headers["Content-Type"] == "application/problem+json"
    assert found.headers["WWW-Authenticate"] == "Bearer"
    assert MODEL not in found.text


def test_the_health_check_is_open_and_says_nothing(client):
    client.headers.pop("Authorization")
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_token_opens_its_models_alone(client):
    other = {"Authorization": f"Bearer {OTHER}"}
    assert client.get("/v1/models", headers=other).json() == {"models": []}
    refused = client.get(f"{LIST}/latest", headers=other)
    assert refused.status_code == 403
    assert refused.json()["detail"] == f"the token does not open '{MODEL}': it opens another_model"
    assert client.get(f"{LIST}/latest", headers={"Authorization": f"Bearer {ONE}"}).status_code == 200


def test_a_revoked_token_opens_nothing_after_the_next_look(client, store, cache):
    store.tokens = []
    cache.look()
    assert client.get("/v1/models").status_code == 401


def test_models_say_their_columns(client):
    (found,) = client.get("/v1/models").json()["models"]
    assert found["model"] == MODEL
    assert found["latest"]["night"] == "2013-04-04"
    assert [each["name"] for each in found["columns"]][-4:] == [
        "baseline_probability",
        "rank",
        "outcome",
        "result",
    ]
    assert all(each["description"] for each in found["columns"])


def test_an_earlier_night_has_outcomes(client):
    rows = client.get(LIST, params={"night": "2013-04-03"}).json()["predictions"]
    assert [row["outcome"] for row in rows] == [True, True, False, False, None]
    assert [row["result"] for row in rows] == ["hit", "hit", "miss", "miss", None]


def test_rows_are_filtered_sorted_and_paged(client):
    found = client.get(f"{LIST}/latest?carrier_id=ev&sort=-scheduled_departure_at&limit=1").json()
    assert (found["total"], len(found["predictions"])) == (2, 1)
    assert found["predictions"][0]["flight_number_id"] == "EV-2"
    assert client.get(f"{LIST}/latest?flight_number_id=B6 3").json()["total"] == 1
    assert client.get(f"{LIST}/latest?carrier_id=EV&carrier_id=UA").json()["total"] == 3


@pytest.mark.parametrize("night", [LATEST, BEFORE])
def test_one_prediction_is_found_by_its_key(client, store, night):
    key = store.nights[night][1]["flight_id"]
    found = client.get(f"{LIST}/{key}").json()
    assert found["night"] == str(night)
    assert found["prediction"]["flight_id"] == key


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        (f"{LIST}/latest?colour=red", 400, "'colour' is no parameter"),
        (f"{LIST}/latest?sort=colour", 400, "'colour' is no column"),
        (f"{LIST}/latest?limit=0", 400, "'0' is no whole number from 1 to 10000"),
        (LIST, 400, "night: give one"),
        (f"{LIST}?night=yesterday", 400, "'yesterday' is no date"),
        (
            f"{LIST}?night=2012-01-01",
            404,
            "2012-01-01 of flight_delay is not scored; the newest is 2013-04-04",
        ),
        (f"{LIST}/no_such", 404, "'no_such' is no flight_id"),
        ("/v1/models/no_such/predictions/latest", 404, f"'no_such': there are {MODEL}"),
        ("/v2", 404, "Not Found"),
    ],
)
def test_errors_name_the_value_and_what_is_allowed(client, path, status, named):
    found = client.get(path)
    assert (found.status_code, found.headers["Content-Type"]) == (status, "application/problem+json")
    assert found.json()["status"] == status
    assert named in found.json()["detail"]


def test_a_format_that_is_not_there_is_refused_with_those_that_are(client):
    found = client.get(f"{LIST}/latest", headers={"Accept": "text/html"})
    assert found.status_code == 406
    assert "application/json, text/csv, application/vnd.apache.parquet" in found.json()["detail"]


def test_csv_has_the_same_rows_and_its_headers_say_how_fresh_it_is(client):
    found = client.get(f"{LIST}/latest", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["scheduled_departure_at"] == "2013-04-05T19:30:00-04:00"
    assert found.headers["Redeye-Night"] == "2013-04-04"
    assert found.headers["Redeye-Is-Degraded"] == "true"
    assert found.headers["Redeye-Degraded-Reason"].startswith("no release of the night %E2%86%92")


def test_parquet_has_types_and_descriptions(client):
    found = client.get(f"{LIST}/latest", headers={"Accept": "application/vnd.apache.parquet"})
    table = parquet.read_table(io.BytesIO(found.content))
    assert table.num_rows == 5
    assert b"leave" in table.schema.field("scheduled_departure_at").metadata[b"description"]
    assert table.column("scheduled_departure_at")[0].as_py().isoformat() == "2013-04-05T19:30:00-04:00"
    assert json.loads(table.schema.metadata[b"redeye"])["night"] == "2013-04-04"


@pytest.mark.parametrize("sent", ["{}", "W/{}", '"other", {}', "*"])
def test_what_has_not_changed_is_not_sent_again(client, sent):
    etag = client.get(f"{LIST}/latest").headers["ETag"]
    found = client.get(f"{LIST}/latest", headers={"If-None-Match": sent.format(etag)})
    assert (found.status_code, found.content, found.headers["ETag"]) == (304, b"", etag)


def test_every_query_has_an_etag_of_its_own_and_the_same_night_the_same(client, store, cache):
    asked = ["", "?limit=2", "?limit=2&offset=1", "?carrier_id=EV", "?carrier_id=EV&carrier_id=AA"]
    read = lambda: [client.get(f"{LIST}/latest{each}").headers["ETag"] for each in asked]  # noqa: E731
    tags = read()
    assert len(set(tags)) == len(asked)
    store.stamp = 2
    cache.look()
    assert read() == tags, "what was written anew is of the same rows"
    # Nothing that is said of the night as a whole tells of it.
    store.nights[LATEST][0]["probability"] += 0.01
    store.stamp = 3
    cache.look()
    assert not set(read()) & set(tags)


def test_what_one_path_kept_is_no_answer_to_another(client):
    assert client.get(LIST, params={"night": "2013-04-04"}).status_code == 200
    assert client.get(f"{LIST}/latest", params={"night": "2013-04-04"}).status_code == 400


def test_a_new_night_is_served_after_the_next_look(client, store, cache):
    etag = client.get(f"{LIST}/latest").headers["ETag"]
    store.nights[date(2013, 4, 5)] = make_rows(date(2013, 4, 5))
    cache.look()
    assert client.get(f"{LIST}/latest").json()["night"] == "2013-04-04", "nothing says that anything is new"
    store.stamp = 2
    cache.look()
    found = client.get(f"{LIST}/latest", headers={"If-None-Match": etag})
    assert (found.status_code, found.json()["night"]) == (200, "2013-04-05")


def test_a_night_is_read_once(client, store):
    store.reads.clear()
    for _ in range(3):
        client.get(LIST, params={"night": "2013-04-03"})
        client.get(LIST, params={"night": "2012-01-01"})
        client.get(f"{LIST}/no_such")
        client.get(f"{LIST}/latest?carrier_id=EV")
    assert sorted(map(str, store.reads)) == ["2012-01-01", "2013-04-03", "no_such"]


def test_a_night_that_cannot_be_read_is_no_fault_of_the_request(client, store, monkeypatch):
    def fail(*_):
        raise duckdb.IOException("the catalog's server is gone")

    monkeypatch.setattr(store, "read_night", fail)
    found = client.get(LIST, params={"night": "2013-04-03"})
    assert (found.status_code, found.headers["Retry-After"]) == (503, "10")
    assert "catalog" not in found.text
    assert client.get(f"{LIST}/latest").status_code == 200


def test_nothing_is_answered_once_tokens_cannot_be_asked_about(store):
    clock = [0.0]
    cache = NightCache(store, clock=lambda: clock[0])
    cache.look()
    assert cache.is_fresh
    clock[0] = 61.0
    client = TestClient(make_app(cache), headers={"Authorization": f"Bearer {ALL}"})
    assert client.get(f"{LIST}/latest").status_code == 503
    assert client.get("/healthz").status_code == 503


def start_in_memory():
    """An app that has looked once, and whose clock stands still."""
    cache = NightCache(MemoryStore(), clock=lambda: 0.0)
    cache.look()
    return make_app(cache)


DECLARED = schemathesis.openapi.from_asgi(
    "/openapi.json", start_in_memory(), headers={"Authorization": f"Bearer {ALL}"}
)


@DECLARED.parametrize()
@hypothesis.settings(max_examples=40, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
def test_every_request_is_answered_as_the_document_says(case):
    if case.path_parameters and "model" in case.path_parameters:
        # One that is made up is always answered with 404: no parameter would be read.
        case.path_parameters["model"] = MODEL
    answer = case.call(headers={"Authorization": f"Bearer {ALL}"})
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0] == "application/problem+json"
    if case.path != "/healthz":
        assert case.call(headers={"Authorization": "Bearer none"}).status_code == 401


ROWS = {BEFORE: make_rows(BEFORE, outcomes=[True, True, False, False]), LATEST: make_rows(LATEST)}
FILTERED = ("carrier_id", "flight_number_id", "origin_id", "flight_date")
MEMORY = TestClient(start_in_memory(), headers={"Authorization": f"Bearer {ALL}"})


@hypothesis.given(
    night=st.sampled_from([BEFORE, LATEST]),
    picked=st.lists(st.tuples(st.sampled_from(FILTERED), st.integers(0, 4)), max_size=5),
    sort=st.sampled_from(["rank", "-rank", "carrier_id", "-scheduled_departure_at", "probability"]),
    limit=st.integers(1, 6),
    offset=st.integers(0, 6),
    kind=st.sampled_from(["application/json", "text/csv", "application/vnd.apache.parquet"]),
)
def test_every_choice_of_rows_is_right_in_every_format_and_says_how_fresh_it_is(
    night, picked, sort, limit, offset, kind
):
    rows = ROWS[night]
    asked = [(name, str(rows[place][name])) for name, place in picked]
    paging = [("sort", sort), ("limit", str(limit)), ("offset", str(offset)), ("night", str(night))]
    found = MEMORY.get(LIST, params=[*asked, *paging], headers={"Accept": kind})
    assert found.status_code == 200
    keep = [row for row in rows if all(str(row[n]) in {v for m, v in asked if m == n} for n, _ in asked)]
    keep.sort(key=lambda row: row[sort.removeprefix("-")], reverse=sort.startswith("-"))
    page = keep[offset : offset + limit]
    if kind == "application/json":
        body = found.json()
        assert body["total"] == len(keep)
        assert (body["night"], body["is_degraded"]) == (str(night), night == LATEST)
        answered = [(row["rank"], row["result"]) for row in body["predictions"]]
    elif kind == "text/csv":
        answered = [
            (int(row["rank"]), row["result"] or None) for row in csv.DictReader(io.StringIO(found.text))
        ]
    else:
        read = parquet.read_table(io.BytesIO(found.content))
        assert json.loads(read.schema.metadata[b"redeye"])["total"] == len(keep)
        answered = list(zip(read["rank"].to_pylist(), read["result"].to_pylist(), strict=True))
    assert answered == [(row["rank"], row["result"]) for row in page]
    assert found.headers["Redeye-Night"] == str(night)
    assert found.headers["Redeye-Is-Degraded"] == str(night == LATEST).lower()
    assert found.headers["Redeye-Known-Until"]
