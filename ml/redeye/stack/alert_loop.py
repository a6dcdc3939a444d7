"""The watch: looks once a minute at what is wrong, and tells each address what it has not been told.

`python -m redeye.stack.alert_loop`; the stack runs it if `REDEYE_ALERT_URLS` is set. It asks Airflow's API for failed
tasks and reads the rest itself, so that it tells of a late release also when Airflow is what is down.
"""

from __future__ import annotations

import logging
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import httpx
import psycopg2

from redeye.foundation import disk
from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.foundation.masking import mask, mask_logs
from redeye.foundation.settings import Settings, settings
from redeye.operations import apprise_alerts as telling
from redeye.operations import find_alerts, night_status
from redeye.operations.find_alerts import TaskFailure
from redeye.operations.logic import alerts
from redeye.operations.logic.alerts import Alert, Message
from redeye.scoring.outputs_reader import OutputsReader
from redeye.sources.configured_source import load_source
from redeye.stack import environment, home_owner
from redeye.stack.airflow import airflow_api

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
# Adding up every file of the home takes seconds.
LOOKS_PER_DISK_LOOK = 30


def watch(configured: Settings) -> None:
    """Look and tell until the process is ended.

    Raises:
        ConfigError: if an address is not understood.
    """
    telling.targets(configured.alert_urls.get_secret_value())
    reader, looks = OutputsReader(), 0
    beat = beat_path(configured)
    beat.parent.mkdir(parents=True, exist_ok=True)
    while True:
        try:
            sweep(configured, reader, now=datetime.now(UTC), with_disk=looks % LOOKS_PER_DISK_LOOK == 0)
        except (RedeyeError, psycopg2.Error, duckdb.Error) as error:
            # The database is down or a lease is held: the next look comes in a minute.
            log.warning("this look failed: %s", mask(str(error)))
        beat.touch()
        looks += 1
        time.sleep(LOOK_SECONDS)


def beat_path(configured: Settings) -> Path:
    """The file that is touched after each look, for a health check."""
    return configured.home.resolve() / home_owner.CACHE / "alerts.beat"


def sweep(
    configured: Settings, reader: OutputsReader, *, now: datetime, with_disk: bool = True
) -> list[Message]:
    """One look: the messages that were delivered by it."""
    standing = find_all_alerts(configured, reader, now=now, with_disk=with_disk)
    sent = []
    for target in telling.targets(configured.alert_urls.get_secret_value()):
        message = telling.send_due_alerts(
            target,
            standing,
            now=now,
            interval=timedelta(minutes=configured.alert_interval_minutes),
            compose=lambda new: alerts.message(
                new, site=configured.public_airflow_url, installation=environment.instance_name(configured)
            ),
        )
        if message is not None:
            log.info("told %s: %s", target.name, message.title)
            sent.append(message)
    return sent


def find_all_alerts(
    configured: Settings, reader: OutputsReader, *, now: datetime, with_disk: bool
) -> list[Alert]:
    """Everything that is wrong by now or was and is over, told or not."""
    morning = night_status.read_morning(reader, now=now)
    standing = find_alerts.find_task_alerts(_find_failed_tasks(configured, now))
    if morning is not None:
        standing += find_alerts.find_alerts(morning, now=now, source=load_source())
        standing += find_alerts.find_ended_alerts(morning)
    if with_disk:
        standing += find_alerts.find_disk_alerts(
            disk.measure_usage(configured), morning.night if morning else None, now
        )
    return standing


def test(configured: Settings, *, now: datetime) -> dict[str, bool]:
    """Send each address a message that says it is a test; which took it.

    Raises:
        ConfigError: if there is no address, or one is not understood.
    """
    found = telling.targets(configured.alert_urls.get_secret_value())
    if not found:
        raise ConfigError("REDEYE_ALERT_URLS is not set: docs/guides/runbook.md says what goes there")
    text = f"This is a test, sent at {now:%Y-%m-%d %H:%M} UTC. Nothing is wrong."
    title = f"{environment.instance_name(configured)}: a test of the alerts"
    message = Message(title, f"{text}\n{configured.public_airflow_url}/redeye/alerts\n", ())
    return {target.name: telling.send_message(target, message) for target in found}


def _find_failed_tasks(configured: Settings, now: datetime) -> list[TaskFailure]:
    try:
        with airflow_api.open_api(configured) as api:
            return [
                TaskFailure(
                    row["dag_id"], row["dag_run_id"], row["task_id"], row["map_index"], row["try_number"]
                )
                for row in api.list_failed_tasks(now - alerts.FAILED_WITHIN)
            ]
    except (httpx.HTTPError, ConfigError, RedeyeError) as error:
        log.warning("Airflow cannot be asked for failed tasks: %s", error)
        return []


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s")
    mask_logs()
    logging.getLogger("redeye").setLevel(logging.INFO)
    try:
        watch(settings())
    except ConfigError as error:
        sys.exit(mask(str(error)))
