"""The page docs/results/arrival-checks.md: false alarms of each rule, and what planted faults met."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from redeye.audits.contract_files import ARRIVALS, CONTRACT, EXPECTATIONS_ROOT, load_contract
from redeye.audits.logic.contract import Contract
from redeye.audits.logic.contract_terms import ColumnException
from redeye.audits.suite_files import load_suite
from redeye.foundation.atomic_files import write_text
from redeye.foundation.git import git_sha
from redeye.foundation.pages import Markdown, Table, render_markdown
from redeye.studies.arrival_checks.logic.trials import (
    Check,
    CheckRecord,
    Trial,
    list_refused,
    record_checks,
    sum_power,
)

PAGE = "arrival-checks.md"


def write_page(folder: Path, trials: Sequence[Trial], *, chosen_until: date) -> Path:
    """Write the page of some trials.

    Args:
        folder: of the page.
        trials: of clean nights, and of nights with planted faults.
        chosen_until: the last night that bounds were chosen on.
    """
    clean = [trial for trial in trials if trial.fault is None]
    refused, power = list_refused(trials), sum_power(trials)
    records = record_checks(list_checks(), trials, chosen_until=chosen_until)
    text = render_markdown(
        "studies/arrival_checks/arrival_checks.md.j2",
        first=clean[0].night,
        last=clean[-1].night,
        chosen_until=chosen_until,
        nights=len(clean),
        before=sum(trial.night <= chosen_until for trial in clean),
        after=sum(trial.night > chosen_until for trial in clean),
        refused_before=sum(trial.night <= chosen_until for trial in refused),
        refused_after=sum(trial.night > chosen_until for trial in refused),
        refused=[(trial.night, ", ".join(check[2] for check in trial.failed)) for trial in refused],
        rules=len(records),
        silent=sum(not (each.alarms_before or each.alarms_after) for each in records),
        planted=sum(each.tried for each in power),
        found=sum(each.refused for each in power),
        power=Table(
            ["planted fault", "dataset", "nights", "refused", "by"],
            [
                [
                    each.fault,
                    each.dataset,
                    each.tried,
                    each.refused,
                    ", ".join(f"{c} {n}" for c, n in each.by),
                ]
                for each in power
            ],
            numbers=(2, 3),
        ),
        missed=[(each.fault, each.missed) for each in power if each.missed],
        checks=_tabulate(records),
        excepted={each.name: len(found) for each in _contracts() if (found := _list_exceptions(each))},
        excepted_nights=len({one.night for each in _contracts() for one in _list_exceptions(each)}),
        origin=Markdown(f"Made on {datetime.now(UTC).date()} by code `{git_sha()[:12]}`.\n{make_mark()}"),
    )
    page = folder / PAGE
    write_text(page, text)
    return page


def list_checks() -> list[Check]:
    """Every rule of every contract, in order: suite, expectation, columns."""
    return [
        (table.name, expectation.expect, ", ".join(expectation.columns))
        for contract in _contracts()
        for table in contract.tables
        for expectation in load_suite(f"{ARRIVALS}{table.name}").expectations
    ]


def make_mark() -> str:
    """The comment by which the page says of which measures and bounds it tells; it changes when they do."""
    told = [
        [contract.name, name, measure.model_dump(mode="json"), rule.arguments]
        for contract in _contracts()
        for name, measure in contract.measures.items()
        for rule in (contract.nights.suite.expectations if contract.nights else ())
        if name in rule.columns
    ]
    return f"<!-- arrival-checks {hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]} -->"


def _contracts() -> list[Contract]:
    return [load_contract(path) for path in sorted((EXPECTATIONS_ROOT / ARRIVALS).glob(f"*{CONTRACT}"))]


def _list_exceptions(contract: Contract) -> list[ColumnException]:
    return [one for table in contract.tables for one in table.terms.exception]


def _tabulate(records: Sequence[CheckRecord]) -> Table:
    return Table(
        [
            "rule of",
            "column",
            "expectation",
            "alarms, nights that chose",
            "alarms, other nights",
            "faults found",
        ],
        [
            [
                each.check[0],
                each.check[2],
                each.check[1].removeprefix("expect_"),
                each.alarms_before,
                each.alarms_after,
                each.found,
            ]
            for each in records
        ],
        numbers=(3, 4, 5),
    )
