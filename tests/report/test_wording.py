import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mnistreport.report.wording import (
    capitalise,
    describe_variant,
    escape_markdown,
    name_experiment,
    name_levels,
)
from mnistreport.study.expansion import resolve_fields, resolve_variant
from mnistreport.study.experiment import Experiment, Variant
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


RATES = st.sampled_from([0.1, 0.1234567, 0.123457, 1e-5, 0.3, 0.30000000000000004, 1e6, 1000001.0])
SHARES = st.sampled_from([0.0, 0.5, 0.1234567, 0.123457, 0.9, 0.90000001])
TRAINING = {
    "learning_rate": RATES,
    "momentum": SHARES,
    "weight_decay": SHARES,
    "batch_size": st.sampled_from([64, 65]),
    "epochs": st.sampled_from([1, 20, 21]),
    "dropout": SHARES,
    "layer_norm": st.booleans(),
}
WIDTH = st.sampled_from([1, 2, 12])
WIDTHS = st.lists(WIDTH, min_size=1, max_size=3)
FIELDS = {
    "mlp": TRAINING | {"layers": WIDTHS},
    "cnn": TRAINING
    | {
        "channels": WIDTHS,
        "dense": st.sampled_from([1, 2, 12]),
        "kernel_size": st.sampled_from([1, 3, 5]),
    },
}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Variant, Variant]:
    """Draw two settings of one model, often alike but for one field."""
    kind = draw(st.sampled_from(sorted(FIELDS)))
    one = {"kind": kind} | {name: draw(each) for name, each in FIELDS[kind].items()}
    changed = draw(st.sets(st.sampled_from(sorted(FIELDS[kind])), max_size=2))
    other = one | {name: draw(FIELDS[kind][name]) for name in sorted(changed)}
    return resolve_variant("net", resolve_fields(one)), resolve_variant(
        "net", resolve_fields(other)
    )


@given(pairs())
def test_different_settings_have_different_names(both: tuple[Variant, Variant]) -> None:
    """Neither progress, trackers, plan nor tables show two settings under one name."""
    one, other = both
    for name in (lambda each: name_experiment(Experiment(each, 0, "")), describe_variant):
        assert (one.key == other.key) == (name(one) == name(other))


def test_names_are_short_where_nothing_is_unusual() -> None:
    """What is at its default is not named, apart from the learning rate and the batch size."""
    plain = resolve_variant("mlp", resolve_fields({"kind": "mlp"}))
    assert "mlp 128-128, lr 0.01, batch 64, seed 2" == name_experiment(Experiment(plain, 2, ""))
    fields = {"kind": "cnn", "kernel_size": 5, "momentum": 0.9, "epochs": 1, "layer_norm": True}
    other = resolve_variant("net", resolve_fields(fields))
    assert (
        "net 16-32-128, lr 0.01, batch 64, kernel 5, layer norm, 1 epoch, momentum 0.9, seed 0"
    ) == name_experiment(Experiment(other, 0, ""))
