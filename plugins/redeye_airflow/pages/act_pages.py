"""Acting, in three steps: the form, what will happen, and the act. Only the last one changes anything."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from redeye.foundation.errors import RedeyeError
from redeye_airflow.pages import airflow_side
from redeye_airflow.pages.act_parts import Act, Parameters
from redeye_airflow.pages.acts import ACTS
from redeye_airflow.pages.mount import PREFIX
from redeye_airflow.pages.rendering import page
from redeye_airflow.pages.security import confirmation, confirmed, may_act, user_of

router = APIRouter()

_CONFLICT = 409


@router.get("/acts")
def acts(request: Request) -> Response:
    """What can be done, and what was done, by whom."""
    return page(request, "acts.html", acts=ACTS, done=airflow_side.acts())


@router.get("/acts/{name}")
def form(request: Request, name: str) -> Response:
    """The form of an act, filled in with what the address says."""
    act = _act(name)
    given = {field.name: request.query_params.get(field.name, "") for field in act.fields}
    return page(request, "act.html", act=act, given=given, fault="")


@router.get("/acts/{name}/confirm")
async def confirm(request: Request, name: str) -> Response:
    """What will happen, and the button that makes it happen."""
    act = _act(name)
    parameters = _parameters(act, request)
    _permitted(request, act, parameters)
    try:
        act.check(parameters)
        told = await act.foretell(request, parameters)
    except (HTTPException, RedeyeError) as error:
        fault = str(getattr(error, "detail", error))
        return page(request, "act.html", status=400, act=act, given=parameters, fault=fault)
    token = confirmation(user_of(request), act.name, parameters)
    return page(request, "confirm.html", act=act, parameters=parameters, told=told, token=token)


@router.post("/acts/{name}")
async def perform(request: Request, name: str) -> Response:
    """The act, once, as it was confirmed; a row in Airflow's audit log before it, and one with what it came to."""
    act = _act(name)
    sent = await request.form()
    asked = confirmed(user_of(request), act.name, str(sent.get("token", "")))
    _permitted(request, act, asked.parameters)
    act.check(asked.parameters)
    if airflow_side.is_used(asked.nonce):
        raise HTTPException(_CONFLICT, "this was confirmed and done before: look at what was done")
    who, dag_id = user_of(request).get_name(), act.dag_id(asked.parameters)
    extra = {**asked.parameters, "nonce": asked.nonce}
    airflow_side.record(act.name, user=who, dag_id=dag_id, extra=extra)
    try:
        done = await act.perform(request, asked.parameters, asked.nonce)
    except (HTTPException, RedeyeError) as error:
        fault = str(getattr(error, "detail", error))
        airflow_side.record(f"{act.name}_failed", user=who, dag_id=dag_id, extra={**extra, "error": fault})
        code = error.status_code if isinstance(error, HTTPException) else _CONFLICT
        return page(request, "act.html", status=code, act=act, given=asked.parameters, fault=fault)
    airflow_side.record(f"{act.name}_done", user=who, dag_id=dag_id, extra={**extra, "result": done.told})
    return page(request, "done.html", act=act, done=done, is_ours=done.page.startswith(f"{PREFIX}/"))


def _act(name: str) -> Act:
    act = ACTS.get(name)
    if act is None:
        raise HTTPException(404, f"there is no act {name}")
    return act


def _parameters(act: Act, request: Request) -> Parameters:
    return {field.name: request.query_params.get(field.name, "").strip() for field in act.fields}


def _permitted(request: Request, act: Act, parameters: Parameters) -> None:
    dag_id = act.dag_id(parameters)
    if not may_act(user_of(request), dag_id):
        raise HTTPException(403, f"you may look and not act: that takes the right to start runs of {dag_id}")
