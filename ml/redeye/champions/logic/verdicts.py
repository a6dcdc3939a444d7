"""What may be said of a champion after a night: a closed list, which succession reads and monitoring fills."""

from __future__ import annotations

from enum import StrEnum

from redeye.foundation.renamed_values import VERDICTS


class Verdict(StrEnum):
    """In order of severity."""

    OK = "ok"
    WARNING = "warning"
    RETRAIN = "retrain"
    ROLL_BACK = "roll back"

    @classmethod
    def _missing_(cls, value: object) -> Verdict | None:
        return cls(VERDICTS[str(value)]) if value in VERDICTS else None


def split_reasons(reasons: str) -> tuple[str, ...]:
    """The reasons of a recorded verdict, in their order: a row joins them by `; `, which none of them holds."""
    return tuple(reasons.split("; "))


QUALITY_NOT_JUDGED = "quality not judged"
"""How the reason begins that says that too few labels are known."""

# Verdicts that call for a training. What can be returned to is better than the champion and no more than that:
# a rollback asks for a successor as well.
ASKING = frozenset({Verdict.RETRAIN, Verdict.ROLL_BACK})
