"""Hashes of the code that decides what is fitted: trainings are keyed by it, and what studies keep."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from redeye.foundation.errors import RedeyeError

MODELS = Path(__file__).parent
# Beside the algorithms and kinds, by the names under which they were hashed first.
DECIDING = ("training.py", "splits.py", "model_selection.py", "evaluation.py", "night_statistics.py")
TRAINING = "training"


class Standing(NamedTuple):
    """Code by its hash, and the hash of the earlier code that it fits the same models as."""

    code: str
    stands_for: str


# Code that was renamed or moved and fits the same models stands for the code before it: its trainings are not made
# again and what studies keep stays in use. Where a change is meant to fit other models, its line goes.
STANDINGS = {
    TRAINING: Standing("592d3e687d7f54ef", "3bee1b4b9d5a285a"),
    "backtest": Standing("650b5213f3798383", "0d63c28e14ef08f2"),
    "evidence": Standing("c88368a584028989", "29f9ee56e3a38b70"),
    "freshness": Standing("91b970b2b8b8749a", "11ea6748f7b6d7b0"),
}


def hash_training_code() -> str:
    """One hash over the code that decides what comes out of a training.

    Raises:
        RedeyeError: if the code is not where it is looked for: a hash of nothing would be the same for all.
    """
    return _resolve(TRAINING, digest_training_code(MODELS))


def hash_study_code(name: str, planning: Path) -> str:
    """One hash over the training code and the file by which a study, of `STANDINGS`, plans its trainings."""
    return _resolve(name, digest_study_code(planning))


def digest_training_code(models: Path) -> str:
    """The hash of the files themselves, whatever they stand for."""
    algorithms = list(models.glob("algorithms/*.py"))
    if not algorithms:
        raise RedeyeError(f"{models} holds no algorithms: the training code cannot be told from any other")
    digest = hashlib.sha256()
    deciding = [*models.glob("kinds/**/*.py"), *(models / "logic" / name for name in DECIDING)]
    for path in sorted([*algorithms, *deciding]):
        digest.update(path.relative_to(models).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def digest_study_code(planning: Path) -> str:
    """The hash of a study's planning with the training code, whatever it stands for."""
    return hashlib.sha256(hash_training_code().encode() + planning.read_bytes()).hexdigest()[:16]


def _resolve(name: str, digest: str) -> str:
    standing = STANDINGS.get(name)
    return standing.stands_for if standing and standing.code == digest else digest
