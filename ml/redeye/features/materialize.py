"""Fill the online store with a night's features, after the night is released."""

from __future__ import annotations

import logging
from datetime import date

from redeye.features import feast_online
from redeye.foundation.errors import NotReleased
from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import ReleaseKind

log = logging.getLogger(__name__)


def materialize_night(night: date) -> dict[str, int]:
    """Materialize the release of a night; again, or for an older night, nothing happens.

    A repair or a rebuild changes no decision and no online value: it is not materialized.

    Returns:
        Keys written, by feature view.

    Raises:
        NotReleased: if the night has no release.
    """
    release = release_store.release(night)
    if release is None:
        raise NotReleased(f"night {night} has no release to materialize: build night {night} first")
    if release.kind in (ReleaseKind.REPAIR, ReleaseKind.REBUILD):
        log.info("release %s is a %s: the online store keeps what it has", release.release_id, release.kind)
        return {}
    return feast_online.materialize(release.snapshot_id, night, release.release_id)
