"""Audits: judges frames by the suites in `expectations/`, fails closed, keeps Data Docs.

Redeye itself checks a frame's columns, types and missing values; Great Expectations evaluates the
suite's expectations (`redeye.audits.great_expectations_runner`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from redeye.audits.contract_files import ARRIVALS, EXPECTATIONS_ROOT
from redeye.audits.data_docs import open_build_folder, publish
from redeye.audits.declared_checks import Step, arrival_checks
from redeye.audits.failing_rows import format_rows, list_nights
from redeye.audits.great_expectations_runner import SITE, drop_excepted_rows, make_context, run_suite
from redeye.audits.logic.audit_result import EXAMPLES_SHOWN, STRUCTURE, AuditFailure, AuditResult, Finding
from redeye.audits.logic.contract import PROFILE
from redeye.audits.logic.known_times import KNOWN_AT_COLUMNS, add_known_at_columns
from redeye.audits.logic.suite import SuiteSpec
from redeye.audits.logic.typed_frames import TypeFault, describe_fault, parse_frame
from redeye.audits.missing_readings import mark_missing_readings
from redeye.audits.night_profiles import make_profile_step
from redeye.audits.references import relate_references
from redeye.audits.suite_files import load_suite
from redeye.foundation.errors import ConfigError, RedeyeError

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

NOT_LISTED = "the column is not listed under may_be_null"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Judgement:
    """A frame to judge, with what is computed of it: derived columns, its references, and a profile by night."""

    suite: str
    frame: pd.DataFrame
    derive: Step | None = None
    profile: Step | None = None
    relate: Callable[[pd.DataFrame], tuple[pd.DataFrame, tuple[Finding, ...]]] | None = None


def audit(
    suite: str,
    frame: pd.DataFrame,
    *,
    subject: str,
    data_docs: Path | None = None,
    derive: Step | None = None,
    root: Path = EXPECTATIONS_ROOT,
) -> AuditResult:
    """Judge one frame by one suite; see `audit_many`.

    `derive` adds the suite's derived columns, where the caller owns the data; else the project's checks do.
    """
    relate = None if derive else partial(relate_references, suite=suite, judged={}, history={}, root=root)
    parts = [_Judgement(suite, frame, derive or _derive_step(suite, root), relate=relate)]
    return _audit_parts(parts, subject=subject, data_docs=data_docs, root=root)[suite]


def audit_many(
    judged: Mapping[str, pd.DataFrame],
    *,
    subject: str,
    data_docs: Path | None = None,
    history: Mapping[str, pd.DataFrame] | None = None,
    root: Path = EXPECTATIONS_ROOT,
) -> dict[str, AuditResult]:
    """Judge several frames, each by its suite, with one site of Data Docs for all.

    A frame of arrivals for which the project makes a profile is judged night by night as well, by the
    suite of the same name that ends in `_profile`; both verdicts come as one.

    Args:
        judged: suite (its path below `root` without ending) to frame. A frame has the suite's columns in
            order, as text or typed; it may hold many nights.
        subject: what is judged, for the operator and as the folder's name in Data Docs.
        data_docs: folder of all Data Docs; None writes none.
        history: for arrivals, the text frames of earlier accepted nights by suite, with `night`, of up to
            `ArrivalChecks.history_nights` nights. Without it, nights are not compared with earlier ones.
        root: folder of the suites.

    Returns:
        The verdict on each frame, by suite. What is wrong with the data is in there, never raised.

    Raises:
        ConfigError: if a suite is wrong, or there is nothing to judge.
    """
    if not judged:
        raise ConfigError(f"nothing to audit for {subject}")
    parts = [
        _Judgement(
            suite,
            frame,
            _derive_step(suite, root),
            make_profile_step(suite, judged, history or {}, root),
            partial(relate_references, suite=suite, judged=judged, history=history or {}, root=root),
        )
        for suite, frame in judged.items()
    ]
    return _audit_parts(parts, subject=subject, data_docs=data_docs, root=root)


def _audit_parts(
    parts: list[_Judgement], *, subject: str, data_docs: Path | None, root: Path
) -> dict[str, AuditResult]:
    for part in parts:
        load_suite(part.suite, root)
    with open_build_folder(data_docs) as building:
        context = make_context(building)
        results = {part.suite: _judge_alone(context, part, subject=subject, root=root) for part in parts}
        if data_docs is None:
            return results
        if building is None:
            fault = f"{data_docs} cannot be written; the log says why"
            return {name: replace(result, docs_fault=fault) for name, result in results.items()}
        try:
            context.build_data_docs(site_names=[SITE])
            page = publish(building, data_docs, subject, results)
        # A renderer may stumble over any value. The verdict stands, and says that its pages are missing.
        except Exception as error:
            log.exception("no Data Docs of %s were written to %s", subject, data_docs)
            fault = _describe_crash(error)
            return {name: replace(result, docs_fault=fault) for name, result in results.items()}
        return {name: replace(result, docs_path=str(page)) for name, result in results.items()}


def _judge_alone(context: EphemeralDataContext, part: _Judgement, *, subject: str, root: Path) -> AuditResult:
    """The verdict on one frame, whatever its data does to what is computed of it: then it is refused.

    Raises:
        RedeyeError: if what is declared is wrong, which says nothing about the data.
    """
    try:
        return _judge(context, part, subject=subject, root=root)
    except RedeyeError:
        raise
    except Exception as error:
        log.exception("%s of %s could not be judged", part.suite, subject)
        return _make_refusal(part.suite, subject, [], "judged", [], _describe_crash(error))


def _derive_step(suite: str, root: Path) -> Step | None:
    """What computes the derived columns of a delivery: the project, or else what any dataset can have."""
    if not suite.startswith(ARRIVALS):
        return None
    if own := arrival_checks().derive_step(suite):
        return own
    return add_known_at_columns if KNOWN_AT_COLUMNS & set(load_suite(suite, root).derived) else None


def _judge(context: EphemeralDataContext, part: _Judgement, *, subject: str, root: Path) -> AuditResult:
    name, spec = part.suite, load_suite(part.suite, root)
    refuse = partial(_make_refusal, name, subject)
    if wrong_shape := _find_shape_failures(name, spec, part.frame):
        return AuditResult(name, subject, False, tuple(wrong_shape), 0)
    typed, faults = parse_frame(part.frame, spec.types)
    failures = [_describe_type_fault(name, spec, part.frame, fault) for fault in faults]
    try:
        typed = part.derive(typed) if part.derive else typed
        typed, found = part.relate(typed) if part.relate else (typed, ())
        if name.startswith(ARRIVALS) and not name.endswith(PROFILE):
            found += mark_missing_readings(name, typed, root)
    except Exception as error:
        log.exception("%s of %s: derived columns", name, subject)
        return refuse(failures, "derived", [], _describe_crash(error))
    if missing := [column for column in spec.derived if column not in typed.columns]:
        return refuse(failures, "derived", missing, "are not computed for this frame")
    failures += _find_missing_values(name, spec, typed, faults)
    checks, unmet = run_suite(context, name, spec, typed, subject=subject, root=root)
    failures = sorted([*failures, *unmet], key=partial(_rank, spec))
    if part.profile is not None:
        try:
            nights = part.profile(typed)
        except Exception as error:
            log.exception("%s of %s: the profile of its nights", name, subject)
            return refuse(failures, "profile", [], _describe_crash(error))
        of_nights = f"{name}{PROFILE}"
        nights = nights[[column for column in load_suite(of_nights, root).types if column in nights.columns]]
        judged = _judge(context, _Judgement(of_nights, nights), subject=subject, root=root)
        # A night is no row of the delivery: none of them is to blame by its place.
        failures += [replace(failure, rows=()) for failure in judged.failures]
        checks += judged.checks
    return AuditResult(
        name, subject, not failures, tuple(failures), len(checks), findings=found, checks=tuple(checks)
    )


def _rank(spec: SuiteSpec, failure: AuditFailure) -> tuple[int, int]:
    """Where a failure stands: what others may follow from, then the frame's own columns, then what is computed of them.

    Columns go in the order that the suite declares them in.
    """
    order = [*spec.types, *spec.derived]
    places = [order.index(each) for each in (failure.column or "").split(", ") if each in order]
    place = max(places, default=len(order))
    if failure.is_primary:
        return 0, place if failure.expectation not in STRUCTURE else -1
    return (1 if place < len(spec.types) else 2), place


def _describe_crash(error: Exception) -> str:
    return f"could not be computed: {type(error).__name__}: {error}"


def _make_refusal(
    name: str, subject: str, failures: list[AuditFailure], check: str, columns: list[str], observed: str
) -> AuditResult:
    failures.append(AuditFailure(name, check, ", ".join(columns) or None, observed))
    return AuditResult(name, subject, False, tuple(failures), 0)


def _find_shape_failures(name: str, spec: SuiteSpec, frame: pd.DataFrame) -> list[AuditFailure]:
    """What must hold before anything else can be judged: the columns, and some rows."""
    present, expected = [str(column) for column in frame.columns], list(spec.types)
    twice = sorted({column for column in present if present.count(column) > 1})
    absent = [column for column in expected if column not in present]
    extra = [column for column in dict.fromkeys(present) if column not in expected]
    marred = {column: bare for column in extra if (bare := _strip_unseen(column)) in absent}
    absent = [column for column in absent if column not in marred.values()]
    extra = [column for column in extra if column not in marred]
    returned = [column for column in marred if column == f"{marred[column]}\r"]
    found = [
        ("columns", returned, "a stray carriage return: have the file's lines end with a line feed alone"),
        (
            "columns",
            [repr(column) for column in marred if column not in returned],
            "characters that cannot be seen before or behind the name",
        ),
        ("columns", twice, "column names appear more than once"),
        ("columns", absent, f"missing; the frame has {present}"),
        ("columns", extra, "not a column of this suite"),
    ]
    found = [each for each in found if each[1]]
    if not found and present != expected:
        moved = [column for column, place in zip(present, expected, strict=True) if column != place]
        found.append(("columns", moved, f"in another order than stated: {present} instead of {expected}"))
    if len(frame) == 0:
        found.append(("rows", [], "the frame is empty"))
    return [AuditFailure(name, check, ", ".join(columns) or None, said) for check, columns, said in found]


def _strip_unseen(name: str) -> str:
    return "".join(each for each in name if each.isprintable()).strip()


def _describe_type_fault(name: str, spec: SuiteSpec, raw: pd.DataFrame, fault: TypeFault) -> AuditFailure:
    values = raw[fault.column].iloc[fault.positions]
    shown = ", ".join(repr(value)[:60] for value in values.drop_duplicates().head(EXAMPLES_SHOWN))
    return AuditFailure(
        suite=name,
        expectation="types",
        column=fault.column,
        observed=f"{len(fault.positions)} of {len(raw)} values {describe_fault(fault, values)}: {shown}",
        examples=format_rows(raw.iloc[fault.positions[:EXAMPLES_SHOWN]], (*spec.key, fault.column)),
        because=f"the suite's types state {fault.type}",
        nights=list_nights(raw.iloc[fault.positions]),
        rows=fault.positions,
    )


def _find_missing_values(
    name: str, spec: SuiteSpec, typed: pd.DataFrame, faults: list[TypeFault]
) -> list[AuditFailure]:
    """Columns that miss values and may not; what did not parse was told already."""
    reported = {fault.column: fault.positions for fault in faults}
    failures = []
    for column in spec.never_null:
        missing = typed[column].isna().to_numpy()
        missing[reported.get(column, [])] = False
        rows = drop_excepted_rows(spec, column, typed[missing])
        if len(rows):
            observed = f"{len(rows)} of {len(typed)} values are missing"
            examples = format_rows(rows.head(EXAMPLES_SHOWN), (*spec.key, column))
            nights = list_nights(rows)
            failures.append(
                AuditFailure(
                    name, "not_null", column, observed, examples, NOT_LISTED, nights, rows.index.to_numpy()
                )
            )
    return failures
