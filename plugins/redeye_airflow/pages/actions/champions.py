"""Actions about champions: roll back, block, unblock, reconcile. Each acts as the command of its name does."""

from __future__ import annotations

from functools import partial

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from redeye.champions.logic.promotions import Promotion
from redeye.champions.logic.succession import Standing
from redeye.foundation.settings import settings
from redeye_airflow.pages.actions.declared import (
    MODEL,
    REASON,
    TRAIN,
    VERSION,
    Action,
    ActionResult,
    Effects,
    Field,
    Parameters,
)
from redeye_airflow.pages.security import Confirmation, find_user

_FOLLOWS = (
    "MLflow's alias and tags follow at once; if MLflow cannot be reached, the pages say so until they do."
)


async def _preview_roll_back(request: Request, parameters: Parameters) -> Effects:  # noqa: ARG001
    from redeye.promotion.rollback import preview_rollback

    model, to = parameters["model"], parameters["version"]
    foreseen = await run_in_threadpool(preview_rollback, model, int(to) if to else None)
    row = foreseen.promotion
    if not foreseen.is_new:
        return Effects(
            [f"Nothing: {model} was rolled back to version {row.version} already, from {_day(row)} on."],
            foreseen.turns,
        )
    why = "" if to else ", which was last serving well"
    sentences = [
        f"From {_day(row)} on, the first night that is not scored, {model} is served by version {row.version} "
        f"({row.algorithm}){why}.",
        *(f"This withdraws version {each.version}, decided for {_day(each)}." for each in foreseen.withdrawn),
    ]
    if foreseen.is_blocked:
        sentences.append(f"Version {foreseen.left} is blocked from coming back.")
    else:
        sentences.append(f"Version {foreseen.left} is the last resort: it is left and not blocked.")
    return Effects(sentences, foreseen.turns)


async def _roll_back(request: Request, asked: Confirmation) -> ActionResult:
    from redeye.promotion import change_champion

    model, to = asked.parameters["model"], asked.parameters["version"]
    came, missing = await run_in_threadpool(
        change_champion.roll_back,
        model,
        reason=asked.parameters["reason"],
        actor=find_user(request).get_name(),
        to=int(to) if to else None,
    )
    row = came.promotion
    message = f"Version {row.version} ({row.algorithm}) is champion from {_day(row)} on"
    message += "; that was decided before." if not came.is_new else "."
    message += "".join(
        f" Version {each.version}, decided for {_day(each)}, is withdrawn." for each in came.withdrawn
    )
    if came.is_new and came.is_blocked:
        message += f" Version {came.left} is blocked."
    return ActionResult(_add(message, missing, model), f"/redeye/models/{model}")


def _preview_unblock(request: Request, model: str, version: int) -> list[str]:
    """Who asked for it; refuses the wrong person as the act itself does."""
    from redeye.promotion.unblocking import check_four_eyes, find_request

    if not settings().four_eyes:
        return []
    check_four_eyes(model, version, reason="", person=find_user(request).get_name())
    request_made = find_request(model, version)
    return [f"{request_made.actor} asked for it: {request_made.reason}"] if request_made else []


async def _preview_block(request: Request, parameters: Parameters, *, is_blocked: bool) -> Effects:
    from redeye.promotion.rollback import preview_block

    model, version = parameters["model"], int(parameters["version"])
    turns = await run_in_threadpool(preview_block, model, version, is_blocked=is_blocked)
    if not is_blocked:
        said = await run_in_threadpool(_preview_unblock, request, model, version)
        return Effects([f"Version {version} of {model} may become champion again.", *said], tuple(turns))
    sentences = [f"Version {version} of {model} cannot become champion again until it is unblocked."]
    for turn in turns:
        if turn.promotion.version == version and turn.standing in (Standing.SERVES, Standing.COMING):
            now = (
                "serves now"
                if turn.standing is Standing.SERVES
                else f"was decided for {_day(turn.promotion)}"
            )
            sentences.append(f"It {now} and serves all the same: roll back to change that.")
    return Effects(sentences, tuple(turns))


async def _change_block(request: Request, asked: Confirmation, *, is_blocked: bool) -> ActionResult:
    from redeye.promotion import change_champion

    model, version = asked.parameters["model"], int(asked.parameters["version"])
    reason, actor = asked.parameters["reason"], find_user(request).get_name()
    missing = await run_in_threadpool(
        change_champion.block_version, model, version, is_blocked=is_blocked, reason=reason, actor=actor
    )
    message = f"Version {version} of {model} is {'blocked' if is_blocked else 'no longer blocked'}."
    return ActionResult(_add(message, missing, model), f"/redeye/models/{model}")


async def _preview_ask(request: Request, parameters: Parameters) -> Effects:  # noqa: ARG001
    from redeye.promotion.rollback import preview_block

    model, version = parameters["model"], int(parameters["version"])
    turns = await run_in_threadpool(preview_block, model, version, is_blocked=False)
    return Effects([f"Somebody else can unblock version {version} of {model} then."], tuple(turns))


async def _ask_to_unblock(request: Request, asked: Confirmation) -> ActionResult:
    from redeye.promotion.unblocking import ask_to_unblock

    model, version = asked.parameters["model"], int(asked.parameters["version"])
    reason, actor = asked.parameters["reason"], find_user(request).get_name()
    await run_in_threadpool(ask_to_unblock, model, version, reason=reason, actor=actor)
    message = f"You asked for version {version} of {model} to be unblocked: another person can do it now."
    return ActionResult(message, f"/redeye/models/{model}")


async def _reconcile(request: Request, asked: Confirmation) -> ActionResult:  # noqa: ARG001
    from redeye.promotion.reconcile import follow_in_registry

    model = asked.parameters["model"]
    missing = await run_in_threadpool(follow_in_registry, model)
    if missing:
        raise HTTPException(503, missing)
    return ActionResult(f"MLflow shows what the ledger says of {model}.", f"/redeye/models/{model}")


def _add(message: str, missing: str | None, model: str) -> str:
    if missing is None:
        return f"{message} MLflow shows it."
    return f"{message} {missing} The next night's monitor_{model} lets it follow, or the action that reconciles MLflow."


def _day(row: Promotion) -> str:
    return f"{row.effective_night:%-d %B %Y}"


CHAMPION_ACTIONS = (
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
            _FOLLOWS,
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
        (_FOLLOWS,),
        partial(_preview_block, is_blocked=True),
    ),
    Action(
        "ask_to_unblock",
        "Ask to unblock a version",
        "Takes down that you ask for a blocked version to become champion again. Another person unblocks it.",
        (MODEL, VERSION, REASON),
        TRAIN,
        _ask_to_unblock,
        preview=_preview_ask,
        is_listed=settings().four_eyes,
    ),
    Action(
        "unblock",
        "Unblock a version",
        "Lets a blocked version become champion again. With four eyes another person has asked for it before.",
        (MODEL, VERSION, REASON),
        TRAIN,
        partial(_change_block, is_blocked=False),
        (_FOLLOWS,),
        partial(_preview_block, is_blocked=False),
        is_decision=True,
    ),
    Action(
        "reconcile",
        "Reconcile MLflow with the ledger",
        "Lets MLflow's alias and tags follow what the ledger says, should it have been down when that was decided.",
        (MODEL,),
        TRAIN,
        _reconcile,
        (
            "MLflow's alias champion of {model} names the version decided last, and its tags the versions blocked.",
            "The ledger, by which nights are scored, stays as it is.",
        ),
    ),
)
