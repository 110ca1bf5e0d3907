import pytest

from mnistreport.report.markdown import Draft, render_markdown, seal_words
from mnistreport.report.notebook.prose import write_prose, write_text
from mnistreport.report.notebook_markdown import render_text
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


def read_cell(cell: str) -> str:
    """Return the text of a Markdown cell as Jupyter's own library sets it."""
    return read_page(str(render_text(cell, {}))).text


def test_a_cell_reads_as_the_report_does() -> None:
    """Dollar signs begin no formula, and what looks like HTML is shown, as in the report."""
    draft = Draft(WORDS)
    assert read_page(render_markdown(draft)).text == read_cell(write_prose(draft))


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
    draft = Draft(f"Before {seal_words('the *claim*', seal)}, after.", {seal: "It is 3 $."})
    text = write_prose(draft)
    assert "Before the *claim* **[It is 3 \\$.]**, after." == text
    assert "Before the claim [It is 3 $.], after." == read_cell(text)


@pytest.mark.parametrize("name", ["<b>x</b>", "$a$", "a_b *c*", "# x", '"]);open("pwn")#', "1. x"])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    """A title or a label of the manifest looks in the notebook as it was written."""
    assert f"say {name}" == read_cell(f"say {write_text(name)}")
