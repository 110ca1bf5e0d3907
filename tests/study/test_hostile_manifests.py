import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistreport.errors import ExitCode, ManifestError, Problem
from mnistreport.study.loading import load_manifest
from tests.study.manifests import SMALL_MANIFEST, Complain, change

CNN = change('kind = "mlp"\nneurons = 16', 'kind = "cnn"\n{}')
HOSTILE = {
    "deep list": "a = " + "[" * 200_000,
    "deep key": "a" + ".a" * 120_000 + " = 1",
    "many keys": "".join(f"k{number} = 1\n" for number in range(20_000)),
    "many seeds": "[training]\nseeds = [" + '"a",' * 60_000 + "]",
    "many studies": "[[studies]]\n" * 20_000,
    "many models": "".join(f"[models.m{number}]\nkind='mlp'\n" for number in range(7_000)),
    "huge number": "[data]\nseed = 0x" + "f" * 250_000,
    "huge width": change("neurons = 16", "hidden_layers = 64\nneurons = 1000000000"),
    "huge kernels": CNN.format("channels = [1000000000, 1000000000]\nkernel_size = 27"),
    "huge channels": CNN.format("channels = [1, 1, 1, 1000000000]\ndense = 1000000000"),
    "huge layers": change("neurons = 16", f"layers = {[10**9] * 64}"),
    "many layers": change("neurons = 16", f"layers = {[1] * 65}"),
    "many distinct seeds": change("seeds = [0, 1]", f"seeds = {[*range(30_000)]}"),
    "many levels": change("levels = [0.1, 0.01]", f"levels = {[1 / n for n in range(1, 9999)]}"),
    "number of many digits": change("epochs = 2", f"epochs = {'9' * 5000}"),
    "number of digits enough": change("epochs = 2", f"epochs = {'9' * 199}"),
    "deep inline tables": "a = " + "{ a = " * 20_000,
    "ten megabytes": "#" * 10_000_000,
    "long text": "[report]\ntitle = '''" + "a\n" * 120_000 + "'''",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_manifests_are_refused_in_time(complain: Complain, name: str) -> None:
    """No file of at most 256 KiB takes long, and nobody has to read a million problems."""
    start = time.process_time()  # of this process: others may keep the machine busy
    problems = complain(HOSTILE[name])
    assert time.process_time() - start < 2
    assert len(problems) <= 101


WATCHED = """
import re, sys, time
from pathlib import Path
from mnistreport.cli import app
try:
    app(["check", "--manifest", sys.argv[1]])
finally:
    (peak,) = re.findall("VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    print(time.process_time(), int(peak) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
@pytest.mark.parametrize("name", ["huge width", "huge kernels", "huge layers"])
def test_a_model_is_estimated_before_anything_is_allocated(tmp_path: Path, name: str) -> None:
    """The whole command says within a second and 300 MB how large the network would be.

    The processor's time is measured, from the interpreter's start on.
    """
    path = tmp_path / "experiments.toml"
    path.write_text(HOSTILE[name])
    command = [sys.executable, "-c", WATCHED, path]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ExitCode.USAGE, 1) == (done.returncode, done.stderr.count("\n"))
    assert re.search(r"makes a model of [0-9,]+ parameters; at most 200,000,000", done.stderr)
    seconds, peak = done.stdout.split()
    assert float(seconds) < 1
    assert int(peak) < 300e6


def test_what_is_to_be_packed_stays_inside(tmp_path: Path, complain: Complain) -> None:
    """No file outside the output folder is asked for; the lines say which ones are."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    names = ["../../etc/passwd", "/etc/passwd", "a/../../b", "a\\\\b", "C:b", "~/.ssh", ".", "a//b"]
    listed = ",\n".join(f'"{name}"' for name in names)
    problems = complain(f"{SMALL_MANIFEST}\n[submission]\ninclude = [\n{listed}]")
    keys = [f"submission.include[{place}]" for place in range(len(names))]
    assert keys[:5] == [problem.key for problem in problems][:5]
    assert [] == [each for each in problems if "inside the output folder" not in each.reason]


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
