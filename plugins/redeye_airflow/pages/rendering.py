"""Templates, and what all of them know: addresses, the user, numbers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

import jinja2
import markdown  # type: ignore[import-untyped]
from markdown.extensions import Extension  # type: ignore[import-untyped]
from markdown.treeprocessors import Treeprocessor  # type: ignore[import-untyped]
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redeye.declarations.calendar import count_nights_since, read_local
from redeye.declarations.project import project
from redeye.foundation import ui_links
from redeye.foundation.engine.command import name_commands
from redeye.foundation.settings import settings
from redeye_airflow.pages.addresses import PREFIX
from redeye_airflow.pages.security import find_user, may_decide, may_trigger

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A rendered page."""
    root = request.scope["root_path"]
    airflow = root.removesuffix(PREFIX)
    known: dict[str, Any] = {
        "url": lambda *parts: "/".join([root, *(quote(str(part), safe=":") for part in parts)]),
        "airflow": lambda path: f"{airflow}{path}",
        "mlflow_url": ui_links.link_mlflow(),
        "version_page": ui_links.link_version,
        "subject": project().subject,
        "user": find_user(request).get_name(),
        "may_trigger": partial(may_trigger, find_user(request)),
        "may_decide": partial(may_decide, find_user(request)),
        "shift_weeks": settings().shift_weeks,
        "here": request.url.path.removeprefix(root),
    }
    text = _TEMPLATES.get_template(template).render({**known, **values})
    return HTMLResponse(name_commands(text), status_code=status)


class _OnAPage(Treeprocessor):
    """What a file of the repository has and a page has not: links to other files, and room for any table.

    A link to another file, which no page shows, becomes text that names the file; a table gets a box to scroll in.
    """

    def run(self, root: Element) -> None:
        for link in root.iter("a"):
            target = link.get("href", "")
            if not target.startswith(("#", "https://", "http://", "mailto:")):
                link.tag = "span"
                link.attrib = {"title": f"in {target.partition('#')[0]}"}
        for parent in list(root.iter()):
            for place, child in enumerate(parent):
                if child.tag == "table":
                    box = Element("div", {"class": "scroll"})
                    box.append(child)
                    parent[place] = box


class _Page(Extension):
    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802  named by the library
        # After the links are made, which `inline` does.
        md.treeprocessors.register(_OnAPage(md), "on_a_page", 1)


def render_markdown(text: str) -> Markup:
    """Markdown as HTML, without any HTML of its own: marks of HTML in it are shown, not obeyed.

    Links lead within the text or to addresses with a scheme; what else is linked stands as text.
    """
    quoted = str(escape(text)).replace("&gt; ", "> ").replace("&#39;", "'").replace("&#34;", '"')
    extensions = ["tables", "toc", "fenced_code", _Page()]
    return Markup(markdown.markdown(quoted, extensions=extensions))  # noqa: S704


NONE = "\N{EN DASH}"
"""Stands where there is no value."""


def _number(value: float | None, digits: int = 3) -> str:
    return NONE if value is None or value != value else f"{value:.{digits}f}"


def _percent(value: float | None, digits: int = 0) -> str:
    return NONE if value is None or value != value else f"{value:.{digits}%}"


def show_value(value: object) -> object:
    """A column's value as people read it: an instant by the project's wall clock, UTC when pointed at."""
    if not isinstance(value, datetime):
        return value
    local = read_local(value)
    exact = local.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        exact.isoformat(), f"{exact:%Y-%m-%d %H:%M}", f"{local:%Y-%m-%d %H:%M %Z}"
    )


def _size(size: int) -> str:
    return f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} bytes"


def _docs(path: str | None) -> str | None:
    """The folder of a recorded Data Docs page, below that of all: homes move."""
    if not path:
        return None
    folder = f"/{settings().data_docs.name}/"
    return path.rpartition(folder)[2].removesuffix("/index.html") if folder in path else None


def _code(recorded: str) -> str:
    """Which code it was, short: commits lose their ends, a version of the engine is whole."""
    return " ".join(each if each.startswith("redeye-") else each[:12] for each in recorded.split())


_TEMPLATES.filters.update(
    code=_code, number=_number, percent=_percent, value=show_value, size=_size, docs=_docs
)
_TEMPLATES.globals["count_nights_since"] = count_nights_since
_TEMPLATES.globals["m"] = _TEMPLATES.get_template("macros.html").module
