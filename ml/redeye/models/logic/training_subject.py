"""What a training was of: enough to say whether two trainings are the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from redeye.declarations.specs import Spec
from redeye.warehouse.logic.releases import Release


@dataclass(frozen=True)
class Subject:
    """One training: a spec, a night, a release and the code, who asked and why; `request` is the verdict's tags."""

    spec: Spec
    night: date
    release: Release
    code_hash: str
    git_sha: str
    run_name: str
    actor: str
    reason: str
    run_url: str = ""
    request: Mapping[str, str] = field(default_factory=dict, hash=False)

    def key(self, candidate: str = "") -> str:
        """The same for the same training, whoever runs it and however often; or for one candidate of it."""
        parts = (
            self.spec.model,
            self.night.isoformat(),
            self.release.release_id,
            self.spec.hash,
            self.code_hash,
        )
        return hashlib.sha256("|".join((*parts, candidate)).encode()).hexdigest()[:24]

    def tags(self) -> dict[str, str]:
        """For runs and versions."""
        return {
            "model": self.spec.model,
            "night": self.night.isoformat(),
            "release_id": self.release.release_id,
            "delivery_set_hash": self.release.delivery_set_hash,
            "warehouse_code_hash": self.release.code_hash,
            "feature_service": self.spec.feature_service,
            "spec_hash": self.spec.hash,
            "code_hash": self.code_hash,
            "git_sha": self.git_sha,
            **({"shift_weeks": str(weeks)} if (weeks := self.release.shift_weeks) else {}),
            **self.request,
        }
