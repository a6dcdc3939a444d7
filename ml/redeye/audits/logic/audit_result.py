"""What an audit says: the failures it found, and the message that an operator reads.

An audit judges one frame by one suite. It passes only if every declared expectation was evaluated
and none failed; a suite that evaluates nothing refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum

import numpy as np

from redeye.foundation.errors import AuditRefused
from redeye.foundation.logic.visible_text import escape_controls

STRUCTURE = ("columns", "rows", "types")
"""Checks of what a frame is made of, before anything is expected of it."""
EXAMPLES_SHOWN = 5
FAILURES_SHOWN = 20


class Treatment(StrEnum):
    """What became of a row that is marked."""

    SET_ASIDE = "set aside"
    TAKEN_IN = "taken in"
    LACKING = "lacking"


@dataclass(frozen=True)
class Mark:
    """A row that people should know of: not taken in, taken in though something is odd, or expected and not there.

    Attributes:
        night: of the delivery.
        row: the key, as text by column.
        position: place in what arrived, from 0, of a row that is set aside; -1 of any other.
    """

    night: date
    row: Mapping[str, str]
    treatment: Treatment
    reason: str
    position: int = -1

    def __post_init__(self) -> None:
        row = {escape_controls(name): escape_controls(value) for name, value in self.row.items()}
        object.__setattr__(self, "row", row)
        object.__setattr__(self, "reason", escape_controls(self.reason))


@dataclass(frozen=True)
class Finding:
    """What an audit found that by itself refuses nothing; where something does, it is told before what follows from it.

    Attributes:
        night: of the delivery.
        said: in words, with what to do.
        marks: the rows that it concerns.
        in_doubt: dataset and night of deliveries accepted before that it speaks against.
    """

    night: date
    said: str
    marks: tuple[Mark, ...] = ()
    in_doubt: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True)
class AuditFailure:
    """One expectation that was not met.

    Attributes:
        expectation: name of the expectation, or of the structural check (`columns`, `types`, ...).
        column: the column or columns judged; None when the whole table is meant.
        examples: up to five offending rows, each a mapping of column to text.
        nights: the nights that the offending rows belong to; empty when it cannot be told.
        rows: the positions of all offending rows in the frame; empty where a failure is not of single rows.
    """

    suite: str
    expectation: str
    column: str | None
    observed: str
    examples: tuple[Mapping[str, str], ...] = ()
    because: str = ""
    nights: tuple[date, ...] = ()
    rows: Sequence[int] | np.ndarray = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        # It is shown on pages and in logs, and kept in the ledger.
        object.__setattr__(self, "observed", escape_controls(self.observed))
        if self.column is not None:
            object.__setattr__(self, "column", escape_controls(self.column))

    @property
    def is_primary(self) -> bool:
        """Whether others may follow from it: of what the frame is made of, or how many rows it has."""
        return self.expectation in STRUCTURE or (self.column or "").startswith("rows")

    def line(self) -> str:
        """This failure as one paragraph for an operator."""
        where = f", column {self.column}" if self.column else ""
        text = f"{self.suite}: {self.expectation}{where}: {self.observed}"
        if self.because:
            text += f"\n    expected because: {self.because}"
        for example in self.examples[:EXAMPLES_SHOWN]:
            text += "\n    row: " + ", ".join(f"{name}={value}" for name, value in example.items())
        return text


@dataclass(frozen=True)
class Check:
    """One expectation as it was evaluated, met or not.

    Attributes:
        column: the column or columns judged; None when the whole table is meant.
        bound: what was expected, as JSON; empty where the expectation's name says all.
        because: the suite's reason for it.
    """

    suite: str
    expectation: str
    column: str | None
    bound: str
    observed: str
    because: str
    is_met: bool


@dataclass(frozen=True)
class AuditResult:
    """The outcome of one audit.

    Attributes:
        suite: name of the suite; joined with ` + ` when several were combined.
        subject: what was judged, for example `outcomes of night 2013-04-04`.
        evaluated: number of expectations evaluated.
        docs_path: the Data Docs page of this audit; None when none were written.
        findings: what was found beside the failures.
        docs_fault: why no Data Docs were written although they should be; empty otherwise.
        checks: every expectation that was evaluated; the ledger keeps the failures alone.

    Raises:
        ValueError: if `is_success` contradicts the failures, or claims success with nothing evaluated.
    """

    suite: str
    subject: str
    is_success: bool
    failures: tuple[AuditFailure, ...] = ()
    evaluated: int = 0
    docs_path: str | None = field(default=None, compare=False)
    findings: tuple[Finding, ...] = ()
    docs_fault: str = field(default="", compare=False)
    checks: tuple[Check, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.is_success and (self.failures or self.evaluated < 1):
            raise ValueError(
                f"audit of {self.subject} by {self.suite} claims success with {len(self.failures)} failures "
                f"and {self.evaluated} expectations evaluated"
            )
        if not self.is_success and not self.failures:
            raise ValueError(f"audit of {self.subject} by {self.suite} refuses without naming a failure")

    @property
    def failed_nights(self) -> tuple[date, ...]:
        """The nights that some failure names, in order. Empty when the failures name none."""
        return tuple(sorted({night for failure in self.failures for night in failure.nights}))

    def message(self) -> str:
        """What an operator needs: what failed, on which rows, why the bound is there, where to look."""
        if self.is_success:
            met = f"Audit of {self.subject} by {self.suite}: {self.evaluated} expectations met."
            return f"{met} No Data Docs: {self.docs_fault}" if self.docs_fault else met
        lines = [f"Audit refused {self.subject}: {len(self.failures)} failures of suite {self.suite}."]
        shown = self.failures[:FAILURES_SHOWN]
        lines += [f"  {failure.line()}" for failure in shown if failure.is_primary]
        lines += [f"  {finding.said}" for finding in self.findings]
        lines += [f"  {failure.line()}" for failure in shown if not failure.is_primary]
        if len(self.failures) > FAILURES_SHOWN:
            lines.append(f"  ... and {len(self.failures) - FAILURES_SHOWN} more")
        if self.docs_path:
            lines.append(f"  Data Docs: {self.docs_path}")
        if self.docs_fault:
            lines.append(f"  No Data Docs: {self.docs_fault}")
        return "\n".join(lines)

    def raise_if_refused(self) -> AuditResult:
        """This result, if it passed.

        Raises:
            AuditRefused: with `message()`, if anything failed.
        """
        if not self.is_success:
            raise AuditRefused(self.message())
        return self

    def to_dict(self) -> dict[str, object]:
        """This result as JSON-serialisable values, for the ledger."""
        failures = [
            asdict(replace(failure, rows=())) | {"nights": [night.isoformat() for night in failure.nights]}
            for failure in self.failures
        ]
        for failure in failures:
            del failure["rows"]
        findings = [{"night": each.night.isoformat(), "said": each.said} for each in self.findings]
        kept = ("suite", "subject", "is_success", "evaluated", "docs_path", "docs_fault")
        return {name: getattr(self, name) for name in kept} | {"failures": failures, "findings": findings}


def combine(results: Iterable[AuditResult], *, subject: str) -> AuditResult:
    """One result out of several over the same subject: it passes only if all pass.

    Raises:
        ValueError: if there is nothing to combine.
    """
    parts = list(results)
    if not parts:
        raise ValueError(f"no audits to combine for {subject}")
    return AuditResult(
        suite=" + ".join(part.suite for part in parts),
        subject=subject,
        is_success=all(part.is_success for part in parts),
        failures=tuple(failure for part in parts for failure in part.failures),
        evaluated=sum(part.evaluated for part in parts),
        docs_path=next((part.docs_path for part in parts if part.docs_path), None),
        findings=tuple(finding for part in parts for finding in part.findings),
        docs_fault=next((part.docs_fault for part in parts if part.docs_fault), ""),
    )
