"""Report pages from Jinja2 templates: Markdown, and the same as one HTML file that loads nothing from elsewhere.

A template lies beside the module that prepares its facts and is named by its path below `ml/redeye`. What a template
prints is escaped: `.html.j2` as HTML, `.md.j2` as Markdown, but for what is `Markdown`, a `Link` or a `Table`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from redeye.foundation import plot_theme
from redeye.foundation.atomic_files import write_text

if TYPE_CHECKING:
    from markdown_it.token import Token

_ROOM_FOLDER = Path(__file__).parents[1]
# Nothing may be loaded; pictures are part of the page.
POLICY = Markup("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
LONG = 60
"""Tables with more rows are folded in HTML."""
_CODE = re.compile(r"(`[^`]+`)")
# What would be read as Markdown; underscores within a word are not.
_MARKS = re.compile(r"[\\*\[<]|&(?=#?\w+;)|(?<!\w)_+|_+(?!\w)")


class Markdown(str):
    """Text that is Markdown already and is printed as it is."""

    __slots__ = ()


@dataclass(frozen=True)
class Link:
    """A cell or a part of a sentence that leads elsewhere."""

    title: str
    url: str

    def __str__(self) -> str:
        return f"[{escape_markdown(self.title)}]({self.url})"


Cell = str | int | Link | Sequence[Link]


@dataclass(frozen=True)
class Table:
    """Rows under heads; the columns of `numbers`, by position, are set to the right."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: Collection[int] = ()

    def __str__(self) -> str:
        marks = ["--:" if place in self.numbers else "---" for place in range(len(self.heads))]
        lines = [_format_row(self.heads), f"|{'|'.join(marks)}|", *(_format_row(row) for row in self.rows)]
        return "\n".join(lines)


def bold(text: str) -> Markdown:
    """Text set in bold."""
    return Markdown(f"**{escape_markdown(text)}**")


def code(text: str) -> Markdown:
    """Text without backticks, set as code."""
    return Markdown(f"`{text}`")


def escape_markdown(value: object) -> str:
    """A value as one line of Markdown that says just what the value says."""
    if value is None:
        return ""
    if isinstance(value, Markdown | Link | Table):
        return str(value)
    if isinstance(value, list | tuple):
        return ", ".join(escape_markdown(each) for each in value)
    parts = _CODE.split(str(value).replace("\n", " "))
    # Every second one stands between backticks, where only tables read anything.
    parts[::2] = [
        _MARKS.sub(lambda found: "".join(f"\\{each}" for each in found[0]), part) for part in parts[::2]
    ]
    return "".join(parts).replace("|", r"\|")


def _format_row(cells: Sequence[Cell]) -> str:
    return f"| {' | '.join(escape_markdown(cell) for cell in cells)} |"


def render_markdown(template: str, **facts: Any) -> str:  # noqa: ANN401  whatever a template prints
    """A `.md.j2` template with its facts."""
    return _load_environment().get_template(template).render(facts)


def render_html(template: str, **facts: Any) -> str:  # noqa: ANN401  whatever a template prints
    """A `.html.j2` template with its facts and the palette; what is not `Markup` is escaped."""
    environment = _load_environment().overlay(autoescape=True, finalize=None)
    return environment.get_template(template).render(facts, theme=plot_theme, policy=POLICY)


@lru_cache(maxsize=1)
def _load_environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_ROOM_FOLDER),
        autoescape=False,  # noqa: S701  Markdown has an escape of its own, and HTML made of it takes no tags
        finalize=escape_markdown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"code": code, "form": format}
    return environment


def convert_to_html(markdown: str, pictures: Mapping[str, str] | None = None) -> str:
    """Markdown as one HTML file, titled by its first heading; tags in it are text.

    Pictures are SVG text, by the file name under which the page shows it.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    shown = pictures or {}

    def inline(_self: object, tokens: Sequence[Token], place: int, *_: object) -> str:
        svg = shown[str(tokens[place].attrs["src"])]
        return svg[svg.index("<svg") :]

    parser.add_render_rule("image", inline)
    tokens = parser.parse(markdown)
    title = "".join(each.content for each in tokens[1].children or ())
    body = parser.renderer.render(list(_fold_long_tables(tokens)), parser.options, {})
    # The parser escaped all text and made every tag; the pictures are the project's own.
    return render_html("foundation/templates/page.html.j2", title=title, body=Markup(body))  # noqa: S704


def _fold_long_tables(tokens: Sequence[Token]) -> Iterator[Token]:
    from markdown_it.token import Token

    for place, token in enumerate(tokens):
        if token.type == "table_open":
            kinds = [each.type for each in tokens[place:]]
            rows = kinds[: kinds.index("table_close")].count("tr_open") - 1
            if is_long := rows > LONG:
                yield Token("html_block", "", 0, content=f"<details><summary>{rows} rows</summary>")
        yield token
        if token.type == "table_close" and is_long:
            yield Token("html_block", "", 0, content="</details>")


def write_report(folder: Path, stem: str, markdown: str, pictures: Mapping[str, str]) -> Path:
    """Write `<stem>.md` with its pictures beside it, and `<stem>.html`, each whole or not at all.

    Returns:
        The HTML.
    """
    for name, svg in pictures.items():
        write_text(folder / name, svg)
    write_text(folder / f"{stem}.md", markdown)
    write_text(folder / f"{stem}.html", convert_to_html(markdown, pictures))
    return folder / f"{stem}.html"
