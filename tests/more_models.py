"""A copy of the checkout with a second and a third model, of rare outcomes, added as docs/reference/models.md says."""

from __future__ import annotations

import shutil
from pathlib import Path

from redeye.foundation.settings import PROJECT_ROOT

FIRST, SECOND, THIRD = "flight_delay", "flight_cancelled", "flight_diverted"
MODELS = (FIRST, SECOND, THIRD)
COUNTS = """\
    successes: carrier_origin_hour_delays:late_flights_all
    trials: carrier_origin_hour_delays:flights_all
"""
GROUPS = "    groups: [carrier_id, origin_id]\n"
# The third spec keeps the counts of the first one's target: a mistake that is likely made.
ADDED = {SECOND: ("is_cancelled", GROUPS), THIRD: ("is_diverted", COUNTS)}
_EXPOSURES = """
  - name: {model}
    label: {model}
    type: ml
    maturity: high
    description: How likely each flight of the coming day is to have the outcome.
    owner: {{name: data-science}}
    depends_on: *read

  - name: {model}_predictions
    label: Predictions of {model}
    type: application
    maturity: high
    description: What the champion says of each flight of the coming day.
    owner: {{name: data-science}}
    depends_on: *read
"""


def copy_with_more_models(to: Path) -> Path:
    """The checkout's tracked folders and files in a new folder, with two more specs, suites and exposures."""
    shutil.copytree(
        PROJECT_ROOT,
        to,
        ignore=shutil.ignore_patterns(".git", ".venv", ".redeye", "__pycache__", "target", "*_cache"),
    )
    for model, (column, heuristic) in ADDED.items():
        _write(
            to / "ml" / "specs",
            "yaml",
            model,
            ("model: flight_delay", f"model: {model}"),
            ("column: is_late", f"column: {column}"),
            (COUNTS, heuristic),
        )
        _write(
            to / "expectations" / "predictions",
            "yml",
            model,
            ("min_value: 0.02, max_value: 0.8", "min_value: 0, max_value: 0.8"),
            ("min_value: 0.005, max_value: 0.45", "min_value: 0, max_value: 0.45"),
            (
                "column: same_probabilities, min_value: 0, max_value: 0.6",
                "column: same_probabilities, min_value: 0, max_value: 1",
            ),
        )
        with (to / "dbt" / "models" / "exposures.yml").open("a", encoding="utf-8") as exposures:
            exposures.write(_EXPOSURES.format(model=model))
    return to


def _write(folder: Path, suffix: str, model: str, *changes: tuple[str, str]) -> None:
    """A copy of the first model's file, with each of the changes made once."""
    text = (folder / f"{FIRST}.{suffix}").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, (model, old)
        text = text.replace(old, new)
    (folder / f"{model}.{suffix}").write_text(text, encoding="utf-8")
