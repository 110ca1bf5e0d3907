"""What is logged: a run in the words of every tracker, and the documents of a build."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from mnistreport.errors import disarm
from mnistreport.report.wording import name_experiment
from mnistreport.study.experiment import Experiment
from mnistreport.training.result import RunResult

TEST_ACCURACY = "test_accuracy"

Setting = bool | int | float | str


@dataclass(frozen=True)
class Entry:
    """A run as a tracker is given it.

    Attributes:
        experiment: What was trained.
        result: What came out.
        data: Title of the data set.
        levels: The levels of studies that its variant is, by the study's slug.
        test_accuracy: What the test split said of it, a share; ``None`` unless it is a winner's.
    """

    experiment: Experiment
    result: RunResult
    data: str
    levels: Mapping[str, str]
    test_accuracy: float | None = None

    @property
    def fingerprint(self) -> str:
        """The experiment's."""
        return self.experiment.fingerprint

    @property
    def name(self) -> str:
        """The experiment on part of a line."""
        return disarm(name_experiment(self.experiment))

    @property
    def settings(self) -> dict[str, Setting]:
        """Everything that decided the result, by the names of the manifest; lists as in runs.csv.

        With the name of the model and the title of the data set, for people.
        """
        variant = self.experiment.variant
        fields = asdict(variant.architecture) | asdict(variant.training)
        return {
            "model": variant.model,
            **{name: _flatten(value) for name, value in fields.items()},
            "seed": self.experiment.seed,
            "split_sha256": self.experiment.split_sha256,
            "data": disarm(self.data),
        }

    @property
    def tags(self) -> dict[str, str]:
        """What else is known of it, in words."""
        result, place = self.result, self.result.circumstances
        about = {
            "fingerprint": self.fingerprint,
            "status": result.status,
            "reason": result.reason,
            "torch": place.torch,
            "device": place.device,
            "processor": place.processor,
        }
        about |= {f"study.{slug}": label for slug, label in self.levels.items()}
        return {name: disarm(text) for name, text in about.items() if text}

    @property
    def metrics(self) -> Iterator[tuple[str, float, int]]:
        """Each metric with its value and epoch; those of the whole run with the last epoch."""
        for row in self.result.history:
            values = asdict(row)
            epoch = int(values.pop("epoch"))
            for name, value in values.items():
                yield name, value, epoch
        if history := self.result.history:
            yield "total_duration_seconds", self.result.duration_seconds, history[-1].epoch
            if self.test_accuracy is not None:
                yield TEST_ACCURACY, self.test_accuracy, history[-1].epoch

    def find_times(self, end: float) -> dict[int, float]:
        """Return when each epoch ended if the last did at ``end``, in seconds since 1970.

        Only the time of the updates is known: they are taken to follow each other at once.
        """
        times: dict[int, float] = {}
        for row in reversed(self.result.history):
            times[row.epoch] = end
            end -= row.duration_seconds
        return times

    @cached_property
    def result_sha256(self) -> str:
        """Digest of what came out: trained again, a run may take longer, or end otherwise."""
        return _digest(asdict(self.result))

    @property
    def sha256(self) -> str:
        """Digest of all that is logged."""
        return _digest([self.settings, self.tags, list(self.metrics), self.result_sha256])


@dataclass(frozen=True)
class Documents:
    """What a build wrote.

    Attributes:
        folder: Where it lies.
        files: The files, below ``folder``.
    """

    folder: Path
    files: tuple[Path, ...]

    @cached_property
    def sha256(self) -> str:
        """Digest of names and contents."""
        return _digest(
            [
                [path.relative_to(self.folder).as_posix(), _digest_bytes(path.read_bytes())]
                for path in sorted(self.files)
            ]
        )


def _flatten(value: object) -> Setting:
    if isinstance(value, tuple | list):
        return "-".join(map(str, cast("tuple[object, ...]", value)))
    return value if isinstance(value, bool | int | float) else str(value)


def _digest(value: object) -> str:
    return _digest_bytes(json.dumps(value, sort_keys=True, allow_nan=False).encode())


def _digest_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
