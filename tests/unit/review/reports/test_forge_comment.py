"""One comment on a pull request, however often a job runs, held against a server that keeps comments as forges do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from redeye.foundation.errors import ConfigError
from redeye.review.reports.forge_comment import MARKER, find_thread, write_comment

TOKEN = "a-token"
LISTED = {"/api/repos/us/flights/issues/12/comments", "/api/projects/7/merge_requests/12/notes"}
ONE = {"/api/repos/us/flights/issues/comments/": "PATCH", "/api/projects/7/merge_requests/12/notes/": "PUT"}


class Forge(ThreadingHTTPServer):
    """Keeps the comments of one pull request, of other people too; lists at most 100 a page."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.comments = [{"id": 10 + place, "body": f"I quote: {MARKER}"} for place in range(130)]
        self.calls: list[str] = []


class _Answers(BaseHTTPRequestHandler):
    server: Forge

    def _answer(self) -> None:
        found, url = self.server.comments, urlsplit(self.path)
        self.server.calls.append(self.command)
        if TOKEN not in (
            self.headers["PRIVATE-TOKEN"],
            str(self.headers["Authorization"]).removeprefix("Bearer "),
        ):
            return self._send(403, {"message": "Resource not accessible by integration"})
        given = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        if url.path in LISTED and self.command == "GET":
            asked = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
            first = (asked["page"] - 1) * asked["per_page"]
            return self._send(200, found[first : first + asked["per_page"]])
        if url.path in LISTED and self.command == "POST":
            found.append({"id": 10 + len(found), **given})
            return self._send(201, found[-1])
        for prefix, method in ONE.items():
            number = url.path.removeprefix(prefix)
            if number.isdigit() and self.command == method:
                found[int(number) - 10].update(given)
                return self._send(200, {})
        return self._send(404, {"message": "Not Found"})

    do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815  as http.server calls them

    def _send(self, status: int, body: object) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@pytest.fixture
def forge() -> Iterator[Forge]:
    with Forge() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def make_job(forge: Forge, kind: str) -> dict[str, str]:
    api = f"http://127.0.0.1:{forge.server_port}/api"
    if kind == "github":
        about = {"GITHUB_REPOSITORY": "us/flights", "GITHUB_REF": "refs/pull/12/merge", "GITHUB_TOKEN": TOKEN}
        return {"GITHUB_API_URL": api, **about}
    return {"CI_API_V4_URL": api, "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "12", "GITLAB_TOKEN": TOKEN}


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_first_run_posts_a_comment_and_each_later_one_replaces_it(forge: Forge, kind: str) -> None:
    thread = find_thread(make_job(forge, kind))
    assert write_comment(thread, "# Impact: look") == "posted"
    assert write_comment(thread, "# Impact: safe") == "updated"
    assert write_comment(thread, "# Impact: breaks") == "updated"
    ours = [each for each in forge.comments if str(each["body"]).startswith(MARKER)]
    assert [each["body"] for each in ours] == [f"{MARKER}\n# Impact: breaks"]
    # The others are nobody's to touch, though they name the marker, and fill a page and more.
    assert len(forge.comments) == 131


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_what_the_forge_refuses_is_told_with_what_to_do(forge: Forge, kind: str) -> None:
    job = {name: value.replace(TOKEN, "another") for name, value in make_job(forge, kind).items()}
    with pytest.raises(
        ConfigError, match=r"403 .*not accessible by integration.* the token may not write comments"
    ):
        write_comment(find_thread(job), "text")
    assert forge.calls == ["GET"]


def test_a_forge_that_is_away_is_told(forge: Forge) -> None:
    thread = find_thread(make_job(forge, "github"))
    forge.server_close()
    with pytest.raises(ConfigError, match="the comment was not written, GET http"):
        write_comment(thread, "text")


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ({}, "no job of GitHub Actions or GitLab CI"),
        ({"GITHUB_REPOSITORY": "us/flights", "GITHUB_REF": "refs/heads/main"}, "is no pull request"),
        ({"GITHUB_REPOSITORY": "us/flights", "GITHUB_REF": "refs/pull/1/merge"}, "GITHUB_TOKEN is not set"),
        ({"CI_API_V4_URL": "http://x"}, "CI_MERGE_REQUEST_IID is not set"),
        ({"CI_API_V4_URL": "http://x", "CI_MERGE_REQUEST_IID": "1"}, "GITLAB_TOKEN is not set"),
    ],
)
def test_a_job_without_a_pull_request_or_a_token_is_told_what_it_lacks(
    job: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        find_thread(job)
