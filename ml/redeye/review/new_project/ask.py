"""Asking a person for the answers, beside what the data shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.prompt import Prompt

from redeye.foundation.errors import ConfigError
from redeye.review.new_project.answers import Answers, describe_questions, is_asked, is_required
from redeye.review.new_project.sample import describe_columns

LISTS = ("key", "each", "valid", "in_advance", "groups", "classes")


def ask_answers(folder: Path, console: Console) -> Answers:
    """The answers of whoever sits at the terminal; one that is none is asked again.

    Raises:
        ConfigError: if the answers do not fit together.
    """
    given: dict[str, Any] = {}
    for name, question, default in describe_questions():
        if not is_asked(name, given):
            continue
        while True:
            typed = Prompt.ask(f"{name}: {question}", console=console, default=_write(default))
            if not typed and is_required(name, given):
                console.print("  It must be said.")
                continue
            if typed:
                given[name] = [each.strip() for each in typed.split(",")] if name in LISTS else typed
            if wrong := _find_wrong(given, name):
                console.print(f"  {wrong}")
                del given[name]
                continue
            break
        if name == "data":
            path = typed if "://" in typed else str(folder / typed)
            for column in describe_columns(path):
                console.print(f"  {column}", highlight=False)
    try:
        return Answers.model_validate(given)
    except ValidationError as error:
        raise ConfigError("; ".join(fault["msg"] for fault in error.errors())) from error


def _find_wrong(given: dict[str, Any], name: str) -> str:
    """What is wrong with one answer alone; empty if nothing is."""
    try:
        Answers.model_validate(given)
    except ValidationError as error:
        return "; ".join(
            fault["msg"] for fault in error.errors() if fault["loc"][:1] == (name,) and name in given
        )
    return ""


def _write(default: Any) -> str:  # noqa: ANN401  of any field
    if default is None:
        return ""
    return ", ".join(default) if isinstance(default, tuple) else str(default)
