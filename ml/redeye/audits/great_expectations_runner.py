"""Runs one suite over one frame with Great Expectations, and tells what was not met.

The context is in memory: nothing of Great Expectations lies on disk but the pages of Data Docs.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from redeye.audits.data_docs import slug
from redeye.audits.failing_rows import NIGHT, format_rows, format_value, list_nights
from redeye.audits.logic.audit_result import EXAMPLES_SHOWN, AuditFailure, Check
from redeye.audits.logic.suite import ExpectationSpec, SuiteSpec
from redeye.audits.suite_files import locate_expectation
from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.foundation.settings import settings

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation

SITE = "audits"


def make_context(site: Path | None) -> EphemeralDataContext:
    """A context in memory, with a Data Docs site in the folder `site`.

    Raises:
        RedeyeError: if Great Expectations ends the process while it is imported, which it does with
            exit code 0 when an optional package is half installed: the audit would pass unseen.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # It tells of each of its functions at import, hundreds of lines.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import great_expectations as gx
    except SystemExit as error:
        raise RedeyeError(
            "Great Expectations ended the process at import: is pyspark half installed?"
        ) from error
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    # The default context would leave a temporary folder behind for each audit.
    backends = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=backends)
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    if site is not None:
        folder = str(site.resolve())
        pages: Any = {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": folder},
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            # The pages of validations show the expectations too; pages of suites cost as much again.
            "site_section_builders": {
                "expectations": "None",
                "profiling": "None",
                "validations": {
                    "class_name": "DefaultSiteSectionBuilder",
                    "source_store_name": context.validation_results_store_name,
                    "view": {
                        "module_name": "redeye.audits.great_expectations_pages",
                        "class_name": "EscapedPageView",
                    },
                },
            },
        }
        context.add_data_docs_site(SITE, pages)
    return context


def run_suite(
    context: EphemeralDataContext,
    name: str,
    spec: SuiteSpec,
    typed: pd.DataFrame,
    *,
    subject: str,
    root: Path,
) -> tuple[list[Check], list[AuditFailure]]:
    """Every expectation that was evaluated, and what was not met."""
    import great_expectations as gx
    from great_expectations import RunIdentifier

    declared = _build(name, spec, root)
    title = slug(name)
    suite = context.suites.add(gx.ExpectationSuite(name=title, expectations=declared))
    asset = context.data_sources.add_pandas(title).add_dataframe_asset(slug(subject))
    batch_definition = asset.add_batch_definition_whole_dataframe("whole")
    definition = gx.ValidationDefinition(name=title, data=batch_definition, suite=suite)
    shown: Any = {"result_format": "BASIC", "partial_unexpected_count": EXAMPLES_SHOWN}
    parameters = {"dataframe": typed}
    # Left alone it would read a time out of the subject's dates. The time is shown in Data Docs, no more.
    run_id = RunIdentifier(run_name=slug(subject), run_time=datetime.now(UTC))
    # No checkpoint: it would compare suite and definition with their stores twice more, and has no action to run.
    run = definition.run(batch_parameters=parameters, result_format=shown, run_id=run_id)
    outcomes = run.results
    batch = batch_definition.get_batch(batch_parameters=parameters)
    unmet = [outcome for outcome in outcomes if not outcome.success or _read_exception(outcome)]
    found = {id(outcome): _find_failure(name, spec, typed, batch, outcome) for outcome in unmet}
    checks = [_describe_check(name, spec, outcome, found.get(id(outcome))) for outcome in outcomes]
    failures = [failure for failure in found.values() if failure is not None]
    if len(outcomes) != len(declared):
        observed = f"{len(outcomes)} of {len(declared)} declared expectations were evaluated"
        failures.append(AuditFailure(name, "evaluated", None, observed))
    elif not run.success and not unmet:
        observed = "the suite failed without naming an expectation"
        failures.append(AuditFailure(name, "evaluated", None, observed))
    return checks, failures


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
            where = locate_expectation(name, index, root)
            raise ConfigError(f"{where}: expectations.{index}: {wanted.expect}: {error}") from error
    return declared


def _read_exception(outcome: ExpectationValidationResult) -> str | None:
    """The message of the exception that an expectation ended in; None if it was evaluated."""
    info = outcome.exception_info or {}
    own = "raised_exception" in info
    parts: list[Any] = [info] if own else [part for part in info.values() if isinstance(part, Mapping)]
    for part in parts:
        if part.get("raised_exception"):
            return str(part.get("exception_message") or "unknown error")
    return None


