"""Files that the program keeps, rotten or forged: an error in one line, or as if they were not."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault, ExitCode
from mnistreport.report.stamp import STAMP, _serialise, load_stamp
from mnistreport.report.written_beside import WrittenBeside
from mnistreport.signing import sign
from mnistreport.study.trim_file import load_trim
from mnistreport.training.ledger import Ledger
from mnistreport.training.sealing import seal
from mnistreport.training.store import RECORD, STORE_FORMAT, RunStore
from tests.training.small import make_experiment

NAME = make_experiment().fingerprint
Read = Callable[[Path], object]


def _read_run(folder: Path) -> object:
    store = RunStore(folder)
    assert [] == list(store.list_runs())
    return store.find_results([make_experiment()]).results.get(NAME)


TOLD: dict[str, tuple[str, Read]] = {
    "budget": ("budget.json", load_trim),
    "words": (
        "templates/insights/written_beside.json",
        lambda f: WrittenBeside(f / "templates").load(),
    ),
    "ledger": ("ledger.json", lambda folder: Ledger(folder).entries("5" * 64)),
}
"""Where each lies, and what reads it: damage is told, as nobody else knows what was in it."""
PASSED_OVER: dict[str, tuple[str, Read]] = {
    "stamp": (STAMP, load_stamp),
    "outcome": (f"tests/{NAME}.json", lambda folder: RunStore(folder).find_outcome(NAME)),
    "run": (f"runs/{NAME}/{RECORD}", _read_run),
}
"""Those that are made again."""
ROT = {
    "empty": b"",
    "zeros": bytes(300),
    "no text": b"\xff\xfe{}",
    "deep list": b"[" * 200_000,
    "deep table": b'{"format":' * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "huge number": b"9" * 5000,
    "huge format": b'{"format": ' + b"9" * 5000 + b"}",
    "no number": b'{"format": NaN, "inputs": NaN}',
    "infinite": b'{"format": 1e999, "budget_seconds": Infinity}',
    "half a letter": b'{"format": "\\ud800", "inputs": "\\ud800"}',
    "list": b'["format", 1]',
    "list of nothing": b"[null]",
    "text": b'"format"',
    "null": b"null",
    "wrong types": b'{"format": {}, "inputs": [], "documents": 1, "complaints": {}}',
    "sealed text": seal("settings", STORE_FORMAT),  # type: ignore[arg-type]
    "sealed list": seal(["settings"], STORE_FORMAT),  # type: ignore[arg-type]
    "sealed results": seal(
        {"settings": 1, "seed": [], "split": {}, "result": "x", "tensors_sha256": 0}, STORE_FORMAT
    ),
    "sealed outcome": seal({"mistakes": [1], "confusion": 3}, STORE_FORMAT),
}


def put(folder: Path, name: str, content: bytes) -> Path:
    """Write a file below a folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    (path.parent / "tensors.safetensors").write_bytes(b"")
    return path


@pytest.mark.parametrize("rot", ROT)
@pytest.mark.parametrize("kind", TOLD)
def test_what_only_the_user_can_restore_is_told(tmp_path: Path, kind: str, rot: str) -> None:
    """Damage to it is one line with the file and a next step, exit code 6; it stays as it is."""
    name, read = TOLD[kind]
    path = put(tmp_path, name, ROT[rot])
    with pytest.raises(EnvironmentFault) as caught:
        read(tmp_path)
    (problem,) = caught.value.problems
    assert (path, ExitCode.ENVIRONMENT) == (problem.file, caught.value.exit_code)
    assert problem.next_step
    assert str(problem).isprintable()
    assert ROT[rot] == path.read_bytes()


@pytest.mark.parametrize("rot", ROT)
@pytest.mark.parametrize("kind", PASSED_OVER)
def test_what_can_be_made_again_counts_as_not_there(tmp_path: Path, kind: str, rot: str) -> None:
    """Damage to it is no error."""
    name, read = PASSED_OVER[kind]
    put(tmp_path, name, ROT[rot])
    assert read(tmp_path) is None


@pytest.mark.parametrize("kind", [*TOLD, *PASSED_OVER])
def test_no_pipe_is_waited_for_and_no_device_read(tmp_path: Path, kind: str) -> None:
    """In the place of the file may lie anything; only a regular one is read, and not for ever."""
    name, read = (TOLD | PASSED_OVER)[kind]
    path = put(tmp_path, name, b"")
    for make in (os.mkfifo, os.mkdir, _link_to_a_device, _make_endless):
        path.rmdir() if path.is_dir() else path.unlink()
        make(path)
        if kind in PASSED_OVER:
            assert read(tmp_path) is None
        else:
            with pytest.raises(EnvironmentFault):
                read(tmp_path)


def _link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _make_endless(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


FORGED = b'{"inputs": "a", "runs": "", "beside": "", "documents": {"%s": ""}, "complaints": []}'


def put_stamp(folder: Path, content: bytes) -> Path:
    """Write a stamp that this user's program might have signed; return the folder."""
    value = json.loads(content)
    value["signature"] = sign(STAMP, _serialise(value))
    return put(folder, STAMP, json.dumps(value).encode()).parent


@pytest.mark.parametrize("name", [b"../secret", b"/etc/passwd", b"\\u0000", b"a\\\\b", b".hidden"])
def test_a_stamp_leads_nowhere(tmp_path: Path, name: bytes) -> None:
    """The documents that it names lie in its folder, or it is none."""
    assert load_stamp(put_stamp(tmp_path, FORGED % b"report.html")) is not None
    forged = FORGED % name
    assert load_stamp(put_stamp(tmp_path, forged)) is None
    earlier = (FORGED % b"report.html").replace(b"{", b'{"earlier": {"%s": ""}, ' % name, 1)
    assert load_stamp(put_stamp(tmp_path, earlier)) is None


def test_a_stamp_that_was_touched_is_none(tmp_path: Path) -> None:
    """Whatever is changed in it, or left out of it, this user's program did not sign that."""
    folder = put_stamp(tmp_path, FORGED % b"report.html")
    signed = json.loads((folder / STAMP).read_bytes())
    assert load_stamp(folder) is not None
    for changed in (
        signed | {"inputs": "b"},
        signed | {"documents": {"report.html": "1"}},
        signed | {"earlier": {"report.html": "1"}},
        signed | {"signature": signed["signature"][::-1]},
        signed | {"signature": None},
        {name: value for name, value in signed.items() if name != "signature"},
    ):
        assert load_stamp(put(folder, STAMP, json.dumps(changed).encode()).parent) is None


COMPLAINT = b'{"kind": "%s", "problem": {"reason": %s}}'


@pytest.mark.parametrize(
    ("kind", "reason"), [(b"other", b'"x"'), (b"claim", b"3"), (b"claim", b"[]")]
)
def test_a_stamp_has_no_complaints_of_other_kinds(
    tmp_path: Path, kind: bytes, reason: bytes
) -> None:
    """What a stamp says was wrong can be told as it is, or the stamp counts for nothing."""
    whole = (FORGED % b"report.html").replace(b"[]", b"[%s]" % (COMPLAINT % (kind, reason)))
    assert load_stamp(put_stamp(tmp_path, whole)) is None
    sound = whole.replace(kind, b"claim").replace(reason, b'"x"')
    assert load_stamp(put_stamp(tmp_path, sound)) is not None
