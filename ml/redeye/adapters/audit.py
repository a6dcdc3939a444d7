"""Great Expectations: judges frames by the suites in `expectations/`, fails closed, keeps Data Docs.

The context is in memory and each audit writes a site of its own, which is moved into place whole:
two processes at once cannot corrupt each other, and what an earlier audit wrote is never rewritten.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from redeye.adapters.arrival_audits import Step, derive_checks, profile_step
from redeye.adapters.suites import EXPECTATIONS_ROOT, ExpectationSpec, SuiteSpec, line_of, load_suite
from redeye.core.audits import EXAMPLES_SHOWN, AuditFailure, AuditResult
from redeye.core.errors import ConfigError, RedeyeError
from redeye.core.typed_frames import TypeFault, parse_frame

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.core.batch import Batch
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.expectations.expectation import Expectation

logger = logging.getLogger(__name__)

NIGHT = "night"
SITE = "audits"
PROFILE = "_profile"
NOT_LISTED = "the column is not listed under may_be_null"

BROKEN_DATA = (ValueError, TypeError, KeyError, IndexError, ArithmeticError, AttributeError)
"""What a computation over unforeseen data may raise: a refusal that names it, not a crash."""


@dataclass(frozen=True)
class _Judged:
    """A frame to judge, with what is computed of it: derived columns, and a profile by night."""

    suite: str
    frame: pd.DataFrame
    derive: Step | None = None
    profile: Step | None = None


def audit(
    suite: str,
    frame: pd.DataFrame,
    *,
    subject: str,
    data_docs: Path | None = None,
    history: Mapping[str, pd.DataFrame] | None = None,
    root: Path = EXPECTATIONS_ROOT,
) -> AuditResult:
    """Judge one frame by one suite; see `audit_many`."""
    return audit_many({suite: frame}, subject=subject, data_docs=data_docs, history=history, root=root)[suite]


def audit_many(
    judged: Mapping[str, pd.DataFrame],
    *,
    subject: str,
    data_docs: Path | None = None,
    history: Mapping[str, pd.DataFrame] | None = None,
    root: Path = EXPECTATIONS_ROOT,
) -> dict[str, AuditResult]:
    """Judge several frames, each by its suite, with one site of Data Docs for all.

    The frames of `arrivals/outcomes`, `schedule` and `weather` are judged night by night as well, by
    the suite of the same name that ends in `_profile`; both verdicts come as one.

    Args:
        judged: suite (its path below `root` without ending) to frame. A frame has the suite's columns in
            order, as text or typed; it may hold many nights.
        subject: what is judged, for the operator and as the folder's name in Data Docs.
        data_docs: folder of all Data Docs; None writes none.
        history: for arrivals, the text frames of earlier accepted nights by suite, with `night`, of up to
            `arrival_audits.HISTORY_NIGHTS` nights. Without it, nights are not compared with earlier ones.

    Returns:
        The verdict on each frame, by suite. What is wrong with the data is in there, never raised.

    Raises:
        ConfigError: if a suite is wrong, or there is nothing to judge.
    """
    if not judged:
        raise ConfigError(f"nothing to audit for {subject}")
    parts = [
        _Judged(suite, frame, derive_checks(suite), profile_step(suite, judged, history or {}))
        for suite, frame in judged.items()
    ]
    for part in parts:
        load_suite(part.suite, root)
    building = None
    if data_docs is not None:
        data_docs.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=data_docs))
    try:
        context = _context(building)
        results = {part.suite: _judge(context, part, subject=subject, root=root) for part in parts}
        if data_docs is None or building is None:
            return results
        context.build_data_docs(site_names=[SITE])
        page = _publish(building, data_docs, subject, results)
        return {name: replace(result, docs_path=str(page)) for name, result in results.items()}
    finally:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)


def _judge(context: EphemeralDataContext, part: _Judged, *, subject: str, root: Path) -> AuditResult:
    name, spec = part.suite, load_suite(part.suite, root)
    refuse = partial(_refusal, name, subject)
    wrong_shape = _shape_failures(name, spec, part.frame)
    if wrong_shape:
        return AuditResult(name, subject, False, tuple(wrong_shape), 0)
    typed, faults = parse_frame(part.frame, spec.types)
    failures = [_type_failure(name, spec, part.frame, fault) for fault in faults]
    try:
        typed = part.derive(typed) if part.derive else typed
        missing = [column for column in spec.derived if column not in typed.columns]
        if missing:
            return refuse(failures, "derived", missing, "are not computed for this frame")
    except BROKEN_DATA as error:
        return refuse(failures, "derived", [], f"could not be computed: {type(error).__name__}: {error}")
    failures += _missing_values(name, spec, typed, faults)
    evaluated, unmet = _run_suite(context, name, spec, typed, subject=subject, root=root)
    failures += unmet
    if part.profile is not None:
        try:
            nights = part.profile(typed)
        except BROKEN_DATA as error:
            return refuse(failures, "profile", [], f"could not be computed: {type(error).__name__}: {error}")
        of_nights = f"{name}{PROFILE}"
        nights = nights[[column for column in load_suite(of_nights, root).types if column in nights.columns]]
        judged = _judge(context, _Judged(of_nights, nights), subject=subject, root=root)
        failures += judged.failures
        evaluated += judged.evaluated
    return AuditResult(name, subject, not failures, tuple(failures), evaluated)


def _refusal(
    name: str, subject: str, failures: list[AuditFailure], check: str, columns: list[str], observed: str
) -> AuditResult:
    failures.append(AuditFailure(name, check, ", ".join(columns) or None, observed))
    return AuditResult(name, subject, False, tuple(failures), 0)


def _shape_failures(name: str, spec: SuiteSpec, frame: pd.DataFrame) -> list[AuditFailure]:
    """What must hold before anything else can be judged: the columns, and some rows."""
    present, expected = [str(column) for column in frame.columns], list(spec.types)
    failures = []

    def refuse(check: str, columns: list[str], observed: str) -> None:
        failures.append(AuditFailure(name, check, ", ".join(columns) or None, observed))

    twice = sorted({column for column in present if present.count(column) > 1})
    absent = [column for column in expected if column not in present]
    extra = [column for column in dict.fromkeys(present) if column not in expected]
    if twice:
        refuse("columns", twice, "column names appear more than once")
    if absent:
        refuse("columns", absent, f"missing; the frame has {present}")
    if extra:
        refuse("columns", extra, "not a column of this suite")
    if not failures and present != expected:
        moved = [column for column, place in zip(present, expected, strict=True) if column != place]
        refuse("columns", moved, f"in another order than stated: {present} instead of {expected}")
    if len(frame) == 0:
        refuse("rows", [], "the frame is empty")
    return failures


def _type_failure(name: str, spec: SuiteSpec, raw: pd.DataFrame, fault: TypeFault) -> AuditFailure:
    values = raw[fault.column].iloc[fault.positions]
    shown = ", ".join(repr(value)[:60] for value in values.drop_duplicates().head(EXAMPLES_SHOWN))
    return AuditFailure(
        suite=name,
        expectation="types",
        column=fault.column,
        observed=f"{len(fault.positions)} of {len(raw)} values are no {fault.type}: {shown}",
        examples=_examples(raw.iloc[fault.positions[:EXAMPLES_SHOWN]], (*spec.key, fault.column)),
        because=f"the suite's types state {fault.type}",
        nights=_nights(raw.iloc[fault.positions]),
    )


def _missing_values(
    name: str, spec: SuiteSpec, typed: pd.DataFrame, faults: list[TypeFault]
) -> list[AuditFailure]:
    """Columns that miss values and may not; what did not parse was told already."""
    told = {fault.column: set(fault.positions.tolist()) for fault in faults}
    failures = []
    for column in spec.never_null:
        at = [row for row in np.flatnonzero(typed[column].isna()) if row not in told.get(column, ())]
        if at:
            failure = AuditFailure(
                suite=name,
                expectation="not_null",
                column=column,
                observed=f"{len(at)} of {len(typed)} values are missing",
                examples=_examples(typed.iloc[at[:EXAMPLES_SHOWN]], (*spec.key, column)),
                because=NOT_LISTED,
                nights=_nights(typed.iloc[at]),
            )
            failures.append(failure)
    return [failure for failure in failures if not _is_excepted(spec, failure)]


def _run_suite(
    context: EphemeralDataContext,
    name: str,
    spec: SuiteSpec,
    typed: pd.DataFrame,
    *,
    subject: str,
    root: Path,
) -> tuple[int, list[AuditFailure]]:
    """The number of expectations evaluated, and those that were not met."""
    import great_expectations as gx
    from great_expectations import RunIdentifier

    declared = _build(name, spec, root)
    title = _slug(name)
    suite = context.suites.add(gx.ExpectationSuite(name=title, expectations=declared))
    asset = context.data_sources.add_pandas(title).add_dataframe_asset(_slug(subject))
    batch_definition = asset.add_batch_definition_whole_dataframe("whole")
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=title, data=batch_definition, suite=suite)
    )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=title,
            validation_definitions=[definition],
            result_format={"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES_SHOWN},
        )
    )
    parameters = {"dataframe": typed}
    # Left alone it would read a time out of the subject's dates. The time is shown in Data Docs, no more.
    run_id = RunIdentifier(run_name=_slug(subject), run_time=datetime.now(UTC))
    run = checkpoint.run(batch_parameters=parameters, run_id=run_id)
    outcomes = [outcome for result in run.run_results.values() for outcome in result.results]
    batch = batch_definition.get_batch(batch_parameters=parameters)
    unmet = [
        _unmet(name, spec, typed, batch, outcome)
        for outcome in outcomes
        if not outcome.success or _raised(outcome)
    ]
    failures = [failure for failure in unmet if not _is_excepted(spec, failure)]
    if len(outcomes) != len(declared):
        observed = f"{len(outcomes)} of {len(declared)} declared expectations were evaluated"
        failures.append(AuditFailure(name, "evaluated", None, observed))
    elif not run.success and not unmet:
        failures.append(
            AuditFailure(name, "evaluated", None, "the checkpoint failed without naming an expectation")
        )
    return len(outcomes), failures


def _build(name: str, spec: SuiteSpec, root: Path) -> list[Expectation]:
    """The suite's expectations as Great Expectations' objects.

    Raises:
        ConfigError: if it does not know an expectation or refuses its arguments; names file and line.
    """
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.expectations.registry import get_expectation_impl

    declared = []
    for index, wanted in enumerate(spec.expectations):
        try:
            declared.append(get_expectation_impl(wanted.expect)(**wanted.arguments, notes=wanted.because))
        except (ValidationError, TypeError) as error:
            where = line_of(name, "expectations", index, root=root)
            raise ConfigError(f"{where}: expectations.{index}: {wanted.expect}: {error}") from error
    return declared


def _raised(outcome: ExpectationValidationResult) -> str | None:
    """The message of the exception that an expectation ended in; None if it was evaluated."""
    info = outcome.exception_info or {}
    parts = (
        [info]
        if "raised_exception" in info
        else [part for part in info.values() if isinstance(part, Mapping)]
    )
    for part in parts:
        if part.get("raised_exception"):
            return str(part.get("exception_message") or "unknown error")
    return None


def _unmet(
    name: str, spec: SuiteSpec, typed: pd.DataFrame, batch: Batch, outcome: ExpectationValidationResult
) -> AuditFailure:
    config = outcome.expectation_config
    if config is None:
        return AuditFailure(name, "evaluated", None, "a result came back without its expectation")
    wanted = _wanted(spec, config.type, config.kwargs, config.notes)
    columns = wanted.columns
    bounds = {key: value for key, value in wanted.kwargs.items() if not key.startswith("column")}
    failure = AuditFailure(
        suite=name,
        expectation=config.type,
        column=", ".join(columns) or None,
        observed=f"could not be evaluated: {_raised(outcome)}",
        because=wanted.because,
        nights=_nights(typed),
    )
    if _raised(outcome):
        return failure
    result: Mapping[str, Any] = outcome.result
    if "unexpected_count" not in result:
        observed = f"observed {result.get('observed_value')}, expected {bounds}"
        return replace(failure, observed=observed)
    again = batch.validate(config.to_domain_obj(), result_format="COMPLETE")
    positions = sorted(set((again.result or {}).get("unexpected_index_list") or []))
    rows = typed.iloc[positions] if positions else typed.iloc[:0]
    observed = f"{result['unexpected_count']} of {len(typed)} rows unexpected"
    if len(columns) == 1:
        values = rows[columns[0]].drop_duplicates().head(EXAMPLES_SHOWN)
        observed += f", values {', '.join(_text(value) for value in values)}"
    if bounds:
        observed += f", expected {json.dumps(bounds, default=str)[:300]}"
    return replace(
        failure,
        observed=observed,
        examples=_examples(rows.head(EXAMPLES_SHOWN), (*spec.key, *columns)),
        nights=_nights(rows) if positions else failure.nights,
    )


def _is_excepted(spec: SuiteSpec, failure: AuditFailure) -> bool:
    """Whether every offending row lies in a night for which the suite accepts this column's fault."""
    accepted = {known.night for known in spec.exceptions if known.column == failure.column}
    return bool(failure.nights) and bool(failure.examples) and set(failure.nights) <= accepted


