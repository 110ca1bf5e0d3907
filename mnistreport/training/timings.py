"""What the runs took that are stored, as far as they tell how fast this machine is."""

from collections.abc import Iterable, Iterator
from typing import Final

from mnistreport.study.experiment import Experiment
from mnistreport.training.cost import CostModel, Timing, fit_costs
from mnistreport.training.processor import name_processor
from mnistreport.training.result import RunResult

_DEVICE: Final = "cpu"
"""Only its runs are compared: which GPU this machine has, if any, only torch can say."""

Run = tuple[Experiment, RunResult]


def fit_stored_costs(runs: Iterable[Run], device: str) -> CostModel:
    """Fit costs on the stored runs of this machine's processor; without any they are rough.

    Args:
        runs: All that are stored.
        device: ``auto``, ``cpu`` or ``cuda``, as asked for.
    """
    if device not in {"auto", _DEVICE}:
        return fit_costs(())
    return fit_costs(select_timings(runs, name_processor()))


def select_timings(runs: Iterable[Run], processor: str) -> Iterator[Timing]:
    """Yield what finished runs took that were computed on ``processor``."""
    chosen = [
        (experiment, run)
        for experiment, run in runs
        if run.status == "finished"
        and run.duration_seconds > 0
        and (run.circumstances.device, run.circumstances.processor) == (_DEVICE, processor)
    ]
    images = _count_images(chosen)
    for experiment, run in chosen:
        seconds = run.duration_seconds / len(run.history)
        yield Timing(experiment.variant, images[experiment.split_sha256], seconds)


def _count_images(runs: Iterable[Run]) -> dict[str, int]:
    """Return about how many training images each split has: runs say how many updates they took.

    A number is too large by less than the smallest batch, as the last of an epoch may be smaller.
    """
    images: dict[str, int] = {}
    for experiment, run in runs:
        most = run.updates // len(run.history) * experiment.variant.training.batch_size
        split = experiment.split_sha256
        images[split] = min(most, images.get(split, most))
    return images
