"""Several edits beside each other: each branch held against its own merge base, and one row for each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from redeye.foundation.errors import ConfigError, RedeyeError
from redeye.foundation.git import run_git
from redeye.foundation.pages import Cell, Table, write_report
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.impact import assess
from redeye.review.logic.impact_verdict import Impact, Verdict, judge
from redeye.review.reports.impact_page import write_page

HEADS = (
    "branch",
    "verdict",
    "models",
    "scores moved",
    "{loss} gained by scores",
    "by a training",
    "first reason",
)


def compare_branches(
    branches: Sequence[str],
    base: str,
    folder: Path,
    *,
    seeds: int = 0,
    report: Callable[[str], None],
    root: Path = PROJECT_ROOT,
) -> tuple[Table, Verdict | None]:
    """Assess branches one after another, in worktrees that are gone afterwards.

    Writes the whole report of each into a folder of its name, and the table as `comparison.html` and `comparison.md`.

    Args:
        branches: names or commits.
        base: whose merge base with each is compared.
        folder: of the reports.
        seeds: as in `assess`.
        report: is called with the name of each step.
        root: of the checkout.

    Returns:
        A row for each, and the gravest verdict; None if one has none.

    Raises:
        ConfigError: if there is no such branch.
    """
    for branch in branches:
        if run_git(root, "rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}").returncode != 0:
            raise ConfigError(f"there is no branch or commit {branch!r} to compare")
    rows: list[tuple[Cell, ...]] = []
    verdicts, losses = [], set()
    for branch in branches:
        with _check_out(branch, root) as checkout:
            try:
                found = assess(base, seeds=seeds, report=partial(_tell, report, branch), root=checkout)
            except RedeyeError as error:
                rows.append((branch, "no verdict", "", "", "", "", str(error)))
                continue
        judgement = judge(found)
        page = write_page(found, judgement, folder / branch.replace("/", "-"))
        report(f"{branch}: {judgement.verdict}, {page}")
        verdicts.append(judgement.verdict)
        losses |= {each.measures.loss for each in found.scores} | {each.measures.loss for each in found.gains}
        rows.append(_describe_branch(branch, found, judgement.verdict, judgement.reasons[0]))
    loss = losses.pop() if len(losses) == 1 else "loss"
    table = Table([head.format(loss=loss) for head in HEADS], rows)
    write_report(folder, "comparison", f"# Branches against their merge bases with {base}\n\n{table}\n", {})
    is_whole = len(verdicts) == len(rows)
    return table, max(verdicts, key=lambda each: each.exit_code) if is_whole else None


def _tell(report: Callable[[str], None], branch: str, step: str) -> None:
    report(f"{branch}: {step}")


def _describe_branch(branch: str, impact: Impact, verdict: Verdict, reason: str) -> tuple[Cell, ...]:
    scores = [(each.reader, each) for each in impact.scores]
    return (
        branch,
        str(verdict),
        ", ".join(each.title for each in impact.models if not each.is_same) or "none differs",
        "; ".join(f"{each.moved:,} of {each.rows:,} ({reader})" for reader, each in scores) or "none",
        "; ".join(each.measures.show_gain(each.difference) for _, each in scores if each.difference),
        "; ".join(f"{each.model} {each.measures.show_gain(each.gain)}" for each in impact.gains if each.gain),
        reason.partition("\n")[0],
    )


@contextmanager
def _check_out(branch: str, root: Path) -> Iterator[Path]:
    """The project as a branch has it: a checkout, or the folder of one in which it lies."""
    within = run_git(root, "rev-parse", "--show-prefix").stdout.decode().strip()
    with tempfile.TemporaryDirectory(prefix="redeye-branch-") as name:
        checkout = Path(name) / "checkout"
        made = run_git(root, "worktree", "add", "--detach", str(checkout), branch)
        if made.returncode != 0:
            raise ConfigError(f"{branch!r} cannot be checked out: {made.stderr.decode().strip()}")
        try:
            if not (checkout / within).is_dir():
                raise ConfigError(
                    f"{branch!r} has no folder {within}: compare branches that hold the project"
                )
            yield checkout / within
        finally:
            run_git(root, "worktree", "remove", "--force", str(checkout))
