"""A browser walks every page that Airflow's api-server serves: an installation with nights, and one without any.

Each page is read wide and light, and as narrow as a telephone and dark: nothing is missing, no script fails,
axe-core finds nothing serious, and what is wider than the screen is scrolled in a box that says so.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pandas as pd
import pytest
from prepared_installations import MODEL, THREE_WEEKS_END, Kind
from throwaway import Stack, find_port
from waiting import until

from redeye.champions import promotion_store
from redeye.declarations.calendar import ONE_DAY
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import read_rows
from redeye.foundation.settings import PROJECT_ROOT
from redeye.monitoring.monitor import monitor_night
from redeye.operations import build_nights
from redeye.promotion import change_champion
from redeye.scoring import outputs_store, score
from redeye.sources import ingest
from redeye.stack import environment
from redeye.warehouse import build, lake, release_store

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium"),
]

NIGHTS = [THREE_WEEKS_END + n * ONE_DAY for n in (1, 2, 3)]
SCREENS = {"wide and light": (1400, "light"), "narrow and dark": (390, "dark")}
SERIOUS = {"serious", "critical"}
# Files of other tools, downloads, and what walks a whole chain: no pages of ours, or tried elsewhere.
LEFT_OUT = re.compile(r"/redeye/(files/|static/|.*/(explanation|export)$)|[?&]to=csv")
# A part of a page is wider than the screen, and no box around it scrolls and says so.
CUT = """() => [...document.querySelectorAll("main *")].filter(each => {
    const box = each.getBoundingClientRect();
    const held = each.closest(".scroll[data-wide], .unseen, svg, pre, canvas");
    return each.checkVisibility() && box.width && box.right > innerWidth + 1 && !held;
}).map(each => each.outerHTML.slice(0, 160))"""
# Two parts of a line without anything between them, to be read as one word.
RUN_TOGETHER = """() => [...document.querySelectorAll("main :is(span, a, b, code, small, strong)")].filter(each => {
    const before = each.previousSibling;
    if (!(before instanceof HTMLElement) || !before.innerText?.trim() || !each.innerText.trim()) return false;
    const [left, right] = [before.getBoundingClientRect(), each.getBoundingClientRect()];
    const are_inline = [before, each].every(one => getComputedStyle(one).display === "inline");
    return are_inline && each.checkVisibility() && left.top === right.top && right.left - left.right < 1;
}).map(each => each.parentElement.innerText.slice(0, 160))"""


@pytest.fixture(scope="module", params=[Kind.CHAMPION, Kind.MIGRATED])
def stack_env(
    install: Callable[..., AbstractContextManager[Stack]],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Stack]:
    """Three nights that were built, scored and judged, and drift of the week before them; or nothing yet."""
    with install(tmp_path_factory.mktemp("redeye-browser"), request.param) as stack:
        if request.param == Kind.CHAMPION:
            play_nights()
        yield stack


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The system's browser, without a window."""
    with sync_api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def play_nights() -> None:
    for night in NIGHTS:
        ingest.ingest_nights(night, night)
        build.publish(build_nights.transform(night, night, holder=f"test {night}"))
        score.score_night(MODEL, night, run_id=f"test {night}")
        score.export_night(MODEL, night)
        monitor_night(MODEL, night, run_id=f"test {night}")
    for days in range(1, 8):
        write_drift(THREE_WEEKS_END - timedelta(days=days))


def write_drift(night: date) -> None:
    rows = [
        {"column_name": "distance_miles", "kind": "feature", "statistic": "wasserstein", "value": 0.05},
        {"column_name": "", "kind": "share", "statistic": "share", "value": 0.1},
    ]
    common = {"model": MODEL, "lane": "live", "night": night, "run_id": "test", "span": "week", "note": ""}
    shared = {"threshold": 0.04, "is_drifted": True, "created_at": pd.Timestamp(night), **common}
    frame = pd.DataFrame(rows).assign(**shared)
    outputs_store.write_once({"drift": frame}, model=MODEL, night=night, run_id="test")


@contextmanager
def served(stack: Stack) -> Iterator[str]:
    """The address of Airflow's own api-server over an installation."""
    port = find_port()
    address = f"http://127.0.0.1:{port}"
    settings = stack.settings.model_copy(update={"airflow_port": port})
    roots = os.pathsep.join(str(PROJECT_ROOT / part) for part in ("ml", "plugins"))
    env = os.environ | environment.environment(settings, stack.secrets) | {"PYTHONPATH": roots}
    airflow = [sys.executable, "-m", "airflow"]
    subprocess.run([*airflow, "dags", "reserialize"], env=env, check=True, capture_output=True)
    log = stack.settings.home / "api-server.log"
    with (
        log.open("w", encoding="utf-8") as said,
        subprocess.Popen([*airflow, "api-server"], env=env, stdout=said, stderr=said) as server,
    ):
        try:
            until(lambda: is_up(address) or server.poll() is not None)
            assert server.poll() is None, log.read_text(encoding="utf-8")[-4000:]
            yield address
        finally:
            server.terminate()


