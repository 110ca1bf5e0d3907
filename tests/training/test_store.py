import errno
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnistreport import files
from mnistreport.errors import EnvironmentFault, ExitCode
from mnistreport.study.experiment import Experiment
from mnistreport.training import store as store_module
from mnistreport.training.result import (
    Circumstances,
    EpochRow,
    FinalOutcome,
    Mistake,
    RunResult,
)
from mnistreport.training.sealing import seal
from mnistreport.training.store import RECORD, STORE_FORMAT, TENSORS, RunStore
from tests.training.small import CNN, make_experiment

EXPERIMENT = make_experiment()
WEIGHTS = bytes(range(256)) * 4
HISTORY = (
    EpochRow(1, 1.1, 0.3, 1.25, 0.2 + 0.1, 0.011),
    EpochRow(2, 1e-05, 1.0, 1.7976931348623157e308, 0.5, 0.012),
)
RESULT = RunResult(
    EXPERIMENT.fingerprint, "finished", HISTORY, 34, "", Circumstances("2.9", "cpu", "a “CPU”", 1)
)
OUTCOME = FinalOutcome(
    EXPERIMENT.fingerprint,
    4,
    3,
    0.25,
    tuple(tuple(3 * (row == column == 0) for column in range(10)) for row in range(10)),
    (Mistake(17, 4, 9, 0.75),),
)
Damage = Callable[[bytes], bytes]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A store that nothing is in yet."""
    return RunStore(tmp_path / "cache")


@pytest.fixture
def run(store: RunStore) -> Path:
    """The folder of the one run in the store."""
    store.save_run(EXPERIMENT, RESULT, WEIGHTS)
    return store.runs / EXPERIMENT.fingerprint


def _flip(at: float, bit: int) -> Damage:
    def flip(content: bytes) -> bytes:
        damaged = bytearray(content)
        damaged[int(at * (len(content) - 1))] ^= 1 << bit
        return bytes(damaged)

    return flip


DAMAGES: dict[str, Damage] = {
    "emptied": lambda _content: b"",
    "first byte only": lambda content: content[:1],
    "half": lambda content: content[: len(content) // 2],
    "last two bytes missing": lambda content: content[:-2],
    "doubled": lambda content: content * 2,
    "zeros": lambda content: bytes(len(content)),
    "no text": lambda content: b"\xff" + content[1:],
    **{f"bit {bit} at {at:.0%}": _flip(at, bit) for at in (0.0, 0.2, 0.5, 0.9) for bit in (0, 7)},
}


def test_gives_back_what_was_stored(store: RunStore, run: Path) -> None:
    """History, status, circumstances and weights come back to the last bit."""
    found = store.find_results([EXPERIMENT])
    assert {EXPERIMENT.fingerprint: RESULT} == found.results
    assert () == found.rotten
    assert WEIGHTS == store.load_tensors(EXPERIMENT.fingerprint)
    assert {RECORD, TENSORS} == {path.name for path in run.iterdir()}


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_keeps_runs_that_came_to_nothing(store: RunStore, status: str) -> None:
    """A run without any epoch or weights is stored like every other."""
    result = replace(RESULT, status=status, history=(), updates=0, reason="out of “memory”")
    store.save_run(EXPERIMENT, result, b"")
    assert {EXPERIMENT.fingerprint: result} == store.find_results([EXPERIMENT]).results


@pytest.mark.usefixtures("run")
def test_what_is_not_there_is_not_found(store: RunStore) -> None:
    """Another seed, setting or split is another run; that it is missing is no damage."""
    others = [make_experiment(CNN), make_experiment(seed=1), make_experiment(split="1" * 64)]
    found = store.find_results([*others, EXPERIMENT])
    assert [EXPERIMENT.fingerprint] == list(found.results)
    assert () == found.rotten


def test_an_empty_cache_holds_nothing(store: RunStore) -> None:
    """Looking something up makes no folder, and finds nothing."""
    assert {} == store.find_results([EXPERIMENT]).results
    assert store.find_outcome(EXPERIMENT.fingerprint) is None
    assert not store.runs.parent.exists()


@pytest.mark.parametrize("file", [RECORD, TENSORS])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_rot_is_found(store: RunStore, run: Path, file: str, damage: Damage) -> None:
    """A damaged file is told, by the run's name, and its run is not given back."""
    whole = (run / file).read_bytes()
    (run / file).write_bytes(damage(whole))
    found = store.find_results([EXPERIMENT])
    assert {} == found.results
    (sentence,) = found.rotten
    assert EXPERIMENT.fingerprint[:12] in sentence
    assert "trained again" in sentence


