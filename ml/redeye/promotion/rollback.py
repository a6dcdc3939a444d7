"""Rolling a model back by hand, and barring versions: the ledger alone, without MLflow, so that it takes a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.succession import Stint, barred, can_return_to, champion_of
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import ONE_DAY
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import Barred, ConfigError
from redeye.foundation.postgres import ledger_transaction
from redeye.promotion import decision_store
from redeye.scoring.outputs_store import last_scored_night


@dataclass(frozen=True)
class RolledBack:
    """What a rollback by hand came to.

    Attributes:
        promotion: by which the restored version serves.
        left: the version that it takes over from.
        is_barred: whether that one is barred now; the last resort never is.
        withdrawn: a version that was decided on and had not served yet; None if there was none.
        is_new: False if an earlier attempt, or someone else, did it already.
    """

    promotion: Promotion
    left: int
    is_barred: bool
    withdrawn: int | None
    is_new: bool


def roll_back(model: str, *, reason: str, actor: str, to: int | None = None) -> RolledBack:
    """Return to an earlier version from the first night that is not scored, and bar the one that serves.

    Without `to` it is the version that was last serving well: the newest earlier champion that is not barred
    and whose last judged night did not ask for an act; failing that the first champion. A rollback
    that no night was scored by yet is not repeated, so a command that was killed can be given again.

    Args:
        model: name of its spec.
        reason: why; kept for good.
        actor: who.
        to: the version to return to: any that was champion and is not barred.

    Raises:
        ConfigError: if there is no such version, or none to return to.
        Barred: if the version named is barred.
        LeaseHeld: if the outputs' lease did not come free.
    """
    if not reason.strip():
        raise ConfigError("a rollback needs a reason: it is kept with it for good")
    # Under the lease no night is scored and nothing is promoted between looking and writing.
    with lease.held(Catalog.OUTPUTS, f"rollback/{model}/{actor}") as token:
        rows = promotion_store.promotions(model)
        if not rows:
            raise ConfigError(f"{model} has no champion: there is nothing to roll back")
        latest = rows[-1]
        decided_night = last_scored_night(model) or latest.decided_night
        serving = champion_of(rows, decided_night) or latest
        is_pending = latest.effective_night > decided_night and latest.promotion_id != serving.promotion_id
        if is_pending and latest.kind is PromotionKind.ROLLBACK and to in (None, latest.version):
            return RolledBack(latest, serving.version, _is_barred(model, serving.version), None, is_new=False)
        target = _target(model, rows, serving, decided_night, to)
        left = _left(model, latest, serving, target)
        bad = None if left.version in (rows[0].version, *_shut_out(model)) else left.version
        rollback = promotion_store.Rollback(
            target=target,
            bad=bad,
            decided_night=decided_night,
            effective_night=decided_night + ONE_DAY,
            reason=reason,
            evidence={"from_version": left.version, "reason": reason},
            actor=actor,
            run_id=f"rollback__{decided_night}",
        )
        with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as cursor:
            row = promotion_store.roll_back(cursor, token, rollback, follows=latest)
    withdrawn = latest.version if is_pending and latest.version not in (left.version, row.version) else None
    return RolledBack(row, left.version, left.version != rows[0].version, withdrawn, is_new=True)


def foresee(model: str, to: int | None = None) -> tuple[Promotion, Promotion]:
    """Whom `roll_back` would take over from, and whom it would restore, as it stands now.

    Raises:
        ConfigError: as `roll_back`.
        Barred: as `roll_back`.
    """
    rows = promotion_store.promotions(model)
    if not rows:
        raise ConfigError(f"{model} has no champion: there is nothing to roll back")
    night = last_scored_night(model) or rows[-1].decided_night
    serving = champion_of(rows, night) or rows[-1]
    target = _target(model, rows, serving, night, to)
    return _left(model, rows[-1], serving, target), target


def bar(model: str, version: int, *, is_barred: bool, reason: str, actor: str) -> None:
    """Bar a version from becoming champion again, or let it come back.

    Raises:
        ConfigError: if it never was champion or is no candidate of the ledger, or that is so already.
        Barred: if it is the last resort.
        LeaseHeld: if the outputs' lease did not come free.
    """
    if not reason.strip():
        raise ConfigError("a bar needs a reason: it is kept with it for good")
    rows = promotion_store.promotions(model)
    known = {row.version for row in rows} | {
        row.candidate_version for row in decision_store.trainings(model) if row.candidate_version
    }
    if version not in known:
        raise ConfigError(f"{model} has no version {version}: there are {_listed(known)}")
    if is_barred and version == rows[0].version:
        raise Barred(f"{model}: version {version} is the first champion and the last resort, it stays")
    if (version in _shut_out(model)) is is_barred:
        raise ConfigError(f"{model}: version {version} is {'barred' if is_barred else 'not barred'} already")
    block_store.record(
        model,
        version,
        is_barred=is_barred,
        night=last_scored_night(model) or rows[-1].decided_night,
        reason=reason,
        actor=actor,
        run_id="command line",
    )


def _left(model: str, latest: Promotion, serving: Promotion, target: Promotion) -> Promotion:
    left = latest if target.version == serving.version else serving
    if left.version == target.version:
        raise ConfigError(f"{model}: version {target.version} is champion already")
    return left


def _target(model: str, rows: list[Promotion], serving: Promotion, night: date, to: int | None) -> Promotion:
    shut_out = _shut_out(model)
    if to is not None:
        found = next((row for row in reversed(rows) if row.version == to), None)
        if found is None:
            raise ConfigError(
                f"{model}: version {to} never was champion; there are {_listed({row.version for row in rows})}"
            )
        if to in shut_out:
            raise Barred(f"{model}: version {to} is barred; `redeye unbar {model} {to}` lets it come back")
        return found
    verdicts = {row.decision.night: row.decision.verdict for row in decision_store.decisions(model)}

    def last_verdict(stint: Stint) -> Verdict | None:
        judged = [each for each in verdicts if stint.first <= each <= (stint.last or night)]
        return verdicts[max(judged)] if judged else None

    # A stint that ended with the night before the first one that is not scored has ended.
    found = next(can_return_to(rows, shut_out, serving.version, night + ONE_DAY, last_verdict), None)
    if found is None:
        raise ConfigError(
            f"{model}: there is no version to return to from version {serving.version}: every other one is barred"
        )
    return found


def _shut_out(model: str) -> frozenset[int]:
    return barred(block_store.bars(model), date.max)


def _is_barred(model: str, version: int) -> bool:
    return version in _shut_out(model)


def _listed(versions: set[int]) -> str:
    return ", ".join(map(str, sorted(versions))) or "none"
