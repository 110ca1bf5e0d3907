"""Histories that somebody else wrote: read, found to be an experiment, or refused."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnistreport.errors import DataError, ManifestError
from mnistreport.report.notices import remark_imports
from mnistreport.study.cells import guard_text
from mnistreport.study.expansion import expand_variants
from mnistreport.study.loading import load_manifest
from mnistreport.training import imports, patterns
from mnistreport.training.histories import MOST_BYTES, MOST_LOSS, Faults, read_histories
from mnistreport.training.imports import ImportedHistory, import_histories
from mnistreport.training.loop import LARGEST_LOSS

MANIFEST: Final = """\
[training]
learning_rate = 0.01
epochs = 2
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 16

[models.cnn]
kind = "cnn"
channels = [2]
dense = 4

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.1, 0.01]

[[studies]]
name = "depth"
model = "mlp"
variants = [{ label = "steps", layers = [16, 8] }, { label = "norm", layer_norm = true }]

[[runs]]
import = "h/*.csv"
"""
HEADER: Final = "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy"
ROWS: Final = ("1,2.0,0.4,2.1,0.3", "2,1.0,0.8,1.1,0.7")
PLAIN: Final = "\n".join((HEADER, *ROWS)) + "\n"


def make_table(columns: str = "", cells: str = "", *, header: str = HEADER) -> str:
    """Return one history, with more columns that say the same in every row."""
    extra = f",{columns}" if columns else ""
    return "".join(
        f"{line}{more}\n"
        for line, more in ((header, extra), *((row, cells and f",{cells}") for row in ROWS))
    )


def read(
    folder: Path, files: Mapping[str, str | bytes], more: str = "", manifest: str = MANIFEST
) -> list[ImportedHistory]:
    """Import files, with ``more`` in their ``[[runs]]``."""
    (folder / "experiments.toml").write_text(manifest + more, encoding="utf-8")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(import_histories(load_manifest(folder / "experiments.toml")))


def refuse(folder: Path, files: Mapping[str, str | bytes], more: str = "") -> list[str]:
    """Return what is wrong with files, each with its place."""
    with pytest.raises(DataError) as caught:
        read(folder, files, more)
    return [str(each).replace(f"{folder}/", "") for each in caught.value.problems]


def test_a_file_and_its_entry_say_whose_run_it_is(tmp_path: Path) -> None:
    """What neither says is the baseline's, and numbers are read as they stand."""
    (found,) = read(tmp_path, {"h/a.csv": PLAIN}, 'model = "mlp"\nseed = 1\nlearning_rate = 0.1\n')
    assert ("mlp", (16, 16), 0.1, 1) == (
        found.variant.model,
        found.variant.architecture.sizes,
        found.variant.training.learning_rate,
        found.seed,
    )
    run = found.make_run("5" * 64)
    assert [(1, 2.0, 0.4, 2.1, 0.3), (2, 1.0, 0.8, 1.1, 0.7)] == [
        (r.epoch, r.train_loss, r.train_accuracy, r.validation_loss, r.validation_accuracy)
        for r in run.history
    ]
    assert ("h/a.csv", 2, None, None) == (run.file, run.line, run.updates, run.duration_seconds)


def test_a_file_may_hold_several_runs(tmp_path: Path) -> None:
    """Rows are put together by the columns that tell runs apart; an empty cell says nothing."""
    header = f"model,seed,layers,layer_norm,{HEADER},duration_seconds"
    runs = ("mlp,0,,", "mlp,1,16-8,", "mlp,0,,True", "cnn,1,,")
    rows = [f"{run},{row},0.5" for row in ROWS for run in runs]  # epoch by epoch
    content = "\ufeff" + "\r\n".join((header, *rows, "", ""))
    found = read(tmp_path, {"h/all.csv": content}, "learning_rate = 0.01\n")
    assert [
        ("mlp", (16, 16), False, 0),
        ("mlp", (16, 8), False, 1),
        ("mlp", (16, 16), True, 0),
        ("cnn", (2, 4), False, 1),
    ] == [
        (e.variant.model, e.variant.architecture.sizes, e.variant.architecture.layer_norm, e.seed)
        for e in found
    ]
    assert [1.0] * 4 == [each.make_run("").duration_seconds for each in found]


