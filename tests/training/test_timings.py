from dataclasses import replace

from mnistreport.study.experiment import Experiment, MlpArchitecture, TrainingSetting, Variant
from mnistreport.training.result import Circumstances, EpochRow, RunResult
from mnistreport.training.timings import select_timings

HERE = Circumstances("2.9", "cpu", "a processor", 1)


def _run(
    batch_size: int, *, split: str = "5" * 64, images: int = 1000
) -> tuple[Experiment, RunResult]:
    """Make a finished run of two epochs, of one second and of three."""
    variant = Variant("mlp", MlpArchitecture((8,)), TrainingSetting(0.1, batch_size, 2))
    history = tuple(EpochRow(epoch, 1, 0.5, 1, 0.5, 2 * epoch - 1) for epoch in (1, 2))
    experiment = Experiment(variant, 0, split)
    updates = 2 * -(-images // batch_size)
    return experiment, RunResult(experiment.fingerprint, "finished", history, updates, "", HERE)


def test_a_run_gives_its_mean_epoch() -> None:
    """An epoch takes the mean over a run's epochs, measuring left out."""
    (timing,) = select_timings([_run(64)], "a processor")
    assert 2 == timing.epoch_seconds


def test_runs_of_other_machines_do_not_count() -> None:
    """Another processor, a GPU, and what did not finish say nothing about this machine."""
    experiment, run = _run(64)
    others = [
        replace(run, circumstances=replace(HERE, processor="another")),
        replace(run, circumstances=replace(HERE, device="cuda")),
        replace(run, status="diverged"),
        replace(run, status="failed", history=()),
    ]
    assert [] == list(select_timings([(experiment, each) for each in others], "a processor"))


def test_images_are_counted_by_updates() -> None:
    """The smallest batch tells best how many images a split has, each split for itself."""
    runs = [_run(512), _run(30), _run(7, split="6" * 64, images=70)]
    found = [timing.images for timing in select_timings(runs, "a processor")]
    assert [1020, 1020, 70] == found
