"""One comment on the pull request of a CI job, on GitHub or GitLab, which each run of the job writes anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from redeye.foundation.errors import ConfigError

# Begins the comment: by it the next run finds it. Both forges show nothing of it.
MARKER = "<!-- redeye impact -->"
_PAGE = 100
_SECONDS = 30.0


@dataclass(frozen=True)
class Thread:
    """The comments of a pull request.

    Attributes:
        comments: URL of the list, which a new one is posted to.
        comment: URL that a comment's id is appended to.
        method: by which a comment is replaced.
        headers: with the token.
    """

    comments: str
    comment: str
    method: str
    headers: Mapping[str, str]


def find_thread(environment: Mapping[str, str]) -> Thread:
    """The thread that the variables of a CI job tell of.

    Raises:
        ConfigError: outside of a pull request's job, or without a token.
    """
    if "GITHUB_REPOSITORY" in environment:
        return _find_github_thread(environment)
    if "CI_API_V4_URL" in environment:
        return _find_gitlab_thread(environment)
    raise ConfigError("there is no pull request to comment on: this is no job of GitHub Actions or GitLab CI")


def _find_github_thread(environment: Mapping[str, str]) -> Thread:
    reference = environment.get("GITHUB_REF", "")
    number = re.fullmatch(r"refs/pull/(\d+)/merge", reference)
    if number is None:
        raise ConfigError(f"GITHUB_REF={reference} is no pull request: run the job `on: pull_request`")
    token = _require(environment, "GITHUB_TOKEN", "give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`")
    root = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}/issues"
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Thread(f"{root}/{number[1]}/comments", f"{root}/comments/", "PATCH", headers)


def _find_gitlab_thread(environment: Mapping[str, str]) -> Thread:
    number = _require(
        environment, "CI_MERGE_REQUEST_IID", "run the job where $CI_PIPELINE_SOURCE is merge_request_event"
    )
    token = _require(environment, "GITLAB_TOKEN", "a job's own token may not write comments")
    notes = f"{environment['CI_API_V4_URL']}/projects/{environment['CI_PROJECT_ID']}/merge_requests/{number}/notes"
    return Thread(notes, f"{notes}/", "PUT", {"PRIVATE-TOKEN": token})


def _require(environment: Mapping[str, str], name: str, advice: str) -> str:
    if value := environment.get(name):
        return value
    raise ConfigError(f"{name} is not set: {advice}")


def write_comment(thread: Thread, text: str) -> str:
    """Replace this job's comment by Markdown, or post it if there is none.

    Returns:
        `posted` or `updated`.

    Raises:
        ConfigError: with what the forge answered.
    """
    body = {"body": f"{MARKER}\n{text}"}
    with httpx.Client(headers=dict(thread.headers), timeout=_SECONDS) as client:
        for each in _list_comments(client, thread):
            if str(each["body"]).startswith(MARKER):
                _ask(client, thread.method, f"{thread.comment}{each['id']}", json=body)
                return "updated"
        _ask(client, "POST", thread.comments, json=body)
    return "posted"


def _list_comments(client: httpx.Client, thread: Thread) -> Iterator[Mapping[str, Any]]:
    page = 1
    while True:
        found = _ask(client, "GET", thread.comments, params={"per_page": _PAGE, "page": page}).json()
        yield from found
        if len(found) < _PAGE:
            return
        page += 1


def _ask(client: httpx.Client, method: str, url: str, **given: Any) -> httpx.Response:  # noqa: ANN401  as in httpx
    try:
        answer = client.request(method, url, **given)
    except httpx.HTTPError as error:
        raise ConfigError(f"the comment was not written, {method} {url}: {error}") from error
    if answer.is_success:
        return answer
    advice = ""
    if answer.status_code in {401, 403}:
        advice = ": the token may not write comments (GitHub: `pull-requests: write`; GitLab: scope `api`)"
    raise ConfigError(
        f"the comment was not written, {method} {url}: {answer.status_code} {answer.text[:300]}{advice}"
    )
