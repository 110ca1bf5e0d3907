import ast
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistreport.report.notebook.literals import write_settings, write_value
from mnistreport.study.experiment import MlpArchitecture, TrainingSetting, Variant

NUMBERS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=4).map(tuple)))
def test_values_come_back_as_they_were(value: object) -> None:
    """Numbers and tuples of them are written so that Python reads the same."""
    assert value == ast.literal_eval(write_value(value))


@given(st.text())
def test_no_text_gets_out_of_its_quotes(text: str) -> None:
    """A text is either written as that very text, or refused: it never becomes code."""
    try:
        written = write_value(text)
    except TypeError:
        return
    assert text == ast.literal_eval(written)


@pytest.mark.parametrize("text", ['"]);open("pwn","w")#', "a b", "'", "\\", "\n", "é", "x\n"])
def test_free_text_is_refused(text: str) -> None:
    """What a person may write into a manifest does not belong into code, harmless or not."""
    with pytest.raises(TypeError, match="str is no plain value"):
        write_value(text)


def test_a_setting_is_written_as_one_makes_it() -> None:
    """A variant is a call that makes an equal one, on lines that can be read."""
    variant = Variant("mlp", MlpArchitecture((128, 64)), TrainingSetting(0.01, 64, 20))
    text = write_settings({"BASELINE": variant, "SEED": 3})
    names = {"MlpArchitecture": MlpArchitecture, "TrainingSetting": TrainingSetting}
    space: dict[str, object] = {"Variant": Variant, **names}
    exec(text, space)  # noqa: S102 - what a cell does with it
    assert (variant, 3) == (space["BASELINE"], space["SEED"])
    assert max(map(len, text.splitlines())) <= 100


def test_what_is_no_value_is_refused() -> None:
    """A list, a set or a class is not guessed at."""

    @dataclass
    class Holder:
        inside: object

    for value in ([1], {1}, int, Holder("a b"), ("a b",)):
        with pytest.raises(TypeError):
            write_value(value)
