"""Manifests: changed by key, value, line and byte."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from mnistreport.errors import ExitCode, ManifestError, disarm
from mnistreport.study.expansion import expand_experiments, expand_variants
from mnistreport.study.loading import load_manifest
from mnistreport.study.naming import is_scheme
from mnistreport.study.settings import MOST_PARAMETERS
from tests.study.manifests import DEFAULT_MANIFEST, SMALL_MANIFEST, with_variants
from tests.torture.fuzz_mutations import mutate_bytes, mutate_lines
from tests.torture.fuzz_watch import Outcome

VALUES: Final = (
    *("true", "nan", "-inf", "-1", "0", "1e999", "-0.0", "1_000_000_000", "0b1", "0o7", "1e-320"),
    *("0x" + "f" * 100, "0x" + "f" * 5000, "9" * 190, "1979-05-27", "1979-05-27T07:32:00Z"),
    *("07:32:00", '"x"', '""', "'a\\b'", '"\\u202e\\u001b[2J"', '"\\ud800"', '"""\na\n"""', "[]"),
    *("[1, [2]]", "{}", "{ a = { b = 1 } }", "[" * 20 + "]" * 20, "[" * 40, "[[1]]", "[true, 0.1]"),
    *("[0.1, 0.1]", "[1e-9, 1e9]", '["../../etc/passwd"]', '["/etc/passwd"]', '["a", "A"]'),
    *("[1000000000, 1000000000]", "1000000000", "27", "28", '"' + "a" * 300 + '"', "[{}, {}]"),
    *('[{ label = "a" }, { label = "A", layers = [1] }]', '"12_3"', '["1", "2", "3"]', '"id1-id2"'),
)
PIECES: Final = (
    *("[[studies]]", "[models.mlp]", "[models.cnn]", "[training]", "[data.split]", "[[rubric]]"),
    *('[models."\\u202e"]', "[models.MLP]", "a.b.c = 1", "studies = 3", "kind = 'mlp'", "]", "'''"),
    *("layers = [3]", 'layers = [3]\nneurons = "x"', "variants = [1, { label = 3, layers = [] }]"),
    *("[[submission.include]]", "[[[a]]]", "=", '"" = 1', "[final]\ncombine = true", "#" * 300),
    *("hidden_layers = 64", "channels = [1000000000, 1000000000]", "kernel_size = 27", "dense = 9"),
)
_PAIR: Final = re.compile(rb"\s*[\w\"'.-]+\s*=\s*\S")


def make_seeds(_folder: Path) -> list[bytes]:
    """Return manifests that are as they should be."""
    default = DEFAULT_MANIFEST.read_bytes()
    variants = with_variants('{ label = "a", dropout = 0.5 }, { label = "b", layers = [8, 4] }')
    texts = [SMALL_MANIFEST, variants, SMALL_MANIFEST.replace("\n", "\r\n"), f"\ufeff{variants}"]
    return [default, *(text.encode() for text in texts)]


def mutate(content: bytes, draw: Random, fresh: bytes) -> bytes:
    """Change a key, a value, a line, or any bytes; now and then do so a thousand times."""
    way = draw.randrange(10)
    if way < 2:
        return mutate_bytes(content, draw, fresh)
    if way < 4:
        return mutate_lines(content, draw, PIECES)
    lines = content.split(b"\n")
    places = [at for at, line in enumerate(lines) if _PAIR.match(line)]
    if not places:
        return mutate_lines(content, draw, PIECES)
    at = draw.choice(places)
    key, _, value = lines[at].partition(b"=")
    if way < 8:
        value = draw.choice(VALUES).encode()
    elif way == 8:
        place = draw.randrange(len(key) + 1)
        key = key[:place] + draw.choice((fresh, b"_", b".", b'"', b"")) + key[place + 1 :]
    else:
        value = b"[" + b",".join([value] * draw.choice((2, 3, 101, 3000))) + b"]"
    lines[at] = key + b"=" + value
    return b"\n".join(lines)


def make_check(folder: Path) -> Callable[[bytes], Outcome]:
    """Return what loads a manifest: there is one that keeps all bounds, or problems of one line."""
    path = folder / "given" / "experiments.toml"

    def check(content: bytes) -> Outcome:
        path.write_bytes(content)
        try:
            manifest = load_manifest(path)
        except ManifestError as error:
            return _check_refusal(error, path)
        variants = expand_variants(manifest)
        assert len(expand_experiments(variants, manifest.seeds, "0" * 64)) >= 1
        assert MOST_PARAMETERS >= max(each.architecture.parameters for each in variants)
        assert all(re.fullmatch("[a-z0-9_-]{1,60}", study.slug) for study in manifest.studies)
        assert len({study.slug for study in manifest.studies}) == len(manifest.studies)
        assert is_scheme(manifest.submission.scheme)
        assert not any(".." in name.split("/") for name in manifest.submission.include)
        return "taken"

    return check


def _check_refusal(error: ManifestError, path: Path) -> Outcome:
    assert ExitCode.USAGE == error.exit_code
    assert 0 < len(error.problems) <= 101
    for problem in error.problems:
        assert path == problem.file
        assert problem.reason
        assert disarm(str(problem)) == str(problem)
    return "refused"
