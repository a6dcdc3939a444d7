"""OpenLineage: which dbt models were built from which, with their columns, as children of the task that built them.

Airflow's provider says which task ran and what it read and wrote (see `redeye_airflow.lineage`); this adds
what happened inside of the build. Events go where the settings say: to a file, or to a collector.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from redeye.foundation.settings import PROJECT_ROOT, Settings, settings

log = logging.getLogger(__name__)

# Of every job and dataset of an installation.
NAMESPACE = "redeye"
PRODUCER = "redeye"
# Set by the task that builds, as `dbt-ol` expects it: `<namespace>/<job>/<run id>`.
PARENT = "OPENLINEAGE_PARENT_ID"
# What people and models read; the other schemas are steps on the way.
PUBLISHED = ("marts", "features")


def transport(configured: Settings) -> dict[str, Any]:
    """Where events go, as OpenLineage's clients are configured: the collector's URL if there is one, else a file."""
    if configured.lineage_url:
        return {"type": "http", "url": configured.lineage_url, "timeout": 5}
    return {"type": "file", "log_file_path": str(configured.lineage_file.resolve()), "append": True}


def emit_dbt() -> int:
    """Describe the dbt build that just ended, if a task asked for it; the number of events sent.

    Lineage is told about the night and is no part of it: what cannot be sent is logged, and the build goes on.
    """
    parent = os.environ.get(PARENT, "")
    if not parent:
        return 0
    from openlineage.client import OpenLineageClient
    from openlineage.common.provider.dbt.local import DbtLocalArtifactProcessor  # type: ignore[import-untyped]
    from openlineage.common.provider.dbt.utils import ParentRunMetadata  # type: ignore[import-untyped]

    class Processor(DbtLocalArtifactProcessor):
        """dbt's nodes under the names by which the rest of Redeye's lineage calls them."""

        def extract_dataset_namespace(self, profile: dict[str, Any]) -> None:  # noqa: ARG002  the caller's
            self.dataset_namespace = NAMESPACE

    namespace, job, run_id = parent.split("/", maxsplit=2)
    processor = Processor(
        project_dir=str(PROJECT_ROOT / "dbt"),
        target_path=str(_artifacts()),
        producer=PRODUCER,
        job_namespace=NAMESPACE,
    )
    processor.dbt_run_metadata = ParentRunMetadata(run_id=run_id, job_name=job, job_namespace=namespace)
    settings().lineage_file.parent.mkdir(parents=True, exist_ok=True)
    client = OpenLineageClient(config={"transport": transport(settings())})
    try:
        events = processor.parse().events()
        for event in events:
            client.emit(event)
    except (OSError, RuntimeError) as error:  # of requests, and of the transports
        log.warning("the lineage of this build could not be sent: %s", error)
        return 0
    return len(events)


def list_published_relations() -> list[str]:
    """The relations of marts and features that dbt built last: `warehouse.<schema>.<name>`, sorted."""
    manifest = _artifacts() / "manifest.json"
    if not manifest.is_file():
        return []
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return sorted(
        f"{node['database']}.{node['schema']}.{node['alias']}"
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] in PUBLISHED
    )


def _artifacts() -> Path:
    return settings().home.resolve() / "dbt" / "target"
