"""Writes what follows from a declaration into the files of other tools, and says which of them do not follow.

Constants of `redeye.yaml` become dbt macros; a feature's column in `dbt/models/features/*.yml` becomes a field of
Feast's view and lines of its audit's suite. The engine's own macros and tests are the same in every dbt project.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from redeye.champions.feature_edits import TABLES
from redeye.declarations.clock import Clock
from redeye.declarations.clock_sql import has_repeated_cutoff, write_cutoff, write_next_night
from redeye.declarations.project import Project, load_project
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.logic.feature_tables import FeatureTable, fill_windows, name_windows, read_tables
from redeye.review.logic.generated_texts import (
    list_field_edits,
    render_aliases,
    render_anchors,
    render_macros,
    render_night_macros,
    render_suite,
    render_views,
    replace_section,
)
from redeye.warehouse.dbt import PACKAGE

SUITES = Path("expectations") / "releases"
VIEWS = Path("feature_repo") / "views.py"
DBT = Path("dbt")
MACROS = DBT / "macros" / "declared.sql"
NIGHTS = DBT / "macros" / "nights.sql"
NIGHT, CUTOFF = "{{ night }}", "{# The end of a night"


def generate(root: Path = PROJECT_ROOT) -> list[Path]:
    """Write every generated text of a checkout; the files that changed.

    Raises:
        ConfigError: naming the file that declares what cannot be; then none is changed.
    """
    stale = find_stale_texts(root)
    for path, text in stale.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return sorted(stale)


def find_stale_texts(root: Path = PROJECT_ROOT) -> dict[Path, str]:
    """What the files that do not follow their declaration should hold, by path in the checkout.

    Raises:
        ConfigError: naming the file that declares what cannot be.
    """
    declared = load_project(root / "redeye.yaml")
    wanted = {MACROS: render_declared(declared), **read_engine_files(declared.clock)}
    tables: list[FeatureTable] = []
    for path in sorted((root / TABLES).glob("*.yml")):
        try:
            text = _with_windows(path.read_text(encoding="utf-8"), declared)
            found = read_tables(_load(text))
            if len({table.features for table in found}) > 1:
                raise ConfigError("its tables share an audit, and must have the same features")
            tables += found
            wanted[TABLES / path.name] = text
            suite = SUITES / path.name
            wanted[suite] = render_suite((root / suite).read_text(encoding="utf-8"), found[0].features)
        except (ConfigError, KeyError, FileNotFoundError, YAMLError) as error:
            raise ConfigError(f"{TABLES / path.name}: {error}") from error
    wanted[VIEWS] = render_views(tables)
    return {path: text for path, text in wanted.items() if _read(root / path) != text}


def read_engine_files(clock: Clock) -> dict[Path, str]:
    """The macros and tests that the engine asks of every dbt project, by path in the checkout."""
    files = sorted(PACKAGE.rglob("*.sql"))
    texts = {DBT / path.relative_to(PACKAGE): path.read_text(encoding="utf-8") for path in files}
    # Where a night is a day later than the one before it, the macro of the cutoff is the same in every project.
    if clock.every != "day" or clock.skip or has_repeated_cutoff(clock):
        steps = {"next_night": write_next_night(clock, NIGHT), "cutoff": write_cutoff(clock, NIGHT)}
        texts[NIGHTS] = texts[NIGHTS].partition(CUTOFF)[0] + render_night_macros(steps)
    return texts


def describe_stale_texts(root: Path = PROJECT_ROOT) -> list[str]:
    """A sentence for each file that does not follow its declaration; of feature views, with the fields.

    Raises:
        ConfigError: naming the file that declares what cannot be.
    """
    found = []
    for path, text in sorted(find_stale_texts(root).items()):
        why = ""
        if path == VIEWS:
            try:
                why = "; ".join(list_field_edits(_read(root / path), text))
            except SyntaxError as error:
                why = f"line {error.lineno} is no Python"
        found.append(
            f"{path} does not follow its declaration: `./redeye generate` writes it{why and f' ({why})'}"
        )
    return found


def render_declared(declared: Project) -> str:
    """The file of dbt macros that say what a declaration says."""
    return render_macros(_macro_values(declared))


def _macro_values(declared: Project) -> dict[str, Any]:
    at = declared.clock.cutoff_time
    clock = {"clock_zone": declared.clock.zone, "cutoff_hour": at.hour, "cutoff_minute": at.minute}
    span, due = declared.subject.span, declared.due_nights
    if span and due:
        clock |= {
            "span_begins": span.begins,
            "span_nights": span.nights,
            "span_first_due": due.first,
            "span_last_due": due.last,
            "span_final": due.final,
        }
    successions = [
        {"key": each.key, "old": each.old, "new": each.new, "first_night": each.first_night.isoformat()}
        for each in declared.successions
    ]
    return {**clock, **declared.constants, "successions": successions}


def _with_windows(text: str, declared: Project) -> str:
    """A YAML file with the columns of each window of its entry `windows`, if it has one."""
    templates = [each for each in _load(text, is_rough=True).get("anchors") or () if "windows" in each]
    for each in templates:
        nights = declared.constants[each["windows"]]
        if not isinstance(nights, tuple):
            raise ConfigError(f"`{each['windows']}` of redeye.yaml is no list of nights")
        by_column = [fill_windows(column, name_windows(nights)) for column in each["columns"]]
        by_window = list(zip(*by_column, strict=True))
        head, models, rest = text.partition("\nmodels:\n")
        text = (
            replace_section(head, "windows", render_anchors(each["columns"], by_window))
            + models
            + replace_section(rest, "windows", render_aliases(by_window))
        )
    return text


def _load(text: str, *, is_rough: bool = False) -> dict[str, Any]:
    """A YAML file; roughly, only what stands above the generated, whose aliases may lack their anchors."""
    if is_rough:
        text = text.partition("\nmodels:\n")[0].partition("# begin: windows\n")[0]
    document: dict[str, Any] = YAML(typ="safe").load(StringIO(text))
    return document or {}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
