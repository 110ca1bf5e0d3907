import pytest
import torch
from safetensors.torch import load

from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.errors import EnvironmentFault, ExitCode
from mnistreport.study.experiment import MlpArchitecture
from mnistreport.training.events import EpochDone
from mnistreport.training.models import make_model
from mnistreport.training.processor import name_processor
from mnistreport.training.result import Circumstances
from mnistreport.training.trainer import PREDICTIONS, Trainer, choose_device
from tests.training.small import CNN, make_experiment

needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@pytest.fixture
def trainer(digits: DigitSet, split: Split) -> Trainer:
    """A trainer on the CPU."""
    return Trainer(digits.folder, split.folder, "cpu")


def test_sends_history_weights_and_predictions(trainer: Trainer) -> None:
    """What a worker sends can be loaded into a new network, and tells what it was made with."""
    told: list[EpochDone] = []
    experiment = make_experiment(CNN)
    (ended,) = trainer.train((experiment,), told.append)
    assert (experiment.fingerprint, "finished") == (ended.result.fingerprint, ended.result.status)
    assert [EpochDone(experiment, row) for row in ended.result.history] == told
    assert (
        Circumstances(torch.__version__, "cpu", name_processor(), 1) == ended.result.circumstances
    )
    stored = load(ended.tensors)
    predicted = stored.pop(PREDICTIONS)
    make_model(CNN).load_state_dict(stored)
    right = int((predicted == trainer.validation_digits.labels).sum())
    assert right / len(predicted) == ended.result.history[-1].validation_accuracy


def test_it_works_with_one_thread(digits: DigitSet, split: Split) -> None:
    """However many threads torch would take: sums of several would be added in another order."""
    torch.set_num_threads(2)
    Trainer(digits.folder, split.folder, "cpu")
    assert 1 == torch.get_num_threads()


def test_others_settings_do_not_matter(digits: DigitSet, split: Split) -> None:
    """Whatever else runs in its process set torch otherwise: it trains on one thread, as ever."""
    trainer = Trainer(digits.folder, split.folder, "cpu")
    experiment = make_experiment(CNN)
    (expected,) = trainer.train((experiment,), lambda _done: None)
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(mode=False)
    (found,) = trainer.train((experiment,), lambda _done: None)
    assert (1, True) == (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    assert expected.tensors == found.tensors


def test_a_failure_is_a_result(trainer: Trainer) -> None:
    """A network that no memory can hold is a failed run with a reason on one line."""
    broken = make_experiment(MlpArchitecture((10**12,)))
    (ended,) = trainer.train((broken,), lambda _event: None)
    assert ("failed", (), 0) == (ended.result.status, ended.result.history, ended.result.updates)
    assert "memory" in ended.result.reason
    assert 1 == len(ended.result.reason.splitlines())
    assert b"" == ended.tensors
    (again,) = trainer.train((make_experiment(),), lambda _event: None)
    assert "finished" == again.result.status


@needs_no_gpu
def test_a_gpu_that_is_missing_is_a_fault() -> None:
    """``--device cuda`` on a machine without one ends the command, with what to do instead."""
    with pytest.raises(EnvironmentFault, match="no CUDA device") as caught:
        choose_device("cuda")
    assert ExitCode.ENVIRONMENT == caught.value.exit_code
    assert "--device cpu" in (caught.value.problems[0].next_step or "")


@needs_no_gpu
def test_without_a_gpu_the_processor_trains() -> None:
    """``auto`` takes what there is."""
    assert "cpu" == choose_device("auto").type


def test_the_processor_can_be_insisted_on() -> None:
    """``cpu`` is the CPU, also where there is a GPU."""
    assert "cpu" == choose_device("cpu").type


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_trains_on_a_gpu(digits: DigitSet, split: Split) -> None:
    """Cohorts and single networks are trained where the images are."""
    trainer = Trainer(digits.folder, split.folder, "cuda")
    stacked = tuple(make_experiment(MlpArchitecture((16, 16)), seed=seed) for seed in (0, 1))
    for cohort in (stacked, (make_experiment(CNN),)):
        for ended in trainer.train(cohort, lambda _event: None):
            assert ("finished", "cuda") == (ended.result.status, ended.result.circumstances.device)
