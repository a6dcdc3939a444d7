"""An action in three steps: the form, a preview, the action itself. Only the last one changes anything."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redeye.foundation.errors import RedeyeError
from redeye_airflow.pages import airflow_client
from redeye_airflow.pages.action_parts import Action, Parameters
from redeye_airflow.pages.actions import ACTIONS
from redeye_airflow.pages.addresses import PREFIX
from redeye_airflow.pages.rendering import render_page
from redeye_airflow.pages.security import confirmation, find_user, may_trigger, read_confirmation

router = APIRouter()

_CONFLICT = 409


@router.get("/actions")
def actions(request: Request) -> Response:
    """What can be done, and what was done, by whom."""
    return render_page(request, "actions/list.html", actions=ACTIONS, done=airflow_client.read_actions())


@router.get("/actions/{name}")
def form(request: Request, name: str) -> Response:
    """The form of an action, filled in with what the address says."""
    action = _find_action(name)
    given = {field.name: request.query_params.get(field.name, "") for field in action.fields}
    return render_page(request, "actions/form.html", action=action, given=given, fault="")


@router.get("/actions/{name}/confirm")
async def confirm(request: Request, name: str) -> Response:
    """What will happen, and the button that makes it happen."""
    action = _find_action(name)
    parameters = _read_parameters(action, request)
    _check_permission(request, action, parameters)
    try:
        action.check(parameters)
        preview = await action.preview(request, parameters)
    except (HTTPException, RedeyeError) as error:
        fault = str(getattr(error, "detail", error))
        return render_page(
            request, "actions/form.html", status=400, action=action, given=parameters, fault=fault
        )
    token = confirmation(find_user(request), action.name, parameters)
    return render_page(
        request, "actions/confirm.html", action=action, parameters=parameters, preview=preview, token=token
    )


@router.post("/actions/{name}")
async def perform(request: Request, name: str) -> Response:
    """The action, once, as it was confirmed; a row in Airflow's audit log before it, and one with its result."""
    action = _find_action(name)
    sent = await request.form()
    asked = read_confirmation(find_user(request), action.name, str(sent.get("token", "")))
    _check_permission(request, action, asked.parameters)
    action.check(asked.parameters)
    if airflow_client.is_used(asked.nonce):
        raise HTTPException(_CONFLICT, "this was confirmed and done before: look at what was done")
    who, dag_id = find_user(request).get_name(), action.dag_id(asked.parameters)
    extra = {**asked.parameters, "nonce": asked.nonce}
    airflow_client.record(action.name, user=who, dag_id=dag_id, extra=extra)
    try:
        done = await action.perform(request, asked.parameters, asked.nonce)
    except (HTTPException, RedeyeError) as error:
        fault = str(getattr(error, "detail", error))
        airflow_client.record(
            f"{action.name}_failed", user=who, dag_id=dag_id, extra={**extra, "error": fault}
        )
        code = error.status_code if isinstance(error, HTTPException) else _CONFLICT
        return render_page(
            request, "actions/form.html", status=code, action=action, given=asked.parameters, fault=fault
        )
    airflow_client.record(
        f"{action.name}_done", user=who, dag_id=dag_id, extra={**extra, "result": done.message}
    )
    return render_page(
        request, "actions/done.html", action=action, done=done, is_ours=done.page.startswith(f"{PREFIX}/")
    )


def _find_action(name: str) -> Action:
    action = ACTIONS.get(name)
    if action is None:
        raise HTTPException(404, f"there is no action {name}")
    return action


def _read_parameters(action: Action, request: Request) -> Parameters:
    return {field.name: request.query_params.get(field.name, "").strip() for field in action.fields}


def _check_permission(request: Request, action: Action, parameters: Parameters) -> None:
    dag_id = action.dag_id(parameters)
    if not may_trigger(find_user(request), dag_id):
        raise HTTPException(403, f"you may look and not act: this takes the right to start runs of {dag_id}")
