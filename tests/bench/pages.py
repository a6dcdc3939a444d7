"""Server time of the operator's pages with 30, 365 and 3,650 nights of history, and with 200 models.

Run by hand: `python tests/bench/pages.py`. Predictions, quality, verdicts, drift and ledgers are made up at the
size of real ones and written as maintenance leaves them, many nights to a file; the nights of the last month are files
of their own. Airflow's real app answers, in this process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).parents[2] / part) for part in ("ml", "plugins")]

from installation import installation  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from redeye.foundation.settings import settings  # noqa: E402

LAST = date(2013, 12, 29)
FLIGHTS, FEATURES, APART = 920, 141, 30
TRIES = 5
MODEL = "flight_delay"


def main() -> None:
    """Measure each size in an installation of its own, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, nargs="*", default=[30, 365, 3650])
    parser.add_argument("--many", type=int, default=200, help="so many models, with 30 nights; 0 for none")
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    if options.only is None:
        for nights in options.nights:
            subprocess.run([sys.executable, __file__, "--only", str(nights)], check=True)
        if options.many:
            with tempfile.TemporaryDirectory(prefix="redeye-bench-project-") as project:
                _copy_project(Path(project), options.many)
                command = [sys.executable, __file__, "--only", str(APART)]
                subprocess.run(command, check=True, env={**os.environ, "REDEYE_PROJECT": project})
        return
    with tempfile.TemporaryDirectory(prefix="redeye-bench-") as home:
        Path(home).chmod(0o711)
        with installation(Path(home)) as at:
            at.postgres  # noqa: B018  it runs
            from redeye.foundation.settings import SPECS

            models = sorted(path.stem for path in SPECS.glob("*.yaml"))
            _fill(options.only, models)
            _measure(options.only, models)


def _copy_project(folder: Path, models: int) -> None:
    """The project, and its spec under so many names."""
    root = Path(__file__).parents[2]
    for path in [*root.iterdir(), *(root / "ml").iterdir()]:
        if path.name not in ("ml", "specs", ".git"):
            (folder / path.relative_to(root)).parent.mkdir(exist_ok=True)
            (folder / path.relative_to(root)).symlink_to(path)
    spec = (root / "ml" / "specs" / f"{MODEL}.yaml").read_text()
    (folder / "ml" / "specs").mkdir()
    for number in range(models):
        name = f"{MODEL}_{number:03d}" if number else MODEL
        copy = spec.replace(f"model: {MODEL}\n", f"model: {name}\n", 1)
        (folder / "ml" / "specs" / f"{name}.yaml").write_text(copy)


def _fill(nights: int, models: Sequence[str]) -> None:
    """Rows of so many nights: all but the last month in one file per table, the rest a file a night."""
    from redeye.champions import promotion_store
    from redeye.foundation import lease
    from redeye.foundation.catalogs import Catalog
    from redeye.scoring import outputs_store
    from redeye.warehouse import lake

    first = LAST - timedelta(days=nights - 1)
    for model in models:
        promotion_store.promote(
            model, version=1, algorithm="heuristic", feature_service="flight_delay_v1", artifact_uri="nowhere",
            artifact_sha256="0" * 64, decided_night=first - timedelta(days=2),
            effective_night=first - timedelta(days=1), reason="first champion", evidence={}, actor="bench",
            run_id="bench", follows=None, last_scored_night=outputs_store.find_last_scored_night,
        )  # fmt: skip
    spans = [(first, LAST - timedelta(days=APART))] if nights > APART else []
    spans += [(one, one) for back in range(min(nights, APART)) for one in [LAST - timedelta(days=back)]]
    with lease.hold(Catalog.OUTPUTS, "bench") as token:
        con = lake.connect(threads=2)
        lake.attach(con, Catalog.OUTPUTS, token=token)
        for table, rows in _ROWS.items():
            outputs_store._prepare(con, table)
            for begin, end in spans:
                con.execute(
                    f"INSERT INTO outputs.main.{table} BY NAME SELECT *, 'live' AS lane, 'bench' AS run_id, "
                    f"night::TIMESTAMP AS created_at, 0 AS shift_weeks FROM ({rows}), "
                    "(SELECT unnest($models) AS model)",
                    {"first": begin, "last": end, "models": list(models)},
                )
        con.close()