def test_what_a_file_says_counts_more_than_its_entry(tmp_path: Path) -> None:
    """An entry fills in what a file lacks, and nothing else; ``layers`` says both sizes."""
    table = make_table("seed,layers", "0,16-8")
    (found,) = read(tmp_path, {"h/a.csv": table}, 'seed = 1\nneurons = 32\nmodel = "mlp"\n')
    assert (0, (16, 8)) == (found.seed, found.variant.architecture.sizes)


@pytest.mark.parametrize(
    ("column", "more", "expected"),
    [
        ("neurons", "", "do not say hidden_layers: the baseline's, 2, is taken"),
        ("hidden_layers", "", "do not say neurons: the baseline's, 16, is taken"),
        ("neurons", "hidden_layers = 2\n", ""),
        ("learning_rate", "neurons = 16\n", "do not say hidden_layers"),
        ("dropout", "", ""),
    ],
)
def test_a_size_that_is_inferred_is_told(
    tmp_path: Path, column: str, more: str, expected: str
) -> None:
    """If only one of width and depth is given, a remark says what was taken for the other."""
    value = {"neurons": "16", "hidden_layers": "2", "learning_rate": "0.1", "dropout": "0"}[column]
    entry = 'model = "mlp"\nseed = 0\n'
    said, *remarks = remark_imports(
        read(tmp_path, {"h/a.csv": make_table(column, value)}, entry + more)
    )
    assert "1 run imported, and not checked" == said
    assert bool(expected) == bool(remarks)
    assert all(f"h/a.csv and [[runs]] {expected}" in each for each in remarks)


def test_nothing_imported_is_nothing_remarked() -> None:
    """A project without imports is told nothing of them."""
    assert [] == [*remark_imports([])]