def test_no_flipped_bit_goes_unnoticed(store: RunStore, run: Path) -> None:
    """Wherever in a record a bit flips, its run is not given back."""
    whole = (run / RECORD).read_bytes()
    for place in range(len(whole)):
        for bit in (0, 5):  # a digit becomes another, a letter the other case
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            (run / RECORD).write_bytes(damaged)
            assert {} == store.find_results([EXPERIMENT]).results, (place, bit)


@pytest.mark.parametrize("file", [RECORD, TENSORS])
def test_a_missing_file_is_rot(store: RunStore, run: Path, file: str) -> None:
    """A run of which one file is left is damaged, and told."""
    (run / file).unlink()
    found = store.find_results([EXPERIMENT])
    assert ({}, 1) == (found.results, len(found.rotten))


def test_what_cannot_be_read_is_rot(store: RunStore, run: Path) -> None:
    """A disk that does not give a run back costs that run, and no more."""
    (run / TENSORS).unlink()
    (run / TENSORS).mkdir()
    (sentence,) = store.find_results([EXPERIMENT]).rotten
    assert "cannot be read" in sentence
    (store.tests / f"{EXPERIMENT.fingerprint}.json").mkdir(parents=True)
    assert store.find_outcome(EXPERIMENT.fingerprint) is None


def test_rot_is_replaced(store: RunStore, run: Path) -> None:
    """A run that was trained again takes the place of a damaged one."""
    (run / TENSORS).unlink()
    store.save_run(EXPERIMENT, RESULT, WEIGHTS)
    assert {EXPERIMENT.fingerprint: RESULT} == store.find_results([EXPERIMENT]).results


@pytest.mark.parametrize("other", [make_experiment(CNN), make_experiment(seed=1)], ids=["cnn", "1"])
def test_a_run_under_a_wrong_name_is_refused(store: RunStore, run: Path, other: Experiment) -> None:
    """A sound run that was moved to another one's place is not taken for it."""
    shutil.copytree(run, store.runs / other.fingerprint)
    found = store.find_results([other])
    assert ({}, 1) == (found.results, len(found.rotten))
    assert "another experiment" in found.rotten[0]


