import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from mnistreport.errors import ExitCode, ManifestError
from mnistreport.study.loading import load_manifest
from tests.study.manifests import DEFAULT_MANIFEST, SMALL_MANIFEST, Load, change, with_variants

# --- What is right ----------------------------------------------------------------------------


def test_defaults_are_filled_in(load: Load) -> None:
    """A manifest of a model and a study is enough."""
    manifest = load(
        '[models.m]\nkind = "cnn"\n'
        '[[studies]]\nname = "s"\nmodel = "m"\nfactor = "kernel_size"\nlevels = [5, 1]\n'
    )
    assert (0, 1, 2) == manifest.seeds
    assert ("auto", 0) == (manifest.data.source, manifest.data.seed)
    assert not manifest.combine
    assert "s" == manifest.studies[0].title
    baseline = manifest.baselines["m"]
    assert 1 == baseline.line
    assert {
        "kind": "cnn",
        "dropout": 0.0,
        "layer_norm": False,
        "channels": (16, 32),
        "kernel_size": 3,
        "dense": 128,
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "momentum": 0.0,
        "weight_decay": 0.0,
        "batch_size": 64,
        "epochs": 20,
    } == baseline.fields


def test_models_override_training(load: Load) -> None:
    """What [training] says holds for the models that do not say otherwise."""
    manifest = load(change("neurons = 16", "learning_rate = 1\nlayers = [8, 4]"))
    baseline = manifest.baselines["mlp"]
    assert (1.0, 2) == (baseline.variant.training.learning_rate, baseline.variant.training.epochs)
    assert (8, 4) == baseline.variant.architecture.sizes == baseline.fields["layers"]
    assert not {"hidden_layers", "neurons"} & baseline.fields.keys()


def test_the_zip_holds_what_the_notebook_reads_unless_there_is_a_list(load: Load) -> None:
    """Weights of each model, used or not; a list is taken as it stands, also an empty one."""
    table = '\n[models.cnn_2]\nkind = "cnn"\n\n[submission]\n'
    tables = ("runs.csv", "epochs.csv", "levels.csv")
    weights = ("best_mlp.safetensors", "best_cnn_2.safetensors")
    assert (*tables, *weights) == load(SMALL_MANIFEST + table).submission.include
    assert (*tables, weights[0]) == load(SMALL_MANIFEST).submission.include
    for given, expected in (("[]", ()), ('["runs.csv"]', ("runs.csv",))):
        loaded = load(f"{SMALL_MANIFEST}{table}include = {given}\n")
        assert expected == loaded.submission.include


def test_numeric_levels_ascend_and_the_baseline_is_among_them(load: Load) -> None:
    """The baseline is always one of a study's levels, whether or not the manifest lists it."""
    study = load(change("levels = [0.1, 0.01]", "levels = [1, 0.1]")).studies[0]
    assert [0.01, 0.1, 1.0] == [level.value for level in study.levels]
    assert ["0.01", "0.1", "1"] == [level.label for level in study.levels]
    assert [True, False, False] == [level.is_baseline for level in study.levels]
    assert [{}, {"learning_rate": 0.1}, {"learning_rate": 1.0}] == [
        level.fields for level in study.levels
    ]


def test_flags_can_be_studied(load: Load) -> None:
    """A flag has two levels, off and on."""
    text = change("[0.1, 0.01]", "[true, false]").replace('"learning_rate"', '"layer_norm"')
    levels = load(text).studies[0].levels
    assert [("off", False, True), ("on", True, False)] == [
        (level.label, level.value, level.is_baseline) for level in levels
    ]


def test_named_variants_keep_their_order_and_know_the_baseline(load: Load) -> None:
    """The variant that changes nothing, in whatever words, is the baseline."""
    manifest = load(
        with_variants(
            '{ label = "b", layers = [8] }, { label = "a", dropout = 0, layers = [16, 16] }'
        )
    )
    one, other = manifest.studies[0].levels
    assert (("b", None, False), ("a", None, True)) == (
        (one.label, one.value, one.is_baseline),
        (other.label, other.value, other.is_baseline),
    )
    assert ({"layers": (8,)}, {}) == (one.fields, other.fields)
    assert other.variant == manifest.baselines["mlp"].variant