def test_epochs_of_another_report_are_read(tmp_path: Path) -> None:
    """The program's own ``epochs.csv`` says by its columns which runs it holds."""
    (tmp_path / "experiments.toml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "h").mkdir()
    (tmp_path / "h/a.csv").write_text(PLAIN)
    variants = expand_variants(load_manifest(tmp_path / "experiments.toml"))
    start = "fingerprint,model,variant,seed"
    rows = [f"{'0' * 64},{v.model},{v.key},1,{row}" for v in variants for row in ROWS]
    content = "\n".join((f"{start},{HEADER}", *rows))
    found = read(tmp_path, {"h/a.csv": content})
    assert [*variants] == [each.variant for each in found]


def test_a_guarded_name_is_read(tmp_path: Path) -> None:
    """What keeps a spreadsheet from computing a model's name in ``epochs.csv`` is no part of it."""
    manifest = MANIFEST.replace("models.mlp", "models.-mlp")
    manifest = manifest.replace('model = "mlp"', 'model = "-mlp"')
    table = make_table("model,seed", f"{guard_text('-mlp')},0")
    (found,) = read(tmp_path, {"h/a.csv": table}, manifest=manifest)
    assert ("'-mlp", "-mlp") == (guard_text("-mlp"), found.variant.model)


CASES: Final[Mapping[str, tuple[str, str]]] = {
    "percent": (
        PLAIN.replace("0.8", "80.0"),
        "h/a.csv:3: train_accuracy: is 80.0, but must be a share from 0 to 1: divide by 100",
    ),
    "percent sign": (
        PLAIN.replace("0.8", "80 %"),
        "h/a.csv:3: train_accuracy: is 80 %, but must be a share from 0 to 1: divide by 100",
    ),
    "accuracy": (PLAIN.replace("0.8", "-0.8"), "h/a.csv:3: train_accuracy: is -0.8, but must be"),
    "loss below 0": (PLAIN.replace("2.1", "-2.1"), "h/a.csv:2: validation_loss: is -2.1, but no"),
    "loss of nan": (PLAIN.replace("2.1", "NaN"), "h/a.csv:2: validation_loss: “NaN”: a run that"),
    "loss too large": (PLAIN.replace("2.1", "1e9"), "above 100 nats a run has diverged"),
    "formula": (PLAIN.replace("2.1", "=1+1"), "h/a.csv:2: validation_loss: “=1+1” is no number"),
    "empty cell": (PLAIN.replace("2.1", ""), "h/a.csv:2: validation_loss: an empty cell is no"),
    "underscore": (PLAIN.replace("2.1", "2_1"), "“2_1” is no number"),
    "other digits": (PLAIN.replace("2.1", "٢"), "“٢” is no number"),
    "gap": (PLAIN.replace("\n2,", "\n3,"), "h/a.csv:3: epoch: is 3, but epoch 2 of this run"),
    "twice": (PLAIN.replace("\n2,", "\n1,"), "h/a.csv:3: epoch: is 1, but epoch 2 of this run"),
    "epoch": (PLAIN.replace("\n2,", "\n2.0,"), "h/a.csv:3: epoch: “2.0” is no whole number"),
    "unfinished": (
        "\n".join(PLAIN.splitlines()[:2]),
        "h/a.csv:2: epoch: the run ends after epoch 1 of 2",
    ),
    "too long": (PLAIN + "3,1.0,0.8,1.1,0.7\n", "h/a.csv:4: epoch: the run has 3 epochs, and"),
    "ragged": (PLAIN.replace(",0.7", ""), "h/a.csv:3: the row has 4 cells, not 5"),
    "column missing": (PLAIN.replace("train_loss", "loss"), "train_loss: this column is missing"),
    "column unknown": (
        make_table("learning_rat", "0.1"),
        "h/a.csv:1: learning_rat: unknown column; did you mean `learning_rate`?",
    ),
    "column twice": (make_table("neurons,neurons", "16,16"), "neurons: this column is there twice"),
    "no row": (f"{HEADER}\n", "h/a.csv: has no row"),
    "nothing": ("", "train_loss: this column is missing"),
    "semicolons": (PLAIN.replace(",", ";"), "h/a.csv:1: its columns are not separated by commas"),
    "quote": (PLAIN.replace("2.1", '"2.1'), "is no table: unexpected end of data"),
    "zero byte": (PLAIN.replace("2.1", "2\0"), "h/a.csv:2: holds a zero byte"),
    "some times": (
        PLAIN.replace(HEADER, f"{HEADER},duration_seconds")
        .replace("0.3\n", "0.3,1.5\n")
        .replace("0.7\n", "0.7,\n"),
        "duration_seconds: tells the time of some epochs, but not of all",
    ),
    "model": (make_table("model", "cn"), 'h/a.csv:2: model: there is no model "cn"; did you'),
    "field of another": (make_table("model,dense", "mlp,4"), "a model of kind mlp has no such"),
    "seed": (make_table("seed", "7"), "is none of the manifest's seeds: 0, 1"),
    "value": (make_table("neurons", "many"), 'neurons: is "many", but must be a whole number'),
    "both sizes": (make_table("layers,neurons", "8-8,8"), "layers: leaves open which layers"),
    "variant": (make_table("variant", "abc"), 'variant: "abc" is no variant of mlp'),
    "variant and field": (make_table("variant,dropout", "abc,0.5"), "says this already"),
    "setting": (
        make_table("learning_rate", "0.2"),
        "is like this run; the nearest has learning_rate 0.1, not 0.2",
    ),
    "layers": (make_table("layers", "16-4"), "the nearest has layers 16-8, not 16-4"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, case: str) -> None:
    """One mistake is one line, with file, line and column; no run is taken for another."""
    content, expected = CASES[case]
    told = refuse(tmp_path, {"h/a.csv": content}, 'model = "mlp"\nseed = 0\n')
    assert [line for line in told if expected in line], told


def test_model_and_seed_have_to_be_said(tmp_path: Path) -> None:
    """Where there are several, neither is guessed; both are asked for at once."""
    told = refuse(tmp_path, {"h/a.csv": PLAIN})
    assert [
        "h/a.csv:2: seed: which seed this run had is not told",
        "h/a.csv:2: model: which model this run is of is not told",
    ] == told


def test_everything_is_told_together(tmp_path: Path) -> None:
    """Mistakes of all files are one answer, in the files' order."""
    files = {f"h/{name}.csv": make_table("seed", "0").replace("0.8", "8") for name in "ab"}
    files["h/c.csv"] = make_table("seed,learning_rate", "0,3")
    told = refuse(tmp_path, files, 'model = "mlp"\n')
    assert ["h/a.csv:3", "h/b.csv:3", "h/c.csv:2"] == [":".join(e.split(":")[:2]) for e in told]


def test_one_experiment_comes_from_one_place(tmp_path: Path) -> None:
    """Two histories of one run are both named, whichever files, entries or names they come by."""
    table = make_table("seed", "0")
    files = {"h/a.csv": table, "h/b.csv": table}
    (told,) = refuse(tmp_path, files, 'model = "mlp"\n')
    assert told.startswith("h/b.csv:2: this is the same run as in h/a.csv:2")
    (told,) = refuse(tmp_path, {}, 'model = "mlp"\n[[runs]]\nimport = "h/a.csv"\nmodel = "mlp"\n')[
        :1
    ]
    assert "h/a.csv:2" in told


def test_at_most_a_hundred_problems_are_told(tmp_path: Path) -> None:
    """A file that was meant for something else does not fill the screen, nor take for ever."""
    told = refuse(tmp_path, {"h/a.csv": f"{HEADER}\n" + "x,x,x,x,x\n" * 10_000})
    assert 101 == len(told)


def test_hostile_files_are_refused(tmp_path: Path) -> None:
    """What is no text of a size that histories have, or no file, is told and not waited for."""
    (tmp_path / "h").mkdir()
    os.mkfifo(tmp_path / "h/pipe.csv")
    (tmp_path / "h/folder.csv").mkdir()
    with (tmp_path / "h/large.csv").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    told = refuse(tmp_path, {"h/latin.csv": PLAIN.encode() + b"\xe9"})
    assert [
        "h/folder.csv: cannot be read: is no regular file",
        f"h/large.csv: cannot be read: is longer than {MOST_BYTES:,} bytes",
        "h/latin.csv:4: is not UTF-8 text",
        "h/pipe.csv: cannot be read: is no regular file",
    ] == told


def refuse_pattern(folder: Path, files: Mapping[str, str | bytes]) -> str:
    """Return why a manifest's pattern is refused."""
    with pytest.raises(ManifestError) as caught:
        read(folder, files)
    (problem,) = caught.value.problems
    assert ("runs[0].import", 27) == (problem.key, problem.line)
    return problem.reason


def test_a_pattern_matches_files_of_the_project(tmp_path: Path) -> None:
    """A pattern that matches nothing is a mistake, and a link leads to no other place."""
    assert "no file of this name" in refuse_pattern(tmp_path, {})
    outside = tmp_path / "outside.csv"
    outside.write_text(PLAIN)
    project = tmp_path / "project"
    (project / "h").mkdir(parents=True)
    (project / "h/a.csv").symlink_to(outside)
    assert "leads out of the manifest's folder" in refuse_pattern(project, {})
    (project / "h/a.csv").unlink()
    assert "cannot stand in a table" in refuse_pattern(project, {"h/a\x1b[2J.csv": PLAIN})


def test_a_folder_of_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files have a limit together, as each has by itself."""
    monkeypatch.setattr(imports, "MOST_BYTES", len(PLAIN) * 2 - 1)
    files = {"h/a.csv": PLAIN, "h/b.csv": PLAIN}
    assert "all files together are larger" in refuse_pattern(tmp_path, files)
    monkeypatch.setattr(imports, "MOST_FILES", 1)
    assert "more than 1 files" in refuse_pattern(tmp_path, files)


def import_by(pattern: str) -> str:
    """Return a manifest whose runs are found by another pattern."""
    return MANIFEST.replace("h/*.csv", pattern)


def test_a_pattern_follows_no_link_to_a_folder(tmp_path: Path) -> None:
    """Links in a circle are told at once, with the line and what to do; none is walked through."""
    for name in "abcdef":
        (tmp_path / name).symlink_to(tmp_path)
    pattern = "/".join(["*"] * 15) + "/x.csv"
    began = time.monotonic()
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, {}, manifest=import_by(pattern))
    assert time.monotonic() - began < 1
    (problem,) = caught.value.problems
    assert ("runs[0].import", 27) == (problem.key, problem.line)
    assert "no file of this name" in problem.reason
    assert "is a link to a folder, which no pattern follows" in str(problem.next_step)


@pytest.mark.parametrize("wide", ["files", "folders", "entries", "depth"])
def test_a_search_has_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wide: str) -> None:
    """Many names, nested folders, or many patterns: one line, with the next step."""
    monkeypatch.setattr(patterns, "MOST_VISITED", 100)
    (tmp_path / "h").mkdir()
    pattern, more = "h/*/*/*.csv", ""
    if wide == "files":
        pattern = "h/*.csv"
        for number in range(101):
            (tmp_path / f"h/{number}.txt").touch()
    elif wide == "folders":
        for number in range(101):
            (tmp_path / f"h/{number // 10}/{number}").mkdir(parents=True)
    elif wide == "entries":
        pattern = "h/a.csv"
        (tmp_path / pattern).write_text(PLAIN)
        more = '[[runs]]\nimport = "h/?.csv"\n' * 50
    else:
        pattern = "h/" * 30 + "*.csv"
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, {}, more, manifest=import_by(pattern))
    (problem,) = caught.value.problems
    found = "more than 20 folders" if wide == "depth" else "more than 100 files and folders"
    assert found in problem.reason
    assert "name the folders themselves" in str(problem.next_step)
    assert problem.line


def test_patterns_match_as_in_a_shell(tmp_path: Path) -> None:
    """Each part of a pattern is held against one name; what is hidden is not matched by ``*``."""
    table = make_table("model,seed", "mlp,0")
    files = {"h/one/a.csv": table, "h/one/b.txt": table, "h/.hidden/c.csv": table}
    files |= {"h/.d.csv": table, "h/e.csv": table}
    for pattern, expected in {
        "h/*/*.csv": ["h/one/a.csv"],
        "*/?.csv": ["h/e.csv"],
        "h/[e-f].csv": ["h/e.csv"],
        "h/one/a.csv": ["h/one/a.csv"],
    }.items():
        found = read(tmp_path, files, manifest=import_by(pattern))
        assert expected == [each.history.name for each in found], pattern


def test_a_named_folder_may_be_a_link_inside_the_project(tmp_path: Path) -> None:
    """A folder that a pattern names is looked into; one that leads out is told."""
    table = make_table("model,seed", "mlp,0")
    project = tmp_path / "project"
    (project / "real").mkdir(parents=True)
    (project / "h").symlink_to(project / "real")
    (found,) = read(project, {"real/a.csv": table})
    assert "h/a.csv" == found.history.name
    (project / "h").unlink()
    (project / "h").symlink_to(tmp_path / "other")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.csv").write_text(table)
    assert "leads out of the manifest's folder" in refuse_pattern(project, {})


def test_a_loss_that_diverged_is_the_same_here_as_in_training() -> None:
    """What the training loop calls diverged cannot be imported as finished."""
    assert LARGEST_LOSS == MOST_LOSS


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from([*ROWS, HEADER, "3,nan,1,1,1", '"', ",,,,", "\0", "1e999,1,1,1,1"]),
            max_size=5,
        ).map(lambda rows: "\n".join((HEADER, *rows)).encode()),
    )
)
def test_whatever_a_file_holds_it_is_a_history_or_refused(tmp_path: Path, content: bytes) -> None:
    """Nothing but a complaint comes of a file that is none, and no number out of its range."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    faults = Faults()
    try:
        found = read_histories(path, "a.csv", faults)
        faults.raise_if_any()
    except DataError:
        return
    for row in (row for history in found for row in history.rows):
        assert 0 <= row.train_accuracy <= 1
        assert 0 <= row.validation_loss < MOST_LOSS
