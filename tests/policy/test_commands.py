"""Every command that is named anywhere exists, with its options."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import typer

from redeye.cli import app
from redeye.foundation.settings import PROJECT_ROOT

MAKEFILE = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, flags=re.MULTILINE))
MAKE = re.compile(r"(?:[`>]|^|&& )make ([a-z][a-z-]*)", flags=re.MULTILINE)
# What follows on the line up to the end of the code: words, then options among anything.
REDEYE = re.compile(r"(?:[`>]|^|&& |\./)(?:\./)?redeye (?=[a-z])([^`\n<#]+)", flags=re.MULTILINE)
BARE = re.compile(r"(?:`|^|&& )redeye [a-z][^`\n]*`?", flags=re.MULTILINE)
# Its words stand in the head of every generated file: others there would be another code of the dbt project.
NOTICES = {"ml/redeye/review/logic/generated_texts.py", "feature_repo/views.py"}
OPTION = re.compile(r"(?<!\S)\[?--([a-z-]+)")


def texts() -> list[tuple[str, str]]:
    names = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(names, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True).stdout
    kinds = (".md", ".py", ".html", ".yaml", ".yml", ".sh", ".sql", ".j2", "Makefile", "redeye")
    return [
        (name, (PROJECT_ROOT / name).read_text(encoding="utf-8"))
        for name in found.splitlines()
        if name.endswith(kinds) and (PROJECT_ROOT / name).is_file()
    ]


def fault(call: str) -> str:
    """What is wrong with a call such as `dev build anna --select x`; empty if nothing is."""
    command: Any = typer.main.get_command(app)
    words = call.split()
    while words and hasattr(command, "commands"):
        command = command.commands.get(words.pop(0).rstrip(".,:;"))
        if command is None:
            return f"no command `redeye {call}`"
    known = {option for each in command.params for option in each.opts}
    unknown = {f"--{name}" for name in OPTION.findall(call)} - known - {"--help"}
    return f"`redeye {call}`: no {', '.join(unknown)}" if unknown and command.name != "airflow" else ""


def test_commands_that_are_named_anywhere_exist():
    faults = [
        f"{name}: {found}"
        for name, text in texts()
        for found in (
            *(f"no `make {each}`" for each in MAKE.findall(text) if each not in TARGETS),
            *(fault(call.strip()) for call in REDEYE.findall(text)),
        )
        if found
    ]
    assert faults == []


def test_pages_and_messages_name_commands_as_a_fresh_clone_has_them():
    """`redeye` alone is on no path: the script of the checkout is `./redeye`."""
    faults = [
        f"{name}: {line.strip()}"
        for name, text in texts()
        if name.endswith((".md", ".py")) and not name.startswith("tests/") and name not in NOTICES
        for line in BARE.findall(text)
    ]
    assert faults == []
    assert BARE.findall("`redeye gap`, `./redeye gap`, redeye gap\nredeye gap") == [
        "`redeye gap`",
        "redeye gap",
    ]


def test_make_help_lists_every_command_once():
    listed = re.findall(r"^#> (?:\./redeye)? +(.*)$", MAKEFILE, flags=re.MULTILINE)
    named = [word for line in listed for word in line.rstrip(",").split(", ")]
    shown = {name for name, each in typer.main.get_command(app).commands.items() if not each.hidden}  # type: ignore[attr-defined]
    assert sorted(named) == sorted(shown - TARGETS)


def test_a_command_that_is_not_there_is_found():
    assert fault("gap 2013-04-05 --reason x") == ""
    assert fault("dev build anna --select x") == ""
    assert fault("fly --far")
    assert fault("gap 2013-04-05 --because x")
