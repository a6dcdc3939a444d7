"""Statements and their one text: whoever signs one and whoever verifies it makes the same bytes of the same values.

The text is JSON with sorted names, no spaces, nothing but ASCII, and each number as it was written: so it does not
depend on who parsed it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from redeye.foundation.errors import SignatureError

_HEADER = "redeye-statement-1\n"
"""Before every text: a signature of it is one of nothing else."""


_SIGNATURE = re.compile("[0-9a-f]{128}")


class Kind(StrEnum):
    """What a statement is about."""

    PROMOTION = "promotion"
    RELEASE = "release"
    MODEL = "model"
    EXPORT = "export"
    BACKUP = "backup"


class Number(str):
    """A number that is no integer, as the text it was written with: 0.10 is not 0.1, and neither is rounded."""

    __slots__ = ()


@dataclass(frozen=True)
class Statement:
    """What is signed.

    Attributes:
        kind: what it is about.
        installation: the first entry's hash of the outputs' trail, shortened: whose decisions these are.
        subject: what exactly it is about, by name, such as `{"promotion_id": 4}` or `{"file": "…"}`.
        content: what is stated of it, such as a file's hash.
        signed_at: by the signer's clock, ISO 8601 in UTC.
        key_id: of the key that it is signed with.
    """

    kind: Kind
    installation: str
    subject: Mapping[str, Any]
    content: Mapping[str, Any]
    signed_at: str
    key_id: str

    def to_bytes(self) -> bytes:
        """What the signature is of."""
        return (_HEADER + write_canonical(_list_fields(self))).encode("ascii")

    @property
    def topic(self) -> str:
        """What it is about: one key signs one content for each."""
        return write_canonical([self.key_id, self.installation, self.kind, self.subject])


@dataclass(frozen=True)
class Signed:
    """A statement with its signature, in hexadecimal digits."""

    statement: Statement
    signature: str

    def to_json(self) -> str:
        """One line of canonical JSON."""
        return write_canonical({"statement": _list_fields(self.statement), "signature": self.signature})

    @classmethod
    def from_json(cls, text: str) -> Signed:
        """What `to_json` wrote.

        Raises:
            SignatureError: if it is anything else. Nothing is verified yet.
        """
        said = parse_json(text)
        given = _take_fields(cls, said)
        statement = _take_fields(Statement, given["statement"])
        texts = [given["signature"], *(statement[name] for name in ("installation", "signed_at", "key_id"))]
        if not all(type(each) is str for each in texts):
            raise SignatureError(
                "the text is no signed statement: signature, installation, time and key are texts"
            )
        if not isinstance(statement["subject"], dict) or not isinstance(statement["content"], dict):
            raise SignatureError("the text is no signed statement: subject and content are objects")
        if not _SIGNATURE.fullmatch(given["signature"]):
            raise SignatureError("the text is no signed statement: a signature has 128 hexadecimal digits")
        try:
            kind = Kind(statement["kind"])
        except ValueError as error:
            raise SignatureError(f"{statement['kind']!r} is no kind of statement") from error
        return cls(Statement(**{**statement, "kind": kind}), given["signature"])


def _list_fields(statement: Statement) -> dict[str, Any]:
    return {each.name: getattr(statement, each.name) for each in fields(statement)}


def _take_fields(kind: type[Any], said: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    names = {each.name for each in fields(kind)}
    if not isinstance(said, dict) or set(said) != names:
        raise SignatureError(
            f"the text is no signed statement: it does not have just {', '.join(sorted(names))}"
        )
    return said


def write_canonical(value: Any) -> str:  # noqa: ANN401 - any JSON
    """The one text of a JSON value.

    Raises:
        TypeError: if something in it has none, such as a date: say it as text.
    """
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("names in a statement are texts")
        pairs = (f"{json.dumps(name)}:{write_canonical(value[name])}" for name in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(write_canonical, value)) + "]"
    if value is None or isinstance(value, str | int | float):
        return json.dumps(value, allow_nan=False)
    raise TypeError(f"{value!r} has no text in a statement: say it as text, number, list or object")


def parse_json(text: str) -> Any:  # noqa: ANN401 - any JSON
    """The value of a JSON text, each number as it was written.

    Raises:
        SignatureError: if it is none, or says a name twice.
    """
    try:
        return json.loads(
            text, parse_float=Number, parse_constant=_refuse_constant, object_pairs_hook=_make_object
        )
    except (ValueError, RecursionError) as error:
        raise SignatureError(f"the text is no JSON of a statement: {error}") from error


def _refuse_constant(name: str) -> Any:  # noqa: ANN401 - raises
    raise ValueError(f"{name} is no number")


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name is said twice")
    return made
