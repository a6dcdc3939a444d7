"""What the OpenAPI document says beyond the paths: parameters by the project's columns, answers, the token."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI

from redeye.declarations.subject import Subject
from redeye.models.kinds.interface import Kind
from redeye.serving.logic.queries import (
    CSV,
    DEFAULT_LIMIT,
    JSON,
    MOST_ROWS,
    PARQUET,
    RISKIEST_FIRST,
    list_sorted_by,
)

PROBLEM = "application/problem+json"
_MEANINGS = {
    200: "The answer.",
    304: "Nothing has changed since the answer with this ETag.",
    400: "A parameter is not understood; `detail` names it and what is allowed.",
    401: "There is no token, or none that is valid.",
    403: "The token does not open the model.",
    404: "There is no such model, night or prediction.",
    406: "There is no such format.",
    503: "The ledgers cannot be read at the moment.",
}
_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
}


def describe_night() -> dict[str, Any]:
    """The parameter that names a night."""
    return _describe("night", {"type": "string", "format": "date"}, "The night.", is_required=True)


def describe_parameters(subject: Subject, kinds: Iterable[Kind]) -> list[dict[str, Any]]:
    """The parameters of a list of predictions, of whichever of some kinds."""
    columns = list(dict.fromkeys(name for kind in kinds for name in list_sorted_by(subject, kind)))
    sort = {
        "type": "string",
        "enum": [*columns, *(f"-{name}" for name in columns)],
        "default": RISKIEST_FIRST,
    }
    return [
        _describe("sort", sort, "A column, with - before it for the highest first."),
        _describe(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": DEFAULT_LIMIT},
            "Rows.",
        ),
        _describe(
            "offset", {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0}, "Rows to skip first."
        ),
        *(
            {
                **_describe(name, {"type": "array", "items": _TYPES[column.type]}, column.description),
                "style": "form",
                "explode": True,
                **({"example": [column.search.example]} if column.search else {}),
            }
            for name, column in subject.columns.items()
        ),
    ]


def _describe(
    name: str, schema: dict[str, Any], meaning: str, *, is_required: bool = False
) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": is_required, "schema": schema, "description": meaning}


def describe_answers(*statuses: int, is_table: bool = False) -> dict[int | str, dict[str, Any]]:
    """The answers of a path by status; a table comes in every format."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        answer: dict[str, Any] = {"description": _MEANINGS[status]}
        if status == 200:
            kinds = (JSON, CSV, PARQUET) if is_table else (JSON,)
            answer["content"] = {
                kind: {"schema": {"type": "object"} if kind == JSON else {"type": "string"}} for kind in kinds
            }
        elif status != 304:
            answer["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        found[status] = answer
    return found


def describe_security(app: FastAPI) -> None:
    """Say in the document that all but the health check takes a token, and what an error looks like."""
    plain = app.openapi

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            parts = document.setdefault("components", {})
            parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            schemas = parts.setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
            for path, item in document["paths"].items():
                for operation in item.values():
                    operation["responses"].pop("422", None)
                    operation["security"] = [] if path == "/healthz" else [{"token": []}]
        assert app.openapi_schema is not None  # noqa: S101  the plain document was just made
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]
