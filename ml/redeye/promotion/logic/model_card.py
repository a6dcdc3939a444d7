"""A model's card: what it is, for whom, from which data, how good, under which gates, and where it ends.

Markdown, made of what the training knew. It goes with the registered version, so it is written once, before
the decision: what was decided is a tag of the version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy.typing as npt

from redeye.declarations.specs import Spec
from redeye.features.logic.past_caveats import Caveat
from redeye.models.kinds.interface import find_kind
from redeye.models.logic.evaluation import Metrics, Scored, interval
from redeye.models.logic.promises import measure_parts
from redeye.models.logic.splits import Windows
from redeye.models.logic.training_subject import Subject
from redeye.promotion.logic.gate_report import GateReport
from redeye.promotion.logic.slices import name_slices


@dataclass(frozen=True)
class Card:
    """What a card is written from.

    Attributes:
        rows: labelled rows that the training read, all windows together.
        windows: None if the history was too short for them.
        environment: what it was fitted with, by name.
        tested: predictions on the test window, None if it was not judged; so with `report`.
        champion: name and predictions of the champion of then on the same window.
        groups: by slice column, the value of each row of the test window.
        links: addresses by title.
        candidate: its name among those of the training; empty for the plain refit of the algorithm.
        parent_version: that it continues; None if it was fitted from nothing.
        choice: why it was put forward; empty if there was no choice.
        caveats: what nobody can know of the past of the datasets that it reads.
    """

    subject: Subject
    algorithm: str
    version: int
    rows: int
    windows: Windows | None
    environment: Mapping[str, str]
    validation: Metrics | None = None
    tested: Scored | None = None
    champion: tuple[str, Scored] | None = None
    groups: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    report: GateReport | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    candidate: str = ""
    parent_version: int | None = None
    choice: str = ""
    caveats: tuple[Caveat, ...] = ()

    def markdown(self) -> str:
        """The whole card."""
        parts = [self._head(), self._data(), self._quality(), self._gates(), self._environment()]
        return "\n\n".join([*parts, self._limits()]) + "\n"

    def _head(self) -> str:
        spec, subject = self.subject.spec, self.subject
        facts = {
            "for": spec.audience or spec.owner,
            "owner": spec.owner,
            "trained": f"on night {subject.night}, by {subject.actor}: {subject.reason}",
            "pages": ", ".join(f"[{title}]({url})" for title, url in self.links.items() if url),
        }
        title = f"# {spec.model}, version {self.version}: {self.algorithm}"
        return "\n\n".join([title, spec.description, _facts(facts)])

    def _data(self) -> str:
        spec, release = self.subject.spec, self.subject.release
        spans = self.windows
        inputs = f"{len(spec.numeric_columns)} numbers and {len(spec.categorical_columns)} categories"
        facts = {
            "population": f"`{spec.population.relation}`, {self.rows} labelled rows",
            "label": f"`{spec.target.column}`, final after {spec.label_maturity_nights} nights",
            "inputs": f"feature service `{spec.feature_service}` and the schedule: {inputs}",
            "release": f"`{release.release_id}`, deliveries `{release.delivery_set_hash}`",
            **({"candidate": f"`{self.candidate}`"} if self.candidate else {}),
            "fitted from": (
                "nothing"
                if self.parent_version is None
                else f"version {self.parent_version}, which it continues"
            ),
            "fitted on nights": str(spans.train) if spans else "all that were mature",
            "stopped and chosen by": str(spans.validation) if spans else "nothing",
            "judged on": str(spans.test) if spans and self.report else "nothing yet",
            **{f"nobody can know of {each.dataset}": each.describe() for each in self.caveats},
        }
        return "## Data\n\n" + _facts(facts)

    def _quality(self) -> str:
        if self.tested is None:
            return "## Quality\n\n" + self._validation()
        gates, metrics = self.subject.spec.gates, self.tested.metrics()
        nights = self.report.window if self.report else "of the test"
        rivals = [self.champion[0]] if self.champion else []
        rival = self.champion[1].metrics() if self.champion else None
        rows = []
        for name, title in self.tested.TITLES.items():
            bounds = interval(self.tested, name, confidence=gates.confidence)
            shown = f"{bounds.lower:.4f} to {bounds.upper:.4f}" if bounds else "not defined"
            others = [_number(rival.numbers().get(name))] if rival else []
            rows.append((title, _number(metrics.numbers().get(name)), shown, *others))
        lines = [
            f"On nights {nights}: {metrics.rows} rows of {metrics.nights} nights, {metrics.describe()}. "
            "Each bound at "
            f"{gates.confidence:.0%} confidence, of nights that resemble their neighbours.",
            _table(("metric", "this model", "interval", *rivals), rows),
            *self._slices(self.tested),
            self._validation(),
        ]
        return "## Quality\n\n" + "\n\n".join(lines)

    def _slices(self, tested: Scored) -> list[str]:
        """Whether every slice keeps what predictions of the kind promise of all rows; nothing if that is nothing."""
        if not tested.promises or not self.groups:
            return []
        gates = self.subject.spec.gates
        parts = name_slices(self.groups, gates.slices.minimum_rows)
        titles = {tested.LOSS: tested.TITLES[tested.LOSS], **tested.PART_METRICS}
        found = measure_parts(
            tested, parts, tested.promises, metrics=list(titles), confidence=gates.confidence
        )
        head = (
            "slice",
            "rows",
            *titles.values(),
            *(f"{each.title} ({each.share:.0%})" for each in tested.promises),
        )
        rows = [
            (
                each.name,
                str(each.rows),
                *map(_number, each.metrics.values()),
                *(one.describe() for one in each.held),
            )
            for each in found
        ]
        told = (
            f"By slice of the test window; off is a share whose bounds exclude what is promised, at "
            f"{gates.confidence:.0%} confidence over all slices together."
        )
        return [told, _table(head, rows)]

    def _validation(self) -> str:
        if self.validation is None:
            return "Not measured: there were too few nights."
        titles, values = find_kind(self.subject.spec).scored.TITLES, self.validation.numbers()
        reported = [f"{title} {_number(values.get(name))}" for name, title in titles.items()]
        because = f" {self.choice[0].upper()}{self.choice[1:]}." if self.choice else ""
        return f"On the validation window, which it was chosen by: {', '.join(reported)}.{because}"

    def _gates(self) -> str:
        if self.report is None:
            return "## Gates\n\nNot judged: it is the first champion, or had no window of its own."
        rows = []
        for result in self.report.results:
            figures = ["" if each is None else f"{each:.4g}" for each in (result.value, result.bound)]
            outcome = "passed" if result.is_passed else "**failed**"
            rows.append((str(result.gate), outcome, *figures, result.reason))
        return "## Gates\n\n" + _table(("gate", "", "value", "bound", "why"), rows)

    def _environment(self) -> str:
        subject = self.subject
        facts = {
            "spec": f"`{subject.spec.hash[:16]}`",
            "training code": f"`{subject.code_hash}`",
            "commit": f"`{subject.git_sha}`",
            **self.environment,
        }
        return "## Made with\n\n" + _facts(facts)

    def _limits(self) -> str:
        return "## Limits\n\n" + "\n".join(f"- {limit}" for limit in list_limits(self.subject.spec))


def list_limits(spec: Spec) -> tuple[str, ...]:
    """What a model of this spec is not for: what its spec says, and what follows from it."""
    return (
        *spec.limits,
        "It knows what was known by the cutoff of the night, nothing later.",
        f"It was judged on {spec.split.test_nights} nights of one season; a figure for a small group of rows "
        "is not promised by the one for all.",
        "A category that training did not know counts as missing.",
    )


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4f}"


def _facts(values: Mapping[str, str]) -> str:
    return _table(("", ""), [*values.items()])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in lines)


def _cell(text: str) -> str:
    # A bar or a line break would end the cell.
    return " ".join(text.replace("|", "\\|").split())
