"""What actions are made of: their fields, what is asked of parameters, and its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date

from fastapi import HTTPException
from starlette.requests import Request

from redeye.operations import model_status
from redeye.sources.configured_source import load_source

Parameters = dict[str, str]
LONGEST_REASON = 500


@dataclass(frozen=True)
class Field:
    """One thing that is asked for.

    Attributes:
        kind: of the HTML input: `text`, `date`, `number`, or `choice`.
        choices: for a choice, given the specs' names.
    """

    name: str
    label: str
    kind: str = "text"
    is_required: bool = True
    help: str = ""
    choices: Callable[[], list[str]] | None = None


@dataclass(frozen=True)
class ActionResult:
    """The result of an action.

    Attributes:
        message: in a sentence.
        page: path in Airflow's UI to look at, or of ours; empty if there is none.
    """

    message: str
    page: str = ""


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        name: in addresses and, with `redeye_` before it, in the audit log.
        title: a verb and its object.
        description: what it does and what it does not.
        dag_id: whose permission it needs, from the parameters.
        check: of the parameters, before anything else; an HTTPException says what is wrong.
        preview: what will happen, in sentences.
        perform: does it.
    """

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    dag_id: Callable[[Parameters], str]
    check: Callable[[Parameters], None]
    preview: Callable[[Request, Parameters], Awaitable[list[str]]]
    perform: Callable[[Request, Parameters, str], Awaitable[ActionResult]]


def list_models() -> list[str]:
    """The models there are."""
    return list(model_status.specs())


def list_nightly_dags() -> list[str]:
    """The DAGs that a range of nights can be run of, in the order in which they are needed."""
    return [
        "build_warehouse",
        *(f"{verb}_{model}" for model in list_models() for verb in ("score", "monitor")),
    ]


def parse_night(parameters: Mapping[str, str], name: str) -> date:
    """A parameter as a night of the source.

    Raises:
        HTTPException: 400 if it is none.
    """
    try:
        night = date.fromisoformat(parameters.get(name, ""))
    except ValueError as error:
        raise HTTPException(400, f"{name}: write a night as 2013-04-04") from error
    source = load_source()
    if not source.first_night <= night <= source.final_night:
        raise HTTPException(
            400,
            f"{name}: the source has the nights {source.first_night} to {source.final_night}, not {night}",
        )
    return night


def check_reason(parameters: Mapping[str, str]) -> None:
    """Refuse parameters without a reason, or with an essay.

    Raises:
        HTTPException: 400.
    """
    if not parameters.get("reason"):
        raise HTTPException(400, "reason: say why, it is kept")
    if len(parameters["reason"]) > LONGEST_REASON:
        raise HTTPException(400, f"reason: {LONGEST_REASON} characters at most")


REASON = Field("reason", "Reason", help="Kept with the decision and in the audit log.")
MODEL = Field("model", "Model", "choice", choices=list_models)


def parse_version(parameters: Mapping[str, str]) -> int:
    """A parameter as the number of a version.

    Raises:
        HTTPException: 400 if it is none.
    """
    given = parameters.get("version", "")
    if not given.isdecimal():
        raise HTTPException(400, "version: write the number of a version, such as 3")
    return int(given)


def parse_optional_version(parameters: Mapping[str, str]) -> int | None:
    """The same, None if it was left empty."""
    return parse_version(parameters) if parameters.get("version") else None


VERSION = Field("version", "Version", "number")
