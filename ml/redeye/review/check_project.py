"""Every fault of a project's declarations, each with its file and line: what can be said before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from redeye.audits.contract_files import list_paths, load_contract
from redeye.audits.suite_files import load_suite, suite_names
from redeye.declarations.project import Project, load_project
from redeye.declarations.specs import list_spec_faults, load_valid_specs
from redeye.declarations.yaml_files import locate, suggest
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT, SPECS
from redeye.models.kinds.interface import find_kind
from redeye.review.generate import describe_stale_texts
from redeye.sources.declared.described_dataset import describe_dataset


def list_faults(root: Path = PROJECT_ROOT, specs: Path = SPECS) -> list[str]:
    """What is wrong with `redeye.yaml`, specs, contracts, suites, and what is generated from them; needs no stack.

    What cannot be judged while `redeye.yaml` cannot be read is left out.
    """
    if found := list(_try(lambda: load_project(root / "redeye.yaml"))):
        return found
    found += list_spec_faults(specs)
    if not list(specs.glob("*.yaml")):
        found.append(f"{specs}: no spec of a model; write one (docs/reference/models.md)")
    for path in list_paths(root / "expectations"):
        found += _try(partial(load_contract, path))
    if not found:
        declared = load_project(root / "redeye.yaml")
        for name, dataset in (declared.datasets or {}).items():
            places = {"project_file": root / "redeye.yaml", "root": root / "expectations"}
            found += _try(partial(describe_dataset, name, dataset, **places))
        for name in suite_names(root / "expectations"):
            found += _try(partial(load_suite, name, root / "expectations"))
        found += _list_early_labels(declared, specs)
        found += _list_unknown_groups(declared, specs)
        found += _try(lambda: found.extend(describe_stale_texts(root)))
    return found


def _list_early_labels(declared: Project, specs: Path) -> Iterator[str]:
    """Models that would learn from labels before they are final, or be judged by them."""
    if (due := declared.due_nights) is None:
        return
    for name, spec in load_valid_specs(specs).items():
        if spec.label_maturity_nights < due.final:
            path = specs / f"{name}.yaml"
            yield (
                f"{locate(path, ['label_maturity_nights'])}: label_maturity_nights: {spec.label_maturity_nights} is "
                f"before the labels of `subject.span` are final: write {due.final}"
            )


def _list_unknown_groups(declared: Project, specs: Path) -> Iterator[str]:
    """Orders whose groups no prediction would show: they are put in order by the subject's columns."""
    known = list(declared.subject.columns)
    for name, spec in load_valid_specs(specs).items():
        for group in find_kind(spec).groups:
            if group not in known:
                yield (
                    f"{locate(specs / f'{name}.yaml', ['target', 'group'])}: target.group: {group} is no column of "
                    f"`subject` in redeye.yaml{suggest(group, known)}"
                )


def list_caveats(root: Path = PROJECT_ROOT) -> list[str]:
    """What nobody can know of the past of a project's declared datasets, in sentences."""
    datasets = load_project(root / "redeye.yaml").datasets or {}
    return [f"{name}: {said}" for name, declared in datasets.items() for said in declared.list_caveats()]


def _try(read: Callable[[], object]) -> Iterator[str]:
    try:
        read()
    except ConfigError as error:
        yield from str(error).splitlines()
