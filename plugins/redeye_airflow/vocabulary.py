"""The words that DAGs, operator, tests and docs share. Each is declared here and nowhere else."""

from __future__ import annotations

from enum import StrEnum

OWNER = "redeye"


class Verb(StrEnum):
    """A DAG id is `<verb>_<object>`, with one of these verbs."""

    INGEST = "ingest"
    BUILD = "build"
    PUBLISH = "publish"
    MATERIALIZE = "materialize"
    TRAIN = "train"
    SCORE = "score"
    MONITOR = "monitor"
    MAINTAIN = "maintain"
    PLAY = "play"


class Tag(StrEnum):
    """Tags by which the UI filters DAGs; a model's DAGs also carry the model's own tags."""

    WAREHOUSE = "warehouse"
    MODEL = "model"
    NIGHTLY = "nightly"
    WEEKLY = "weekly"
    CALENDAR = "calendar"
    ON_VERDICT = "on-verdict"
    BY_HAND = "by-hand"
    SHIFTED = "shifted-calendar"


class AssetName(StrEnum):
    """What tasks produce, as the lineage view shows it; a model's assets carry its name behind a slash."""

    DELIVERIES = "redeye://landing/deliveries"
    RELEASE = "redeye://warehouse/release"
    ONLINE_FEATURES = "redeye://features/online"
    PREDICTIONS = "redeye://outputs/predictions"
    EXPORTS = "redeye://exports/predictions"
    MONITORING = "redeye://outputs/monitoring"
    REPORTS = "redeye://reports/drift"
    RETRAINING = "redeye://events/retraining"
    PROMOTIONS = "redeye://outputs/promotions"


class RunType(StrEnum):
    """The ways a DAG run comes about that Redeye tells apart; Airflow knows a few more."""

    SCHEDULED = "scheduled"
    BACKFILL = "backfill"
    REQUESTED = "operator_triggered"


class ParamName(StrEnum):
    """Names of what a run by hand is asked for."""

    NIGHT = "night"
    FIRST = "first"
    LAST = "last"
    REASON = "reason"
    KIND = "kind"


class Requirement(StrEnum):
    """What must be in the release ledger before a job runs."""

    RELEASE = "release"
    PREVIOUS_RELEASE = "previous_release"


class Otherwise(StrEnum):
    """What a task does when the release it needs is a recorded gap, or did not come by its deadline."""

    FAIL = "fail"
    SKIP = "skip"
    DEGRADE = "degrade"


class RunValue(StrEnum):
    """What a job may be given of its run: the names of its arguments."""

    NIGHT = "night"
    FIRST = "first"
    LAST = "last"
    RUN_ID = "run_id"
    RUN_URL = "run_url"
    ACTOR = "actor"
    REASON = "reason"
    IS_DEGRADED_ALLOWED = "is_degraded_allowed"


class CustomView(StrEnum):
    """What the pages ask the auth manager about beside Airflow's own."""

    EXPLANATIONS = "Redeye explanations"
    EXPORT = "Redeye export"


class Link(StrEnum):
    """Keys of a job's result that hold an address, for a button on the task's page."""

    MLFLOW_RUN = "mlflow_run_url"
    MODEL_VERSION = "model_version_url"
    DRIFT_REPORT = "drift_report_url"


class Outcome(StrEnum):
    """How waiting for a release ended."""

    SETTLED = "settled"
    DEADLINE = "deadline"
    ABANDONED = "abandoned"
    STARVED = "starved"
