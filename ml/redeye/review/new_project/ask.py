"""Asking a person for the answers, beside what the data shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.prompt import Prompt
from ruamel.yaml import YAML

from redeye.declarations.yaml_files import suggest
from redeye.foundation.errors import ConfigError
from redeye.review.new_project.answers import Answers
from redeye.review.new_project.question_order import describe_questions, is_asked, is_required
from redeye.review.new_project.sample import describe_columns, list_columns, locate_data, read_dates
from redeye.review.new_project.sampled_answers import suggest_cutoff

LISTS = ("key", "each", "valid", "in_advance", "groups", "classes")
KEPT = "answers.yaml"
OF_COLUMNS = ("time", "key", "each", "valid", "in_advance", "groups", "predict")
"""Answers that name columns of the data."""


def ask_answers(folder: Path, console: Console) -> Answers:
    """The answers of whoever sits at the terminal; one that is none is asked again.

    They are kept in the folder, whatever becomes of them.

    Raises:
        ConfigError: if the answers do not fit together.
    """
    given: dict[str, Any] = {}
    for name, question, default in describe_questions():
        if is_asked(name, given):
            shown = _suggest(folder, given) if name == "cutoff" else _write(default)
            _ask(f"{name}: {question}", shown, name, given, folder, console)
    kept = folder / KEPT
    kept.parent.mkdir(parents=True, exist_ok=True)
    YAML().dump(given, kept)
    console.print(f"Your answers are in {kept}: edited, they can be given with --answers.", highlight=False)
    try:
        return Answers.model_validate(given)
    except ValidationError as error:
        said = [fault["msg"].removeprefix("Value error, ") for fault in error.errors()]
        raise ConfigError("; ".join(said)) from error


def _ask(question: str, shown: str, name: str, given: dict[str, Any], folder: Path, console: Console) -> None:
    """Ask until there is an answer that can be one, or none where none is needed."""
    while True:
        typed = Prompt.ask(question, console=console, default=shown, show_default=bool(shown))
        if not typed and is_required(name, given):
            console.print("  It must be said.")
            continue
        if typed:
            given[name] = [each.strip() for each in typed.split(",")] if name in LISTS else typed
        wrong = _find_wrong(given, name) or _find_lost(folder, given, name)
        if not wrong:
            break
        console.print(f"  {wrong}")
        del given[name]
    if name == "data":
        for column in describe_columns(locate_data(folder, typed)):
            console.print(f"  {column}", highlight=False)


def _suggest(folder: Path, given: dict[str, Any]) -> str:
    dates = read_dates(locate_data(folder, given["data"]), given["time"], given["zone"])
    return suggest_cutoff(given.get("every", "day"), dates)


def _find_lost(folder: Path, given: dict[str, Any], name: str) -> str:
    """What the file says against an answer: that it cannot be read, or has no such column; empty if nothing."""
    if name not in ("data", *OF_COLUMNS) or name not in given:
        return ""
    try:
        columns = list_columns(locate_data(folder, given["data"]))
    except ConfigError as error:
        return str(error)
    said = given[name] if name in LISTS else [given[name]]
    lost = [] if name == "data" else [each for each in said if each not in columns]
    return f"there is no column {', '.join(lost)}{suggest(lost[0], columns)}" if lost else ""


def _find_wrong(given: dict[str, Any], name: str) -> str:
    """What is wrong with an answer, alone or beside those so far; empty if nothing is."""
    try:
        Answers.model_validate(given)
    except ValidationError as error:
        told = [(fault["loc"][:1], fault["msg"].removeprefix("Value error, ")) for fault in error.errors()]
        found = [said for at, said in told if at == (name,) or (not at and said.startswith(f"{name}: "))]
        return "; ".join(found) if name in given else ""
    return ""


def _write(default: Any) -> str:  # noqa: ANN401  of any field
    if default is None:
        return ""
    if isinstance(default, bool):
        return "yes" if default else "no"
    return ", ".join(default) if isinstance(default, tuple) else str(default)
