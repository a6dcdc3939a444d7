"""Pages: one content, two forms, nothing loaded and nothing that breaks out."""

from __future__ import annotations

from redeye.foundation.pages import Bullets, Heading, Link, Page, Paragraph, Picture, Table

PAGE = Page(
    "A <title>",
    (
        Heading("Part"),
        Paragraph("Mind & look", is_warning=True),
        Bullets(("one", "`two`")),
        Table(
            ("a", "b"),
            (("x | <b>", 3), (Link("page", "https://x/?a=1&b=2"), [Link("p", "q"), Link("r", "s")])),
            frozenset({1}),
        ),
        Picture("p.svg", "a picture", '<?xml version="1.0"?>\n<svg><g/></svg>'),
    ),
)


def test_markdown_has_every_block() -> None:
    text = PAGE.markdown()
    assert "## Part" in text
    assert "> **Mind & look**" in text
    assert "- one\n- `two`" in text
    assert "|---|--:|" in text
    assert "| x \\| <b> | 3 |" in text
    assert "[page](https://x/?a=1&b=2) | [p](q), [r](s)" in text
    assert "![a picture](p.svg)" in text


def test_html_is_escaped_and_loads_nothing() -> None:
    text = PAGE.html()
    assert "default-src 'none'" in text
    assert "<b>" not in text
    assert "A &lt;title&gt;" in text
    assert "<li><code>two</code></li>" in text
    assert '<td class="number">3</td>' in text
    assert 'href="https://x/?a=1&amp;b=2"' in text
    assert "<svg><g/></svg>" in text
    assert "<?xml" not in text
    assert "<script" not in text


def test_long_tables_are_folded_in_html_only() -> None:
    page = Page("t", (Table(("a",), tuple((str(n),) for n in range(61))),))
    assert "<details>" in page.html()
    assert "<details>" not in page.markdown()
