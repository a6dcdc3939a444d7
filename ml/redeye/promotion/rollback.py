"""Rolling a model back by hand, and blocking versions: the ledger alone, without MLflow, so that it takes a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from redeye.champions import block_store, promotion_store
from redeye.champions.logic.promotions import Promotion, PromotionKind
from redeye.champions.logic.succession import Stint, find_blocked_versions, find_champion, find_return_targets
from redeye.champions.logic.verdicts import Verdict
from redeye.declarations.calendar import ONE_DAY
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, VersionIsBlocked
from redeye.foundation.postgres import ledger_transaction
from redeye.promotion import decision_store
from redeye.scoring.outputs_store import find_last_scored_night


@dataclass(frozen=True)
class RollbackResult:
    """What a rollback by hand came to.

    Attributes:
        promotion: by which the restored version serves.
        left: the version that it takes over from.
        is_blocked: whether that one is blocked now; the last resort never is.
        withdrawn: a version that was decided on and had not served yet; None if there was none.
        is_new: False if an earlier attempt, or someone else, did it already.
    """

    promotion: Promotion
    left: int
    is_blocked: bool
    withdrawn: int | None
    is_new: bool


def roll_back(model: str, *, reason: str, actor: str, to: int | None = None) -> RollbackResult:
    """Return to an earlier version from the first night that is not scored, and block the one that serves.

    Without `to` it is the version that was last serving well: the newest earlier champion that is not blocked
    and whose last judged night did not ask for an act; failing that the first champion. A rollback
    that no night was scored by yet is not repeated, so a command that was killed can be given again.

    Args:
        model: name of its spec.
        reason: why; kept for good.
        actor: who.
        to: the version to return to: any that was champion and is not blocked.

    Raises:
        ConfigError: if there is no such version, or none to return to.
        VersionIsBlocked: if the version named is blocked.
        LeaseHeld: if the outputs' lease did not come free.
    """
    if not reason.strip():
        raise ConfigError("a rollback needs a reason: it is kept with it for good")
    # Under the lease no night is scored and nothing is promoted between looking and writing.
    with lease.hold(Catalog.OUTPUTS, f"rollback/{model}/{actor}") as token:
        rows, decided_night, serving = _find_serving(model)
        latest = rows[-1]
        is_pending = latest.effective_night > decided_night and latest.promotion_id != serving.promotion_id
        if is_pending and latest.kind is PromotionKind.ROLLBACK and to in (None, latest.version):
            is_blocked = serving.version in _read_blocked_versions(model)
            return RollbackResult(latest, serving.version, is_blocked, None, is_new=False)
        target = _target(model, rows, serving, decided_night, to)
        left = _find_left(model, latest, serving, target)
        bad = None if left.version in (rows[0].version, *_read_blocked_versions(model)) else left.version
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
    return RollbackResult(row, left.version, left.version != rows[0].version, withdrawn, is_new=True)


def preview_rollback(model: str, to: int | None = None) -> tuple[Promotion, Promotion]:
    """Whom `roll_back` would take over from, and whom it would restore, as it stands now.

    Raises:
        ConfigError: as `roll_back`.
        VersionIsBlocked: as `roll_back`.
    """
    rows, night, serving = _find_serving(model)
    target = _target(model, rows, serving, night, to)
    return _find_left(model, rows[-1], serving, target), target


def block_version(model: str, version: int, *, is_blocked: bool, reason: str, actor: str) -> None:
    """Block a version from becoming champion again, or let it come back.

    Raises:
        ConfigError: if it never was champion or is no candidate of the ledger, or that is so already.
        VersionIsBlocked: if it is the last resort.
        LeaseHeld: if the outputs' lease did not come free.
    """
    if not reason.strip():
        raise ConfigError("a block needs a reason: it is kept with it for good")
    rows = promotion_store.read_promotions(model)
    known = {row.version for row in rows} | {
        row.candidate_version for row in decision_store.trainings(model) if row.candidate_version
    }
    if version not in known:
        raise ConfigError(f"{model} has no version {version}: there are {_format_versions(known)}")
    if is_blocked and version == rows[0].version:
        raise VersionIsBlocked(
            f"{model}: version {version} is the first champion and the last resort, it stays"
        )
    if (version in _read_blocked_versions(model)) is is_blocked:
        raise ConfigError(
            f"{model}: version {version} is {'blocked' if is_blocked else 'not blocked'} already"
        )
    with (
        lease.hold(Catalog.OUTPUTS, f"block/{model}/command line") as token,
        ledger_transaction(Catalog.OUTPUTS) as con,
        con.cursor() as cursor,
    ):
        block_store.insert_block(
            cursor,
            token,
            model,
            version=version,
            is_blocked=is_blocked,
            night=find_last_scored_night(model) or rows[-1].decided_night,
            reason=reason,
            actor=actor,
            run_id="command line",
        )


def _find_serving(model: str) -> tuple[list[Promotion], date, Promotion]:
    """Every promotion, the last night that is scored, and who scored it."""
    rows = promotion_store.read_promotions(model)
    if not rows:
        raise ConfigError(f"{model} has no champion: there is nothing to roll back")
    night = find_last_scored_night(model) or rows[-1].decided_night
    return rows, night, find_champion(rows, night) or rows[-1]


def _find_left(model: str, latest: Promotion, serving: Promotion, target: Promotion) -> Promotion:
    left = latest if target.version == serving.version else serving
    if left.version == target.version:
        raise ConfigError(f"{model}: version {target.version} is champion already")
    return left


def _target(model: str, rows: list[Promotion], serving: Promotion, night: date, to: int | None) -> Promotion:
    blocked = _read_blocked_versions(model)
    if to is not None:
        found = next((row for row in reversed(rows) if row.version == to), None)
        if found is None:
            raise ConfigError(
                f"{model}: version {to} never was champion; there are {_format_versions({row.version for row in rows})}"
            )
        if to in blocked:
            raise VersionIsBlocked(
                f"{model}: version {to} is blocked; `redeye unblock {model} {to}` lets it come back"
            )
        return found
    verdicts = {row.decision.night: row.decision.verdict for row in decision_store.decisions(model)}

    def last_verdict(stint: Stint) -> Verdict | None:
        judged = [each for each in verdicts if stint.first <= each <= (stint.last or night)]
        return verdicts[max(judged)] if judged else None

    # A stint that ended with the night before the first one that is not scored has ended.
    found = next(find_return_targets(rows, blocked, serving.version, night + ONE_DAY, last_verdict), None)
    if found is None:
        raise ConfigError(
            f"{model}: there is no version to return to from version {serving.version}: every other one is blocked"
        )
    return found


def _read_blocked_versions(model: str) -> frozenset[int]:
    return find_blocked_versions(block_store.read_blocks(model), date.max)


def _format_versions(versions: set[int]) -> str:
    return ", ".join(map(str, sorted(versions))) or "none"
