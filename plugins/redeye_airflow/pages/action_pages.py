"""An action in three steps: the form, a preview, the action itself. Only the last one changes anything."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from redeye.foundation.errors import RedeyeError
from redeye.foundation.masking import mask
from redeye.foundation.people.identity import RIGHTS, Right
from redeye.foundation.settings import settings
from redeye.operations import model_status
from redeye.operations.logic.night_plan import PLAY
from redeye.sources.action_store import record_action
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.actions.champions import CHAMPION_ACTIONS
from redeye_airflow.pages.actions.declared import Action, Parameters
from redeye_airflow.pages.actions.nights import NIGHT_ACTIONS
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.security import confirmation, find_user, may_decide, may_trigger, read_confirmation

router = APIRouter()

ACTIONS: dict[str, Action] = {action.name: action for action in (*NIGHT_ACTIONS, *CHAMPION_ACTIONS)}
_CONFLICT = 409


@router.get("/actions")
def actions(request: Request) -> Response:
    """What can be done, and what was done, by whom."""
    return render_page(
        request,
        "actions/list.html",
        actions=[(action, _is_allowed(request, action)) for action in ACTIONS.values() if action.is_listed],
        actors=_name_actors(Right.OPERATE),
        may_approve=any(may_decide(find_user(request), f"train_{name}") for name in model_status.specs()),
        playing=airflow_client.find_active_run(PLAY),
        done=airflow_client.read_actions(),
    )


@router.get("/actions/{name}")
def form(request: Request, name: str) -> Response:
    """The form of an action, filled in with what the address says; who may not act gets none, and is told who may."""
    action = _find_action(name)
    if not action.is_listed:
        raise HTTPException(404, f"{action.title} has no form of its own here")
    given = _read_parameters(request, action)
    for field in action.fields:
        if field.suggest and not given[field.name]:
            given[field.name] = field.suggest()
    if not _is_allowed(request, action):
        actors = _name_actors(Right.DECIDE if action.is_decision else Right.OPERATE)
        return render_page(request, "actions/not_allowed.html", action=action, actors=actors)
    return _show_form(request, action, given)


@router.get("/actions/{name}/confirm")
async def confirm(request: Request, name: str) -> Response:
    """What will happen, and the button that makes it happen."""
    action = _find_action(name)
    parameters = _read_parameters(request, action)
    _check_permission(request, action, parameters)
    try:
        await run_in_threadpool(action.check, parameters)
        effects = await action.find_effects(request, parameters)
    except (HTTPException, RedeyeError) as error:
        return await run_in_threadpool(
            _show_form, request, action, parameters, status=400, fault=_explain(error)
        )
    token = confirmation(find_user(request), action.name, parameters)
    return render_page(
        request, "actions/confirm.html", action=action, parameters=parameters, effects=effects, token=token
    )


@router.post("/actions/{name}")
async def perform(request: Request, name: str) -> Response:
    """The action, once, as confirmed; it is recorded before, in the ledger and Airflow's audit log, and after."""
    action = _find_action(name)
    sent = await request.form()
    asked = read_confirmation(find_user(request), action.name, str(sent.get("token", "")))
    dag_id = _check_permission(request, action, asked.parameters)
    await run_in_threadpool(action.check, asked.parameters)
    said = {"user": find_user(request).get_name(), "dag_id": dag_id}
    if not await run_in_threadpool(
        airflow_client.record_once, action.name, nonce=asked.nonce, extra=asked.parameters, **said
    ):
        raise HTTPException(_CONFLICT, "this was confirmed and done before: look at what was done")
    # Airflow's log may be rewritten; the ledger's trail shows it. What cannot be recorded for good is not done.
    given = {name: value for name, value in asked.parameters.items() if value and name != "reason"}
    await run_in_threadpool(
        record_action,
        actor=said["user"],
        action=action.title,
        subject=" ".join([dag_id, *(f"{name}={value}" for name, value in given.items())]),
        reason=asked.parameters.get("reason") or "the form asks for none",
    )

    def record(event: str, **result: str) -> None:
        airflow_client.record(event, extra={**asked.parameters, "nonce": asked.nonce, **result}, **said)

    try:
        done = await action.perform(request, asked)
    except (HTTPException, RedeyeError) as error:
        record(f"{action.name}_failed", error=_explain(error))
        code = error.status_code if isinstance(error, HTTPException) else _CONFLICT
        return await run_in_threadpool(
            _show_form, request, action, asked.parameters, status=code, fault=_explain(error)
        )
    record(f"{action.name}_{'done' if done.is_done else 'started'}", result=done.message)
    return render_page(request, "actions/done.html", done=done)


def _show_form(
    request: Request, action: Action, given: Parameters, *, status: int = 200, fault: str = ""
) -> Response:
    return render_page(request, "actions/form.html", status=status, action=action, given=given, fault=fault)


def _explain(error: Exception) -> str:
    return mask(str(getattr(error, "detail", error)))


def _find_action(name: str) -> Action:
    if name not in ACTIONS:
        raise HTTPException(404, f"there is no action {name}")
    return ACTIONS[name]


def _read_parameters(request: Request, action: Action) -> Parameters:
    return {field.name: request.query_params.get(field.name, "").strip() for field in action.fields}


def _is_allowed(request: Request, action: Action) -> bool:
    """Whether the user may act on any DAG that the action may be about."""
    choices = {field.name: field.choices() for field in action.fields if field.choices}
    dags = [action.dag]
    for name, values in choices.items():
        dags = [dag.replace(f"{{{name}}}", value) for dag in dags for value in values]
    return any(_find_obstacle(request, action, dag_id) is None for dag_id in dags)


def _name_actors(right: Right) -> str:
    """Who has a right, by the login that there is."""
    if not settings().oidc_issuer:
        return "the user admin"
    roles = [role for role, rights in RIGHTS.items() if right in rights]
    return f"a person with the role {' or '.join(roles)}"


def _check_permission(request: Request, action: Action, parameters: Parameters) -> str:
    """The DAG whose runs the user may start, or decide about, or else 403."""
    dag_id = action.dag.format(**parameters)
    if obstacle := _find_obstacle(request, action, dag_id):
        raise HTTPException(403, obstacle)
    return dag_id


def _find_obstacle(request: Request, action: Action, dag_id: str) -> str | None:
    """Which right the user lacks for an action about a DAG, in words; None if none."""
    if action.is_decision and not may_decide(find_user(request), dag_id):
        return f"you may not decide: this takes the right to answer questions of {dag_id}"
    if not may_trigger(find_user(request), dag_id):
        return f"you may look and not act: this takes the right to start runs of {dag_id}"
    return None