_MORE = (
    f"/models/{MODEL}/features",
    f"/models/{MODEL}/features/feature_7",
    "/predictions?flight_number_id=AA+1",
)
_NIGHTS = "(SELECT unnest(generate_series($first::DATE, $last::DATE, INTERVAL 1 DAY))::DATE AS night)"
_ROWS = {
    "predictions": f"""
        SELECT night, format('{MODEL}/live/{{}}_AA_{{}}_JFK_LAX_0900', night + 1, n) AS prediction_id,
            format('{{}}_AA_{{}}_JFK_LAX_0900', night + 1, n) AS flight_id, (night + 1)::DATE AS flight_date,
            'AA' AS carrier_id, format('AA-{{}}', n) AS flight_number_id, 'JFK' AS origin_id, 'LAX' AS destination_id,
            (night + 1)::TIMESTAMP AS scheduled_departure_at, random() AS probability, 0.2 AS baseline_probability,
            n AS rank, '2014-01-01.r1' AS release_id, 1 AS model_version, 'heuristic' AS algorithm,
            'flight_delay_v1' AS feature_service, false AS is_degraded, NULL::VARCHAR AS degraded_reason
        FROM {_NIGHTS}, range({FLIGHTS}) AS r(n)""",
    "quality": f"""
        SELECT (night + 2)::DATE AS night, night AS scored_night, metric, random() AS champion, random() AS heuristic,
            {FLIGHTS} AS rows, 1 AS model_version, '2014-01-01.r1' AS release_id
        FROM {_NIGHTS}, (SELECT unnest(['log_loss', 'brier', 'auc', 'pr_auc', 'calibration_error']) AS metric)""",
    "feature_quality": f"""
        SELECT night, format('feature_{{}}', n) AS column_name, {FLIGHTS} AS rows, random() / 10 AS null_share,
            random() AS mean, random() - 1 AS minimum, random() + 1 AS maximum, 700 AS distinct_values,
            'r' AS release_id
        FROM {_NIGHTS}, range({FEATURES}) AS r(n)""",
    "verdicts": f"SELECT night, 'ok' AS verdict, 'within every bound' AS reasons, 'r' AS release_id FROM {_NIGHTS}",
    "drift": f"""
        SELECT night, span, format('feature_{{}}', n) AS column_name, 'feature' AS kind, statistic,
            random() AS value, 0.9 AS threshold, false AS is_drifted, {FLIGHTS} AS rows, 20000 AS reference_rows,
            0.0 AS empty_share, '' AS note, 1 AS model_version, 'r' AS release_id
        FROM {_NIGHTS}, range({FEATURES}) AS r(n), (SELECT unnest(['night', 'week']) AS span),
            (SELECT unnest(['wasserstein', 'empty_share', 'constant']) AS statistic)""",
}


def _measure(nights: int, models: Sequence[str]) -> None:
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, stdout=subprocess.DEVNULL)
    from airflow.api_fastapi.app import cached_app
    from starlette.testclient import TestClient

    from redeye.stack import bootstrap
    from redeye_airflow.plugin import _pages

    secrets = bootstrap.prepare_files(settings())
    client = TestClient(cached_app(), base_url=f"http://127.0.0.1:{settings().airflow_port}")
    login = {"username": "viewer", "password": secrets.airflow_viewer_password}
    client.cookies.set("_token", client.post("/auth/token", json=login).json()["access_token"])
    _pages.warm().join()
    heads = ("page", "first, s", "median of the next, s", "of it processor, s")
    table = Table(*heads, title=f"{nights} nights, {len(models)} model(s), load {os.getloadavg()[0]:.1f}")
    for path in ("/", f"/nights/{LAST}", f"/models/{MODEL}", "/alerts", *_MORE):
        took, worked = [], []
        for _ in range(TRIES + 1):
            began, processor = time.monotonic(), time.process_time()
            text = client.get(f"/redeye{path}").raise_for_status().text
            assert path != "/" or all(f"/models/{model}" in text for model in models)
            took.append(time.monotonic() - began)
            worked.append(time.process_time() - processor)
        table.add_row(path, *(f"{value:.2f}" for value in (took[0], median(took[1:]), median(worked[1:]))))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
