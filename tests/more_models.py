"""A copy of the checkout with more models, added as docs/reference/models.md says.

Another one of a rare outcome, and one of another kind: by how many minutes a flight will be late.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from delay_minutes import MODEL as LATENESS
from delay_minutes import write_spec

from redeye.foundation.settings import PROJECT_ROOT

FIRST, SECOND, THIRD = "flight_delay", "flight_cancelled", "flight_diverted"
MODELS = (FIRST, SECOND, THIRD)
NUMBERS = ("value", "lower", "upper", "baseline_value", "baseline_lower", "baseline_upper")
# It keeps the counts of the first one's target: a mistake that is likely made.
ADDED = {THIRD: "is_diverted"}
_BOUNDS = (
    "  - expect_column_values_to_be_between: {{column: {name}, min_value: {low}, max_value: {high}}}\n"
    "    because: {why}.\n"
)
_PROBABILITIES = ("probability", "baseline_probability")
# The audit of predictions that are numbers between bounds.
_OF_NUMBERS = (
    ("key: [flight_id, rank, probability]", "key: [flight_id, rank, value]"),
    (
        "  probability: float\n  baseline_probability: float\n",
        "".join(f"  {name}: float\n" for name in NUMBERS),
    ),
    (
        "  same_probabilities: How many predictions of the night share this row's probability, as a share.\n"
        "  mean_probability: Mean probability of the night.\n"
        "  spread_probability: Standard deviation of the night's probabilities.\n",
        "  same_values: How many predictions of the night share this row's number, as a share.\n"
        "  mean_value: Mean of the night's numbers.\n"
        "  spread_value: Standard deviation of the night's numbers.\n"
        "  beyond_bounds: How far the number lies outside its bounds.\n"
        "  mean_width: Mean distance of the night's bounds.\n",
    ),
    (
        "".join(_BOUNDS.format(name=name, low=0, high=1, why="A probability") for name in _PROBABILITIES),
        "".join(
            _BOUNDS.format(name=name, low=low, high=high, why="Minutes of a flight")
            for name, low, high in (
                *((each, -200, 1500) for each in NUMBERS),
                ("beyond_bounds", 0, 0),
                ("mean_width", 5, 300),
            )
        ),
    ),
    (
        "column: mean_probability, min_value: 0.02, max_value: 0.8",
        "column: mean_value, min_value: -60, max_value: 120",
    ),
    (
        "column: spread_probability, min_value: 0.005, max_value: 0.45",
        "column: spread_value, min_value: 0, max_value: 120",
    ),
    (
        "column: same_probabilities, min_value: 0, max_value: 0.6",
        "column: same_values, min_value: 0, max_value: 1",
    ),
)
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
    """The checkout's tracked folders and files in a new folder, with more specs, suites and exposures."""
    shutil.copytree(
        PROJECT_ROOT,
        to,
        ignore=shutil.ignore_patterns(".git", ".venv", ".redeye", "__pycache__", "target", "*_cache"),
    )
    for model, column in ADDED.items():
        _write(
            to / "ml" / "specs",
            "yaml",
            model,
            ("model: flight_delay", f"model: {model}"),
            ("column: is_late", f"column: {column}"),
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
    write_spec(to / "ml" / "specs")
    _write(to / "expectations" / "predictions", "yml", LATENESS, *_OF_NUMBERS)
    with (to / "dbt" / "models" / "exposures.yml").open("a", encoding="utf-8") as exposures:
        for model in (*ADDED, LATENESS):
            exposures.write(_EXPOSURES.format(model=model))
    return to


def _write(folder: Path, suffix: str, model: str, *changes: tuple[str, str]) -> None:
    """A copy of the first model's file, with each of the changes made once."""
    text = (folder / f"{FIRST}.{suffix}").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, (model, old)
        text = text.replace(old, new)
    (folder / f"{model}.{suffix}").write_text(text, encoding="utf-8")
