"""Rehearsals: an installation made for them, a copy of it for each event, and a process of its own for each copy.

Outcomes are kept as JSON as soon as they are there: interrupted, it goes on where it was.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from redeye.declarations.calendar import shift_nights
from redeye.foundation.atomic_files import write_text
from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.foundation.settings import PROJECT_ROOT, Settings, settings
from redeye.sources.configured_source import faulty_source, load_source
from redeye.sources.logic.faults import Base, Outcome, Plan
from redeye.stack import bootstrap, environment
from redeye.stack.servers import check_ports

log = logging.getLogger(__name__)

BASE, CONTROL = "base", "control"
PLAN = "rehearsal.yaml"

Report = Callable[[str], None]


def run(folder: Path, plan: Plan, *, model: str, report: Report) -> list[Outcome]:
    """Rehearse every event of a plan that has no outcome yet; each begins on the night after the base's last one.

    The folder, for the base, the copies and the outcomes, is empty or of an earlier run of the same plan.

    Raises:
        ConfigError: if the plan has no base, or an event does not begin where it ends.
        RedeyeError: if a step fails; the message has the end of its log.
    """
    begins = _require_base(plan).next
    for event in plan.events:
        if event.first != begins:
            raise ConfigError(f"event {event.name} begins on {event.first}; the base ends before {begins}")
    alone = plan.model_copy(update={"events": ()})
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / f"{BASE}.json").is_file():
        report("building the installation that every event begins with")
        shutil.rmtree(folder / BASE, ignore_errors=True)
        _step(folder, BASE, alone, BASE, model)
    watched = max((event.watched for event in plan.events), default=1)
    copies = [(CONTROL, alone, f"{CONTROL}:{watched}", "the same nights without an event")]
    for event in plan.events:
        said = f"{event.name}: {faulty_source().meanings[event.fault]}"
        copies.append((event.name, plan.model_copy(update={"events": (event,)}), event.name, said))
    for name, of_copy, what, said in copies:
        if not (folder / f"{name}.json").is_file():
            report(said)
            _copy_installation(folder, name)
            _step(folder, name, of_copy, what, model)
            shutil.rmtree(folder / name)
    read = TypeAdapter(Outcome).validate_json
    return [read((folder / f"{event.name}.json").read_bytes()) for event in plan.events]


def step(what: str, model: str) -> None:
    """Do one step in this process's installation, whose settings name the plan; its result goes beside the home."""
    from redeye.sources.configured_source import plan
    from redeye.studies.rehearsals import rehearse_event

    home = settings().home
    with _open_stack(settings()):
        active = plan()
        if active is None:
            raise ConfigError("REDEYE_REHEARSAL is not set")
        result: Mapping[str, Any] = {}
        name, _, nights = what.partition(":")
        if name == BASE:
            base = _require_base(active)
            first = load_source().first_night
            rehearse_event.prepare(model, first=first, trained=base.trained, last=base.last)
        elif name == CONTROL:
            begins = _require_base(active).next
            last = shift_nights(begins, int(nights) - 1)
            result = rehearse_event.control(model, begins, last)
        else:
            beside = json.loads((home.parent / f"{CONTROL}.json").read_text(encoding="utf-8"))
            event = next((event for event in active.events if event.name == name), None)
            if event is None:
                raise ConfigError(f"the plan {active.name} has no event {name}")
            result = asdict(rehearse_event.rehearse(model, event, beside))
    write_text(home.parent / f"{name}.json", json.dumps(result, indent=2) + "\n")


def _require_base(plan: Plan) -> Base:
    if plan.base is None:
        raise ConfigError(
            f"the plan {plan.name} has no `base`: say when the champion is trained, and its last night"
        )
    return plan.base


@contextmanager
def _open_stack(configured: Settings) -> Iterator[None]:
    secrets = bootstrap.prepare_files(configured)
    server = bootstrap.server(configured, secrets)
    # What is lost in a crash is made again.
    server.is_durable = False
    environment.export(configured, secrets)
    with server:
        bootstrap.prepare_databases(configured, secrets, server, with_tools=False)
        yield


def _copy_installation(folder: Path, name: str) -> None:
    shutil.rmtree(folder / name, ignore_errors=True)
    # With owners and modes: Postgres' files belong to a user of its own.
    copy = ["cp", "-a", "--reflink=auto", str(folder / BASE), str(folder / name)]
    subprocess.run(copy, check=True, capture_output=True)


def _step(folder: Path, name: str, plan: Plan, what: str, model: str) -> None:
    home = folder / name
    home.mkdir(parents=True, exist_ok=True)
    path = home / PLAN
    path.write_text(yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=False), encoding="utf-8")
    own = {key: value for key, value in os.environ.items() if not key.startswith("REDEYE_")}
    own |= {
        "REDEYE_PROJECT": str(PROJECT_ROOT),
        "REDEYE_HOME": str(home.resolve()),
        "REDEYE_REHEARSAL": str(path.resolve()),
        "REDEYE_POSTGRES_PORT": str(check_ports.free(settings().host)),
    }
    with (folder / f"{name}.log").open("w", encoding="utf-8") as log_file:
        command = [sys.executable, "-m", "redeye", "rehearsal-step", what, "--model", model]
        done = subprocess.run(
            command, env=own, cwd=PROJECT_ROOT, stdout=log_file, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        tail = (folder / f"{name}.log").read_text(encoding="utf-8").splitlines()[-30:]
        raise RedeyeError(f"rehearsal {name} failed ({folder / name}.log):\n" + "\n".join(tail))
