"""The rule that no feature knows more than its night: held against the lineage of every column.

A source's table, a staging or an intermediate model says with `known_by` which of its columns has the night by
whose cutoff all of a row was known. A feature's row is of a night; everything it reads, values and rows alike, must
be seen to be known by that night: through `known_by` columns, equalities, bounds and groups in the SQL. What says
no `known_by`, such as the rows with their newest outcome, no feature may read. What a model claims with
`known_by` is held against its own SQL in the same way, and so are the columns of a population that models learn
from: known by the instant at which the row is predicted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from redeye.review.logic.house_rules import ALWAYS, DELIVERY, SCHEDULE, Violation
from redeye.sources.logic.deliveries import KNOWN_AT
from redeye.warehouse.logic.column_lineage import ROWS, LineageError, QueryColumns, Read, Table, describe
from redeye.warehouse.logic.dbt_models import FEATURES, NIGHT, Column, Model, Project

IN_TIME = "known in time"
BANNED = "banned column"
SHOWN = 3


@dataclass(frozen=True)
class Inputs:
    """Columns of a relation that a model reads as they stand.

    Attributes:
        known_by: of the population, the column with the instant at which a row is predicted: what stands in the
            columns was known by then; "" for the schedule, of which each release holds what was known.
        night: the column with the night that predicts a row: what is known by its cutoff may stand in both.
    """

    owner: str
    relation: str
    columns: tuple[str, ...]
    known_by: str = ""
    night: str = ""


@dataclass(frozen=True)
class Lineage:
    """What every column of every model reads, and the queries that could not be followed."""

    project: Project
    described: Mapping[str, QueryColumns]
    faults: Mapping[str, str]

    @classmethod
    def of(cls, project: Project, *, catalog: str, known: Lineage | None = None) -> Lineage:
        """Follow the compiled SQL of every model, in which the warehouse has the alias `catalog`.

        Models that are the same object in a `known` lineage, of before an edit, are not followed again.
        """
        tables = {
            each.name: Table(each.name, tuple(each.columns), each.known_by, each.is_timeless)
            for each in project.models.values()
        } | {
            # Of a model's row it may be an instant of a part alone.
            each.name: Table(
                *(each.name, tuple(each.columns), each.known_by, each.is_timeless),
                known_at=KNOWN_AT if KNOWN_AT in each.columns else "",
            )
            for each in project.sources.values()
        }
        described, faults = {}, {}
        for name, model in project.models.items():
            if known and known.project.models.get(name) is model and name in known.described:
                described[name] = known.described[name]
                continue
            try:
                described[name] = describe(model.sql, tables, catalog=catalog, trusted=model.trusted)
            except LineageError as error:
                faults[name] = str(error)
        return cls(project, described, faults)

    def reads(self, read: Read, *, only_values: bool = False) -> Iterable[Read]:
        """What a column of a model reads directly, or only for its values; nothing for a source's column."""
        found = self.described.get(read.relation)
        if found is None:
            return ()
        if read.column == ROWS:
            return found.rows.keys()
        return found.values.get(read.column, ()) if only_values else found.columns.get(read.column, {}).keys()

    def paths(self, start: Read, *, only_values: bool = False) -> dict[Read, tuple[Read, ...]]:
        """The shortest way from a column to every column of a source that it comes from."""
        came: dict[Read, Read | None] = {start: None}
        queue = deque([start])
        found = {}
        while queue:
            at = queue.popleft()
            if at.relation in self.project.sources:
                found[at] = _way(at, came)
            for each in sorted(self.reads(at, only_values=only_values)):
                if each not in came:
                    came[each] = at
                    queue.append(each)
        return found

    def downstream(self, changed: Iterable[Read]) -> set[Read]:
        """Every column that comes from one of some columns, themselves included."""
        users: dict[Read, set[Read]] = {}
        for name, described in self.described.items():
            for column, reads in (*described.columns.items(), (ROWS, described.rows)):
                for read in reads:
                    users.setdefault(read, set()).add(Read(name, column))
        found, queue = set(changed), deque(changed)
        while queue:
            for user in users.get(queue.popleft(), ()):
                if user not in found:
                    found.add(user)
                    queue.append(user)
        return found


def violations(lineage: Lineage, inputs: Iterable[Inputs] = ()) -> Iterator[Violation]:
    """Every column that knows too much, with the path by which it does."""
    for name, model in lineage.project.models.items():
        if fault := lineage.faults.get(name):
            yield Violation(model.title, IN_TIME, fault)
            continue
        holder = NIGHT if model.layer == FEATURES else model.known_by
        if model.is_timeless:
            yield from _timeless(lineage, model)
        elif holder:
            yield from _check_held_columns(lineage, model, holder)
        if model.layer == FEATURES:
            columns = (Read(name, column) for column in (*model.columns, ROWS))
            yield from _check_banned(lineage, model.title, columns)
    for each in inputs:
        yield from _check_population(lineage, each) if each.known_by else _inputs(lineage, each)


def _check_held_columns(lineage: Lineage, model: Model, holder: str) -> Iterator[Violation]:
    """Columns of a model of which not everything is known by the night in its column `holder`."""
    described = lineage.described[model.name]
    if holder not in described.columns:
        yield Violation(model.title, IN_TIME, f"has no column {holder}")
        return
    # What decides about the rows is in every column: it is told once.
    of_rows = {
        read for read, holders in described.rows.items() if holders is not None and holder not in holders
    }
    if of_rows:
        yield _late(lineage, model, ROWS, of_rows, holder)
    for column, reads in described.columns.items():
        late = {r for r, holders in reads.items() if holders is not None and holder not in holders} - of_rows
        if late:
            yield _late(lineage, model, column, late, holder)


