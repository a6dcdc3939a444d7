"""What an operator may do from the pages.

Each action names the DAG whose permission it needs, says beforehand what it will do, and goes through Airflow's
own API or the job that the command line runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from redeye.declarations.calendar import find_start, list_nights, zone
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.action_parts import (
    LONGEST_REASON,
    MODEL,
    REASON,
    VERSION,
    Action,
    ActionResult,
    Field,
    Parameters,
    check_reason,
    list_nightly_dags,
    parse_night,
    parse_optional_version,
    parse_version,
)
from redeye_airflow.pages.page_data import find_spec
from redeye_airflow.pages.security import find_user

LONGEST_BACKFILL = 92


def _check_backfill(parameters: Parameters) -> None:
    first, last = parse_night(parameters, "first"), parse_night(parameters, "last")
    if parameters.get("dag_id") not in list_nightly_dags():
        raise HTTPException(400, "dag_id: choose one of the nightly DAGs")
    if not first <= last:
        raise HTTPException(400, "the first night is after the last one")
    if (last - first).days >= LONGEST_BACKFILL:
        raise HTTPException(
            400, f"{LONGEST_BACKFILL} nights at most at once; a longer stretch: build_history"
        )


def _backfill_body(parameters: Parameters) -> dict[str, Any]:
    return {
        "dag_id": parameters["dag_id"],
        # Instants at which nights start: a date would be read as its UTC midnight, before that.
        "from_date": find_start(date.fromisoformat(parameters["first"])).isoformat(),
        "to_date": find_start(date.fromisoformat(parameters["last"])).isoformat(),
        "reprocess_behavior": "failed",
        "max_active_runs": 1,
    }


async def _preview_backfill(request: Request, parameters: Parameters) -> list[str]:
    planned = await airflow_client.ask_airflow(
        request, "POST", "/backfills/dry_run", _backfill_body(parameters)
    )
    first, last = date.fromisoformat(parameters["first"]), date.fromisoformat(parameters["last"])
    wanted = {night.isoformat() for night in list_nights(first, last)}
    found = sorted(_find_night(row["logical_date"]) for row in planned["backfills"])
    preview = [f"{len(found)} of {len(wanted)} nights run: {', '.join(found) or 'none, all have succeeded'}."]
    if skipped := sorted(wanted - set(found)):
        preview.append(f"Left out, because they succeeded or are under way: {', '.join(skipped)}.")
    preview += await _warn_if_paused(request, parameters["dag_id"])
    if parameters["dag_id"] != "build_warehouse":
        preview.append("Nights without a release fail at once: build them first.")
    return preview


def _find_night(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(zone()).date().isoformat()


async def _backfill(request: Request, parameters: Parameters, nonce: str) -> ActionResult:  # noqa: ARG001
    made = await airflow_client.ask_airflow(request, "POST", "/backfills", _backfill_body(parameters))
    dag_id = parameters["dag_id"]
    return ActionResult(f"Backfill {made['id']} of {dag_id} has begun.", f"/dags/{dag_id}/backfills")


def _check_retrain(parameters: Parameters) -> None:
    find_spec(parameters.get("model", ""))
    parse_night(parameters, "night")
    check_reason(parameters)


async def _warn_if_paused(request: Request, dag_id: str) -> list[str]:
    """A sentence if the DAG is paused."""
    dag = await airflow_client.ask_airflow(request, "GET", f"/dags/{dag_id}", None)
    return [f"{dag_id} is paused: runs wait until it is unpaused."] if dag["is_paused"] else []


async def _preview_retrain(request: Request, parameters: Parameters) -> list[str]:
    return [
        *await _warn_if_paused(request, f"train_{parameters['model']}"),
        f"train_{parameters['model']} runs with what was known at the end of night {parameters['night']}.",
        "Candidates are fitted and judged by the gates; the champion stays unless one passes all of them.",
        "A new champion takes effect two nights after that night, and never on a night already scored.",
    ]


async def _retrain(request: Request, parameters: Parameters, nonce: str) -> ActionResult:
    dag_id, run_id = f"train_{parameters['model']}", f"asked__{parameters['night']}__{nonce}"
    body = {
        "dag_run_id": run_id,
        "logical_date": None,
        "conf": {"night": parameters["night"], "reason": parameters["reason"]},
        "note": parameters["reason"],
    }
    await airflow_client.ask_airflow(request, "POST", f"/dags/{dag_id}/dagRuns", body)
    return ActionResult(f"{dag_id} was started as {run_id}.", f"/dags/{dag_id}/runs/{run_id}")


def _check_acknowledge(parameters: Parameters) -> None:
    find_spec(parameters.get("model", ""))
    parse_night(parameters, "night")
    if len(parameters.get("reason", "")) > LONGEST_REASON:
        raise HTTPException(400, f"reason: {LONGEST_REASON} characters at most")


async def _preview_acknowledge(request: Request, parameters: Parameters) -> list[str]:  # noqa: ARG001
    return [
        f"The pages show that you have seen the verdict of night {parameters['night']} on {parameters['model']}.",
        "Nothing else changes: the verdict, its decision and what follows from them stand.",
    ]


async def _acknowledge(request: Request, parameters: Parameters, nonce: str) -> ActionResult:  # noqa: ARG001
    # The row in the audit log, which every action leaves, is the acknowledgement.
    page = f"/redeye/models/{parameters['model']}?night={parameters['night']}"
    return ActionResult(f"The verdict of night {parameters['night']} is acknowledged.", page)


def _check_version(parameters: Parameters) -> None:
    find_spec(parameters.get("model", ""))
    parse_version(parameters)
    check_reason(parameters)


def _check_roll_back(parameters: Parameters) -> None:
    find_spec(parameters.get("model", ""))
    parse_optional_version(parameters)
    check_reason(parameters)


async def _preview_roll_back(request: Request, parameters: Parameters) -> list[str]:  # noqa: ARG001
    from redeye.promotion.rollback import preview_rollback

    model, to = parameters["model"], parse_optional_version(parameters)
    left, target = await run_in_threadpool(preview_rollback, model, to)
    why = "" if to else ", which was last serving well"
    return [
        f"From the first night that is not scored on, {model} is served by version {target.version} "
        f"({target.algorithm}){why}.",
        f"Version {left.version} ({left.algorithm}) is blocked from coming back, unless it is the first champion.",
        "Predictions that are written stay as they are. The row in the promotion ledger stays for good.",
    ]


async def _roll_back(request: Request, parameters: Parameters, nonce: str) -> ActionResult:  # noqa: ARG001
    from redeye.promotion.rollback import roll_back

    model = parameters["model"]
    came = await run_in_threadpool(
        roll_back,
        model,
        reason=parameters["reason"],
        actor=find_user(request).get_name(),
        to=parse_optional_version(parameters),
    )
    row = came.promotion
    message = f"Version {row.version} ({row.algorithm}) is champion from night {row.effective_night} on"
    blocked = f"; version {came.left} is blocked." if came.is_blocked else "."
    return ActionResult(
        message + blocked if came.is_new else f"{message}; that was decided before.",
        f"/redeye/models/{model}",
    )


async def _preview_block(request: Request, parameters: Parameters) -> list[str]:  # noqa: ARG001
    return [
        f"Version {parameters['version']} of {parameters['model']} cannot become champion again until it is unblocked.",
        "If it serves now it goes on serving: roll back to change that.",
    ]


async def _preview_unblock(request: Request, parameters: Parameters) -> list[str]:  # noqa: ARG001
    return [f"Version {parameters['version']} of {parameters['model']} may become champion again."]


def _change_block(*, is_blocked: bool) -> Callable[[Request, Parameters, str], Awaitable[ActionResult]]:
    async def perform(request: Request, parameters: Parameters, nonce: str) -> ActionResult:  # noqa: ARG001
        from redeye.promotion.rollback import block_version

        model, version = parameters["model"], parse_version(parameters)
        await run_in_threadpool(
            block_version,
            model,
            version,
            is_blocked=is_blocked,
            reason=parameters["reason"],
            actor=find_user(request).get_name(),
        )
        message = f"Version {version} of {model} is {'blocked' if is_blocked else 'no longer blocked'}."
        return ActionResult(message, f"/redeye/models/{model}")

    return perform


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            "backfill",
            "Backfill a range of nights",
            "Runs a nightly DAG for nights that have not succeeded, one at a time, forwards. Build first, then "
            "score, then monitor. A night that has succeeded is left alone.",
            (
                Field("dag_id", "DAG", "choice", choices=list_nightly_dags),
                Field("first", "First night", "date"),
                Field("last", "Last night", "date", help="Included."),
            ),
            lambda given: given.get("dag_id", ""),
            _check_backfill,
            _preview_backfill,
            _backfill,
        ),
        Action(
            "retrain",
            "Retrain a model",
            "Trains candidates at once, without waiting for a verdict. The gates decide as always.",
            (MODEL, Field("night", "Night", "date", help="What was known by its end is used."), REASON),
            lambda given: f"train_{given.get('model', '')}",
            _check_retrain,
            _preview_retrain,
            _retrain,
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
            lambda given: f"train_{given.get('model', '')}",
            _check_roll_back,
            _preview_roll_back,
            _roll_back,
        ),
        Action(
            "block",
            "Block a version",
            "Keeps a version from becoming champion again, whoever asks.",
            (MODEL, VERSION, REASON),
            lambda given: f"train_{given.get('model', '')}",
            _check_version,
            _preview_block,
            _change_block(is_blocked=True),
        ),
        Action(
            "unblock",
            "Unblock a version",
            "Lets a blocked version become champion again.",
            (MODEL, VERSION, REASON),
            lambda given: f"train_{given.get('model', '')}",
            _check_version,
            _preview_unblock,
            _change_block(is_blocked=False),
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
            lambda given: f"monitor_{given.get('model', '')}",
            _check_acknowledge,
            _preview_acknowledge,
            _acknowledge,
        ),
    )
}
