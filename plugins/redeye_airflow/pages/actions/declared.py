"""What an action of the pages is: what it asks for, whose permission it needs, what it will do, what it did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from fastapi import HTTPException
from starlette.requests import Request

from redeye.champions.logic.succession import Turn
from redeye.declarations.calendar import check_night
from redeye.foundation.errors import ConfigError
from redeye.operations import model_status
from redeye.sources.configured_source import load_source
from redeye_airflow.pages.page_data import find_spec
from redeye_airflow.pages.security import Confirmation

Parameters = dict[str, str]
LONGEST_REASON = 500


@dataclass(frozen=True)
class Field:
    """One thing that is asked for.

    Attributes:
        kind: of the HTML input: `text`, `date`, `number`, or `choice`.
        choices: for a choice.
        suggest: what stands in an empty form.
    """

    name: str
    label: str
    kind: str = "text"
    is_required: bool = True
    help: str = ""
    choices: Callable[[], list[str]] | None = None
    suggest: Callable[[], str] | None = None

    def check(self, given: str) -> None:
        """Refuse what is no model, no night of the source, no version, or no reason.

        Raises:
            HTTPException: 400, of a model 404, with what is wrong.
        """
        if self.name == "model":
            find_spec(given)
        elif self.kind == "date":
            _check_night(self.label, given)
        elif self.kind == "number" and (given or self.is_required) and not given.isdecimal():
            raise HTTPException(400, f"{self.label}: write the number of a version, such as 3")
        elif self.kind == "text" and self.is_required and not given:
            raise HTTPException(400, f"{self.label}: say why, it is kept")
        elif self.kind == "text" and len(given) > LONGEST_REASON:
            raise HTTPException(400, f"{self.label}: {LONGEST_REASON} characters at most")


def _check_night(label: str, given: str) -> None:
    try:
        night = date.fromisoformat(given)
    except ValueError as error:
        raise HTTPException(400, f"{label}: write a night as 2013-04-04") from error
    try:
        check_night(night)
    except ConfigError as error:
        raise HTTPException(400, f"{label}: {error}") from error
    source = load_source()
    if not source.first_night <= night <= source.final_night:
        raise HTTPException(
            400,
            f"{label}: the source has the nights {source.first_night} to {source.final_night}, not {night}",
        )


class ActionResult(NamedTuple):
    """What came of an action.

    Attributes:
        message: in a sentence.
        page: to look at, ours or in Airflow's UI.
        is_done: False if it only began: then the page is that of its run.
    """

    message: str
    page: str
    is_done: bool = True


@dataclass(frozen=True)
class Effects:
    """What an action would do.

    Attributes:
        sentences: what will happen.
        turns: who serves when, then; empty if that is not what it is about.
    """

    sentences: list[str]
    turns: tuple[Turn, ...] = field(default=())


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        name: in addresses and, with `redeye_` before it, in the audit log.
        title: a verb and its object.
        description: what it does and what it does not.
        dag: whose permission it needs, with the parameters to be filled in.
        perform: does it.
        sentences: what will happen, with the parameters to be filled in.
        preview: what of that depends on how things stand; it is said first, and refuses what cannot be done.
        check_all: of the parameters together, once each is right by itself.
        is_listed: whether it has a form of its own.
        is_decision: whether it takes the right to decide, beside that to start runs.
    """

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    dag: str
    perform: Callable[[Request, Confirmation], Awaitable[ActionResult]]
    sentences: tuple[str, ...] = ()
    preview: Callable[[Request, Parameters], Awaitable[Effects]] | None = None
    check_all: Callable[[Parameters], None] | None = None
    is_listed: bool = True
    is_decision: bool = False

    def check(self, parameters: Parameters) -> None:
        """Refuse wrong parameters, before anything else.

        Raises:
            HTTPException: with what is wrong.
        """
        for asked in self.fields:
            asked.check(parameters[asked.name])
        if self.check_all:
            self.check_all(parameters)

    async def find_effects(self, request: Request, parameters: Parameters) -> Effects:
        """What will happen.

        Raises:
            HTTPException: with why it cannot, and what there is.
            RedeyeError: as well.
        """
        first = await self.preview(request, parameters) if self.preview else Effects([])
        said = [sentence.format(**parameters) for sentence in self.sentences]
        return Effects([*first.sentences, *said], first.turns)


REASON = Field("reason", "Reason", help="Kept with the decision and in the audit log.")
MODEL = Field("model", "Model", "choice", choices=lambda: list(model_status.specs()))
VERSION = Field("version", "Version", "number")
TRAIN = "train_{model}"
