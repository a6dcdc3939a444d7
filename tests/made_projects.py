"""Problems that nobody has seen: rows of a seed, with names, a zone, and a best model that is known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

ZONES = ("Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Europe/Madrid", "Pacific/Apia")
NOUNS = (("visit", "visits"), ("parcel", "parcels"), ("ticket", "tickets"), ("trip", "trips"))


def take_seed() -> int:
    """The seed of this run."""
    return int(os.environ.get("REDEYE_TEST_SEED", "11"))


@dataclass(frozen=True)
class MadeProject:
    """What was made.

    Attributes:
        answers: what a person would answer of it.
        rows: the data with `chance`, the true probability of each row; the file has no such column.
    """

    answers: dict[str, object]
    rows: pd.DataFrame


def make_project(folder: Path, seed: int, *, first: date, nights: int, rows_a_night: int = 40) -> MadeProject:
    """Write `data/rows.csv` into a folder: rows of places at hours, a column that tells the outcome among them."""
    rng = np.random.default_rng(seed)
    zone, (one, many) = ZONES[rng.integers(len(ZONES))], NOUNS[rng.integers(len(NOUNS))]
    places = [f"{chr(97 + at)}{rng.integers(100, 999)}" for at in range(6)]
    effects = dict(zip(places, rng.normal(0, 1.2, len(places)), strict=True))
    found = []
    for night in range(nights):
        day = first + timedelta(days=night)
        hours = rng.integers(9, 18, rows_a_night)
        at = [
            f"{day}T{hour:02}:{minute:02}:00"
            for hour, minute in zip(hours, rng.integers(0, 60, rows_a_night), strict=True)
        ]
        chosen, size = rng.choice(places, rows_a_night), rng.gamma(2, 10, rows_a_night).round(1)
        score = np.array([effects[each] for each in chosen]) + 0.08 * (size - 20) + 0.25 * (hours - 13) - 0.6
        found.append(
            pd.DataFrame(
                {
                    "number": [f"{day:%y%m%d}{at:03}" for at in range(rows_a_night)],
                    "at": at,
                    "place": chosen,
                    "size": size,
                    "chance": 1 / (1 + np.exp(-score)),
                }
            )
        )
    rows = pd.concat(found, ignore_index=True)
    rows["failed"] = rng.random(len(rows)) < rows["chance"]
    # Written after the fact, and said to be known before: what tells the outcome.
    rows["remark"] = np.where(rows["failed"], "r", "s")
    (folder / "data").mkdir(parents=True)
    rows.drop(columns="chance").to_csv(folder / "data" / "rows.csv", index=False)
    answers = {
        "project": f"made{seed}",
        "zone": zone,
        "cutoff": f"0{rng.integers(1, 6)}:30",
        "data": "data/rows.csv",
        "one": one,
        "many": many,
        "time": "at",
        "key": ["number"],
        "in_advance": ["place", "size", "remark"],
        "groups": ["place"],
        "predict": "failed",
        "label": "is_failed",
        "known_after": "PT1H",
    }
    return MadeProject(answers, rows)


BUYERS = (("customer", "customers"), ("member", "members"), ("shop", "shops"), ("pupil", "pupils"))


def make_entity_project(
    folder: Path, seed: int, *, first: date, nights: int, during: int = 3, buyers: int = 40
) -> MadeProject:
    """Write `data/rows.csv` into a folder: rows of buyers, each at a rate of its own; some begin late, some end.

    Whether one comes in the nights after a cutoff is what is asked. The rows have the true `rate` of a day.
    """
    rng = np.random.default_rng(seed)
    zone, (one, many) = ZONES[rng.integers(len(ZONES))], BUYERS[rng.integers(len(BUYERS))]
    rates = rng.gamma(0.8, 0.35, buyers)
    begins, ends = rng.integers(0, nights // 3, buyers), rng.integers(2 * nights // 3, 2 * nights, buyers)
    begins[: buyers // 2], ends[: buyers // 2] = 0, nights
    found = []
    for night in range(nights):
        for buyer in range(buyers):
            for _ in range(rng.poisson(rates[buyer]) if begins[buyer] <= night < ends[buyer] else 0):
                at = f"{first + timedelta(days=night)}T{rng.integers(8, 22):02}:{rng.integers(0, 60):02}:00"
                paid = round(float(rng.gamma(2, 10)), 2)
                found.append(
                    (
                        f"{len(found):06}",
                        at,
                        f"b{buyer:02}",
                        "web" if buyer % 3 else "shop",
                        paid,
                        rates[buyer],
                    )
                )
    rows = pd.DataFrame(found, columns=["order", "at", f"{one}_id", "channel", "paid", "rate"])
    (folder / "data").mkdir(parents=True)
    rows.drop(columns="rate").to_csv(folder / "data" / "rows.csv", index=False)
    answers = {
        "project": f"made{seed}",
        "zone": zone,
        "cutoff": f"0{rng.integers(1, 6)}:30",
        "data": "data/rows.csv",
        "one": one,
        "many": many,
        "time": "at",
        "key": ["order"],
        "each": [f"{one}_id"],
        "seen_within": 28,
        "in_advance": ["channel", "paid"],
        "groups": ["channel"],
        "take": "exists",
        "during": during,
        "begins": "midnight",
        "if_none": False,
        "final_after": 1,
        "label": "is_back",
        "known_after": "PT1H",
    }
    return MadeProject(answers, rows)
