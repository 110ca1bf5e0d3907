"""The benchmark: what it says follows from its timings, and it says what it did not measure."""

import importlib.util
from pathlib import Path

import pytest
import torch

from benchmarks import groups
from benchmarks.page import NO_NOTE, load_notes, render_page
from benchmarks.peers import make_network
from benchmarks.products import count_multiply_adds
from benchmarks.record import Group, load_record, save_record
from benchmarks.rows import Row, make_rows
from benchmarks.scaling import Simulated, simulate_crew
from benchmarks.speed import HERE, main
from mnistreport.study.experiment import (
    Architecture,
    CnnArchitecture,
    MlpArchitecture,
    TrainingSetting,
    Variant,
)
from mnistreport.training.models import make_model


def make_group(samples: dict[str, list[float]]) -> Group:
    """Timings of some machine."""
    return Group("digits", {"processor": "an abacus"}, "2026-01-31", samples)


def find_row(record: dict[str, Group], key: str) -> Row:
    """The row of that key."""
    (row,) = (row for row in make_rows(record) if row.key == key)
    return row


def test_published_page_is_that_of_the_record() -> None:
    """RESULTS.md says what results.json and the notes say, and nothing else."""
    page = render_page(load_record(HERE / "results.json"), load_notes())
    assert page == (HERE / "RESULTS.md").read_text("utf-8")


def test_notes_belong_to_rows() -> None:
    """A reason whose key is misspelt would never be read."""
    assert set() == load_notes().keys() - {row.key for row in make_rows({})}


def test_it_measures_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without skorch and Lightning the usual script is still measured, and the gaps are told."""

    def find_without_peers(name: str) -> object:
        return None if name in {"skorch", "lightning"} else importlib.util.find_spec(name)

    monkeypatch.setattr(groups, "find_spec", find_without_peers)
    page = tmp_path / "QUICK.md"
    words = ["--quick", "--repeats", "1", "--only", "mlp", "--output", str(page)]
    assert 0 == main(words)
    record = load_record(tmp_path / "quick.json")
    assert find_row(record, "mlp_usual").result.endswith("×")
    assert "not measured: not installed" == find_row(record, "mlp_skorch").result
    assert "not measured: not installed" == find_row(record, "mlp_lightning").result
    assert render_page(record, load_notes()) == page.read_text("utf-8")


def test_nothing_measured_is_nothing_met() -> None:
    """Without timings no row has a verdict, and none a number."""
    rows = make_rows({})
    assert {None} == {row.met for row in rows}
    assert all(row.result.startswith("not measured: ") for row in rows)
    assert "not measured: no GPU was at hand" == find_row({}, "gpu_all").result


@pytest.mark.parametrize(("usual", "met"), [(7.9, False), (8.1, True)])
def test_ratio_is_of_medians(usual: float, met: bool) -> None:  # noqa: FBT001 - a parameter
    """One slow repeat decides nothing: the middle one counts."""
    record = {"mlp": make_group({"usual": [usual, 90.0, 1.0], "ours": [2.0, 2.0, 50.0]})}
    row = find_row(record, "mlp_usual")
    assert met == row.met
    assert f"{usual / 2:.2f} ×" == row.result
    assert f"{usual:.2f} s (1.00–90.00)" == row.theirs


def test_reason_stands_beside_an_unmet_target() -> None:
    """A target that is missed is explained, or said to have no explanation."""
    record = {"cnn": make_group({"usual": [1.0], "ours": [1.0]})}
    assert NO_NOTE in render_page(record, {})
    page = render_page(record, {"cnn": "It is all arithmetic."})
    assert "It is all arithmetic." in page
    assert NO_NOTE not in page


@pytest.mark.parametrize(("skorch", "code"), [(0.967, 0), (0.964, 1)])
def test_other_training_fails_it(tmp_path: Path, skorch: float, code: int) -> None:
    """Ways that come to different accuracies are not compared in speed."""
    samples = {"mlp, usual": [0.96, 0.98], "mlp, skorch": [skorch], "mlp, ours": [0.969]}
    save_record({"accuracy": make_group(samples)}, tmp_path / "page.json")
    assert code == main(["--from-json", "--output", str(tmp_path / "PAGE.md")])


def test_multiply_adds_are_those_of_three_passes() -> None:
    """Forward, weights' gradients, and inputs' gradients of all layers but the first."""
    variant = Variant("mlp", MlpArchitecture((128, 64)), TrainingSetting(0.1, 32, 1))
    assert 2 * 784 * 128 + 3 * 128 * 64 + 3 * 64 * 10 == count_multiply_adds(variant)


@pytest.mark.parametrize(
    "architecture",
    [
        MlpArchitecture((32, 16), dropout=0.5, layer_norm=True),
        CnnArchitecture((4, 8), 5, 16, 0.5, layer_norm=True),
    ],
)
def test_peers_train_the_same_network(architecture: Architecture) -> None:
    """The network as it is usually written has our weights, and does the same with them."""
    ours, theirs = make_model(architecture).eval(), make_network(architecture).eval()
    assert architecture.parameters == sum(weight.numel() for weight in theirs.parameters())
    # Theirs flattens maps channel by channel, ours pixel by pixel; equal weights do not notice.
    for weight in (*ours.parameters(), *theirs.parameters()):
        torch.nn.init.constant_(weight, 0.01)
    images = torch.linspace(-1, 1, 5).view(5, 1, 1, 1).expand(5, 1, 28, 28)
    torch.testing.assert_close(ours(images), theirs(images))


def test_a_simulated_crew_takes_what_its_work_takes() -> None:
    """Where nothing else costs time, a crew is as fast as it can be, and its parent idle."""
    one = simulate_crew([3.0, 2.0, 1.0], 1, service=[0.0] * 3, way=0.0)
    assert Simulated(1, seconds=6.0, busy=0.0, ideal=6.0) == one
    two = simulate_crew([3.0, 2.0, 1.0], 2, service=[0.0] * 3, way=0.0)
    assert Simulated(2, seconds=3.0, busy=0.0, ideal=3.0) == two


def test_a_simulated_parent_is_the_limit_in_the_end() -> None:
    """However many there are, results are worked off one by one, and the way takes time."""
    many = simulate_crew([1.0] * 100, 1000, service=[0.5] * 100, way=0.25)
    assert 1.25 + 100 * 0.5 == many.seconds
    assert 50 / many.seconds == many.busy
