"""Signing by hand what was written while the signer was away: a person has looked at it, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import PromotionKind
from redeye.foundation import lease, trail
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import TooLate
from redeye.foundation.signing import row_checks, signature_store
from redeye.foundation.signing.logic.statements import Kind
from redeye.scoring.outputs_store import find_last_scored_night


@dataclass(frozen=True)
class Unsigned:
    """A row that nobody vouches for.

    Attributes:
        subject: its key.
        why: what is wrong with its signature, if it has one.
        said: what the row says, for a person to look at.
    """

    kind: Kind
    subject: Mapping[str, Any]
    why: str
    said: str


def list_unsigned() -> list[Unsigned]:
    """Every row of the signed ledgers that nobody vouches for."""
    found = []
    for row, why in promotion_store.find_passed_over():
        said = f"{row.model} version {row.version} from night {row.effective_night} on, by {row.actor}: {row.reason}"
        found.append(Unsigned(Kind.PROMOTION, {"promotion_id": row.promotion_id}, why, said))
    faults = row_checks.find_faults(Kind.RELEASE)
    found += [Unsigned(Kind.RELEASE, {"release_id": name}, why, name) for name, why in faults.items()]
    return found


def sign_unsigned(row: Unsigned) -> None:
    """Sign one of them.

    Raises:
        TooLate: if it would say who served nights that are scored already, or a champion was decided since.
        SigningRefused: if the row is not as it came into the ledger.
        SignerAway: if nobody could be asked.
    """
    if row.kind is not Kind.PROMOTION:
        signature_store.sign_row(row.kind, row.subject)
        return
    with lease.hold(Catalog.OUTPUTS, f"sign/{row.kind}"):
        _require_open(row)
        signature_store.sign_row(row.kind, row.subject)
    trail.write_anchors(f"the signature of promotion {row.subject['promotion_id']}")


def _require_open(unsigned: Unsigned) -> None:
    """Refuse what would say that a version served nights that others have served."""
    inherited = [each.subject for each in signature_store.list_unsigned(Kind.PROMOTION) if each.is_inherited]
    if unsigned.why != row_checks.UNSIGNED or unsigned.subject in inherited:
        return
    every = (each for each, _ in promotion_store.find_passed_over())
    row = next((each for each in every if each.promotion_id == unsigned.subject["promotion_id"]), None)
    if row is None or row.kind is PromotionKind.FIRST:
        return
    scored, standing = find_last_scored_night(row.model), promotion_store.read_latest_promotion(row.model)
    if scored is not None and scored >= row.effective_night:
        raise TooLate(
            f"{row.model}: promotion {row.promotion_id} was to take effect on night {row.effective_night}, and nights "
            f"up to {scored} are scored without it: decide again"
        )
    if standing is not None and standing.promotion_id > row.promotion_id:
        raise TooLate(
            f"{row.model}: version {standing.version} was decided since promotion {row.promotion_id}: decide again"
        )
