"""What size of gain the gates of each model would see, in sentences: `./redeye describe --power`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from redeye.declarations.specs import Spec, load_valid_specs
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS
from redeye.models.kinds.interface import find_kind
from redeye.studies.gate_power.logic.made_nights import Circumstances, measure_circumstances
from redeye.studies.gate_power.logic.power_simulation import Try, find_seen, try_gains
from redeye.warehouse import lake, release_store

CHANCES = (0.5, 0.8)
SEED = 1


def describe_power(
    said: Circumstances | None, *, auc: float, trials: int, report: Callable[[str], None]
) -> Iterator[str]:
    """The power of the gates of every model, a line for each thing.

    Args:
        said: what nights are like; without it, what those of the newest release are like.
        auc: by which the champion ranks, where nothing is said.
        trials: candidates of each gain.
        report: is told what is being tried.

    Raises:
        ConfigError: if neither says what nights are like.
    """
    for spec in load_valid_specs(SPECS).values():
        if not find_kind(spec).has_classes:
            yield f"Model {spec.model}: not simulated, as only labels that are true or false can be made up."
            continue
        nights = said or read_circumstances(spec, auc)
        yield from describe_tried(
            spec, nights, list(try_gains(spec, nights, trials=trials, seed=SEED, report=report))
        )


def read_circumstances(spec: Spec, auc: float) -> Circumstances:
    """What the nights of the newest release are like.

    Raises:
        ConfigError: if there are none with labels.
    """
    release = release_store.latest_release()
    if release is None:
        raise ConfigError("nothing is released yet: say what a night is like, with --rows and --base-rate")
    population, column = spec.population, spec.target.column
    with lake.connect_at(release.snapshot_id) as con:
        found = con.execute(
            f"SELECT count(*), avg(label) FROM (SELECT {population.night} AS night, "
            f"{find_kind(spec).select_label(column)} AS label FROM warehouse.{population.relation}) "
            "WHERE label IS NOT NULL GROUP BY night ORDER BY night"
        ).fetchnumpy()
    rows, rates = (np.asarray(each, dtype=np.float64) for each in found.values())
    try:
        return measure_circumstances(rows, rates, auc)
    except ValueError as error:
        raise ConfigError(f"{spec.model}: {error}: say --rows and --base-rate") from error


def describe_tried(spec: Spec, nights: Circumstances, tried: Sequence[Try]) -> Iterator[str]:
    """What came of the trials."""
    title = find_kind(spec).scored.TITLES[spec.gates.primary_metric]
    none, split = tried[0], spec.split
    yield (
        f"Model {spec.model}: the gates see {split.test_nights} nights of {nights.rows:,} rows, after "
        f"{split.validation_nights} to choose by; {nights.base_rate:.1%} of the labels are true, two of a night "
        f"correlate by {nights.correlation:.3f}, and the champion, whose {title} is {none.of_champion:.4f}, ranks with "
        f"an AUC of {nights.auc:.2f} within a night."
    )
    yield (
        f"  A candidate that is no better is promoted in {none.rate:.1%} of trainings (± {none.error:.1%}, {none.of} "
        "trials)."
    )
    for chance in CHANCES:
        seen = find_seen(tried, chance, seed=SEED)
        yield (
            f"  Promoted in {chance:.0%}: one whose {title} is better by {seen.gain:.4f} (± {seen.error:.4f}), "
            f"{seen.gain / none.of_champion:.1%} of the champion's."
            if np.isfinite(seen.gain)
            else f"  Promoted in {chance:.0%}: none that was tried; the best, better by {tried[-1].gain:.4f}, is in "
            f"{tried[-1].rate:.0%}{_name_refusing(tried[-1])}."
        )


def _name_refusing(tried: Try) -> str:
    worst = sorted(tried.refused.items(), key=lambda each: -each[1])[:3]
    named = ", ".join(f"{gate} {count / tried.of:.0%}" for gate, count in worst)
    return f" (refused by {named})" if named else ""