def _late(lineage: Lineage, model: Model, column: str, late: set[Read], holder: str) -> Violation:
    """Told by those of the reads that lead to what happened, if there are such."""
    reported: list[str] = []
    made_of = lineage.described[model.name].values.get(column, frozenset())
    for read in sorted(late, key=lambda each: (each not in made_of, _rank(lineage, each), each)):
        path = _worst(lineage, read)
        reported.append(" ← ".join([f"{model.title}.{column}", *map(str, path)]))
    more = f" and {len(reported) - SHOWN} more" if len(reported) > SHOWN else ""
    relations = sorted({read.relation for read in late})
    unbounded = [name for name in relations if not _is_bounded(lineage.project, name)]
    why = (
        f"{', '.join(unbounded)} shows the newest state, whatever was known on the row's night: "
        "read a model with `known_by` instead"
        if unbounded
        else f"it is not seen to be known by the row's {holder}: join on the night, or bound "
        f"{', '.join(_find_holder(lineage.project, name) for name in relations)} by it"
    )
    return Violation(
        f"{model.title}.{column}", IN_TIME, f"knows too much: {why}. {'; '.join(reported[:SHOWN])}{more}"
    )


def _worst(lineage: Lineage, read: Read) -> tuple[Read, ...]:
    """The path to the source's column that becomes known last."""
    paths = lineage.paths(read, only_values=True) or lineage.paths(read)
    if not paths:
        return (read,)
    return min(paths.values(), key=lambda path: (_order(lineage.project, path[-1]), len(path), path))


def _rank(lineage: Lineage, read: Read) -> int:
    return _order(lineage.project, _worst(lineage, read)[-1])


def _order(project: Project, leaf: Read) -> int:
    source = project.sources.get(leaf.relation)
    column = source.columns.get(leaf.column) if source else None
    order = ("outcome", "observation", SCHEDULE, "registry", DELIVERY, ALWAYS)
    return order.index(column.known) if column and column.known in order else len(order)


def _is_bounded(project: Project, name: str) -> bool:
    found = project.models.get(name) or project.sources.get(name)
    return found is not None and bool(found.known_by or found.is_timeless)


def _find_holder(project: Project, name: str) -> str:
    found = project.models.get(name) or project.sources.get(name)
    return f"{name.rpartition('.')[2]}.{found.known_by}" if found else name


def _timeless(lineage: Lineage, model: Model) -> Iterator[Violation]:
    described = lineage.described[model.name]
    for column, reads in (*described.columns.items(), (ROWS, described.rows)):
        for read in sorted(read for read, holders in reads.items() if holders is not None):
            path = " ← ".join([f"{model.title}.{column}", *map(str, _worst(lineage, read))])
            yield Violation(f"{model.title}.{column}", IN_TIME, f"says `known: always`, and is not: {path}")


def _check_banned(lineage: Lineage, owner: str, columns: Iterable[Read]) -> Iterator[Violation]:
    """Columns that come from one that is banned or personal, by whatever way."""
    for column in columns:
        for leaf, path in lineage.paths(column).items():
            if reason := lineage.project.sources[leaf.relation].columns.get(leaf.column, _NONE).banned:
                way = " ← ".join(map(str, path))
                yield Violation(owner, BANNED, f"{leaf} may reach no feature ({reason}): {way}")


def _check_population(lineage: Lineage, inputs: Inputs) -> Iterator[Violation]:
    """What is learned from is what was known when it was predicted: the values, since outcomes choose rows."""
    described = lineage.described.get(inputs.relation)
    if described is None:  # told as a fault of its own
        return
    for column in inputs.columns:
        for read in sorted(described.values.get(column, ())):
            holders = described.columns[column][read]
            if holders is not None and not {inputs.known_by, inputs.night} & holders:
                way = " ← ".join(map(str, _worst(lineage, read)))
                yield Violation(
                    inputs.owner,
                    IN_TIME,
                    f"{inputs.relation}.{column} knows too much: it is not seen to be known by the row's "
                    f"{inputs.known_by}: {way}",
                )


def _inputs(lineage: Lineage, inputs: Inputs) -> Iterator[Violation]:
    """What a model reads straight from its schedule comes from the schedule alone, or was known by its night."""
    described = lineage.described.get(inputs.relation)
    for column in inputs.columns:
        start = Read(inputs.relation, column)
        reads = described.columns.get(column) if described and inputs.night else None
        if reads and all(holders is None or inputs.night in holders for holders in reads.values()):
            continue
        for leaf, path in lineage.paths(start).items():
            known = lineage.project.sources[leaf.relation].columns.get(leaf.column, _NONE).known
            if leaf.column != ROWS and known not in {SCHEDULE, DELIVERY, ALWAYS}:
                way = " ← ".join(map(str, path))
                yield Violation(
                    inputs.owner, IN_TIME, f"{column} is known {known or 'afterwards'} only: {way}"
                )
    yield from _check_banned(lineage, inputs.owner, (Read(inputs.relation, each) for each in inputs.columns))


def _way(leaf: Read, came: Mapping[Read, Read | None]) -> tuple[Read, ...]:
    way = [leaf]
    while (before := came[way[-1]]) is not None:
        way.append(before)
    return tuple(reversed(way))


_NONE = Column("")
