"""Kinds are found by name: built in, or of a package by its entry point."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest
from pydantic import BaseModel

from redeye.declarations import spec_kinds
from redeye.declarations.spec_kinds import choose_spec_class, list_built_in, list_kinds, load_spec_class
from redeye.declarations.specs import Spec
from redeye.foundation.errors import ConfigError
from redeye.models.kinds.binary_spec import BinarySpec

PACKAGE = "made_kinds"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that brings one kind, and says so in its entry points."""
    (tmp_path / f"{PACKAGE}.py").write_text(
        "from redeye.declarations.specs import Spec\n\n\nclass CountSpec(Spec):\n    pass\n\n\nNOTHING = 3\n"
    )
    about = tmp_path / f"{PACKAGE}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        f"[redeye.kinds]\ncount = {PACKAGE}:CountSpec\nnothing = {PACKAGE}:NOTHING\nbinary = {PACKAGE}:CountSpec\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_kind_that_is_built_in_is_found_by_its_module() -> None:
    assert "binary" in list_built_in()
    assert load_spec_class("binary", Spec) is BinarySpec


def test_a_package_brings_a_kind_by_an_entry_point(package: Path) -> None:
    assert set(list_kinds()) >= {"count", *list_built_in()}
    found = load_spec_class("count", Spec)
    assert issubclass(found, Spec)
    assert found.__name__ == "CountSpec"


def test_packages_are_looked_through_once_for_many_specs(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        spec_kinds, "entry_points", lambda group: asked.append(group) or metadata.entry_points(group=group)
    )
    assert [load_spec_class("count", Spec).__name__ for _ in range(200)] == ["CountSpec"] * 200
    assert asked == [spec_kinds.GROUP]


def test_a_package_replaces_no_kind_that_is_built_in(package: Path) -> None:
    assert load_spec_class("binary", Spec) is BinarySpec


def test_what_is_no_class_of_specs_is_refused(package: Path) -> None:
    with pytest.raises(ConfigError, match="name a subclass of Spec"):
        load_spec_class("nothing", Spec)


@pytest.mark.parametrize(
    ("kind", "said"), [("binry", "'binry' is no kind"), (None, "is missing"), ([1], r"\[1\] is no kind")]
)
def test_an_unknown_kind_is_named_with_its_line(tmp_path: Path, kind: object, said: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("model: a_b\ntarget:\n  column: x\n  kind: it\n")
    document = {"target": {"column": "x", "kind": kind}}
    with pytest.raises(ConfigError, match=rf"spec.yaml:4: target.kind: {said}; use one of .*binary"):
        choose_spec_class(path, document, Spec)


def test_a_spec_without_a_target_is_read_as_one_of_no_kind(tmp_path: Path) -> None:
    assert choose_spec_class(tmp_path / "spec.yaml", {"model": "a_b"}, Spec) is Spec
    assert issubclass(Spec, BaseModel)
