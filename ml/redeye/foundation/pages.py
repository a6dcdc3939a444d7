"""A page for people, once as Markdown and once as HTML that loads nothing from elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 76em; padding: 0 1.5em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px; }
th, td { padding: .25em .6em; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #888; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { max-width: 100%; height: auto; }
.note { background: #fff3cd; padding: .5em 1em; }
"""
# Nothing may be loaded; pictures are part of the page.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
NUMBER = ' class="number"'
LONG = 60
"""Tables with more rows are folded in HTML."""
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Link:
    """A cell or a part of a sentence that leads elsewhere."""

    title: str
    url: str


Cell = str | int | Link | Sequence[Link]


@dataclass(frozen=True)
class Heading:
    """Of a section."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Plain text; `is_warning` sets it apart."""

    text: str
    is_warning: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of plain sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows under heads; the columns of `numbers`, by position, are set to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """An SVG: inside the HTML, a file beside the Markdown."""

    file: str
    title: str
    svg: str


Block = Heading | Paragraph | Bullets | Table | Picture


@dataclass(frozen=True)
class Page:
    """A title and what stands under it."""

    title: str
    blocks: tuple[Block, ...]

    def markdown(self) -> str:
        """As Markdown; pictures by their file names."""
        return "\n\n".join([f"# {self.title}", *(_markdown(block) for block in self.blocks)]) + "\n"

    def html(self) -> str:
        """As one file."""
        body = "\n".join(_html(block) for block in self.blocks)
        title = html.escape(self.title)
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>{title}</title>'
            f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n"
        )

    def pictures(self) -> tuple[Picture, ...]:
        """The pictures, to be written beside the Markdown."""
        return tuple(block for block in self.blocks if isinstance(block, Picture))


def _markdown(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {block.text}"
        case Paragraph():
            return f"> **{block.text}**" if block.is_warning else block.text
        case Bullets():
            return "\n".join(f"- {item}" for item in block.items)
        case Picture():
            return f"![{block.title}]({block.file})"
        case Table():
            marks = ["--:" if place in block.numbers else "---" for place in range(len(block.heads))]
            lines = [_row(block.heads), f"|{'|'.join(marks)}|", *(_row(row) for row in block.rows)]
            return "\n".join(lines)


def _row(cells: Iterable[Cell]) -> str:
    return f"| {' | '.join(_markdown_cell(cell) for cell in cells)} |"


def _markdown_cell(cell: Cell) -> str:
    match cell:
        case Link():
            return f"[{cell.title}]({cell.url})"
        case str() | int():
            return str(cell).replace("|", "\\|").replace("\n", " ")
        case _:
            return ", ".join(_markdown_cell(each) for each in cell)


def _html(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
        case Paragraph():
            mark = ' class="note"' if block.is_warning else ""
            return f"<p{mark}>{_html_text(block.text)}</p>"
        case Bullets():
            return f"<ul>{''.join(f'<li>{_html_text(item)}</li>' for item in block.items)}</ul>"
        case Picture():
            return f"<figure>{block.svg[block.svg.index('<svg') :]}</figure>"
        case Table():
            return _html_table(block)


def _html_text(text: str) -> str:
    """Escaped; what stands between backticks is code."""
    return CODE.sub(r"<code>\1</code>", html.escape(text))


def _html_table(table: Table) -> str:
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in table.heads)
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{NUMBER if place in table.numbers else ''}>{_html_cell(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in table.rows
    )
    whole = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    if len(table.rows) > LONG:
        return f"<details><summary>{len(table.rows)} rows</summary>{whole}</details>"
    return whole


def _html_cell(cell: Cell) -> str:
    match cell:
        case Link():
            return f'<a href="{html.escape(cell.url, quote=True)}">{html.escape(cell.title)}</a>'
        case str() | int():
            return html.escape(str(cell))
        case _:
            return ", ".join(_html_cell(each) for each in cell)
