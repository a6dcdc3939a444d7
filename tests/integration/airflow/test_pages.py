"""The operator's pages in Airflow's real app: nobody gets anything, a viewer looks, an admin acts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE_SECONDS

from redeye.foundation.settings import PROJECT_ROOT

pytestmark = pytest.mark.integration

DRIVER = Path(__file__).with_name("ask_pages.py")
DRIVER_BELOW = Path(__file__).with_name("ask_below.py")
MARK = "RESULT "
READING = ("GET", "HEAD")
OF_NOBODY = {"static", "files", "models", "nights", "actions"}


@pytest.fixture(scope="module")
def asked(stack_env: Any) -> dict[str, Any]:
    """Every answer."""
    roots = os.pathsep.join(str(PROJECT_ROOT / part) for part in ("ml", "plugins"))
    env = os.environ | {"PYTHONPATH": roots}
    read = [sys.executable, "-m", "airflow", "dags", "reserialize"]
    subprocess.run(read, env=env, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    return _ask(DRIVER, env)


@pytest.fixture(scope="module")
def below(asked: dict[str, Any]) -> dict[str, Any]:
    """Answers behind a proxy that has put Airflow below a path."""
    roots = os.pathsep.join(str(PROJECT_ROOT / part) for part in ("ml", "plugins"))
    public = "https://host.example/airflow"
    env = {"PYTHONPATH": roots, "REDEYE_AIRFLOW_URL": public, "AIRFLOW__API__BASE_URL": public}
    return _ask(DRIVER_BELOW, os.environ | env)


def _ask(driver: Path, env: dict[str, str]) -> dict[str, Any]:
    """What a driver prints, run as a process of its own."""
    done = subprocess.run(
        [sys.executable, str(driver)],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    lines = [line.removeprefix(MARK) for line in done.stdout.splitlines() if line.startswith(MARK)]
    assert lines, done.stdout[-4000:] + done.stderr[-4000:]
    found: dict[str, Any] = json.loads(lines[0])
    return found


def test_every_route_is_asked(asked: dict[str, Any]) -> None:
    paths = {route.split()[1] for route in asked["routes"]}
    assert len(paths) > 18
    assert {path.split("/")[1] for path in paths} >= OF_NOBODY


def test_nobody_gets_anything(asked: dict[str, Any]) -> None:
    wrong = {
        route: answers["nobody"]
        for route, answers in asked["routes"].items()
        if answers["nobody"]["status"] != 401 or "<html" in answers["nobody"]["text"]
    }
    assert not wrong


def test_a_person_without_a_login_is_led_to_it_and_an_altered_token_is_none(asked: dict[str, Any]) -> None:
    assert asked["browser"]["status"] == 303
    assert asked["browser"]["to"].startswith("/auth/login?next=")
    assert asked["altered"]["status"] in (401, 403)
    assert "<html" not in asked["altered"]["text"]


def test_old_addresses_lead_to_where_the_pages_are(asked: dict[str, Any]) -> None:
    assert asked["moved"].endswith("/redeye/predictions?flight=AA+1")
    assert asked["routes"]["GET /acts/retrain"]["admin"]["to"].endswith("/redeye/actions/retrain")


def test_a_viewer_reads_what_an_admin_reads(asked: dict[str, Any]) -> None:
    for route, answers in asked["routes"].items():
        method, path = route.split()
        if method in READING and path.startswith("/actions/"):
            continue
        if method in READING:
            assert answers["viewer"]["status"] == answers["admin"]["status"], route
            assert answers["viewer"]["status"] in (200, 307, 400, 404, 405), (route, answers["viewer"])


@pytest.mark.parametrize("who", ["viewer", "admin"])
def test_nothing_changes_without_a_sign_that_the_request_is_from_here(
    asked: dict[str, Any], who: str
) -> None:
    for route, answers in asked["routes"].items():
        if route.split()[0] not in READING:
            assert answers[who]["status"] == 403, route


def test_files_stay_in_their_folder(asked: dict[str, Any]) -> None:
    assert {answer["status"] for answer in asked["escape"].values()} == {404}
    assert "AIRFLOW" not in json.dumps(asked["escape"])


def test_a_report_can_neither_read_cookies_nor_send(asked: dict[str, Any]) -> None:
    policy = asked["report"]["content-security-policy"]
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy  # falls back to default-src
    assert "default-src 'none'" in policy


def test_a_report_lies_in_a_sealed_frame_below_a_bar_that_leads_back(asked: dict[str, Any]) -> None:
    text = asked["framed"]
    (frame,) = re.findall(r"<iframe[^>]*>", text)
    assert 'src="/redeye/files/reports/flight_delay/2013-04-04/week.html"' in frame
    assert "allow-same-origin" not in re.search(r'sandbox="([^"]*)"', frame)[1]
    assert 'href="/redeye/nights/2013-04-04" rel="up"' in text
    assert "of flight_delay, week to night 2013-04-04" in text
    assert {path: answer["status"] for path, answer in asked["unframed"].items()} == {
        "/redeye/reports/none.html": 404,
        "/redeye/dbt": 200,
    }


def test_an_audit_s_page_says_what_was_expected_observed_and_why(asked: dict[str, Any]) -> None:
    listed, page, framed = asked["audits"].values()
    (address,) = [path for path in asked["audits"] if path.count("/") == 2]
    assert f'href="/redeye/audits{address}"' in listed
    assert f'href="/redeye/audits{address}"' in asked["pages"]["/nights/2013-04-04"]
    assert (
        'Audit <span class="badge bad">refused</span> <small>of water &lt;i&gt;of&lt;/i&gt; 2013-04-04'
        in page
    )
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(<td>.*?)</tr>", page)]
    checks = {row[1]: [re.sub("<[^>]+>", "", cell) for cell in row] for row in rows if len(row) == 6}
    degrees = ["failed", "&lt;b&gt;degrees", "column values to be between"]
    assert checks["&lt;b&gt;degrees"][:3] == degrees
    assert checks["&lt;b&gt;degrees"][3] == "{&#34;min_value&#34;: 0, &#34;max_value&#34;: 100}"
    assert checks["&lt;b&gt;degrees"][4].startswith("1 of 1 rows unexpected, values 300")
    assert checks["&lt;b&gt;degrees"][5] == "Water is liquid."
    assert checks["name"][0] == "passed"  # unique; the regular expression failed and stands before it
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert f'href="/redeye/audits{address}" rel="up">← Back to the audit' in framed


def test_great_expectations_page_is_sealed_and_says_its_verdicts_in_words(asked: dict[str, Any]) -> None:
    text, policy = asked["sealed"]["text"], asked["sealed"]["policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert not re.search(r"<script|<link|<img|\shref=\"[^#]|\son\w+=\"", text)
    assert text.count('<b class="text-danger">failed</b>') == 3  # of the whole, and of two expectations
    assert text.count('<b class="text-success">passed</b>') == 1
    assert "&lt;script&gt;alert(1)" in text
    assert [address.rpartition("/redeye")[2] for address in asked["old audits"].values()] == [
        "/audits",
        next(path for path in asked["audits"] if path.count("/") == 2).join(["/audits", ""]),
    ]


def test_no_page_opens_a_report_bare_in_airflow_s_frame(asked: dict[str, Any]) -> None:
    for path, text in [*asked["pages"].items(), ("framed", asked["framed"])]:
        for link in re.findall(r"<a [^>]*href=\"/redeye/files/(?:reports|dbt)[^>]*>", text):
            assert "data-new" in link or "download" in link, (path, link)


def test_pages_run_no_script_but_their_own_and_are_framed_by_this_site_alone(asked: dict[str, Any]) -> None:
    policy = asked["headers"]["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'self'" in policy
    assert asked["headers"]["cache-control"] == "no-store"
    assert "<script>alert(1)" not in "".join(asked["pages"].values())


def test_no_page_shows_an_instant_by_another_clock_than_the_projects(asked: dict[str, Any]) -> None:
    shown = {path: re.sub(r"<[^>]*>", " ", text) for path, text in asked["pages"].items()}
    assert [path for path, text in shown.items() if re.search(r"\d\d:\d\d(:\d\d)?\s+UTC|\(UTC\)", text)] == []
    assert "recorded " in shown["/models/flight_delay"]
    assert re.search(r"recorded\s+\d{4}-\d\d-\d\d \d\d:\d\d E[SD]T", shown["/models/flight_delay"])


def test_nothing_is_loaded_from_another_host(asked: dict[str, Any]) -> None:
    for path, text in asked["pages"].items():
        for attribute in ('src="http', '<link rel="stylesheet" href="http'):
            assert attribute not in text, path


def test_an_empty_installation_says_what_to_do(asked: dict[str, Any]) -> None:
    assert asked["empty"]["status"] == 200
    assert "Nothing yet" in asked["empty"]["text"]
    assert "make run" in asked["empty"]["text"]


def test_the_first_page_says_what_is_wrong_and_where_to_look(asked: dict[str, Any]) -> None:
    text = asked["pages"]["/"]
    assert "The audit refused the release of night 2013-04-04" in text
    assert "12 of 900 rows" in text
    assert "1 of 1 predictions of night 2013-04-04 are degraded" in text
    assert "the verdict is warning" in text
    assert "/redeye/runbook#audit-refused" in text
    assert "drifted" in text


@pytest.mark.parametrize(
    ("night", "lights"),
    [
        ("2013-04-03", ["good done", "good done", "bad missing", "bad missing"]),
        ("2013-04-04", ["warn gap", "warn degraded", "bad missing", "warn warning"]),
        ("2013-04-05", ["bad missing"] * 4),
        ("2099-01-01", ["plain waiting"] * 4),
    ],
)
def test_each_light_is_of_the_night_that_is_shown(
    asked: dict[str, Any], night: str, lights: list[str]
) -> None:
    found = asked["lights"][night]
    assert [stage for _, stage, _ in found] == ["released", "scored", "exported", "judged"]
    assert [f"{colour} {word}" for colour, _, word in found] == lights


def test_what_lacks_has_a_button_and_what_was_acknowledged_is_quiet(asked: dict[str, Any]) -> None:
    text, seen = (" ".join(asked["routes"]["GET /"][who]["text"].split()) for who in ("admin", "viewer"))
    assert "flight_delay: night 2013-04-03 is not exported, judged" in text
    assert '/redeye/actions/play_nights">Play what is missing' in text
    assert "flight_delay: night 2013-04-03 is not exported, judged" in seen
    assert "/redeye/actions/play_nights" not in seen
    assert "acknowledged</summary>" not in text
    after = asked["actions"]["rollback"]["first page"]
    assert "the verdict is warning" not in after.partition("1 seen and acknowledged</summary>")[0]
    assert "the verdict is warning" in after.partition("1 seen and acknowledged</summary>")[2]


def test_a_prediction_is_found_as_people_write_it(asked: dict[str, Any]) -> None:
    found, none, unread = (asked["search"][typed] for typed in ("aa 1", "UA 1", "no flight"))
    assert "2 predictions" in found["text"]
    assert "/redeye/predictions/flight_delay/live/2013-04-05_AA_1_JFK_LAX_0900" in found["text"]
    assert "No prediction matches" in none["text"]
    assert unread["status"] == 400
    assert "Flight: write it as AA 1" in unread["text"]


def test_a_night_that_has_not_matured_says_how_much_of_it_is_known(asked: dict[str, Any]) -> None:
    text = asked["pages"]["/predictions"]
    assert "The outcome of 0 of 1 flights is known. <strong>Not matured yet:</strong>" in text
    assert "outcomes are final after night 2013-04-06." in text
    assert "not known yet" in text


def test_the_library_of_the_charts_comes_from_here_to_whom_is_logged_in(asked: dict[str, Any]) -> None:
    answers = asked["routes"]["GET /static/vendor/uplot/uPlot.iife.min.js"]
    assert [answers[who]["status"] for who in ("nobody", "viewer")] == [401, 200]
    assert "uPlot" in answers["viewer"]["text"]


def test_a_search_keeps_the_order_and_an_empty_one_is_the_riskiest_first(asked: dict[str, Any]) -> None:
    for given, kept in (("", "-probability"), ("rank", "rank")):
        found = asked["sorted"][given]
        assert found["status"] == 200
        assert f'name="sort" value="{kept}"' in found["text"]


def test_a_night_shows_the_reason_of_its_refusal(asked: dict[str, Any]) -> None:
    text = asked["pages"]["/nights/2013-04-04"]
    assert "releases/fct_flights: expect_some" in text
    assert "Expected because a bound" in text


def test_a_night_leads_to_the_reports_that_were_written_of_it(asked: dict[str, Any]) -> None:
    text = asked["pages"]["/nights/2013-04-04"]
    assert '<a href="/redeye/reports/flight_delay/2013-04-04/week.html">week</a>' in text
    assert "none kept" not in text


def test_an_action_needs_origin_token_user_and_permission(asked: dict[str, Any]) -> None:
    actions = asked["actions"]
    assert actions["viewer cannot confirm"] == ""
    for how in (
        "no origin",
        "other site",
        "frame without origin",
        "no token",
        "for another action",
        "somebody else",
    ):
        assert actions[how]["status"] == 403, how
    assert actions["before"] == []


def test_an_action_is_done_once_and_leaves_its_rows(asked: dict[str, Any]) -> None:
    actions = asked["actions"]
    assert actions["done"]["status"] == 200
    assert actions["again"]["status"] == 409
    assert actions["after"] == [
        ["redeye_acknowledge", "admin", "monitor_flight_delay"],
        ["redeye_acknowledge_done", "admin", "monitor_flight_delay"],
    ]
    (kept,) = actions["ledger"]
    assert kept[0] == "admin"
    assert kept[2].startswith("monitor_flight_delay model=flight_delay night=")
    assert kept[3] == "<b>seen</b>"


def test_of_requests_at_once_with_one_confirmation_one_may_act(asked: dict[str, Any]) -> None:
    assert asked["at once"] == [False] * 7 + [True]


def test_an_address_that_is_followed_exports_nothing(asked: dict[str, Any]) -> None:
    """What writes into the audit log is asked for by a form of this site."""
    assert {method: each["status"] for method, each in asked["export"].items()} == {"GET": 405, "POST": 403}
    assert not [event for event, *_ in asked["actions"]["at last"] if event == "redeye_export"]


def test_pages_whose_ledgers_are_away_say_so_without_their_passwords(asked: dict[str, Any]) -> None:
    found = asked["unreachable"]
    assert {503} <= {each["status"] for each in found.values()} <= {200, 503}
    assert [page for page, each in found.items() if "canary7391" in each["text"]] == []


def test_what_is_refused_after_it_was_confirmed_is_told_and_recorded(asked: dict[str, Any]) -> None:
    actions = asked["actions"]
    assert actions["refused by Airflow"]["status"] == 409
    assert "Airflow refused it: " in actions["refused by Airflow"]["text"]
    assert ["redeye_backfill_failed", "admin", "build_warehouse"] in actions["at last"]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("the last resort", "last resort"),
        ("no version to block", "has no version 99: there are 1"),
        ("no version to unblock", "has no version 99: there are 1"),
        ("no version to return to", "version 99 never was champion; there are 1"),
        (
            "a night that is not built",
            "2013-05-02 is not built: the warehouse is built up to night 2013-04-03",
        ),
        ("a gap", "2013-04-04 is a recorded gap"),
        ("no verdict", "no verdict of night 2013-04-01: the newest verdict is of night 2013-04-04"),
        ("scores of nights not built", "4 nights from 2013-04-05 on are not built"),
        ("a build far ahead", "begin with night 2013-04-05"),
        ("nights that are played far ahead", "night 2013-04-05 is the first one to play"),
    ],
)
def test_a_preview_refuses_what_does_not_exist_and_names_what_does(
    asked: dict[str, Any], what: str, told: str
) -> None:
    answer = asked["actions"]["refused"][what]
    assert answer["status"] == 400
    assert told in answer["text"]
    assert 'name="token"' not in answer["text"]


def test_nights_are_played_seen_and_stopped(asked: dict[str, Any]) -> None:
    play = asked["actions"]["play"]
    # The first night that lacks anything, up to the last that the source has a coming day for.
    assert 'value="2013-04-03"' in play["form"]
    assert 'value="2013-12-30"' in play["form"]
    assert "3 nights, 2013-04-03 to 2013-04-05" in play["plan"]
    assert "Started: nights 2013-04-03 to 2013-04-05, one after the other" in play["started"]["text"]
    assert "<h1>Done" not in play["started"]["text"]
    assert play["conf"] == [{"first": "2013-04-03", "last": "2013-04-05"}]
    assert "0 of 3 nights" in play["running"]
    assert "data-refresh" in play["running"]
    assert "<button" in play["running"]
    assert "<button" not in play["seen by the viewer"]
    assert play["again"]["status"] == 400
    assert "nights are being played already" in play["again"]["text"]
    assert "Nights are being played" in play["list"]
    assert play["stopped"]["status"] == 200, play["stopped"]["text"]
    assert play["state"] == "failed"
    assert "Stopped by admin" in play["after"]
    assert "data-refresh" not in play["after"]


def test_a_rollback_says_beforehand_whom_it_withdraws_and_who_serves_when(asked: dict[str, Any]) -> None:
    rollback = asked["actions"]["rollback"]
    assert "will serve" in rollback["before"]
    preview = " ".join(rollback["preview"].split())
    assert "This withdraws version 2, decided for 6 April 2013." in preview
    assert "From 5 April 2013 on" in preview
    assert "by the rollback to version 1" in preview
    assert "It was decided for 6 April 2013 and serves all the same" in rollback["block"]


def test_after_a_rollback_no_page_shows_the_withdrawn_version_as_coming(asked: dict[str, Any]) -> None:
    rollback = asked["actions"]["rollback"]
    assert rollback["done"]["status"] == 200
    assert "Version 2, decided for 6 April 2013, is withdrawn." in rollback["done"]["text"]
    for page in ("model", "version"):
        assert "by the rollback to version 1" in rollback[page], page
        assert "will serve" not in rollback[page].partition("by the rollback")[0], page
    assert "it was decided for night 2013-04-06 and serves none" in rollback["model"]
    assert "version 2 from night 2013-04-06 on" not in rollback["first page"]


def test_a_registry_that_cannot_follow_is_told_of_until_it_does(asked: dict[str, Any]) -> None:
    rollback = asked["actions"]["rollback"]
    assert "MLflow does not show it yet" in rollback["done"]["text"]
    assert "is not in the registry; restore its backup" in rollback["done"]["text"]
    assert "What was decided stands" in rollback["done"]["text"]
    for page in ("model", "version"):
        assert "to be reconciled" in rollback[page], page
    assert "/redeye/actions/reconcile/confirm?model=flight_delay" in rollback["model"]
    assert "/redeye/actions/reconcile/confirm" not in rollback["version"]  # asked by the viewer


def test_a_viewer_sees_no_form_and_is_told_who_may_act(asked: dict[str, Any]) -> None:
    form, listed = asked["actions"]["viewer's form"], asked["actions"]["viewer's list"]
    assert form["status"] == 200
    assert "You may look and not do this. It takes the user admin;" in form["text"]
    assert "You may look and not act. That takes the user admin;" in listed["text"]
    for text in (form["text"], listed["text"]):
        assert "<form" not in text
    assert "/redeye/actions/retrain" not in listed["text"]


def test_an_approval_that_waits_is_an_alert_that_ages_also_while_its_dag_is_paused(
    asked: dict[str, Any],
) -> None:
    waiting = asked["waiting"]
    assert waiting["paused"]
    said = "flight_delay: version 3 (xgboost) of night 2013-04-03 passed every gate and waits for a person since "
    ages = {0: "", 1: ", 1 day by now", 3: ", 3 days by now", 7: ", 7 days by now"}
    assert waiting["heard"] == [[day, f"{said}{waiting['since']}{age}"] for day, age in ages.items()]
    for name, text in waiting["pages"].items():
        assert ("Approve or reject</a>" in text) == (name in ("admin /", "admin /models/flight_delay")), name
        if name.endswith(("/", "/flight_delay")):
            assert "train_flight_delay is paused:" in text, name
        if name.endswith(("/", "/alerts")):
            assert f"{said}{waiting['since']}, 3 days by now" in text, name
            assert "/dags/train_flight_delay/runs/manual__a%2Fb/required_actions" in text, name
    assert "Approve or reject</a>" in waiting["going on"]
    assert "is paused:" not in waiting["going on"]


def test_a_backfill_over_the_change_of_clocks_runs_each_night_once_as_it_said(asked: dict[str, Any]) -> None:
    actions = asked["actions"]
    assert "7 of 7 nights run" in actions["plan"]
    assert "build_warehouse is paused" in actions["plan"]
    assert actions["backfill"]["status"] == 200, actions["backfill"]["text"]
    # 03:00 New York time: 08:00 UTC until the 10th, on which the clocks change, 07:00 from then on.
    assert actions["nights"] == [
        f"2013-03-{day:02d}T{hour}:00:00Z"
        for day, hour in ((8, "08"), (9, "08"), *((d, "07") for d in range(10, 15)))
    ]


def test_a_training_carries_who_asked_and_why(asked: dict[str, Any]) -> None:
    actions = asked["actions"]
    assert actions["retrain"]["status"] == 200, actions["retrain"]["text"]
    conf = {"night": "2013-04-03", "reason": "<b>seen</b>"}
    # Dated at the end of its night, and not today: that is what lists of runs are sorted by.
    assert actions["trained"] == [[conf, "admin", "<b>seen</b>", "2013-04-04T07:00:00Z"]]
    assert "Started: train_flight_delay" in actions["retrain"]["text"]


def test_airflows_audit_log_shows_ours_beside_its_own(asked: dict[str, Any]) -> None:
    shown = asked["actions"]["in airflow"]
    for event in (
        "redeye_backfill",
        "create_backfill",
        "redeye_retrain",
        "trigger_dag_run",
        "redeye_acknowledge",
    ):
        assert [event, "admin"] in shown


def test_wrong_parameters_are_not_confirmed(asked: dict[str, Any]) -> None:
    assert asked["actions"]["unknown model"] == ""
    assert asked["actions"]["no reason"] == ""


def test_behind_a_proxy_every_address_holds_the_path(below: dict[str, Any]) -> None:
    assert set(below["statuses"].values()) == {200}, below["statuses"]
    assert below["style"] == 200
    assert len(below["links"]) > 20
    own = [link for link in below["links"] if link.startswith("/")]
    assert [link for link in own if not link.startswith("/airflow/")] == []
    assert "/airflow/redeye/static/redeye.css" in own


def test_behind_a_proxy_login_redirects_and_the_menus_frame_hold_the_path(below: dict[str, Any]) -> None:
    assert below["nobody"] == (
        "/airflow/auth/login?next=%2Fairflow%2Fredeye%2Fmodels%2Fx%3Fnight%3D2013-04-04"
    )
    assert below["moved"] == [
        "/airflow/redeye/actions/retrain?model=m",
        "/airflow/redeye/predictions?flight=AA+1",
    ]
    assert set(below["frames"]) == {"/airflow/redeye/", "/airflow/redeye/static/icon.svg"}
