"""dbt, run in this process over the lake: build the warehouse's head, name its code, render its docs.

dbt's artifacts, its parsed project and its logs live outside of the repository, in `<home>/dbt`. The
connection is opened by `redeye.warehouse.dbt_plugin`, and closed here when dbt is done.
"""

from __future__ import annotations

import gc
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import RedeyeError
from redeye.foundation.masking import mask
from redeye.foundation.settings import PROJECT_ROOT, settings
from redeye.warehouse import lake
from redeye.warehouse.dbt_code import code_nodes, hash_code
from redeye.warehouse.logic.releases import CodeNode

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.events.base_types import EventMsg

log = logging.getLogger(__name__)

PROJECT = PROJECT_ROOT / "dbt"
PACKAGE = Path(__file__).parent / "dbt_package"
"""Folder of the macros and tests that every project's dbt has; `./redeye generate` writes them there."""
ATTACH = "REDEYE_WAREHOUSE_ATTACH"
DATA_PATH = "REDEYE_WAREHOUSE_DATA_PATH"
THREADS = "REDEYE_THREADS"
FAILED = frozenset({"error", "fail", "runtime error"})


class DbtError(RedeyeError):
    """dbt failed; the message names each failing node and what it said."""


@dataclass(frozen=True)
class DbtResult:
    """What a build did: what ran, in order of completion, and every model of the code, whether it ran or not.

    The hash of the code is as `code_hash()` gives it, the wall time of every node by unique id.
    """

    nodes: tuple[str, ...]
    seconds: dict[str, float]
    code_hash: str
    models: tuple[CodeNode, ...] = ()


def build(
    *,
    attach: str | None = None,
    data_path: Path | str | None = None,
    target_dir: Path | None = None,
    select: Sequence[str] = (),
    project: Path = PROJECT,
    is_tested: bool = True,
    manifest: Manifest | None = None,
) -> DbtResult:
    """Build and test the nights of `raw.build_window` at the warehouse's head.

    What is not given is the settings': the warehouse to attach, without a token, the folder of its Parquet files, and
    `<home>/dbt` for dbt's state. The selectors are dbt's, for a part of the project.

    Raises:
        DbtError: if a model or test fails, or the project does not parse; what did not fail is built.
    """
    with environment(attach, data_path):
        manifest = manifest or parse(target_dir, project=project)
        # Before the run, which adds the macros of the branches that it took.
        hashed, models = hash_code(manifest), code_nodes(manifest)
        selection = ["--select", *select] if select else []
        # Unit tests test the code, not the night: they run in CI.
        command = ["build", "--exclude-resource-type", "unit_test"] if is_tested else ["run"]
        result = _invoke([*command, *selection], target_dir, manifest, project)
    ran = _check_result(result)
    return DbtResult(
        nodes=tuple(node.node.unique_id for node in ran),
        seconds={node.node.unique_id: float(node.execution_time) for node in ran},
        code_hash=hashed,
        models=models,
    )


def run_unit_tests(
    *,
    attach: str,
    data_path: Path | str,
    target_dir: Path | None = None,
    models: Sequence[str] = (),
    project: Path = PROJECT,
    manifest: Manifest | None = None,
) -> DbtResult:
    """Run the unit tests of some models, by default of all, over a lake whose relations exist, rows or not.

    Raises:
        DbtError: naming each failing unit test, with the rows expected and found.
    """
    selected = [f"{name},test_type:unit" for name in models] or ["test_type:unit"]
    with environment(attach, data_path):
        manifest = manifest or parse(target_dir, project=project)
        hashed = hash_code(manifest)
        result = _invoke(["test", "--select", *selected], target_dir, manifest, project)
    ran = _check_result(result)
    return DbtResult(tuple(node.node.unique_id for node in ran), {}, hashed)


def list_modified(
    select: str, *, base: Path, target_dir: Path, project: Path = PROJECT, manifest: Manifest | None = None
) -> list[str]:
    """Unique ids of the models and data tests that a state selector finds, such as `state:modified+`, sorted.

    `base` is the folder of the `manifest.json` to compare with; `manifest` the project, if it is parsed already.

    Raises:
        DbtError: if the project does not parse.
    """
    command = [
        "ls",
        "--select",
        select,
        "--state",
        str(base),
        "--resource-type",
        "model",
        "--resource-type",
        "test",
    ]
    with environment("none", "none"):
        result = _invoke(
            [*command, "--output", "json", "--output-keys", "unique_id"], target_dir, manifest, project
        )
    _check_result(result)
    return sorted(json.loads(line)["unique_id"] for line in result.result)  # type: ignore[union-attr]


def compile_models(
    target_dir: Path | None,
    *,
    project: Path = PROJECT,
    manifest: Manifest | None = None,
    is_definition: bool = False,
) -> Manifest:
    """The manifest with the SQL of every model as it would run now; needs what `environment` sets.

    A given manifest is changed. As definition, the queries for the nights stand in place of the nights, so that it is
    the same every night.

    Raises:
        DbtError: if a model does not compile.
    """
    manifest = manifest or parse(target_dir, project=project)
    given = ["--vars", "{is_definition: true}"] if is_definition else []
    _check_result(
        _invoke(["compile", "--select", "resource_type:model", *given], target_dir, manifest, project)
    )
    return manifest


