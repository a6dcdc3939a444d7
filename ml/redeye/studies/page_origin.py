"""Where a page of results comes from: when it was made, by which code, and of which declarations it tells."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from redeye.declarations.specs import Spec, load_spec
from redeye.foundation.errors import ConfigError
from redeye.foundation.git import git_sha
from redeye.foundation.pages import Markdown
from redeye.foundation.settings import PROJECT_ROOT, SPECS

# What a model learns from and how; whoever changes it has a page that tells of another model.
_TRAINING = (
    "population",
    "target",
    "entity_keys",
    "schedule_columns",
    "features",
    "categorical_features",
    "label_maturity_nights",
    "split",
    "algorithms",
    "candidates",
)
PARTS = {
    "evidence": _TRAINING,
    "freshness": _TRAINING,
    "backtest": (*_TRAINING, "effective_lag_nights", "monitor"),
    "gates": (*_TRAINING, "gates"),
    "interval-error": ("features", "split"),
    "rehearsals": (*_TRAINING, "effective_lag_nights", "gates", "monitor"),
    "season": (*_TRAINING, "effective_lag_nights", "gates", "monitor"),
}
"""Fields of the spec that each page tells of, by the page's stem."""
_PLAN = PROJECT_ROOT / "ml" / "rehearsals" / "events.yaml"


def make_mark(page: str, spec: Spec) -> str:
    """The comment by which a page says what it tells of; it changes when that does.

    Raises:
        ConfigError: if there is no such page.
    """
    if page not in PARTS:
        raise ConfigError(f"no page of results is called {page!r}: there are {', '.join(PARTS)}")
    described = json.dumps(spec.model_dump(mode="json", include=set(PARTS[page])), sort_keys=True)
    plan = _PLAN.read_text(encoding="utf-8") if page == "rehearsals" else ""
    return f"<!-- {page} of {spec.model} {hashlib.sha256(f'{described}{plan}'.encode()).hexdigest()[:12]} -->"


def write_origin(page: str, model: str) -> Markdown:
    """The last lines of a page: the day, the commit, and the mark.

    Raises:
        ConfigError: if there is no such page.
    """
    made = f"Made on {datetime.now(UTC).date()} by code `{git_sha()[:12]}`."
    return Markdown(f"{made}\n{make_mark(page, load_spec(SPECS / f'{model}.yaml'))}")
