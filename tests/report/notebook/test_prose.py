"""The report's prose in the notebook's cells: it reads there as it does in the report."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mnistreport.report.markdown import Draft, render_markdown, seal_words
from mnistreport.report.notebook.paper.markdown import render_text
from mnistreport.report.notebook.prose import read_words, write_prose, write_text
from tests.report.reports import read_page

WORDS = """\
A rate of $0.1 or $0.2, <b>not</b> `a < b $x$`, a \\$ and <https://example.org>.

- first $ item <script>alert(1)</script>
- **bold** $

# A heading

```
kept < as $it$ is
# no heading
```

Another heading
===============

| a | b |
| --- | --- |
| 1 $ | 2 < 3 |
"""


PIECES = (
    *(
        "$",
        "$$",
        "<",
        ">",
        "*",
        "**",
        "_",
        "~",
        "~~",
        "`",
        "``",
        "```\n",
        "\\",
        "\\(",
        "\\)",
        "\\[",
    ),
    *("(", ")", "[", "]", "{", "}", "#", "# ", "- ", "1. ", ": ", "|", "a |\n- |\n", "&", "&copy;"),
    *(
        "!",
        "![",
        "](z)",
        "http://x.y",
        "www.a.b",
        "a@b.c",
        "<a@b.c>",
        "<http://a.b/c?d=e&f>",
        "\\begin{a}",
    ),
    *(
        "\\end{a}",
        "a",
        "b c",
        " ",
        "  \n",
        "\n",
        "\n\n",
        "    ",
        "\n> ",
        "[x](y)",
        "- [ ] ",
        "---\n",
    ),
    *("===\n", "<b>", "<script>", "&#10;", "&#32;", "[a]: b\n", "\t"),
)
MADE = {
    *("a", "blockquote", "br", "code", "div", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p"),
    *("pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
"""Elements that Markdown makes, and those of this program."""
BLOCKS = r"\s*(</?(?:blockquote|br|div|h\d|hr|li|ol|p|pre|t[dhr]|table|tbody|thead|ul)\b[^>]*>)\s*"
CODE = r"(?s)<code>.*?</code>|<div class=\"listing.*?</div>|<pre>.*?</pre>"
FORMULA = re.compile(r"\$[^<]*\$|\\[\[(]|\\begin", re.DOTALL)
"""What MathJax looks for in each text of a page."""

drafts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def read_text(html: str) -> str:
    """Return the text of HTML, blocks apart, and of pictures what is said instead."""
    html = re.sub(
        r'<img [^>]*alt="([^"]*)"[^>]*>', lambda match: match[1].strip() or "picture", html
    )
    return read_page(re.sub(BLOCKS, r" \1 ", html)).text


def read_cell(cell: str) -> str:
    """Return the text of a Markdown cell as Jupyter's own library sets it."""
    return read_text(str(render_text(cell, {})))


def read_as_github(cell: str) -> str:
    """Return its text as a reader of GitHub's Markdown sets it, as JupyterLab has one."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return read_text(reader.render(cell))


def test_a_cell_reads_as_the_report_does() -> None:
    """Dollar signs begin no formula, and what looks like HTML is shown, as in the report."""
    draft = Draft(WORDS)
    assert read_text(render_markdown(draft)) == read_cell(write_prose(draft))


@settings(max_examples=300)
@given(drafts)
def test_any_words_read_as_in_the_report(words: str) -> None:
    """Whatever Markdown a person writes, no reader makes more of it than the report does."""
    report = read_text(render_markdown(Draft(words)))
    cell = write_prose(Draft(words))
    html = str(render_text(cell, {}))
    assert (report, report) == (read_text(html), read_as_github(cell))
    assert set() == {element for element, _ in read_page(html).inventory} - MADE
    assert None is FORMULA.search(re.sub(CODE, "", html))


@settings(max_examples=200)
@given(drafts)
def test_any_name_is_shown_as_it_is(name: str) -> None:
    """A name of the manifest is a name and nothing else, whatever is in it."""
    shown = f"say {write_text(name)}."
    said = " ".join(f"say {name}.".split())
    assert (said, said, said) == (read_cell(shown), read_as_github(shown), read_words(shown))
    assert None is FORMULA.search(str(render_text(shown, {})))


@pytest.mark.parametrize(
    "words",
    [
        "    <img src=x onerror=alert(1)>",
        "~~b~~",
        "Term\n: definition",
        "- [ ] task",
        "\\begin{equation}x\\end{equation} and `\\begin{a}x\\end{a}`",
        r"\\(y\\) and \\\[y\\\] and \\\\(z\\\\)",
        "`two\nlines $x$`",
        "> | a |\n> | --- |\n> | `b \\| $$c$$` |",
        "~~~mermaid\ngraph\n~~~",
        "*a*b**c** and ***d*** and **Note:** x",
    ],
)
def test_what_jupyter_reads_more_into(words: str) -> None:
    """What only Jupyter's readers know is shown as it stands."""
    expected = read_text(render_markdown(Draft(words)))
    cell = write_prose(Draft(words))
    assert (expected, expected) == (read_cell(cell), read_as_github(cell))


