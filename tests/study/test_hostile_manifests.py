import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistreport.errors import ManifestError, Problem
from mnistreport.study.loading import load_manifest
from tests.study.manifests import Complain, change

HOSTILE = {
    "deep list": "a = " + "[" * 200_000,
    "deep key": "a" + ".a" * 120_000 + " = 1",
    "many keys": "".join(f"k{number} = 1\n" for number in range(20_000)),
    "many seeds": "[training]\nseeds = [" + '"a",' * 60_000 + "]",
    "many studies": "[[studies]]\n" * 20_000,
    "many models": "".join(f"[models.m{number}]\nkind='mlp'\n" for number in range(7_000)),
    "huge number": "[data]\nseed = 0x" + "f" * 250_000,
    "huge width": change("neurons = 16", "hidden_layers = 64\nneurons = 1000000000"),
    "long text": "[report]\ntitle = '''" + "a\n" * 120_000 + "'''",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_manifests_are_refused_in_time(complain: Complain, name: str) -> None:
    """No file of at most 256 KiB takes long, and nobody has to read a million problems."""
    start = time.process_time()  # of this process: others may keep the machine busy
    problems = complain(HOSTILE[name])
    assert time.process_time() - start < 2
    assert len(problems) <= 101


VALUES = [
    "true",
    "nan",
    "-1",
    "0",
    "1e999",
    "0x" + "f" * 100,
    "0x" + "f" * 5000,
    "1979-05-27",
    '"x"',
    '""',
    "[]",
    "[1, [2]]",
    "{}",
    "{ a = { b = 1 } }",
]
PIECES = [
    "",
    "[[studies]]\n",
    "[models.mlp]\n",
    'layers = [3]\nneurons = "x"\n',
    "variants = [1, { label = 3, layers = [] }]\n",
    "kind = 1\n",
    "\x00",
    "\u202e",
    "'''",
    *"#\n.,=]",
]


def find_problems(path: Path) -> tuple[Problem, ...]:
    """Load a manifest that may be wrong, and return what is said of it."""
    try:
        load_manifest(path)
    except ManifestError as error:
        return error.problems
    return ()


def check_answer(path: Path) -> None:
    """Check that there is a manifest, or problems of one line each."""
    for problem in find_problems(path):
        assert path == problem.file
        assert problem.reason
        assert "\n" not in str(problem)


@settings(max_examples=250)
@given(data=st.data())
def test_mutations_give_a_manifest_or_its_problems(
    tmp_path_factory: pytest.TempPathFactory, default_text: str, data: st.DataObject
) -> None:
    """Whatever is done to the file, the answer is a manifest or a list of problems in it."""
    tokens = default_text.split(" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(tokens) - 1))
        width = data.draw(st.integers(0, 3))
        tokens[at : at + width] = [
            data.draw(st.sampled_from(VALUES + PIECES) | st.text(max_size=4))
        ]
    path = tmp_path_factory.getbasetemp() / "mutation.toml"
    path.write_bytes(" ".join(tokens).encode("utf-8", "surrogatepass"))
    check_answer(path)


@settings(max_examples=250)
@given(data=st.data())
def test_values_of_any_type_give_a_manifest_or_its_problems(
    tmp_path_factory: pytest.TempPathFactory, default_text: str, data: st.DataObject
) -> None:
    """Legal TOML of the wrong shape has a problem with a line for each mistake."""
    lines = default_text.splitlines()
    places = [at for at, line in enumerate(lines) if re.fullmatch(r"\w+ = [^\[{]+", line)]
    for at in data.draw(st.sets(st.sampled_from(places), min_size=1, max_size=3)):
        key = lines[at].split(" = ")[0]
        lines[at] = f"{key} = {data.draw(st.sampled_from(VALUES))}"
    path = tmp_path_factory.getbasetemp() / "values.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    check_answer(path)
