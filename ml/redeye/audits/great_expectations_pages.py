"""Great Expectations' page of a validation, with every value of the data escaped.

Its own view escapes only what it puts into a sentence: the name of a column as a heading, and values in cells of
tables, go into the page as they are, so that a tail number can hold a script.
"""

from __future__ import annotations

from html import escape
from typing import Any

from great_expectations.render.view import DefaultJinjaPageView

# The values put into a sentence: the library escapes those that are texts, but for marks of its own.
_SUBSTITUTED = "params"
_SENTENCE = "template"


class EscapedPageView(DefaultJinjaPageView):
    """Named in the configuration of Data Docs."""

    def render(self, document: Any, template: str | None = None, **kwargs: Any) -> Any:  # noqa: ANN401  the library's
        """The page, from a document whose texts are escaped."""
        self._validate_document(document)
        page = self._get_template(template or self._template)
        return page.render(escape_texts(document.to_json_dict()), **kwargs)


def escape_texts(part: Any) -> Any:  # noqa: ANN401  whatever the library's documents hold
    """A part of a document with its texts escaped, but for those that the library escapes."""
    if isinstance(part, str):
        return escape(part)
    if isinstance(part, list | tuple):
        return [escape_texts(each) for each in part]
    if not isinstance(part, dict):
        return part
    escaped = {key: escape_texts(value) for key, value in part.items()}
    if _SENTENCE in part and isinstance(part.get(_SUBSTITUTED), dict):
        escaped[_SUBSTITUTED] = {name: _flatten(each) for name, each in part[_SUBSTITUTED].items()}
    return escaped


def _flatten(value: Any) -> Any:  # noqa: ANN401  as above
    """A value to substitute: of these the library escapes texts, and what holds texts not."""
    return str(value) if isinstance(value, list | tuple | dict) else value
