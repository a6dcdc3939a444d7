"""What an operator may do from the pages.

Each action names the DAG whose permission it needs, says beforehand what it will do, and goes through Airflow's
own API or the job that the command line runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from redeye.declarations.calendar import find_start, list_nights, zone
from redeye.operations import model_status
from redeye.sources.configured_source import load_source
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.page_data import find_spec
from redeye_airflow.pages.security import Confirmation, find_user

Parameters = dict[str, str]
LONGEST_REASON = 500
LONGEST_BACKFILL = 92


@dataclass(frozen=True)
class Field:
    """One thing that is asked for.

    Attributes:
        kind: of the HTML input: `text`, `date`, `number`, or `choice`.
        choices: for a choice.
    """

    name: str
    label: str
    kind: str = "text"
    is_required: bool = True
    help: str = ""
    choices: Callable[[], list[str]] | None = None

    def check(self, given: str) -> None:
        """Refuse what is no model, no night of the source, no version, or no reason.

        Raises:
            HTTPException: 400, of a model 404, with what is wrong.
        """
        if self.name == "model":
            find_spec(given)
        elif self.kind == "date":
            _check_night(self.name, given)
        elif self.kind == "number" and (given or self.is_required) and not given.isdecimal():
            raise HTTPException(400, "version: write the number of a version, such as 3")
        elif self.kind == "text" and self.is_required and not given:
            raise HTTPException(400, "reason: say why, it is kept")
        elif self.kind == "text" and len(given) > LONGEST_REASON:
            raise HTTPException(400, f"reason: {LONGEST_REASON} characters at most")


def _check_night(name: str, given: str) -> None:
    try:
        night = date.fromisoformat(given)
    except ValueError as error:
        raise HTTPException(400, f"{name}: write a night as 2013-04-04") from error
    source = load_source()
    if not source.first_night <= night <= source.final_night:
        raise HTTPException(
            400,
            f"{name}: the source has the nights {source.first_night} to {source.final_night}, not {night}",
        )


class ActionResult(NamedTuple):
    """What was done, in a sentence, and the path of the page to look at, ours or in Airflow's UI."""

    message: str
    page: str


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
        preview: what of that depends on how things stand; it is said first.
        check_all: of the parameters together, once each is right by itself.
    """

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    dag: str
    perform: Callable[[Request, Confirmation], Awaitable[ActionResult]]
    sentences: tuple[str, ...] = ()
    preview: Callable[[Request, Parameters], Awaitable[list[str]]] | None = None
    check_all: Callable[[Parameters], None] | None = None

    def check(self, parameters: Parameters) -> None:
        """Refuse wrong parameters, before anything else.

        Raises:
            HTTPException: with what is wrong.
        """
        for field in self.fields:
            field.check(parameters[field.name])
        if self.check_all:
            self.check_all(parameters)

    async def list_effects(self, request: Request, parameters: Parameters) -> list[str]:
        """What will happen, in sentences."""
        first = await self.preview(request, parameters) if self.preview else []
        return [*first, *(sentence.format(**parameters) for sentence in self.sentences)]


def _list_nightly_dags() -> list[str]:
    """The DAGs that a range of nights can be run of, in the order in which they are needed."""
    nightly = [f"{verb}_{model}" for model in model_status.specs() for verb in ("score", "monitor")]
    return ["build_warehouse", *nightly]


def _check_backfill(parameters: Parameters) -> None:
    if parameters["dag_id"] not in _list_nightly_dags():
        raise HTTPException(400, "dag_id: choose one of the nightly DAGs")
    first, last = date.fromisoformat(parameters["first"]), date.fromisoformat(parameters["last"])
    if not first <= last:
        raise HTTPException(400, "the first night is after the last one")
    if (last - first).days >= LONGEST_BACKFILL:
        raise HTTPException(
            400, f"{LONGEST_BACKFILL} nights at most at once; a longer stretch: build_history"
        )


async def _ask_backfill(request: Request, path: str, parameters: Parameters) -> dict[str, Any]:
    body = {
        "dag_id": parameters["dag_id"],
        # Instants at which nights start: a date would be read as its UTC midnight, before that.
        "from_date": find_start(date.fromisoformat(parameters["first"])).isoformat(),
        "to_date": find_start(date.fromisoformat(parameters["last"])).isoformat(),
        "reprocess_behavior": "failed",
        "max_active_runs": 1,
    }
    return await airflow_client.ask_airflow(request, "POST", path, body)


async def _preview_backfill(request: Request, parameters: Parameters) -> list[str]:
    planned = await _ask_backfill(request, "/backfills/dry_run", parameters)
    starts = [datetime.fromisoformat(row["logical_date"]) for row in planned["backfills"]]
    found = sorted(start.astimezone(zone()).date().isoformat() for start in starts)
    first, last = date.fromisoformat(parameters["first"]), date.fromisoformat(parameters["last"])
    wanted = {night.isoformat() for night in list_nights(first, last)}
    preview = [f"{len(found)} of {len(wanted)} nights run: {', '.join(found) or 'none, all have succeeded'}."]
    if skipped := sorted(wanted - set(found)):
        preview.append(f"Left out, because they succeeded or are under way: {', '.join(skipped)}.")
    preview += await _warn_if_paused(request, parameters["dag_id"])
    if parameters["dag_id"] != "build_warehouse":
        preview.append("Nights without a release fail at once: build them first.")
    return preview


async def _backfill(request: Request, asked: Confirmation) -> ActionResult:
    made = await _ask_backfill(request, "/backfills", asked.parameters)
    dag_id = asked.parameters["dag_id"]
    return ActionResult(f"Backfill {made['id']} of {dag_id} has begun.", f"/dags/{dag_id}/backfills")


async def _warn_if_paused(request: Request, dag_id: str) -> list[str]:
    """A sentence if the DAG is paused."""
    dag = await airflow_client.ask_airflow(request, "GET", f"/dags/{dag_id}", None)
    return [f"{dag_id} is paused: runs wait until it is unpaused."] if dag["is_paused"] else []


async def _retrain(request: Request, asked: Confirmation) -> ActionResult:
    night, reason = asked.parameters["night"], asked.parameters["reason"]
    dag_id, run_id = f"train_{asked.parameters['model']}", f"asked__{night}__{asked.nonce}"
    conf = {"night": night, "reason": reason}
    body = {"dag_run_id": run_id, "logical_date": None, "conf": conf, "note": reason}
    await airflow_client.ask_airflow(request, "POST", f"/dags/{dag_id}/dagRuns", body)
    return ActionResult(f"{dag_id} was started as {run_id}.", f"/dags/{dag_id}/runs/{run_id}")


async def _acknowledge(request: Request, asked: Confirmation) -> ActionResult:  # noqa: ARG001
    # The row in the audit log, which every action leaves, is the acknowledgement.
    model, night = asked.parameters["model"], asked.parameters["night"]
    return ActionResult(
        f"The verdict of night {night} is acknowledged.", f"/redeye/models/{model}?night={night}"
    )


async def _preview_roll_back(request: Request, parameters: Parameters) -> list[str]:  # noqa: ARG001
    from redeye.promotion.rollback import preview_rollback

    model, to = parameters["model"], parameters["version"]
    left, target = await run_in_threadpool(preview_rollback, model, int(to) if to else None)
    why = "" if to else ", which was last serving well"
    return [
        f"From the first night that is not scored on, {model} is served by version {target.version} "
        f"({target.algorithm}){why}.",
        f"Version {left.version} ({left.algorithm}) is blocked from coming back, unless it is the first champion.",
    ]


async def _roll_back(request: Request, asked: Confirmation) -> ActionResult:
    from redeye.promotion.rollback import roll_back

    model, to = asked.parameters["model"], asked.parameters["version"]
    came = await run_in_threadpool(
        roll_back,
        model,
        reason=asked.parameters["reason"],
        actor=find_user(request).get_name(),
        to=int(to) if to else None,
    )
    row = came.promotion
    message = f"Version {row.version} ({row.algorithm}) is champion from night {row.effective_night} on"
    blocked = f"; version {came.left} is blocked." if came.is_blocked else "."
    return ActionResult(
        message + blocked if came.is_new else f"{message}; that was decided before.",
        f"/redeye/models/{model}",
    )


async def _change_block(request: Request, asked: Confirmation, *, is_blocked: bool) -> ActionResult:
    from redeye.promotion.rollback import block_version

    model, version = asked.parameters["model"], int(asked.parameters["version"])
    reason, actor = asked.parameters["reason"], find_user(request).get_name()
    await run_in_threadpool(block_version, model, version, is_blocked=is_blocked, reason=reason, actor=actor)
    message = f"Version {version} of {model} is {'blocked' if is_blocked else 'no longer blocked'}."
    return ActionResult(message, f"/redeye/models/{model}")


REASON = Field("reason", "Reason", help="Kept with the decision and in the audit log.")
MODEL = Field("model", "Model", "choice", choices=lambda: list(model_status.specs()))
VERSION = Field("version", "Version", "number")
TRAIN = "train_{model}"

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            "backfill",
            "Backfill a range of nights",
            "Runs a nightly DAG for nights that have not succeeded, one at a time, forwards. Build first, then "
            "score, then monitor. A night that has succeeded is left alone.",
            (
                Field("dag_id", "DAG", "choice", choices=_list_nightly_dags),
                Field("first", "First night", "date"),
                Field("last", "Last night", "date", help="Included."),
            ),
            "{dag_id}",
            _backfill,
            preview=_preview_backfill,
            check_all=_check_backfill,
        ),
        Action(
            "retrain",
            "Retrain a model",
            "Trains candidates at once, without waiting for a verdict. The gates decide as always.",
            (MODEL, Field("night", "Night", "date", help="What was known by its end is used."), REASON),
            TRAIN,
            _retrain,
            (
                "train_{model} runs with what was known at the end of night {night}.",
                "Candidates are fitted and judged by the gates; the champion stays unless one passes all of them.",
                "A new champion takes effect two nights after that night, and never on a night already scored.",
            ),
            lambda request, given: _warn_if_paused(request, f"train_{given['model']}"),
        ),
        Action(
            "roll_back",
            "Roll back a model",
            "Returns to an earlier version from the first night that is not scored, and blocks the one that serves.",
            (
                MODEL,
                Field(
                    "version",
                    "Version to return to",
                    "number",
                    is_required=False,
                    help="Empty: the newest earlier version that served well.",
                ),
                REASON,
            ),
            TRAIN,
            _roll_back,
            (
                "Predictions that are written stay as they are. The row in the promotion ledger stays for good.",
            ),
            _preview_roll_back,
        ),
        Action(
            "block",
            "Block a version",
            "Keeps a version from becoming champion again, whoever asks.",
            (MODEL, VERSION, REASON),
            TRAIN,
            partial(_change_block, is_blocked=True),
            (
                "Version {version} of {model} cannot become champion again until it is unblocked.",
                "If it serves now it goes on serving: roll back to change that.",
            ),
        ),
        Action(
            "unblock",
            "Unblock a version",
            "Lets a blocked version become champion again.",
            (MODEL, VERSION, REASON),
            TRAIN,
            partial(_change_block, is_blocked=False),
            ("Version {version} of {model} may become champion again.",),
        ),
        Action(
            "acknowledge",
            "Acknowledge a verdict",
            "Says that a person has seen it. It stays in the audit log with your name.",
            (
                MODEL,
                Field("night", "Night", "date"),
                Field("reason", "Note", is_required=False, help="What you found."),
            ),
            "monitor_{model}",
            _acknowledge,
            (
                "The pages show that you have seen the verdict of night {night} on {model}.",
                "Nothing else changes: the verdict, its decision and what follows from them stand.",
            ),
        ),
    )
}