def test_another_format_is_a_miss(
    store: RunStore, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another version of the program stored is not there, neither damaged nor an error.

    It is told; and it stays, with what its version needs, beside what this version stores.
    """
    store.save_outcome(OUTCOME)
    before = _read_all(store)
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "STORE_FORMAT", store_module.STORE_FORMAT + 1)
        found = store.find_results([EXPERIMENT])
        assert ({}, (), 1) == (found.results, found.rotten, found.other_format)
        assert [
            "1 stored run in the format of another version: kept as it is, and trained again"
        ] == [*found.warnings]
        assert store.find_outcome(EXPERIMENT.fingerprint) is None
        later, outcome = replace(RESULT, updates=35), replace(OUTCOME, right=1)
        for _ in range(2):  # the second time in place of the first
            store.save_run(EXPERIMENT, later, b"weights")
            store.save_outcome(outcome)
        assert {EXPERIMENT.fingerprint: later} == store.find_results([EXPERIMENT]).results
        assert [(EXPERIMENT, later)] == _list_plain(store)
        assert b"weights" == store.load_tensors(EXPERIMENT.fingerprint)
        assert outcome == store.find_outcome(EXPERIMENT.fingerprint)
    assert before.items() <= _read_all(store).items()
    assert {EXPERIMENT.fingerprint: RESULT} == store.find_results([EXPERIMENT]).results
    assert [RESULT] == [result for _, result in store.list_runs()]
    assert OUTCOME == store.find_outcome(EXPERIMENT.fingerprint)
    assert run.exists()


def _list_plain(store: RunStore) -> list[tuple[Experiment, RunResult]]:
    """Return what is stored; a variant that was stored has no model's name."""
    variant = EXPERIMENT.variant
    return [
        (replace(each, variant=replace(each.variant, model=variant.model)), result)
        for each, result in store.list_runs()
    ]


def _read_all(store: RunStore) -> dict[Path, bytes]:
    paths = (path for folder in (store.runs, store.tests) for path in folder.rglob("*"))
    return {path: path.read_bytes() for path in paths if path.is_file()}


@pytest.mark.parametrize("envelope", [{"format": 99}, {"format": "x", "y": []}])
def test_a_format_of_any_other_form_is_a_miss(
    store: RunStore, run: Path, envelope: dict[str, object]
) -> None:
    """Of a later format only its number need be known."""
    (run / RECORD).write_text(json.dumps(envelope))
    found = store.find_results([EXPERIMENT])
    assert ({}, ()) == (found.results, found.rotten)


@pytest.mark.parametrize(
    "text", ["[]", "null", "3", '"text"', "{}", '{"format": NaN}', "[" * 99, "[" * 100_000]
)
def test_json_of_any_other_form_is_rot(store: RunStore, run: Path, text: str) -> None:
    """A record that is something else altogether is damaged, not an error."""
    (run / RECORD).write_text(text)
    found = store.find_results([EXPERIMENT])
    assert {} == found.results


@pytest.mark.parametrize(
    ("place", "odd"),
    [
        (("result", "updates"), "17"),
        (("result", "status"), "better"),
        (("result", "history", 0, "duration_seconds"), "x"),
        (("result", "history"), {}),
        (("settings", "architecture", "layers"), ["a"]),
        (("settings", "training", "epochs"), True),
        (("settings",), None),
        (("seed",), "0"),
    ],
    ids=str,
)
def test_a_sound_record_of_odd_values_is_rot(
    store: RunStore, run: Path, place: tuple[str | int, ...], odd: object
) -> None:
    """Whoever can seal can seal anything: nobody reckons with a number that is a text."""
    content = json.loads((run / RECORD).read_bytes())["content"]
    inner: Any = content
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = odd
    (run / RECORD).write_bytes(seal(content, STORE_FORMAT))
    [told] = store.find_results([EXPERIMENT]).rotten
    assert "(its record has another form)" in told
    assert [] == list(store.list_runs())


@pytest.mark.parametrize("epochs", [(), (1,), (2, 1), (1, 1), (1, 2, 3)])
def test_a_finished_run_has_all_of_its_epochs(
    store: RunStore, run: Path, epochs: tuple[int, ...]
) -> None:
    """A record with a valid digest but another history counts as a miss, and a line says so."""
    whole = {row.epoch: row for row in (*HISTORY, replace(HISTORY[0], epoch=3))}
    broken = replace(RESULT, history=tuple(whole[epoch] for epoch in epochs))
    store.save_run(EXPERIMENT, broken, WEIGHTS)
    found = store.find_results([EXPERIMENT])
    assert {} == found.results
    [told] = found.rotten
    assert "(its history is not that of a finished run); it is trained again" in told
    assert [] == list(store.list_runs())
    assert run.exists()


def test_a_run_that_broke_off_has_any_part_of_its_epochs(store: RunStore) -> None:
    """But its history begins at the first epoch, and leaves none out."""
    for history, is_found in ((HISTORY[:1], True), (HISTORY, True), (HISTORY[1:], False)):
        result = replace(RESULT, status="diverged", history=history, reason="no number")
        store.save_run(EXPERIMENT, result, b"")
        assert is_found == (EXPERIMENT.fingerprint in store.find_results([EXPERIMENT]).results)


def test_a_record_names_the_run_that_it_is_of(store: RunStore) -> None:
    """A sound record of another run's result is not taken for this one's."""
    store.save_run(EXPERIMENT, replace(RESULT, fingerprint="1" * 64), WEIGHTS)
    [told] = store.find_results([EXPERIMENT]).rotten
    assert "(it holds another experiment)" in told


def test_records_are_strict_json(store: RunStore, run: Path) -> None:
    """A number that is none is refused before anything is replaced."""
    broken = replace(RESULT, history=(replace(HISTORY[0], train_loss=float("nan")),))
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.save_run(EXPERIMENT, broken, WEIGHTS)
    assert {EXPERIMENT.fingerprint: RESULT} == store.find_results([EXPERIMENT]).results
    assert b"NaN" not in (run / RECORD).read_bytes()


def _list_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name != ".lock"]


