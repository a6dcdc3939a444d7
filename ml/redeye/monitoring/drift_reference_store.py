"""A champion's drift reference on disk: a folder with a manifest of hashes, a cache that can be made again."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from redeye.foundation.atomic_files import make_folder
from redeye.monitoring.logic.drift_profile import Profile
from redeye.monitoring.logic.label_form import LabelForm

log = logging.getLogger(__name__)

# Raised when files of an older form cannot be read.
FORMAT = 6
FILES = ("profile.json", "calibration.parquet", "sample.parquet", "predictions.parquet")


@dataclass(frozen=True)
class Reference:
    """A champion's reference on disk.

    Attributes:
        profile: distributions and thresholds.
        facts: release, nights, rows and hashes, as the manifest has them.
    """

    folder: Path
    profile: Profile
    facts: dict[str, Any]

    def sample(self) -> pd.DataFrame:
        """At most `SAMPLE_ROWS` of the reference's rows: `night` and the features."""
        return pd.read_parquet(self.folder / "sample.parquet")

    @property
    def joint_inputs(self) -> dict[str, bool]:
        """The inputs that are compared together, and whether each is a number."""
        return dict(self.facts["joint_inputs"])

    @property
    def label_form(self) -> LabelForm:
        """Of its history."""
        return TypeAdapter(LabelForm).validate_python(self.facts["label_form"])

    def predictions(self) -> pd.DataFrame:
        """Its predictions on its history: `night`, `probability`, `label`, and whether it was fitted to the row."""
        return pd.read_parquet(self.folder / "predictions.parquet")

    def unseen(self) -> pd.DataFrame:
        """Those on nights that it was not fitted to: only there do its labels say how good it is."""
        predictions = self.predictions()
        return predictions[~predictions["is_fitted"]].reset_index(drop=True)


@contextmanager
def lock_reference(folder: Path) -> Iterator[None]:
    """One process at a time: two nights that are judged at once would take the files away from each other."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_reference(folder: Path) -> Reference | None:
    """What is there, if every file is what its manifest says."""
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    facts = json.loads(path.read_text(encoding="utf-8"))
    for name in FILES:
        file = folder / name
        if not file.is_file() or _sha256(file) != facts["files"].get(name):
            log.warning("%s is missing or altered: the reference is made again", file)
            return None
    calibration = pd.read_parquet(folder / "calibration.parquet")
    values = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
    return Reference(folder, Profile.from_dict(values, calibration), facts)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_reference(
    folder: Path, profile: Profile, sample: pd.DataFrame, predictions: pd.DataFrame, facts: dict[str, Any]
) -> None:
    """The folder appears whole, in the place of one that cannot be read."""
    with make_folder(folder, is_replacing=True) as making:
        (making / "profile.json").write_text(json.dumps(profile.to_dict()), encoding="utf-8")
        profile.calibration.to_parquet(making / "calibration.parquet", index=False)
        sample.to_parquet(making / "sample.parquet", index=False)
        predictions.to_parquet(making / "predictions.parquet", index=False)
        manifest = {**facts, "files": {name: _sha256(making / name) for name in FILES}}
        (making / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
