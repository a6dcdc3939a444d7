"""Actions about nights: play them, stop that, run one DAG again, retrain, acknowledge a verdict."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from redeye.declarations.calendar import (
    count_nights_since,
    cutoff,
    find_start,
    list_nights,
    shift_nights,
    zone,
)
from redeye.foundation.errors import RedeyeError
from redeye.operations import find_unplayed, model_status
from redeye.operations.logic.night_plan import BUILD, PLAY
from redeye.scoring.outputs_store import find_last_scored_night
from redeye.warehouse import release_store
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.actions.declared import (
    MODEL,
    REASON,
    TRAIN,
    Action,
    ActionResult,
    Effects,
    Field,
    Parameters,
)
from redeye_airflow.pages.page_data import find_spec, reader
from redeye_airflow.pages.security import Confirmation

LONGEST_BACKFILL = 92


def _suggest(which: int) -> str:
    try:
        found = find_unplayed.suggest_nights(airflow_client.now())
    except RedeyeError:
        return ""  # the preview says what is wrong
    return str(found[which]) if found else ""


async def _preview_play(request: Request, parameters: Parameters) -> Effects:
    first, last = (date.fromisoformat(parameters[name]) for name in ("first", "last"))
    if active := airflow_client.find_active_run(PLAY):
        raise HTTPException(
            409, f"nights are being played already, as {active}: stop that first, or wait for its end"
        )
    steps = await run_in_threadpool(find_unplayed.list_missing_steps, first, last)
    if not steps:
        raise HTTPException(
            400, f"nothing is missing of the nights {first} to {last}: all are built, scored and judged"
        )
    played = sorted({step.night for step in steps if first <= step.night})
    models = sorted({step.model for step in steps if step.verb in ("score", "monitor")})
    many = f"{len(played)} nights, {played[0]} to {played[-1]}" if len(played) > 1 else f"Night {played[0]}"
    sentences = [f"{many}: {len(steps)} runs, one night after the other; what is done already is left alone."]
    if models:
        sentences.append(f"Each night is built, then scored and judged by {', '.join(models)}.")
    sentences += [
        f"{step.model} has no champion yet: it is trained first, with what night {step.night} knew."
        for step in steps
        if step.verb == "train" and step.night < first
    ]
    for dag_id in sorted({PLAY, *(step.dag_id for step in steps)}):
        if await _is_paused(request, dag_id):
            sentences.append(f"{dag_id} is paused: this unpauses it.")
    return Effects(sentences)


async def _play(request: Request, asked: Confirmation) -> ActionResult:
    first, last = asked.parameters["first"], asked.parameters["last"]
    steps = await run_in_threadpool(
        find_unplayed.list_missing_steps, date.fromisoformat(first), date.fromisoformat(last)
    )
    verdicts = {f"train_{step.model}" for step in steps if step.model}
    for dag_id in sorted({PLAY, *verdicts, *(step.dag_id for step in steps)}):
        await airflow_client.ask_airflow(request, "PATCH", f"/dags/{dag_id}", {"is_paused": False})
    run_id = f"{first}_to_{last}__{asked.nonce}"
    body = {"dag_run_id": run_id, "logical_date": None, "conf": {"first": first, "last": last}}
    await airflow_client.ask_airflow(request, "POST", f"/dags/{PLAY}/dagRuns", body)
    return ActionResult(
        f"nights {first} to {last}, one after the other.", f"/redeye/plays/{run_id}", is_done=False
    )


async def _stop(request: Request, asked: Confirmation) -> ActionResult:
    run_id = asked.parameters["run_id"]
    await airflow_client.ask_airflow(request, "PATCH", f"/dags/{PLAY}/dagRuns/{run_id}", {"state": "failed"})
    return ActionResult(
        "The nights are no longer played. What runs now ends by itself; nothing new begins.",
        f"/redeye/plays/{run_id}",
    )


def _list_nightly_dags() -> list[str]:
    """The DAGs that a range of nights can be run of, in the order in which they are needed."""
    nightly = [f"{verb}_{model}" for model in model_status.specs() for verb in ("score", "monitor")]
    return [BUILD, *nightly]


def _check_backfill(parameters: Parameters) -> None:
    if parameters["dag_id"] not in _list_nightly_dags():
        raise HTTPException(400, "dag_id: choose one of the nightly DAGs")
    first, last = date.fromisoformat(parameters["first"]), date.fromisoformat(parameters["last"])
    if not first <= last:
        raise HTTPException(400, "the first night is after the last one")
    if count_nights_since(first, last) >= LONGEST_BACKFILL:
        raise HTTPException(
            400, f"{LONGEST_BACKFILL} nights at most at once; a longer stretch: build_history"
        )


def _require_built(first: date, last: date) -> None:
    """Refuse nights that no release holds and that are no recorded gaps.

    Raises:
        HTTPException: 400, naming them and what is built.
    """
    wanted = (night for night in list_nights(first, last) if release_store.covering_release(night) is None)
    missing = [night for night in wanted if not release_store.is_gap(night)]
    if missing:
        head = release_store.latest_release()
        built = f"the warehouse is built up to night {head.night}" if head else "nothing is built yet"
        which = (
            f"night {missing[0]} is"
            if len(missing) == 1
            else f"{len(missing)} nights from {missing[0]} on are"
        )
        raise HTTPException(400, f"{which} not built: {built}. Play the nights, or build them first")


def _require_buildable(first: date) -> None:
    missing = release_store.missing_predecessor(first, release_store.latest_release())
    if missing is not None:
        raise HTTPException(400, f"nights are built one after the other: begin with night {missing}")


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


async def _preview_backfill(request: Request, parameters: Parameters) -> Effects:
    first, last = date.fromisoformat(parameters["first"]), date.fromisoformat(parameters["last"])
    if parameters["dag_id"] == BUILD:
        await run_in_threadpool(_require_buildable, first)
    else:
        await run_in_threadpool(_require_built, first, last)
    planned = await _ask_backfill(request, "/backfills/dry_run", parameters)
    starts = [datetime.fromisoformat(row["logical_date"]) for row in planned["backfills"]]
    found = sorted(start.astimezone(zone()).date().isoformat() for start in starts)
    wanted = {night.isoformat() for night in list_nights(first, last)}
    preview = [f"{len(found)} of {len(wanted)} nights run: {', '.join(found) or 'none, all have succeeded'}."]
    if skipped := sorted(wanted - set(found)):
        preview.append(f"Left out, because they succeeded or are under way: {', '.join(skipped)}.")
    preview += await _warn_if_paused(request, parameters["dag_id"])
    return Effects(preview)


async def _backfill(request: Request, asked: Confirmation) -> ActionResult:
    made = await _ask_backfill(request, "/backfills", asked.parameters)
    dag_id = asked.parameters["dag_id"]
    return ActionResult(f"backfill {made['id']} of {dag_id}.", f"/dags/{dag_id}/backfills", is_done=False)


async def _is_paused(request: Request, dag_id: str) -> bool:
    return bool((await airflow_client.ask_airflow(request, "GET", f"/dags/{dag_id}", None))["is_paused"])


async def _warn_if_paused(request: Request, dag_id: str) -> list[str]:
    """A sentence if the DAG is paused."""
    is_paused = await _is_paused(request, dag_id)
    return [f"{dag_id} is paused: runs wait until it is unpaused."] if is_paused else []


async def _preview_retrain(request: Request, parameters: Parameters) -> Effects:
    night, spec = date.fromisoformat(parameters["night"]), find_spec(parameters["model"])
    await run_in_threadpool(_require_built, night, night)
    if await run_in_threadpool(release_store.is_gap, night):
        raise HTTPException(
            400, f"night {night} is a recorded gap, it has no release to learn from: take another one"
        )
    effective = shift_nights(night, spec.effective_lag_nights)
    sentences = [
        f"train_{spec.model} runs with what was known at the end of night {night}.",
        "Candidates are fitted and judged by the gates; the champion stays unless one passes all of them.",
        f"A new champion takes effect from night {effective} on, and never on a night already scored.",
    ]
    scored = await run_in_threadpool(find_last_scored_night, spec.model)
    if scored and scored >= effective:
        sentences.append(
            f"Nights up to {scored} are scored already, so a candidate that passes will be refused: "
            f"choose night {shift_nights(scored, 1 - spec.effective_lag_nights)} or a later one."
        )
    return Effects([*sentences, *await _warn_if_paused(request, f"train_{spec.model}")])


async def _retrain(request: Request, asked: Confirmation) -> ActionResult:
    night, reason = asked.parameters["night"], asked.parameters["reason"]
    dag_id, run_id = f"train_{asked.parameters['model']}", f"asked__{night}__{asked.nonce}"
    conf = {"night": night, "reason": reason}
    body = {"dag_run_id": run_id, "logical_date": None, "conf": conf, "note": reason}
    # Lists of runs are sorted by this: at the end of its night, unless that is still to come.
    body["run_after"] = min(cutoff(date.fromisoformat(night)), airflow_client.now()).isoformat()
    await airflow_client.ask_airflow(request, "POST", f"/dags/{dag_id}/dagRuns", body)
    return ActionResult(f"{dag_id}, as {run_id}.", f"/dags/{dag_id}/runs/{run_id}", is_done=False)


async def _preview_acknowledge(request: Request, parameters: Parameters) -> Effects:  # noqa: ARG001
    model, night = parameters["model"], date.fromisoformat(parameters["night"])
    found = await run_in_threadpool(reader().verdicts, model, date.min, date.max)
    if not any(row["night"] == night for row in found):
        last = f"the newest verdict is of night {found[-1]['night']}" if found else "it has no verdict yet"
        raise HTTPException(400, f"{model} has no verdict of night {night}: {last}")
    return Effects([])


async def _acknowledge(request: Request, asked: Confirmation) -> ActionResult:  # noqa: ARG001
    # The row in the audit log, which every action leaves, is the acknowledgement.
    model, night = asked.parameters["model"], asked.parameters["night"]
    return ActionResult(
        f"The verdict of night {night} is acknowledged.", f"/redeye/models/{model}?night={night}"
    )


NIGHT_ACTIONS = (
    Action(
        "play_nights",
        "Play nights",
        "Builds, scores and judges what is missing of a range of nights, one night after the other, for every model. "
        "Its page shows each night as it goes, and stops it.",
        (
            Field(
                "first",
                "First night",
                "date",
                suggest=lambda: _suggest(0),
                help="The first one that lacks anything.",
            ),
            Field(
                "last",
                "Last night",
                "date",
                suggest=lambda: _suggest(1),
                help="Included. As far as the data goes.",
            ),
        ),
        PLAY,
        _play,
        (
            "A training that a verdict or a model's calendar asks for is waited for before the nights it would serve.",
            "It stops at the first run that fails, and goes on with what is missing when it is started again.",
        ),
        _preview_play,
    ),
    Action(
        "backfill",
        "Run one nightly DAG for a range of nights",
        "Runs a nightly DAG for nights that have not succeeded, one at a time, forwards. A night that has succeeded is "
        "left alone. To build, score and judge in one go: Play nights.",
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
        preview=_preview_retrain,
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
        _preview_acknowledge,
    ),
    Action(
        "stop_playing",
        "Stop playing nights",
        "Begins nothing new; what runs ends by itself.",
        (Field("run_id", "Run"),),
        PLAY,
        _stop,
        is_listed=False,
    ),
)
