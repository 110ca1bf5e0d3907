"""Many kinds of networks, on any number of workers and in any order: the same bits."""

import json
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from itertools import groupby, product
from pathlib import Path

from mnistreport.data.sources import load_digit_set
from mnistreport.data.split import split_digits
from mnistreport.study.experiment import CnnArchitecture, Experiment, MlpArchitecture
from mnistreport.study.manifest import SplitFractions
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended, Started
from mnistreport.training.executors import train_experiments
from mnistreport.training.workers import Processes
from tests.training.small import SETTING, make_experiment, timeless

SEED = int(os.environ.get("TORTURE_SEED", "21"))
RATES = (0.1, 0.02)
EXPERIMENTS: tuple[Experiment, ...] = (
    # Side by side, up to eight
    *(
        make_experiment(
            MlpArchitecture((32, 16), dropout=0.2), replace(SETTING, learning_rate=rate), seed=seed
        )
        for seed, rate in product(range(4), RATES)
    ),
    *(
        make_experiment(MlpArchitecture((64, 64, 64)), replace(SETTING, batch_size=32), seed=seed)
        for seed in range(3)
    ),
    *(
        make_experiment(MlpArchitecture((128, 64)), replace(SETTING, momentum=0.9), seed=seed)
        for seed in range(2)
    ),
    *(
        make_experiment(MlpArchitecture((16,) * 5), replace(SETTING, weight_decay=0.01), seed=seed)
        for seed in range(2)
    ),
    # Alone: too odd, of layers that are normalised, or convolutional
    make_experiment(MlpArchitecture((10,))),
    make_experiment(MlpArchitecture((24, 24)), replace(SETTING, batch_size=50)),
    make_experiment(MlpArchitecture((32, 32), layer_norm=True)),
    make_experiment(MlpArchitecture((32, 32), dropout=0.4, layer_norm=True), seed=5),
    make_experiment(CnnArchitecture((2,), 3, 4)),
    make_experiment(CnnArchitecture((2,), 3, 4), seed=1),
    make_experiment(CnnArchitecture((4,), 5, 8, dropout=0.5), replace(SETTING, momentum=0.5)),
    make_experiment(CnnArchitecture((4, 8), 3, 16, layer_norm=True)),
    make_experiment(CnnArchitecture((4, 8), 3, 16, dropout=0.3, layer_norm=True), seed=2),
    make_experiment(CnnArchitecture((3,), 3, 5), replace(SETTING, batch_size=22)),
)


def test_neither_their_number_nor_the_order_changes_a_byte(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Workers 1, 2 and 4, each in two orders: histories, weights and predictions are the same."""
    chance = random.Random(SEED)  # noqa: S311 - orders are no secrets
    digits = load_digit_set("digits", project=tmp_path, cache=tmp_path)
    split = split_digits(digits, SplitFractions(0.6, 0.2, 0.2), 0, cache=tmp_path)
    place = WorkPlace(digits.folder, split.folder, split.learning_sizes, "cpu")
    found: list[Mapping[str, bytes]] = []
    orders: list[tuple[str, ...]] = []
    cohorts = 0
    for jobs, is_shuffled in product((1, 2, 4), (False, True)):
        ranks = {each.fingerprint: rank for rank, each in enumerate(EXPERIMENTS, 1)}
        asked = list(EXPERIMENTS)
        if is_shuffled:
            chance.shuffle(asked)
            ranks = {each.fingerprint: chance.randint(1, 99) for each in asked}
        events = list(
            train_experiments(
                asked,
                place,
                Processes(jobs),
                estimate=lambda each, ranks=ranks: float(ranks[each.fingerprint]),
            )
        )
        orders.append(
            tuple(each.experiment.fingerprint for each in events if isinstance(each, Started))
        )
        begun = (isinstance(each, Started) for each in events)
        cohorts += sum(is_begin and len(list(run)) > 1 for is_begin, run in groupby(begun))
        found.append(
            {
                each.result.fingerprint: json.dumps(asdict(timeless(each.result))).encode()
                + each.tensors
                for each in events
                if isinstance(each, Ended) and each.result.status == "finished"
            }
        )
    reference = found[0]
    assert 25 == len(reference)
    for given, shuffled in zip(orders[::2], orders[1::2], strict=True):
        assert given != shuffled, f"TORTURE_SEED={SEED}"
    assert 6 < cohorts
    differing = sum(
        _count_differing(reference[name], other[name]) for other in found for name in reference
    )
    record_property("runs trained on 1, 2 and 4 workers", sum(map(len, found)))
    record_property("bytes compared", sum(len(run) for other in found for run in other.values()))
    record_property("differing bytes", differing)
    assert 0 == differing, f"TORTURE_SEED={SEED}"


def _count_differing(one: bytes, other: bytes) -> int:
    same = sum(a == b for a, b in zip(one, other, strict=False))
    return max(len(one), len(other)) - same