def _wanted(spec: SuiteSpec, name: str, kwargs: Mapping[str, Any], notes: object) -> ExpectationSpec:
    """The declaration behind a result; Great Expectations renames nothing but adds its own keys."""
    columns = {key: value for key, value in kwargs.items() if key.startswith("column")}
    for wanted in spec.expectations:
        declared = {key: value for key, value in wanted.arguments.items() if key.startswith("column")}
        if wanted.expect == name and declared == columns and wanted.because == notes:
            return wanted
    return ExpectationSpec.model_construct(expect=name, column=None, kwargs=columns, because=NOT_LISTED)


def _examples(rows: pd.DataFrame, columns: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
    names = [column for column in dict.fromkeys(columns) if column in rows.columns]
    return tuple({column: _text(row[column]) for column in names} for _, row in rows[names].iterrows())


def _text(value: Any) -> str:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "missing"
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return value.date().isoformat()
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:80]


def _nights(rows: pd.DataFrame) -> tuple[Any, ...]:
    if NIGHT not in rows.columns:
        return ()
    nights = pd.to_datetime(rows[NIGHT].drop_duplicates(), errors="coerce").dropna()
    return tuple(sorted(night.date() for night in nights))


def _context(site: Path | None) -> EphemeralDataContext:
    """A context in memory, with a Data Docs site in the folder `site`.

    Raises:
        RedeyeError: if Great Expectations ends the process while it is imported, which it does with
            exit code 0 when an optional package is half installed: the audit would pass unseen.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    try:
        import great_expectations as gx
    except SystemExit as error:
        raise RedeyeError(
            "Great Expectations ended the process at import: is pyspark half installed?"
        ) from error
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    if site is not None:
        context.add_data_docs_site(
            SITE,
            {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(site.resolve()),
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                # The pages of validations show the expectations too; pages of suites alone cost as much again.
                "site_section_builders": {
                    "expectations": "None",
                    "profiling": "None",
                    "validations": {
                        "class_name": "DefaultSiteSectionBuilder",
                        "source_store_name": context.validation_results_store_name,
                    },
                },
            },
        )
    return context


def _publish(building: Path, data_docs: Path, subject: str, results: Mapping[str, AuditResult]) -> Path:
    """Move a finished site to `<data_docs>/<subject>/<hash of its results>`; the first one stays."""
    verdicts = json.dumps(
        {name: result.to_dict() for name, result in results.items()}, sort_keys=True, default=str
    )
    target = data_docs / _slug(subject) / hashlib.sha256(verdicts.encode()).hexdigest()[:12]
    for name, result in results.items():
        page = building / "refusals" / f"{_slug(name)}.txt"
        if not result.is_success:
            page.parent.mkdir(exist_ok=True)
            page.write_text(result.message() + "\n", encoding="utf-8")
    _share_static(building, data_docs)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        try:
            building.rename(target)
        except OSError:
            if not target.exists():
                raise
            logger.info("Data Docs of %s were written by another process at the same time", subject)
    return target / "index.html"


def _share_static(building: Path, data_docs: Path) -> None:
    """One copy of fonts, images and styles (4 MB) for all sites; each links to it."""
    own, shared = building / "static", data_docs / "static"
    if not own.is_dir():
        return
    if not shared.exists():
        try:
            own.rename(shared)
        except OSError:
            if not shared.exists():
                raise
    if own.is_dir():
        shutil.rmtree(own)
    own.symlink_to(Path("..") / ".." / "static")


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:120]
