import pytest
from markdown_it import MarkdownIt

from mnistreport.report.wording import capitalise, escape_markdown, name_levels
from tests.fake_results import make_results


def test_levels_are_named_as_a_reader_calls_them() -> None:
    """Counts stand before what they count, other values after their factor."""
    named = {
        study.study.slug: name_levels(study, study.levels[:2]) for study in make_results().studies
    }
    assert {
        "learning_rate": "learning rate 0.001 and 0.01",
        "batch_size": "batch size 16 and 64",
        "neurons": "32 and 64 neurons per hidden layer",
        "hidden_layers": "2 and 3 hidden layers",
        "dropout_layer_norm": "“neither” and “dropout”",
    } == named


@pytest.mark.parametrize(
    "text",
    [
        "plain", "*a*", "**a**", "_a_", "a_b_c", "`a`", "[a](b)", "![a](b)", "<b>", "<http://a.b>",
        "&lt;", "# a", "- a", "+ a", "1. a", "1) a", "> a", "a | b", "~~a~~", "\\*a", "a\\", "===",
        "\u202fa\u00a0% ± 0.1", "--- ", "“ä”", "",
    ],
)  # fmt: skip
def test_escaped_text_shows_as_it_is(text: str) -> None:
    """Whatever a name is, as Markdown it shows as the same characters, and makes no element."""
    [paragraph, *more] = MarkdownIt("commonmark", {"html": False}).enable("table").parse(
        f"x\n\n{escape_markdown(text)}"
    )[3:] or [None]
    shown = ""
    if paragraph is not None:
        assert "paragraph_open" == paragraph.type
        children = more[0].children or []
        assert {"text", "text_special"} >= {child.type for child in children}
        shown = "".join(child.content for child in children)
    assert text.strip() == shown.strip()


def test_capitals_elsewhere_stay() -> None:
    """Only the first letter is changed."""
    assert "Network “MyNet”" == capitalise("network “MyNet”")
    assert "" == capitalise("")
