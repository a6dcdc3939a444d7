"""What is known of the past of the datasets that a model reads: told with what is made from it, and learned from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from redeye.declarations.calendar import find_next_night
from redeye.declarations.project import project
from redeye.declarations.specs import Spec
from redeye.features.logic.feature_views import name_view
from redeye.features.logic.past_caveats import Caveat, list_caveats, name_reader, name_relations
from redeye.sources import delivery_store
from redeye.warehouse import release_store
from redeye.warehouse.logic.releases import Release


@dataclass(frozen=True)
class KnownPast:
    """Since when all is known that a model reads.

    Attributes:
        first_night: the first night of which there is all of it; None where its datasets say no end of their past.
        reason: why no earlier one, and what to do; empty where there is none.
    """

    caveats: tuple[Caveat, ...] = ()
    first_night: date | None = None
    reason: str = ""


def read_caveats(spec: Spec, release: Release) -> tuple[Caveat, ...]:
    """What nobody can know of the past of the declared datasets that a spec's model reads, as a release was built."""
    if not project().datasets:
        return ()
    nodes = release_store.code_nodes(release.code_hash)
    return _list(release, name_relations(spec, nodes))


def read_caveats_of_service(spec: Spec, release: Release, feature_service: str) -> tuple[Caveat, ...]:
    """The same of a version that reads another feature service than the spec of now."""
    if not project().datasets:
        return ()
    if feature_service == spec.feature_service:
        return read_caveats(spec, release)
    from redeye.features.feast_frames import list_relations

    views = {relation: name_reader(name_view(relation)) for relation in list_relations(feature_service)}
    return _list(release, {**name_relations(spec, ()), **views})


def read_caveats_of_night(night: date, specs: Iterable[Spec]) -> dict[Caveat, list[str]]:
    """The caveats of the release that has a night, each with the models that it counts for; none without a release."""
    release = release_store.covering_release(night) if project().datasets else None
    found: dict[Caveat, list[str]] = {}
    if release is None:
        return found
    for spec in specs:
        for caveat in read_caveats(spec, release):
            found.setdefault(caveat, []).append(spec.model)
    return found


def read_known_past(spec: Spec, release: Release) -> KnownPast:
    """From which night on a spec's model may be trained: when the last dataset without a past was first delivered."""
    caveats = read_caveats(spec, release)
    begins = {each.dataset: _find_first(each.dataset, release) for each in caveats if each.is_past_unknown}
    if not begins:
        return KnownPast(caveats)
    first = max(begins.values())
    unknown = [each for each in caveats if begins.get(each.dataset) == first]
    named = " and ".join(f"{each.dataset} (read by {', '.join(each.readers)})" for each in unknown)
    reason = (
        f"nights before {first} are not trained on, as nothing is known of {named} before it was first delivered: "
        "wait for enough nights, or say `changes: {history: assumed_constant}` of it in redeye.yaml if it is believed "
        "to have been as it is"
    )
    return KnownPast(caveats, first, reason)


def _list(release: Release, readers: Mapping[str, str]) -> tuple[Caveat, ...]:
    declared = project()
    return list_caveats(
        release_store.code_nodes(release.code_hash), readers, declared.datasets or {}, declared.project
    )


def _find_first(dataset: str, release: Release) -> date:
    """The night that a dataset was first delivered with; the one after the release's if it never was."""
    return delivery_store.find_first_night(project().project, dataset) or find_next_night(release.night)