def code_hash(*, target_dir: Path | None = None, project: Path = PROJECT) -> str:
    """SHA-256 of the project's code: models, tests and macros with their configuration, and dbt's versions.

    Independent of descriptions, of the order and place of files, and of the warehouse; needs no connection.

    Raises:
        DbtError: if the project does not parse.
    """
    with environment("", ""):
        return hash_code(parse(target_dir, project=project))


def docs(
    *, attach: str | None = None, data_path: Path | str | None = None, target_dir: Path | None = None
) -> Path:
    """Render the docs of the project as one static page, without any network.

    Returns:
        The page.

    Raises:
        DbtError: if the project does not parse or the warehouse cannot be read.
    """
    with environment(attach, data_path):
        _check_result(_invoke(["docs", "generate", "--static"], target_dir))
    return docs_page(target_dir)


def docs_page(target_dir: Path | None = None) -> Path:
    """Where `docs` writes."""
    return _state(target_dir) / "target" / "static_index.html"


def _state(target_dir: Path | None) -> Path:
    return target_dir or settings().home / "dbt"


@contextmanager
def environment(attach: str | None, data_path: Path | str | None) -> Iterator[None]:
    """Give the plugin what to attach, and leave nothing behind: variables, folder, connection."""
    values = {
        ATTACH: lake.attach_string(Catalog.WAREHOUSE) if attach is None else attach,
        DATA_PATH: f"{lake.data_path(Catalog.WAREHOUSE)}/" if data_path is None else str(data_path),
        THREADS: str(settings().threads),
    }
    before = {name: os.environ.get(name) for name in values}
    folder = Path.cwd()
    os.environ.update(values)
    gc.freeze()  # what is there by now holds no cursor of dbt's, and to look through it takes half a second
    try:
        yield
    finally:
        os.chdir(folder)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _disconnect()
        gc.unfreeze()


def _disconnect() -> None:
    """Close dbt's DuckDB: it outlives the run, and would be used again whatever is to be attached then."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters

    reset_adapters()
    environment = DuckDBConnectionManager._ENV
    if environment is None:
        return
    environment.close()
    DuckDBConnectionManager.close_all_connections()
    gc.collect()  # cursors hold the database open until they are collected


def _invoke(
    command: list[str], target_dir: Path | None, manifest: Manifest | None = None, project: Path = PROJECT
) -> dbtRunnerResult:
    from dbt.cli.main import dbtRunner

    state = _state(target_dir)
    state.mkdir(parents=True, exist_ok=True)
    where = [
        # Another checkout's project is run by this code, whose plugin only this checkout's profile is sure to name.
        "--project-dir",
        str(project),
        "--profiles-dir",
        str(PROJECT),
        "--target-path",
        str(state / "target"),
    ]
    flags = [
        "--log-path",
        str(state / "logs"),
        "--log-level",
        "none",
        "--log-level-file",
        "info",
        "--no-send-anonymous-usage-stats",
        "--no-version-check",
        "--no-use-colors",
    ]
    return dbtRunner(manifest=manifest, callbacks=[_forward]).invoke([*flags, *command, *where])


def _forward(event: EventMsg) -> None:
    """Hand what dbt says on to the log of this process."""
    levels = {"info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
    info: Any = event.info  # its fields are made at run time, by protobuf
    if info.level in levels and info.msg.strip():
        log.log(levels[info.level], "%s", mask(info.msg))


def parse(target_dir: Path | None = None, *, project: Path = PROJECT) -> Manifest:
    """The project's manifest; needs no connection, but the environment that `environment` sets.

    Raises:
        DbtError: if the project does not parse.
    """
    result = _invoke(["parse"], target_dir, project=project)
    _check_result(result)
    return result.result  # type: ignore[return-value]


def _check_result(result: dbtRunnerResult) -> list[Any]:
    """The results of all nodes.

    Raises:
        DbtError: if one of them failed, or dbt itself did.
    """
    if result.exception is not None and not isinstance(result.exception, Exception):
        raise result.exception  # A signal's, which ends the process: dbt did not fail.
    if result.exception is not None:
        raise DbtError(f"dbt stopped: {mask(str(result.exception))}") from None
    nodes = list(getattr(result.result, "results", []))
    failures = [node for node in nodes if str(node.status) in FAILED]
    if failures:
        reported = (f"{node.node.unique_id}: {mask(node.message or str(node.status))}" for node in failures)
        raise DbtError("dbt failed:\n" + "\n".join(reported))
    if not result.success:
        raise DbtError(f"dbt failed without naming a node; see the log in {_state(None) / 'logs'}")
    return [node for node in nodes if hasattr(node, "node")]