def is_up(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/v2/monitor/health").is_success
    except httpx.TransportError:
        return False


def open_context(chromium: Any, stack: Stack, address: str, width: int, scheme: str) -> Any:
    """A window of an admin who has logged in."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    password = stack.secrets.airflow_admin_password
    login = {"username": environment.ADMIN, "password": password}
    token = context.request.post(f"{address}/auth/token", data=login).json()["access_token"]
    context.add_cookies([{"name": "_token", "value": token, "url": address}])
    return context


def walk(context: Any, address: str, screen: str) -> tuple[list[str], list[str]]:
    """Every kind of page that links lead to, and what is wrong with them."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"{screen}: {page.url}: {error}"))
    page.on("console", lambda said: is_fault(said) and wrong.append(f"{screen}: {page.url}: {said.text}"))
    page.on("response", lambda got: got.status >= 400 and wrong.append(f"{screen}: {got.url}: {got.status}"))
    coming, kinds, seen = [f"{address}/redeye/"], {name_kind("/redeye/")}, []
    while coming:
        page.goto(coming.pop(0), wait_until="networkidle")
        seen.append(page.url.removeprefix(address))
        wrong += [f"{screen}: {seen[-1]}: {fault}" for fault in look(page)]
        for link in page.eval_on_selector_all("a[href]", "all => all.map(each => each.getAttribute('href'))"):
            place = urldefrag(urljoin(page.url, link)).url
            path = place.removeprefix(address)
            if not path.startswith("/redeye/") or LEFT_OUT.search(path) or name_kind(path) in kinds:
                continue
            kinds.add(name_kind(path))
            coming.append(place)
    return seen, wrong


def name_kind(path: str) -> str:
    """Of pages that differ by night, key, version, feature or suite alone, the first one stands for all."""
    parts = urlsplit(path).path.split("/")
    part = parts[4:5] if parts[2] == "models" else []
    return "/".join(parts) if parts[2] == "actions" else f"{parts[2]} {len(parts)} {part}"


def is_fault(said: Any) -> bool:
    """Whether a script of ours complains; dbt's pages and reports do so in their sandbox."""
    return said.type == "error" and "/redeye/files/" not in f"{said.location['url']} {said.text}"


def look(page: Any) -> list[str]:
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    page.wait_for_load_state("networkidle")
    faults = [
        f"{found['id']}: {found['help']}: {found['nodes'][0]['html'][:200]}"
        for found in axe.Axe().run(page).response["violations"]
        if found["impact"] in SERIOUS
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append("the page is wider than the screen")
    faults += [f"cut: {each}" for each in page.evaluate(CUT)[:3]]
    return faults + [f"run together: {each}" for each in page.evaluate(RUN_TOGETHER)[:3]]


def walk_screens(chromium: Any, stack: Stack, address: str) -> tuple[set[str], list[str]]:
    paths: set[str] = set()
    faults: list[str] = []
    for screen, (width, scheme) in SCREENS.items():
        with open_context(chromium, stack, address, width, scheme) as context:
            seen, wrong = walk(context, address, screen)
        paths |= set(seen)
        faults += wrong
    return paths, faults


def test_every_page_is_sound(stack_env: Stack, chromium: Any) -> None:
    with served(stack_env) as address:
        paths, faults = walk_screens(chromium, stack_env, address)
        assert not faults, "\n".join(faults)
        assert paths >= {
            "/redeye/",
            "/redeye/predictions",
            "/redeye/alerts",
            "/redeye/actions",
            "/redeye/runbook",
        }
        if release_store.latest_release() is None:
            return
        assert any(path.startswith(f"/redeye/models/{MODEL}?night={NIGHTS[-1]}") for path in paths)
        assert any(path.startswith(f"/redeye/models/{MODEL}/features/") for path in paths)
        with open_context(chromium, stack_env, address, 1400, "light") as context:
            page = context.new_page()
            page.goto(f"{address}/redeye/models/{MODEL}/features", wait_until="networkidle")
            page.fill("input[type=search]", "origin_weather__wind")
            assert page.locator("tbody tr").filter(visible=True).all_inner_texts()
            assert not page.locator("tbody tr", has_text="distance_miles").is_visible()
            page.goto(f"{address}/redeye/models/{MODEL}", wait_until="networkidle")
            check_chart(page)
            check_numbers(page, address)
        get_into_trouble()
        for screen, (width, scheme) in SCREENS.items():
            with open_context(chromium, stack_env, address, width, scheme) as context:
                faults += look_at_trouble(context.new_page(), address, screen)
        assert not faults, "\n".join(faults)


def check_numbers(page: Any, address: str) -> None:
    """What pages say of the last night is what SQL finds in the lake and the ledgers."""
    night = NIGHTS[-1]
    con = lake.connect_outputs()
    ask = (
        f"FROM outputs.main.predictions WHERE model = '{MODEL}' AND lane = 'live' AND night = DATE '{night}'"
    )
    found = con.execute(
        f"SELECT count(*), avg(probability), min(model_version), min(release_id) {ask}"
    ).fetchone()
    riskiest = con.execute(f"SELECT flight_number_id, probability {ask} ORDER BY rank LIMIT 3").fetchall()
    verdict = con.execute(
        f"SELECT verdict, reasons FROM outputs.main.verdicts WHERE model = '{MODEL}' AND night = DATE '{night}'"
    ).fetchone()
    con.close()
    assert found is not None
    assert verdict is not None
    rows, mean, version, release = found
    (since,) = read_rows(Catalog.OUTPUTS, "SELECT max(effective_night) FROM ledger.promotions")[0]

    def read(path: str) -> str:
        page.goto(f"{address}/redeye/{path}", wait_until="networkidle")
        return " ".join(page.locator("main").inner_text().split())

    first = read("")
    assert "not released" not in first, "nights before the source's first one lack nothing"
    assert f"Predictions {rows} flights, mean {mean:.1%}, from {release}" in first
    assert f"Champion version {version} (heuristic), in effect since {since}" in first
    assert f"{verdict[0]} {verdict[1]}" in first
    assert f"{rows} flights by version {version} (heuristic) from {release}" in read(f"nights/{night}")
    shown = read(f"predictions?model={MODEL}&day={night + ONE_DAY}")
    assert f"{rows} predictions" in shown
    listed = [" ".join(row.split()) for row in page.locator("main table tbody tr").all_inner_texts()]
    for place, (number, probability) in enumerate(riskiest):
        assert f" {number} " in listed[place]
        assert f" {probability:.1%} " in listed[place]
    assert f"{MODEL}, version {version}: heuristic" in read(f"models/{MODEL}/versions/{version}"), "its card"


def get_into_trouble() -> None:
    """A night that is built and not scored, one whose release was refused, and a version that was rolled back."""
    unscored = NIGHTS[-1] + ONE_DAY
    ingest.ingest_nights(unscored, unscored)
    build.publish(build_nights.transform(unscored, unscored, holder="test"))
    failure = {"suite": "releases/fct_flights", "expectation": "expect_some", "column": "delay_minutes"}
    told = {
        **failure,
        "observed": "12 of 900 rows",
        "because": "a bound",
        "examples": [{"flight_id": "x" * 60}],
    }
    suite = {**told, "evaluated": 3, "is_success": False, "failures": [told], "docs_path": ""}
    release_store.record_audit(
        unscored + ONE_DAY, snapshot_id=7, is_success=False, detail={"suites": [suite]}
    )
    last = promotion_store.read_latest_promotion(MODEL)
    assert last is not None
    promotion_store.promote(
        MODEL,
        version=last.version + 1,
        algorithm="heuristic",
        feature_service=last.feature_service,
        artifact_uri=last.artifact_uri,
        artifact_sha256=last.artifact_sha256,
        decided_night=unscored - ONE_DAY,
        effective_night=unscored + ONE_DAY,
        reason="better in every gate",
        evidence={},
        actor="test",
        run_id="test",
        follows=last,
        last_scored_night=outputs_store.find_last_scored_night,
    )
    change_champion.roll_back(MODEL, reason="it was not", actor="test", to=last.version)


def look_at_trouble(page: Any, address: str, screen: str) -> list[str]:
    """What is wrong with the pages that show it; each says what is so."""
    unscored = NIGHTS[-1] + ONE_DAY
    says = {
        "": f"{MODEL}: night {unscored} is not scored, exported, judged",
        f"nights/{unscored + ONE_DAY}": "releases/fct_flights: expect_some, column delay_minutes: 12 of 900 rows",
        f"models/{MODEL}": "it was not",
    }
    faults = []
    for path, words in says.items():
        page.goto(f"{address}/redeye/{path}", wait_until="networkidle")
        faults += [f"{screen}: {path}: {fault}" for fault in look(page)]
        if words not in " ".join(page.locator("main").inner_text().split()):
            faults.append(f"{screen}: {path} does not say: {words}")
    return faults


def check_chart(page: Any) -> None:
    """A chart is drawn, read by arrow keys, and its colours follow the theme."""
    assert page.locator("[data-chart] canvas").count() >= 3
    week = [str(THREE_WEEKS_END - timedelta(days=days)) for days in range(7, 0, -1)]
    holder = page.locator("[data-chart]").filter(visible=True).last
    holder.focus()
    page.keyboard.press("Home")
    said = holder.locator("xpath=following-sibling::p")
    assert said.text_content() == f"{week[0]}: share 10.0%, threshold 4.0%"
    page.keyboard.press("ArrowRight")
    assert said.text_content() == f"{week[1]}: share 10.0%, threshold 4.0%"
    assert week[1] in holder.locator(".u-legend").inner_text()
    assert page.locator("[data-chart] ~ .numbers tbody tr", has_text=week[6]).count() == 1
    before = holder.locator("canvas").screenshot()
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert holder.locator("canvas").screenshot() != before
