"""MLflow runs of trainings: one per training, with a child per candidate and all the evidence."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from redeye.foundation.ui_links import link_training
from redeye.models.algorithms.base import Inputs
from redeye.models.logic.evaluation import Metrics, Scored
from redeye.models.logic.model_selection import Selection
from redeye.models.logic.splits import Windows
from redeye.models.logic.training import Fitted
from redeye.models.logic.training_subject import Subject
from redeye.models.mlflow_client import client, experiment_id
from redeye.models.mlflow_registry import KEY, plain_inputs
from redeye.models.software import read_software
from redeye.promotion.logic.gate_report import GateReport
from redeye.promotion.training_plots import draw_quality, draw_slices

# MLflow looks at every cell of a dataset to learn its schema; that many rows say enough.
SCHEMA_ROWS = 200
# MLflow shows this tag as the run's description, rendered as Markdown.
NOTE = "mlflow.note.content"


@dataclass(frozen=True)
class TrainingRun:
    """The run of one training, active while its context lasts."""

    run_id: str
    subject: Subject

    @property
    def page(self) -> str:
        """Where people see the run."""
        return link_training(experiment_id(self.subject.spec.model), self.run_id)

    def log_data(self, frame: pd.DataFrame, windows: Windows | None) -> None:
        """What is learned from: release, windows, row count and a digest of every value."""
        import mlflow
        from mlflow.data.code_dataset_source import CodeDatasetSource
        from mlflow.data.pandas_dataset import from_pandas

        release, inputs = self.subject.release, Inputs.of(self.subject.spec)
        head = frame.head(SCHEMA_ROWS)
        dataset = from_pandas(
            plain_inputs(head, inputs).join(head[[self.subject.spec.target.column]]),
            source=CodeDatasetSource(tags=self.subject.tags()),
            name=f"{self.subject.spec.model}@{release.release_id}",
            digest=digest_run(frame),
            targets=self.subject.spec.target.column,
        )
        mlflow.log_input(dataset, context="training", tags={"release_id": release.release_id})
        values: dict[str, Any] = {"rows": len(frame), "snapshot_id": release.snapshot_id}
        if windows is not None:
            values |= {name: str(getattr(windows, name)) for name in ("train", "validation", "test")}
        mlflow.log_params(values)
        mlflow.log_text(self.subject.spec.model_dump_json(indent=2), "spec.json")

    @contextmanager
    def of(self, candidate: str, algorithm: str) -> Iterator[str]:
        """The child run of one candidate, active; its id.

        Each model is logged in its own: MLflow keeps the hash as a parameter, and a run has only one.
        """
        named = {"algorithm": algorithm, "candidate": candidate}
        tags = {**self.subject.tags(), **named, "airflow_url": self.subject.run_url}
        with _run(self.subject, candidate, candidate, tags, is_nested=True) as run_id:
            yield run_id

    def log_candidates(self, candidates: Iterable[Fitted], seconds: float) -> None:
        """How long all of them took, and a child run for each with its parameters and validation metrics."""
        import mlflow

        mlflow.log_metric("fit_seconds", seconds)
        for each in candidates:
            self._log_candidate(each)

    def _log_candidate(self, fitted: Fitted) -> None:
        import mlflow

        params = self.subject.spec.algorithms.list_declared().get(fitted.algorithm)
        with self.of(fitted.name, fitted.algorithm):
            reported = {"parent_version": fitted.parent_version} if fitted.parent_version is not None else {}
            mlflow.log_params({**(params.model_dump() if params else {}), **fitted.params, **reported})
            mlflow.set_tags({name: str(value) for name, value in reported.items()})
            mlflow.log_metrics(fitted.model.facts() | _numbers("validation", fitted.validation))
            mlflow.log_dict(asdict(fitted.validation), "validation.json")

    def log_selection(self, choice: Selection) -> None:
        """Which candidate goes on, and how far the others lie behind the best one on validation."""
        import mlflow

        mlflow.set_tags({"chosen": choice.name, "chosen_because": choice.reason})
        mlflow.log_dict(asdict(choice), "choice.json")

    def log_judgement(
        self,
        report: GateReport,
        scored: Mapping[str, Scored],
        algorithms: Mapping[str, str],
        importance: Mapping[str, float],
    ) -> None:
        """What the test window said: metrics of candidate and champion, gates and pictures.

        Predictions and algorithms are by role (`candidate`, `champion`). Metrics carry the role and not the
        algorithm, so that trainings can be compared.
        """
        import mlflow

        mlflow.set_tags({f"{role}_algorithm": algorithm for role, algorithm in algorithms.items()})
        for role, one in scored.items():
            metrics = one.metrics()
            mlflow.log_metrics(_numbers(f"test.{role}", metrics))
            mlflow.log_dict(asdict(metrics), f"test/{role}.json")
        mlflow.log_metrics(_collect_gate_metrics(report))
        mlflow.log_dict(report.to_dict(), "gates.json")
        mlflow.log_text(report.message(), "gates.txt")
        mlflow.log_dict(dict(importance), "importance.json")
        with tempfile.TemporaryDirectory(prefix="redeye-plots-") as folder:
            named = {f"{role} ({algorithms[role]})": one for role, one in scored.items()}
            draw_quality(Path(folder), named, importance)
            loss = next((one.TITLES[one.LOSS] for one in scored.values()), "loss")
            draw_slices(Path(folder), report, loss)
            mlflow.log_artifacts(folder, "plots")

    def log_outcome(self, tags: Mapping[str, str], pages: Mapping[str, str]) -> None:
        """What was decided, as tags of the run and in its description, with addresses of pages by title."""
        import mlflow

        reported = [f"{name.replace('_', ' ')}: {value}" for name, value in tags.items()]
        note = _note(self.subject, reported, pages)
        mlflow.set_tags({name: value[:5000] for name, value in {**tags, NOTE: note}.items()})


@contextmanager
def open_training_run(subject: Subject) -> Iterator[TrainingRun]:
    """The run of a training, made or taken up again; failed if the training fails."""
    tags = {
        **subject.tags(),
        **read_software(),
        "actor": subject.actor,
        "reason": subject.reason,
        "airflow_url": subject.run_url,
        NOTE: _note(subject, [], {}),
    }
    with _run(subject, subject.run_name, "", tags, is_nested=False) as run_id:
        yield TrainingRun(run_id, subject)


@contextmanager
def _run(
    subject: Subject, name: str, candidate: str, tags: Mapping[str, str], *, is_nested: bool
) -> Iterator[str]:
    store, experiment, key = client(), experiment_id(subject.spec.model), f"run-{subject.key(candidate)}"
    import mlflow

    standing = store.search_runs([experiment], f"tags.{KEY} = '{key}'", max_results=1)
    with mlflow.start_run(
        run_id=standing[0].info.run_id if standing else None,
        experiment_id=experiment,
        run_name=None if standing else name,
        nested=is_nested,
        tags=None if standing else {**tags, KEY: key},
    ) as run:
        yield str(run.info.run_id)


def _note(subject: Subject, reported: Sequence[str], pages: Mapping[str, str]) -> str:
    """The run's description: what was trained and why, the result, and where to look further."""
    lines = [
        f"Training of **{subject.spec.model}** with what was known on night {subject.night}, "
        f"release `{subject.release.release_id}`. Asked for by {subject.actor}: {subject.reason}.",
        *reported,
    ]
    links = {"The task in Airflow": subject.run_url, **pages}
    lines.append(" · ".join(f"[{title}]({url})" for title, url in links.items() if url))
    return "\n\n".join(line for line in lines if line)


def digest_run(frame: pd.DataFrame) -> str:
    """Hash of every value of a frame, in its order."""
    digest = hashlib.sha256("\n".join(map(str, frame.columns)).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:32]


def _collect_gate_metrics(report: GateReport) -> dict[str, float]:
    found = {f"gate.{result.gate}.passed": float(result.is_passed) for result in report.results}
    for result in report.results:
        measured = {f"gate.{result.gate}": result.value, f"gate.{result.gate}.bound": result.bound}
        found |= {name: value for name, value in measured.items() if value is not None}
    return found


def _numbers(prefix: str, metrics: Metrics) -> dict[str, float]:
    return {f"{prefix}.{name}": value for name, value in metrics.numbers().items()}
