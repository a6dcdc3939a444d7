"""Reversing a decision of intake: a person accepts what was refused, or refuses what was accepted, with a reason.

The action is recorded before the judgement that it makes: a judgement of a person never stands without its reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from redeye.foundation.errors import ConfigError
from redeye.sources import delivery_store, landing_store
from redeye.sources.action_store import record_action
from redeye.sources.configured_source import load_standing_source
from redeye.sources.logic.deliveries import DeliveryRef, find_dataset
from redeye.sources.logic.known_deliveries import KnownDeliveries
from redeye.warehouse import lake, raw_tables, release_store


def accept_delivery(named: str, night: date, *, because: str, actor: str, content_hash: str = "") -> str:
    """Accept a refused delivery, or all rows of one of which some were set aside.

    It arrives with the first night that can hold it: no release that stands changes.

    Args:
        named: `source/dataset`, or the dataset alone.
        night: whose data it is.
        because: why; kept for good.
        actor: who decides.
        content_hash: of which delivery, or how it begins, where there are several; else the newest.

    Returns:
        What follows from it, for the person.

    Raises:
        ConfigError: if there is no such delivery, or no reason.
        DeliveryError: if no build could load it, or its file is not what its manifest says.
    """
    source, dataset = _find_place(named)
    judged = delivery_store.list_judged(source, dataset, night)
    accepted = [ref for ref, is_accepted in judged if is_accepted]
    parts = {ref.parent for ref in accepted if ref.parent} - {ref.content_hash for ref in accepted}
    waiting = [ref for ref, is_accepted in judged if not is_accepted]
    waiting += [landing_store.find_parent(ref) for ref in accepted if ref.parent in parts]
    chosen = _choose(
        waiting, content_hash, f"{source}/{dataset} of night {night} has nothing that was refused"
    )
    with lake.connect() as con:
        raw_tables.check_loadable(con, load_standing_source(), chosen)
    is_held = release_store.is_held(chosen)
    dated = chosen if is_held else _date(chosen, night)
    record_action(actor=actor, action=delivery_store.ACCEPT, subject=_name(chosen), reason=because)
    delivery_store.record_deliveries([dated], is_accepted=True)
    if is_held:
        return "Accepted: the head holds it still, so nothing changes."
    late = " It is known from then on: no earlier night changes." if dated.is_restatement else ""
    return f"Accepted: its {dated.rows} rows come in with night {dated.arrival_night}.{late}"


def refuse_delivery(named: str, night: date, *, because: str, actor: str, content_hash: str = "") -> str:
    """Refuse an accepted delivery: the next build goes on without its rows, what is released stays as it is.

    Arguments and errors are those of `accept_delivery`.

    Returns:
        What follows from it, for the person.
    """
    source, dataset = _find_place(named)
    judged = delivery_store.list_judged(source, dataset, night)
    accepted = sorted((ref for ref, is_accepted in judged if is_accepted), key=lambda ref: ref.arrival_night)
    chosen = _choose(
        accepted, content_hash, f"{source}/{dataset} of night {night} has nothing that was accepted"
    )
    record_action(actor=actor, action=delivery_store.REFUSE, subject=_name(chosen), reason=because)
    delivery_store.record_deliveries([chosen], is_accepted=False)
    if not release_store.is_held(chosen):
        return f"Refused: its {chosen.rows} rows were in no release, and come into none."
    taken_in = release_store.find_release_of_delivery(chosen)
    head = release_store.latest_release()
    since = chosen.arrival_night
    return (
        f"Refused: its {chosen.rows} rows are in {taken_in.release_id if taken_in else 'a release'} and those after "
        f"it, which stay as they are. Night {since} needs a repair: the build of the night after "
        f"{head.night if head else since} makes it and goes on without these rows; "
        f"`./redeye repair {since} --reason …` does so now"
    )


def _find_place(named: str) -> tuple[str, str]:
    source = load_standing_source()
    *before, dataset = named.split("/")
    if before not in ([], [source.name]):
        raise ConfigError(
            f"{named!r} is no SOURCE/DATASET of this installation, whose source is {source.name}"
        )
    return source.name, find_dataset(source, dataset).name


def _choose(found: list[DeliveryRef], content_hash: str, said: str) -> DeliveryRef:
    meant = [ref for ref in found if ref.content_hash.startswith(content_hash)]
    if not meant:
        which = (
            f" by the content {content_hash}: it has {[ref.content_hash for ref in found]}" if found else ""
        )
        raise ConfigError(said + which)
    return meant[-1]


def _date(ref: DeliveryRef, night: date) -> DeliveryRef:
    """The delivery with the first night whose release can hold it."""
    accepted = delivery_store.deliveries(night, date.max)
    newest_night = max([night, *(each.night for each in accepted)])
    known = KnownDeliveries(accepted, newest_night, delivery_store.find_last_built_night())
    versions = known.versions.get((ref.source, ref.dataset, ref.night), [])
    if not versions:
        return known.place(ref) or ref
    newest = max(versions, key=lambda each: each.arrival_night)
    return known.date_restatement(replace(ref, arrival_night=ref.night), newest)


def _name(ref: DeliveryRef) -> str:
    return f"{ref.source}/{ref.dataset}/{ref.night}/{ref.content_hash}"
