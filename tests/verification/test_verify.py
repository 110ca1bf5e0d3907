"""``mnistreport verify``, as a teaching assistant types it."""

import json
import os
import tempfile
from pathlib import Path

import pytest

from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.study.naming import DEFAULT_SCHEME
from mnistreport.verification import submission
from mnistreport.verification.inspection import INSPECTED
from mnistreport.verification.isolation import Limits
from mnistreport.verification.submission import TEST, verify_submission
from tests.commands import call_command, run_command
from tests.verification.submissions import (
    NAME,
    Members,
    Trained,
    describe_weights,
    print_report,
    store_weights,
    write_sentences,
    write_zip,
)


@pytest.fixture
def folder(tmp_path: Path, good: bytes) -> Path:
    """Where the submission lies."""
    (tmp_path / NAME).write_bytes(good)
    return tmp_path


def list_everything(*folders: Path) -> set[Path]:
    """Return every path below some folders."""
    return {path for folder in folders for path in folder.rglob("*")}


def test_it_passes_what_is_as_it_should_be(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every check is passed or, for want of images, not made; nothing is written anywhere."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    before = list_everything(folder, temporary)
    told = run_command("verify", NAME, folder=folder)
    assert (0, "") == (told.code, told.err)
    lines = told.out.splitlines()
    assert ["passed"] * (1 + len(INSPECTED)) + ["not checked"] == [
        line.partition("  ")[0] for line in lines
    ]
    assert lines[-1].endswith("--data was not given")
    assert before == list_everything(folder, temporary)


def test_several_zips_get_a_line_each(folder: Path, members: Members) -> None:
    """A line says of each zip whether it passes and what speaks against it; for programs, too."""
    later = {name: members[name] for name in members if name != "report.pdf"}
    (folder / "444_555_666.zip").write_bytes(write_zip(later))
    zips = [folder / NAME, folder / "444_555_666.zip"]
    told = call_command("verify", *zips)
    assert 1 == told.code
    assert [
        f"passed  {NAME}",
        "failed  444_555_666.zip  contents: report.pdf is missing",
    ] == told.out.splitlines()
    answers = json.loads(call_command("verify", "--json", *zips).out)
    assert [True, False] == [answer["passes"] for answer in answers]
    failed = [each for each in answers[1]["checks"] if each["state"] == "failed"]
    assert [["report.pdf is missing"]] == [each["reasons"] for each in failed]


@pytest.mark.parametrize(
    ("name", "scheme", "reason"),
    [
        ("submission.zip", DEFAULT_SCHEME, "it is not named id1_id2_id3.zip"),
        ("111_222.zip", DEFAULT_SCHEME, "it is not named id1_id2_id3.zip"),
        ("111_222_111.zip", DEFAULT_SCHEME, "the id 111 is in its name twice"),
        ("0000001_222_333.zip", DEFAULT_SCHEME, "0000001 is a placeholder"),
        ("111_222_333.zip", "hw2-id1", "it is not named hw2-id1.zip"),
    ],
)
def test_a_wrong_name_is_told(tmp_path: Path, name: str, scheme: str, reason: str) -> None:
    """The name has to be as the scheme says, whatever is in the file."""
    told = call_command("verify", tmp_path / name, "--scheme", scheme)
    assert 1 == told.code
    first = told.out.splitlines()[0]
    assert first.startswith("failed")
    assert reason in first


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes to, a device without an end, nothing: none is opened."""
    pipe, empty = tmp_path / "pipe", tmp_path / "empty"
    os.mkfifo(pipe)
    empty.touch()
    reasons = {
        tmp_path: "it is a folder",
        pipe: "it is no regular file",
        Path("/dev/zero"): "it is no regular file",
        tmp_path / "none": "No such file or directory",
        empty: "it is empty",
    }
    told = call_command("verify", *reasons)
    assert (1, len(reasons)) == (told.code, len(told.out.splitlines()))
    for line, reason in zip(told.out.splitlines(), reasons.values(), strict=True):
        assert f"archive: {reason}" in line or f"archive: it cannot be read: {reason}" in line


def test_names_cannot_speak_to_the_terminal(tmp_path: Path, members: Members) -> None:
    """Escape sequences and markup in names, of the zip and of its members, are only shown."""
    path = tmp_path / "[red]\x1b[2J.zip"
    path.write_bytes(write_zip(members | {"\x1b]0;evil\x07.txt": b""}))
    missing = tmp_path / "\x1b[2J.zip"
    for words in ([path], [missing, missing], ["--json", path]):
        told = call_command("verify", *words)
        assert 1 == told.code
        assert "\x1b" not in told.out
        assert "\x07" not in told.out


def test_a_scheme_that_is_none_is_a_mistake_of_the_command(tmp_path: Path) -> None:
    """It is told as one, with exit code 2."""
    told = call_command("verify", tmp_path / "1.zip", "--scheme", "group")
    assert (2, "error: --scheme: must be id1") == (told.code, told.err[:28])


def test_weights_are_tried_again(
    tmp_path: Path, members: Members, trained: Trained, digits: DigitSet, split: Split
) -> None:
    """What they classify correctly is what their file and the report say, or else it is told.

    The splits that they ask for are kept nowhere.
    """
    about = describe_weights(trained, digits, split)
    weights = {
        "a.safetensors": about | {"test_right": trained.right + 1},
        "b.safetensors": about | {"test_right": trained.right + 4},
        "c.safetensors": about | {"test_images": 400, "test_right": 300},
        "d.safetensors": about | {"data_sha256": "0" * 64},
        "e.safetensors": about | {"split_seed": 1},
    }
    path = tmp_path / NAME
    stored = {name: store_weights(trained.tensors, each) for name, each in weights.items()}
    path.write_bytes(write_zip(members | stored))
    before = list_everything(digits.folder.parents[1])
    verdict = verify_submission(path, DEFAULT_SCHEME, digits)
    assert before == list_everything(digits.folder.parents[1])
    check = next(each for each in verdict.checks if each.name == TEST)
    right = trained.right
    assert {
        f"b.safetensors: {right} of 359 are right, not {right + 4}",
        "c.safetensors: the test split has 359 images, not 400",
        "d.safetensors: it was trained on other images than --data has",
        "e.safetensors: its split is not the one that its shares and seed give",
    } == set(check.reasons)


def test_a_forged_accuracy_is_found_out(
    folder: Path,
    members: Members,
    trained: Trained,
    digits: DigitSet,
    split: Split,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A report and weights that agree on an accuracy are believed only without the images."""
    about = describe_weights(trained, digits, split) | {"test_right": 359}
    sentences = (*write_sentences(trained), "In truth it classifies 100.00 % correctly.")
    forged = {
        "best_mlp.safetensors": store_weights(trained.tensors, about),
        "report.pdf": print_report(sentences),
    }
    path = folder / "777_888_999.zip"
    path.write_bytes(write_zip(members | forged))
    assert 0 == call_command("verify", path).code
    (temporary := folder / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    told = call_command("verify", path, "--data", "digits")
    said = f"best_mlp.safetensors: {trained.right} of 359 are right, not 359"
    assert [f"failed  test accuracy     {said}"] == [
        line for line in told.out.splitlines() if not line.startswith("passed")
    ]
    assert [] == list(temporary.iterdir())


def test_ctrl_c_says_no_more_than_it_knows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no runs of which anything could be said."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(submission, "verify_submission", interrupt)
    told = call_command("verify", folder / NAME)
    assert (130, "interrupted\n", "") == (told.code, told.err, told.out)


def test_what_takes_too_long_is_a_failed_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zip that overruns its reader fails the check that was being made; later ones are not."""
    monkeypatch.setattr(submission, "READING", Limits(seconds=0, memory=2**30))
    verdict = verify_submission(folder / NAME, DEFAULT_SCHEME)
    states = [check.state for check in verdict.checks]
    assert ["passed", "failed", *["not checked"] * len(INSPECTED)] == states
    assert "it could not be read within 0 s and 1 GB" == verdict.failing[0].reason