def _describe_check(
    name: str, spec: SuiteSpec, outcome: ExpectationValidationResult, failure: AuditFailure | None
) -> Check:
    """An expectation as it was evaluated; without a failure it is met, or what it found is excepted."""
    config, result = outcome.expectation_config, outcome.result or {}
    if config is None:
        return Check(name, "evaluated", None, "", failure.observed if failure else "", "", is_met=False)
    wanted = _find_declaration(spec, config.type, config.kwargs, config.notes)
    if failure is not None:
        observed = failure.observed
    elif "unexpected_count" in result:
        observed = f"{result['unexpected_count']} of {result.get('element_count')} rows unexpected"
        observed += "" if outcome.success else ", all of them known faults that the suite accepts"
    else:
        observed = f"observed {result.get('observed_value')}"
    bounds = _list_bounds(wanted)
    return Check(
        suite=name,
        expectation=config.type,
        column=", ".join(wanted.columns) or None,
        bound=json.dumps(bounds, default=str) if bounds else "",
        observed=observed,
        because=wanted.because,
        is_met=failure is None,
    )


def _list_bounds(wanted: ExpectationSpec) -> dict[str, Any]:
    return {key: value for key, value in wanted.kwargs.items() if not key.startswith("column")}


def _find_failure(
    name: str, spec: SuiteSpec, typed: pd.DataFrame, batch: Batch, outcome: ExpectationValidationResult
) -> AuditFailure | None:
    """What an expectation found; None if all of it is excepted."""
    config = outcome.expectation_config
    if config is None:
        return AuditFailure(name, "evaluated", None, "a result came back without its expectation")
    wanted = _find_declaration(spec, config.type, config.kwargs, config.notes)
    columns = wanted.columns
    bounds = _list_bounds(wanted)
    failure = AuditFailure(
        suite=name,
        expectation=config.type,
        column=", ".join(columns) or None,
        observed=f"could not be evaluated: {_read_exception(outcome)}",
        because=wanted.because,
        nights=list_nights(typed),
    )
    if _read_exception(outcome):
        return failure
    result: Mapping[str, Any] = outcome.result
    if "unexpected_count" not in result:
        return replace(failure, observed=f"observed {result.get('observed_value')}, expected {bounds}")
    again = batch.validate(config.to_domain_obj(), result_format="COMPLETE")
    positions = sorted(set((again.result or {}).get("unexpected_index_list") or []))
    rows = drop_excepted_rows(spec, failure.column, typed.iloc[positions])
    if positions and rows.empty:
        return None
    count = len(rows) if positions else result["unexpected_count"]
    observed = f"{count} of {len(typed)} rows unexpected"
    if len(columns) == 1:
        values = rows[columns[0]].drop_duplicates().head(EXAMPLES_SHOWN)
        observed += f", values {', '.join(format_value(value) for value in values)}"
    if bounds:
        observed += f", expected {json.dumps(bounds, default=str)[:300]}"
    return replace(
        failure,
        observed=observed,
        examples=format_rows(rows.head(EXAMPLES_SHOWN), (*spec.key, *columns)),
        nights=list_nights(rows) if positions else failure.nights,
        rows=rows.index.to_numpy() if positions else (),
    )


def drop_excepted_rows(spec: SuiteSpec, column: str | None, rows: pd.DataFrame) -> pd.DataFrame:
    """The offending rows that are not in a night for which the suite accepts this column's fault."""
    # The suites name nights of the source's own calendar.
    shift = pd.Timedelta(weeks=settings().shift_weeks)
    accepted = {pd.Timestamp(known.night) + shift for known in spec.exceptions if known.column == column}
    if not accepted or NIGHT not in rows.columns:
        return rows
    return rows[~pd.to_datetime(rows[NIGHT]).isin(accepted)]


def _find_declaration(
    spec: SuiteSpec, name: str, kwargs: Mapping[str, Any], notes: object
) -> ExpectationSpec:
    """The declaration behind a result; Great Expectations renames nothing but adds its own keys."""
    columns = {key: value for key, value in kwargs.items() if key.startswith("column")}
    for wanted in spec.expectations:
        declared = {key: value for key, value in wanted.arguments.items() if key.startswith("column")}
        if wanted.expect == name and declared == columns and wanted.because == notes:
            return wanted
    return ExpectationSpec.model_construct(expect=name, column=None, kwargs=columns, because="")
