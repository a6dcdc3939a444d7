"""Report pages: one content, two forms, nothing loaded and nothing that breaks out."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from redeye.foundation.pages import (
    Link,
    Markdown,
    Table,
    bold,
    convert_to_html,
    escape_markdown,
    render_html,
    render_markdown,
    write_report,
)

TABLE = Table(
    ("a", "b"),
    [("x | <b>", 3), (Link("page", "https://x/?a=1&b=2"), [Link("p", "q"), Link("r", "s")])],
    (1,),
)
SVG = '<?xml version="1.0"?>\n<svg><g/></svg>'


def test_a_table_is_markdown_with_links_and_numbers_to_the_right() -> None:
    lines = str(TABLE).splitlines()
    assert lines[1] == "|---|--:|"
    assert lines[2] == r"| x \| \<b> | 3 |"
    assert lines[3] == "| [page](https://x/?a=1&b=2) | [p](q), [r](s) |"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](https://elsewhere)",
        "![x](https://elsewhere)",
        "a | b",
        "**not bold** and *not this*",
        "_x_ beside a_b_c and a__b and __init__ and _ and x_",
        "two\nlines",
        r"back\slash",
        "&lt;b&gt;",
    ],
)
def test_a_value_reads_in_html_as_it_is_and_makes_no_tag(hostile: str) -> None:
    body = convert_to_html(f"# t\n\n{Table(('a',), [(hostile,)])}\n")
    shown = body[body.index("<td>") + 4 : body.index("</td>")]
    assert shown == str(jinja2.filters.escape(hostile.replace("\n", " "))).replace("&#34;", "&quot;")


def test_names_and_code_read_well_as_markdown() -> None:
    assert (
        escape_markdown("feat_origin__delays: `redeye new <model>`")
        == "feat_origin__delays: `redeye new <model>`"
    )
    assert str(Table(("a",), [("`x | y`",)])).endswith(r"| `x \| y` |")


def test_what_is_markdown_already_stays() -> None:
    assert escape_markdown(Markdown("`*`")) == "`*`"
    assert escape_markdown(bold("a*")) == r"**a\***"


def test_html_is_one_file_that_loads_nothing() -> None:
    text = convert_to_html(
        "# A <title>\n\n> **Mind & look**\n\n- one\n- `two`\n\n![p](p.svg)\n", {"p.svg": SVG}
    )
    assert "default-src 'none'" in text
    assert "<title>A &lt;title&gt;</title>" in text
    assert "<blockquote>\n<p><strong>Mind &amp; look</strong></p>" in text
    assert "<li><code>two</code></li>" in text
    assert "<svg><g/></svg>" in text
    assert "<?xml" not in text
    assert "<script" not in text


def test_numbers_stand_to_the_right_and_addresses_are_quoted_in_html() -> None:
    text = convert_to_html(f"# t\n\n{TABLE}\n")
    assert '<td style="text-align:right">3</td>' in text
    assert 'href="https://x/?a=1&amp;b=2"' in text


@pytest.mark.parametrize(("rows", "is_folded"), [(60, False), (61, True)])
def test_long_tables_are_folded_in_html(rows: int, is_folded: bool) -> None:
    text = convert_to_html(f"# t\n\n{Table(('a',), [(n,) for n in range(rows)])}\n\n{TABLE}\n")
    assert text.count("<details>") == text.count("</details>") == int(is_folded)
    assert f"<summary>{rows} rows</summary>" in text or not is_folded


def test_a_missing_fact_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="title"):
        render_html("foundation/templates/page.html.j2")
    with pytest.raises(jinja2.UndefinedError):
        render_markdown("studies/gate_power/gate_power.md.j2")


def test_a_report_has_its_pictures_beside_the_markdown(tmp_path: Path) -> None:
    page = write_report(tmp_path / "new", "r", "# t\n\n![p](p.svg)\n", {"p.svg": SVG})
    assert page == tmp_path / "new" / "r.html"
    assert {path.name for path in page.parent.iterdir()} == {"r.html", "r.md", "p.svg"}
    assert (page.parent / "p.svg").read_text() == SVG
