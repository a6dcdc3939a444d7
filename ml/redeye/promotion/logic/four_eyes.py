"""Four eyes: nobody decides about what he asked for himself. What the nightly loop asks for, nobody asked for."""

from __future__ import annotations

from redeye.foundation.errors import NeedsAnother

# What stands in a ledger as the actor where no person acted: a verdict, or the kind of a run that the clock started.
AUTOMATIC = frozenset({"verdict", "replay", "scheduled", "asset_triggered", "asset_materialization"})


def is_person(actor: str) -> bool:
    """Whether an actor of a ledger is somebody, and not the loop itself."""
    return bool(actor) and actor not in AUTOMATIC


def check_approver(model: str, version: int, *, asked_by: str, person: str) -> None:
    """Refuse an approval by whoever asked for the training.

    Raises:
        NeedsAnother: naming who.
    """
    if is_person(asked_by) and asked_by == person:
        raise NeedsAnother(
            f"{model}: {person} asked for the training of version {version}, so somebody else must approve it; the "
            "champion stays until then. Clear approve_candidate, and it is asked again"
        )


def check_unblocker(model: str, version: int, *, blocked_by: str, asked_by: str | None, person: str) -> None:
    """Refuse the lifting of a block that nobody else asked for, or by whoever set it.

    Args:
        model: whose version it is.
        version: that is blocked.
        blocked_by: who set the block.
        asked_by: who asked for it to be lifted, last; None if nobody did.
        person: who would lift it.

    Raises:
        NeedsAnother: saying who has to do what.
    """
    if person == blocked_by:
        raise NeedsAnother(f"{model}: {person} blocked version {version}, so somebody else must unblock it")
    if asked_by is None:
        raise NeedsAnother(
            f"{model}: unblocking takes two people, and nobody has asked for version {version} yet: one asks, on the "
            "page or by `./redeye unblock --ask`, and another unblocks it"
        )
    if person == asked_by:
        raise NeedsAnother(
            f"{model}: {person} asked for version {version} to be unblocked, so somebody else must do it"
        )
