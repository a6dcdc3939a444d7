"""What a model's window and its age are worth: an experiment that walks forward over a season.

Every four weeks, models of one algorithm are fitted on what was known then: on windows of several lengths, on all
history with older rows weighing less, and as the model of four weeks before continued on the newer nights. Each
predicts nights that it had seen nothing of. Which window is best is read off the four weeks that follow; what age
costs, off later weeks, by comparison with the younger model on the same nights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from redeye.declarations.calendar import count_nights_since, find_next_night, shift_nights
from redeye.declarations.spec_candidates import Candidates, Continued, Weighted
from redeye.declarations.specs import Spec
from redeye.models.logic.splits import Window, Windows, find_last_mature
from redeye.models.logic.training import Fitted, Parent, fit_candidates, read_nights, select_rows
from redeye.studies.evidence.logic.months import find_first_night, keep_algorithm, select_known_rows

# Between two trainings, in nights: four weeks, so that every block has each weekday as often.
STEP = 28
WINDOWS = (28, 56, 84, 168, 365)
LONGEST = WINDOWS[-1]
# The two of which the age is followed: all history, and as many nights at every training.
AGED = (84, LONGEST)
HALF_LIVES = (28, 84)
CONTINUED = "continued"


@dataclass(frozen=True)
class Origin:
    """One training of the experiment.

    Attributes:
        decided: the night whose cutoff bounds what is known; the first night predicted is the next one.
        next_nights: the block up to the next training.
        later_nights: all that are left.
    """

    decided: date
    next_nights: Window
    later_nights: Window


@dataclass(frozen=True)
class TrainedOrigin:
    """What was fitted at an origin.

    Attributes:
        nights: of training, by variant; fewer than asked for where history is shorter.
        seconds: of the fit, by variant.
        trees: of the model, by variant.
        parent: for the next origin to continue: the last night it was fitted to, and the last one it has seen.
    """

    nights: dict[str, int]
    seconds: dict[str, float]
    trees: dict[str, float]
    parent: tuple[str, str]


def window_name(nights: int) -> str:
    """Of the variant that learns from so many nights."""
    return f"window_{nights}"


def half_life_name(nights: int) -> str:
    """Of the variant whose rows count half as much after so many nights."""
    return f"half_life_{nights}"


def origins(spec: Spec, first_night: date, last_night: date) -> tuple[Origin, ...]:
    """The trainings, four weeks apart, from the first one that has the shortest window's nights behind it.

    Blocks that the last night cuts short by more than half are left out.
    """
    decided = first_night
    while _windows(spec, decided, WINDOWS[0], first_night).train.nights < WINDOWS[0]:
        decided = find_next_night(decided)
    found = []
    while shift_nights(decided, STEP // 2) <= last_night:
        block = Window(find_next_night(decided), min(last_night, shift_nights(decided, STEP)))
        found.append(Origin(decided, block, Window(block.first, last_night)))
        decided = shift_nights(decided, STEP)
    return tuple(found)


def count_held_back(spec: Spec) -> int:
    """How much older, by this experiment's count, a champion is than its decision: the gates' window lies between."""
    night = date(2000, 1, 1)
    test_last = find_last_mature(night, spec.label_maturity_nights)
    test_first = shift_nights(test_last, 1 - spec.split.test_nights)
    seen_until = find_last_mature(test_first, spec.label_maturity_nights + 1)
    # Here the last night seen is the last one that is mature at the decision.
    return count_nights_since(seen_until, night) - spec.label_maturity_nights


def walk(
    frame: pd.DataFrame,
    spec: Spec,
    origin: Origin,
    parent: Parent | None,
    *,
    algorithm: str,
    seed: int,
    threads: int,
) -> tuple[pd.DataFrame, TrainedOrigin, Parent]:
    """Fits every variant at an origin and predicts the nights after it.

    `parent` is the model to continue: that of the origin before; None at the first.

    Returns:
        A row per key after the origin: night, label and each variant's probability (missing after the next
        block, but for those whose age is followed). What was fitted. The model for the next origin to continue.
    """
    known, first_night = select_known_rows(frame, spec, origin.decided), find_first_night(frame, spec)
    fitted: dict[str, Fitted] = {}
    nights: dict[str, int] = {}
    for length in WINDOWS:
        spans = _windows(spec, origin.decided, length, first_night)
        if length > spans.train.nights and length != LONGEST:
            continue
        candidates = Candidates()
        if length == LONGEST:
            candidates = Candidates(
                weighted=tuple(
                    Weighted(name=half_life_name(each), algorithm=algorithm, half_life_nights=each)  # type: ignore[arg-type]
                    for each in HALF_LIVES
                ),
                continued=spec.candidates.continued or Continued(),
            )
        lean = keep_algorithm(spec, algorithm, candidates)
        for each in fit_candidates(known, lean, spans, seed=seed, threads=threads, parent=parent):
            name = window_name(length) if each.name == algorithm else each.name
            name = CONTINUED if each.parent_version is not None else name
            if name != "heuristic" or length == LONGEST:
                fitted[name], nights[name] = each, spans.train.nights
    models = {name: each.model for name, each in fitted.items()}
    spans = _windows(spec, origin.decided, LONGEST, first_night)
    if CONTINUED not in models:
        # Nothing to continue at the first origin; later, nothing gained: then the model stays what it was.
        models[CONTINUED] = parent.model if parent is not None else models[window_name(LONGEST)]
    rows = select_rows(frame, spec, origin.later_nights)
    night = read_nights(rows, spec)
    is_next = origin.next_nights.mask(night)
    predictions = pd.DataFrame({"night": night, "label": rows[spec.target.column].to_numpy(dtype=np.float64)})
    aged = {window_name(each) for each in AGED}
    for name, model in models.items():
        values = np.full(len(rows), np.nan)
        asked = np.ones(len(rows), dtype=bool) if name in aged else is_next
        values[asked] = model.predict(rows.loc[asked])
        predictions[name] = values
    learned = TrainedOrigin(
        nights=nights,
        seconds={name: round(each.seconds, 2) for name, each in fitted.items()},
        trees={name: each.model.facts().get("trees", np.nan) for name, each in fitted.items()},
        parent=(spans.train.last.isoformat(), spans.validation.last.isoformat()),
    )
    following = Parent(0, models[CONTINUED], spans.train.last, spans.validation.last)
    return predictions, learned, following


def blocks(origins_: tuple[Origin, ...], predictions: Mapping[date, pd.DataFrame]) -> pd.DataFrame:
    """The rows of each block, with the predictions of every origin before it beside each other.

    Returns:
        `block` (position of the origin whose next nights they are), `behind` (how many steps older the model is),
        night, label and a column per variant.
    """
    parts = []
    for position, block in enumerate(origins_):
        for behind in range(position + 1):
            rows = predictions[origins_[position - behind].decided]
            mine = rows.loc[block.next_nights.mask(rows["night"].to_numpy())]
            parts.append(mine.assign(block=position, behind=behind))
    return pd.concat(parts, ignore_index=True)


def _windows(spec: Spec, decided: date, length: int, first_night: date) -> Windows:
    """As for a training, but with nothing held back for gates: `test` is the block that is predicted."""
    maturity = spec.label_maturity_nights
    validation_last = find_last_mature(decided, maturity)
    validation = Window(shift_nights(validation_last, 1 - spec.split.validation_nights), validation_last)
    train_last = find_last_mature(validation.first, maturity + 1)
    train = Window(max(first_night, shift_nights(train_last, 1 - length)), train_last)
    return Windows(train, validation, Window(find_next_night(decided), shift_nights(decided, STEP)))
