"""Which dbt models a branch changes, and those that depend on them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from redeye.review.merge_base import write_base
from redeye.review.sandbox_catalog import Sandbox
from redeye.warehouse import dbt


def choose_models(at: Sandbox, *, select: str = "", base: str = "main") -> list[str]:
    """Unique ids of the models to build.

    Args:
        at: the sandbox; dbt's state is kept there.
        select: dbt's selectors; by default what differs from the merge base, and what depends on it.
        base: the branch that this one leaves from.

    Raises:
        ConfigError: if the base cannot be found.
        DbtError: if a project does not parse.
    """
    with tempfile.TemporaryDirectory(prefix="redeye-base-") as name:
        folder = Path(name)
        if select:
            with dbt.environment("none", "none"):
                dbt.parse(at.state)
            return dbt.list_modified(select, base=at.state / "target", target_dir=at.state)
        code = write_base(base, folder / "code")
        with dbt.environment("none", "none"):
            dbt.parse(folder / "state", project=code.project)
        return dbt.list_modified("state:modified+", base=folder / "state" / "target", target_dir=at.state)