def test_baseline_is_put_before_variants_that_all_differ(load: Load) -> None:
    """There is nothing to compare with otherwise."""
    study = load(with_variants('{ label = "a", dropout = 0.1 }, { label = "b", dropout = 0.2 }'))
    levels = study.studies[0].levels
    assert ["baseline", "a", "b"] == [level.label for level in levels]
    assert [True, False, False] == [level.is_baseline for level in levels]


def test_a_rate_that_diverges_is_a_result(load: Load) -> None:
    """1e6 is a learning rate like any other."""
    levels = load(change("[0.1, 0.01]", "[1e6, 0.01]")).studies[0].levels
    assert "1000000" == levels[1].label


def test_names_in_any_script_are_welcome(load: Load) -> None:
    """Titles and names are the user's, in the user's language."""
    # Scripts that join letters need a character that Python does not call printable.
    title = "\u0915\u094d\u200d\u0937 <script>"
    manifest = load(change('name = "rate"', f'name = "学習率"\ntitle = "{title}"'))
    assert ("学習率", title) == (manifest.studies[0].name, manifest.studies[0].title)
    assert manifest.studies[0].slug.startswith("study-")


def test_byte_order_mark_and_line_ends_change_nothing(tmp_path: Path) -> None:
    """Files that were edited on any system are read alike."""
    text = DEFAULT_MANIFEST.read_text(encoding="utf-8")
    manifests: list[Mapping[str, object]] = []
    for name, content in {
        "plain": text.encode(),
        "windows": b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        loaded = load_manifest(path)
        manifests.append(
            {key: getattr(loaded, key) for key in ("baselines", "studies", "report", "rubric")}
        )
    assert manifests[0] == manifests[1]


# --- What cannot be read ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"[data]\nseed = \n", 2, "column 8"),
        (b'[data]\nsource = "x\n', 2, "closing quotation mark"),
        (b"[data]\nseed = 1\nseed = 2\n", 3, "second time"),
        (b"[data]\n\n[data]\n", 3, "second time"),
        (b"a = [1,\n", 2, "column 1"),
        (b"[data]\nsource = '\xff'\n", 2, "byte 0xff is not UTF-8"),
        (b"\xef\xbb\xbf[data]\r\nsource = '\xff'\r\n", 2, "byte 0xff is not UTF-8"),
        ("[data]\n".encode("utf-16"), 1, "not UTF-8"),
        (b"\na = " + b"9" * 5000, 2, "longer than 200 characters"),
        (b"\na = " + b"[" * 5000, 2, "nested deeper than 32"),
        (b"a = [\n" + b"[],\n" * 20_000 + b"]", 20_000, "20,000 keys and values"),
        (b"#" * (2**18 + 1), None, "longer than 256 KiB"),
    ],
)
def test_unreadable_files_are_one_sentence(
    tmp_path: Path, content: bytes, line: int | None, words: str
) -> None:
    """A syntax error has its line and column; nothing else is guessed at."""
    path = tmp_path / "experiments.toml"
    path.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    (problem,) = caught.value.problems
    assert (path, line) == (problem.file, problem.line)
    assert words in problem.reason
    assert "\n" not in str(caught.value)
    assert ExitCode.USAGE == caught.value.exit_code


def test_missing_manifest_has_a_next_step(tmp_path: Path) -> None:
    """Somebody in the wrong folder learns how to begin."""
    with pytest.raises(ManifestError) as caught:
        load_manifest(tmp_path / "experiments.toml")
    assert "run: mnistreport init" == caught.value.problems[0].next_step


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A pipe would wait for ever, a device never end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    names = (tmp_path / "pipe", tmp_path / "link")
    for path in (tmp_path, *names, Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(ManifestError):
            load_manifest(path)
