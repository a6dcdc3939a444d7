"""Everything that some nights came to, as rows that can be compared with another installation's."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import pandas as pd

from redeye.champions import promotion_store
from redeye.promotion import decision_store
from redeye.scoring import outputs_store

_OF_A_PROMOTION = ("version", "algorithm", "feature_service", "decided_night", "effective_night", "reason")


def rows_of(model: str, first: date, last: date) -> dict[str, pd.DataFrame]:
    """Rows of the nights `first` to `last` by table, for `sameness.differences`."""
    found = {
        table: outputs_store.read(table, model, first, last)
        for table in ("predictions", "verdicts", "quality", "drift")
    }
    decided = [row.decision for row in decision_store.decisions(model) if first <= row.decision.night <= last]
    trained = [row for row in decision_store.trainings(model) if first <= row.night <= last]
    crowned = [row for row in promotion_store.read_promotions(model) if row.decided_night <= last]
    return found | {
        "decisions": pd.DataFrame(
            [{**asdict(row), "verdict": str(row.verdict)} for row in decided],
            columns=["night", "verdict", "is_requested", "reason"],
        ),
        # The key knows the code's place, the gates how fast the machine was.
        "trainings": pd.DataFrame(
            [asdict(row) for row in trained],
            columns=list(decision_store.RecordedTraining.__dataclass_fields__),
        ).drop(columns=["training_key", "gates"]),
        "promotions": pd.DataFrame(
            [{name: getattr(row, name) for name in _OF_A_PROMOTION} for row in crowned],
            columns=list(_OF_A_PROMOTION),
        ),
    }
