"""Audits of clean nights and of nights with a planted fault, and what they say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

Check = tuple[str, str, str]
"""A rule as people see it: suite, expectation, columns."""


@dataclass(frozen=True)
class Trial:
    """One audit of one night.

    Attributes:
        fault: name of the planted fault; None for a clean night.
        dataset: that the fault is in; empty for a clean night, whose datasets are all judged.
        failed: the rules that were not met; none if the night was accepted.
    """

    fault: str | None
    dataset: str
    night: date
    failed: tuple[Check, ...]

    @property
    def is_refused(self) -> bool:
        """Whether some rule was not met."""
        return bool(self.failed)


@dataclass(frozen=True)
class Power:
    """How a kind of fault fared: in how many nights it was tried, refused, by which rules, and where it was missed."""

    fault: str
    dataset: str
    tried: int
    refused: int
    by: tuple[tuple[str, int], ...]
    missed: tuple[date, ...]


@dataclass(frozen=True)
class CheckRecord:
    """A rule: how many clean nights it refused, of those that chose its bound and of the others, and faults found."""

    check: Check
    alarms_before: int
    alarms_after: int
    found: int


def sum_power(trials: Iterable[Trial]) -> list[Power]:
    """Each kind of fault, in the order of the trials."""
    by_fault: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.fault is not None:
            by_fault.setdefault(trial.fault, []).append(trial)
    return [
        Power(
            fault=fault,
            dataset=each[0].dataset,
            tried=len(each),
            refused=sum(trial.is_refused for trial in each),
            by=tuple(
                Counter(check[2] for trial in each for check in dict.fromkeys(trial.failed)).most_common(4)
            ),
            missed=tuple(trial.night for trial in each if not trial.is_refused),
        )
        for fault, each in by_fault.items()
    ]


def list_refused(trials: Iterable[Trial]) -> list[Trial]:
    """The clean nights that were refused."""
    return [trial for trial in trials if trial.fault is None and trial.is_refused]


def record_checks(
    checks: Sequence[Check], trials: Sequence[Trial], *, chosen_until: date
) -> list[CheckRecord]:
    """Each rule with its alarms and finds, in the given order; rules that failed and are not in it come last.

    Args:
        checks: the rules.
        trials: of clean nights and of faults.
        chosen_until: the last night that bounds were chosen on.
    """
    before: Counter[Check] = Counter()
    after: Counter[Check] = Counter()
    found: Counter[Check] = Counter()
    for trial in trials:
        clean = before if trial.night <= chosen_until else after
        (found if trial.fault is not None else clean).update(set(trial.failed))
    named = dict.fromkeys([*checks, *before, *after, *found])
    return [CheckRecord(check, before[check], after[check], found[check]) for check in named]