def test_links_stay() -> None:
    """Links of the report are links of the notebook, and addresses in plain words are none."""
    words = "<a@b.c>, <http://d.e/f_g>, [x](http://h.i/$j_k*l?m&n), http://o.p and q@r.s"
    cell = write_prose(Draft(words))
    addresses = ["mailto:a@b.c", "http://d.e/f_g", "http://h.i/%24j_k*l?m&n"]
    assert addresses == [each for *_, each in read_page(str(render_text(cell, {}))).addresses]
    assert cell.startswith("<a@b.c>, <http://d.e/f_g>, ")


def test_a_picture_from_elsewhere_is_said_to_be_there() -> None:
    """No reader loads a picture; a link leads to it."""
    html = str(render_text(write_prose(Draft("![a $x$](https://y.z/a.png)")), {}))
    assert ("a", "href", "https://y.z/a.png") in read_page(html).addresses
    assert "a $x$" == read_text(html)


def test_nothing_of_a_persons_is_html() -> None:
    """No element gets into the notebook but those that Markdown itself makes."""
    html = str(render_text(write_prose(Draft(WORDS)), {}))
    assert [] == [each for each in ("<b>", "<script", 'class="formula"') if each in html]


def test_headings_go_below_the_section() -> None:
    """A heading of either kind becomes one of the section's; a line of code is none."""
    lines = write_prose(Draft(WORDS)).splitlines()
    assert ["### A heading", "### Another heading"] == [each for each in lines if "###" in each]
    assert "# no heading" in lines


def test_what_is_not_borne_out_is_said_in_words() -> None:
    """A false claim's words are followed by what the results say, and its seal is gone."""
    seal = "123456789"
    draft = Draft(f"Before {seal_words('the *claim*', seal)}, after.", {seal: "It is 3 %."})
    text = write_prose(draft)
    assert "Before the *claim* **\\[It is 3 %.\\]**, after." == text
    assert "Before the claim [It is 3 %.], after." == read_cell(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("*a {} b*, c", "a claim b [No $x$ <b>.], c"),
        ("`{}` c", "claim [No $x$ <b>.] c"),
        ("```\n{}\n```", "claim [No $x$ <b>.]"),
        ("[{}](http://x.y) c", "claim [No $x$ <b>.] c"),
        ("| {} | b |\n| --- | --- |", "claim [No $x$ <b>.] b"),
    ],
)
def test_a_remark_is_made_wherever_the_words_stand(words: str, said: str) -> None:
    """A remark is never part of a formula, code, a link or emphasis."""
    seal = "123456789"
    draft = Draft(words.format(seal_words("claim", seal)), {seal: "No $x$ <b>."})
    assert said == read_cell(write_prose(draft))


@pytest.mark.parametrize("name", ["<b>x</b>", "$a$", "a_b *c*", "# x", '"]);open("pwn")#', "1. x"])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    """A title or a label of the manifest looks in the notebook as it was written."""
    assert f"say {name}" == read_cell(f"say {write_text(name)}")
