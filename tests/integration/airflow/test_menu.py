"""Airflow's menu brings its frame back to Redeye's first page, also after a report was opened: in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, sync_playwright

from redeye_airflow.pages.files import STATIC

pytestmark = pytest.mark.integration
# As Airflow frames a view: a click on its menu changes the address, and nothing else.
AROUND = """<a href="/plugin/redeye" onclick="history.pushState(null, '', this.href); event.preventDefault()">Redeye</a>
<a href="/dags" onclick="event.preventDefault()">DAGs</a>
<iframe name="frame" sandbox="allow-scripts allow-same-origin" src="/redeye/reports/week.html"></iframe>"""
OURS = "<script src='/redeye/static/redeye.js'></script><h1>{path}</h1>"


class Handler(BaseHTTPRequestHandler):
    """Airflow's page around the frame, ours within."""

    def do_GET(self) -> None:
        """Answer."""
        text = OURS.format(path=self.path)
        if self.path == "/plugin/redeye":
            text = AROUND
        elif self.path.endswith(".js"):
            text = (STATIC / "redeye.js").read_text(encoding="utf-8")
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html")
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def page() -> Iterator[Page]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.server_port}")
        page.goto("/plugin/redeye")
        yield page
        browser.close()
    server.shutdown()
    server.server_close()


def test_the_menu_returns_to_the_first_page_each_time(page: Page) -> None:
    heading = page.frame_locator("iframe").locator("h1")
    for opened in ("/redeye/reports/week.html", "/redeye/dbt"):
        frame = page.frame("frame")
        assert frame is not None
        frame.goto(opened)
        heading.filter(has_text=opened).wait_for()
        page.get_by_text("DAGs").click()
        assert heading.text_content() == opened
        page.get_by_text("Redeye").click()
        heading.get_by_text("/redeye/", exact=True).wait_for()