def test_leftovers_are_removed(store: RunStore, run: Path) -> None:
    """What a killed build left half-written disappears; what is complete stays."""
    half = store.runs / f"{files.NEW}{EXPERIMENT.fingerprint}"
    half.mkdir()
    (half / TENSORS).write_bytes(b"half")
    store.save_outcome(OUTCOME)
    (store.tests / f"{files.NEW}x.json").write_bytes(b"half")
    store.make_ready()
    assert [run.name] == _list_names(store.runs)
    assert [f"{EXPERIMENT.fingerprint}.json"] == _list_names(store.tests)


@contextmanager
def _full_disk() -> Iterator[None]:
    def refuse(_descriptor: int, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_write_durably", refuse)
        yield


def test_a_full_disk_leaves_the_old_run(store: RunStore, run: Path) -> None:
    """A disk without room is an error with the path; the run before, and no leftover, stays."""
    with _full_disk(), pytest.raises(EnvironmentFault, match="No space left") as caught:
        store.save_run(EXPERIMENT, replace(RESULT, updates=35), b"")
    assert (ExitCode.ENVIRONMENT, run) == (caught.value.exit_code, caught.value.problems[0].file)
    assert [run.name] == _list_names(store.runs)
    assert {EXPERIMENT.fingerprint: RESULT} == store.find_results([EXPERIMENT]).results
    with _full_disk(), pytest.raises(EnvironmentFault):
        store.save_outcome(OUTCOME)
    assert store.find_outcome(EXPERIMENT.fingerprint) is None


def test_gives_back_what_the_test_split_said(store: RunStore) -> None:
    """An outcome comes back as it was, and others' names do not lead to it."""
    store.save_outcome(OUTCOME)
    assert store.find_outcome(EXPERIMENT.fingerprint) == OUTCOME
    assert store.find_outcome("1" * 64) is None


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_outcomes_are_asked_for_again(store: RunStore, damage: Damage) -> None:
    """A damaged outcome counts as not there."""
    store.save_outcome(OUTCOME)
    file = store.tests / f"{EXPERIMENT.fingerprint}.json"
    file.write_bytes(damage(file.read_bytes()))
    assert store.find_outcome(EXPERIMENT.fingerprint) is None


def test_an_outcome_under_a_wrong_name_is_refused(store: RunStore) -> None:
    """A sound outcome of another run is not taken for this one's."""
    store.save_outcome(OUTCOME)
    shutil.copy(store.tests / f"{EXPERIMENT.fingerprint}.json", store.tests / f"{'1' * 64}.json")
    assert store.find_outcome("1" * 64) is None


def test_outcomes_belong_to_the_weights_that_were_tested(store: RunStore) -> None:
    """Whatever was said of a run that is trained again is forgotten."""
    store.save_outcome(OUTCOME)
    store.save_run(EXPERIMENT, RESULT, WEIGHTS)
    assert store.find_outcome(EXPERIMENT.fingerprint) is None


def test_all_runs_are_listed_but_those_of_others(store: RunStore, run: Path) -> None:
    """Each run comes with its experiment; a damaged one, or another recipe's, is passed over."""
    other = make_experiment(CNN, seed=7)
    store.save_run(other, replace(RESULT, fingerprint=other.fingerprint), b"")
    shutil.copytree(run, store.runs / ("0" * 64))  # a fingerprint of another recipe
    (store.runs / ("1" * 64)).mkdir()
    (store.runs / ("1" * 64) / RECORD).write_bytes((run / RECORD).read_bytes()[:-9])
    listed = {experiment.fingerprint: result for experiment, result in store.list_runs()}
    assert {EXPERIMENT.fingerprint: RESULT, other.fingerprint: listed[other.fingerprint]} == listed
