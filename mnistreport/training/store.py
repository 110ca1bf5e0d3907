"""The store of runs: each under its fingerprint, never computed twice, never half there.

    <cache>/runs/<fingerprint>/record.json           settings, history, digests
    <cache>/runs/<fingerprint>/tensors.safetensors   weights, validation predictions
    <cache>/tests/<fingerprint>.json                 what the test split said, if it was asked

Digests detect rot, not forgery: whoever can write here can also write a digest. What another
version of this program wrote in another format stays where it is: beside it, with the number of
this format after the fingerprint, goes what this version writes.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from mnistreport.files import (
    prepare_folder,
    publish_folder,
    read_kept,
    remove_file,
    remove_leftovers,
    replace_file,
)
from mnistreport.study.experiment import Architecture, Experiment, TrainingSetting, Variant
from mnistreport.training.result import PREDICTIONS, FinalOutcome, RunResult
from mnistreport.training.sealing import OtherFormatError, RottenError, seal, unseal_text

_T = TypeVar("_T")

STORE_FORMAT = 1
RECORD, TENSORS = "record.json", "tensors.safetensors"
MOST_BYTES: Final = 64 * 2**20
"""No record, and nothing that the test split said, is longer."""
MOST_TENSORS: Final = 4 * 2**30
"""Bytes; no model that a manifest may ask for has more."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the store knows of some experiments.

    Attributes:
        results: By fingerprint; runs that are missing or rotten are not among them.
        rotten: A sentence for each stored run that could not be trusted.
        other_format: How many are there only as another version of this program wrote them.
    """

    results: dict[str, RunResult]
    rotten: tuple[str, ...]
    other_format: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader is to be told."""
        if not self.other_format:
            return self.rotten
        runs = "1 stored run" if self.other_format == 1 else f"{self.other_format} stored runs"
        told = f"{runs} in the format of another version: kept as it is, and trained again"
        return (*self.rotten, told)


@dataclass(frozen=True, slots=True)
class _Settings:
    architecture: Architecture
    training: TrainingSetting


@dataclass(frozen=True, slots=True)
class _Record:
    """What a record holds; see ``RunStore.save_run``."""

    settings: _Settings
    seed: int
    split: str
    result: RunResult
    tensors_sha256: str

    @property
    def experiment(self) -> Experiment:
        settings = self.settings
        return Experiment(
            Variant("", settings.architecture, settings.training), self.seed, self.split
        )

    def is_of(self, experiment: Experiment) -> bool:
        """Tell whether it is the record of that experiment, which takes no digest to say."""
        variant, settings = experiment.variant, self.settings
        return (
            settings.architecture == variant.architecture
            and settings.training == variant.training
            and (self.seed, self.split) == (experiment.seed, experiment.split_sha256)
            and self.result.fingerprint == experiment.fingerprint
        )

    @property
    def is_whole(self) -> bool:
        """Whether its history is that of its status: every epoch in order, or the first ones."""
        epochs = [row.epoch for row in self.result.history]
        asked = self.settings.training.epochs
        fewest = asked if self.result.status == "finished" else 0
        return fewest <= len(epochs) <= asked and epochs == list(range(1, len(epochs) + 1))


class RunStore:
    """Runs and test outcomes below one cache folder."""

    def __init__(self, cache: Path) -> None:
        self.runs = cache / "runs"
        self.tests = cache / "tests"

    def find_results(self, experiments: Iterable[Experiment]) -> Found:
        """Look ``experiments`` up; every digest is checked."""
        results: dict[str, RunResult] = {}
        rotten: list[str] = []
        others = 0
        for experiment in experiments:
            name = experiment.fingerprint
            try:
                result = self._load_result(experiment)
            except RottenError as error:
                rotten.append(f"stored run {name[:12]} is damaged ({error}); it is trained again")
            except OtherFormatError:
                others += 1
            else:
                if result is not None:
                    results[name] = result
        return Found(results, tuple(rotten), others)

    def mark_run(self, fingerprint: str) -> tuple[tuple[int, int, int], ...]:
        """Return what is another once a stored run's files are: their numbers, sizes and times.

        Nothing if there is no such run.
        """
        folder = self._find_folder(fingerprint)
        with suppress(OSError):
            found = [(folder / name).stat() for name in (RECORD, TENSORS)]
            return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in found)
        return ()

    def list_runs(self) -> Iterator[tuple[Experiment, RunResult]]:
        """Yield every stored run of this version's, with its experiment; weights are not read.

        What cannot be read, or belongs to another recipe, is passed over.
        """
        for path in sorted(self.runs.glob(f"*/{RECORD}")):
            with suppress(OSError, OtherFormatError, RottenError):
                record = _load(_Record, path)
                experiment = record.experiment
                if record.is_whole and self._find_folder(experiment.fingerprint) == path.parent:
                    yield experiment, record.result

    def save_run(self, experiment: Experiment, result: RunResult, tensors: bytes) -> None:
        """Publish a run at once and whole; what was known of an earlier one is forgotten.

        Raises:
            EnvironmentFault: The disk refuses.
        """
        remove_file(self._choose(self.tests / f"{experiment.fingerprint}.json"))
        record = {
            "settings": experiment.variant.settings,
            "seed": experiment.seed,
            "split": experiment.split_sha256,
            "result": asdict(result),
            "tensors_sha256": hashlib.sha256(tensors).hexdigest(),
        }
        files = {RECORD: seal(record, STORE_FORMAT), TENSORS: tensors}
        publish_folder(self._choose(self.runs / experiment.fingerprint, RECORD), files)

    def load_tensors(self, fingerprint: str) -> bytes:
        """Return a run's weights and validation predictions, as safetensors bytes."""
        return read_kept(self._find_folder(fingerprint) / TENSORS, MOST_TENSORS)

    def digest_tensors(self, fingerprint: str) -> str:
        """Return the SHA-256 of a run's weights and validation predictions."""
        return hashlib.sha256(self.load_tensors(fingerprint)).hexdigest()

    def load_arrays(self, fingerprint: str) -> dict[str, NDArray[np.generic]]:
        """Return a run's weights and validation predictions by their names, without torch."""
        from safetensors.numpy import load

        return load(self.load_tensors(fingerprint))

    def load_weights(self, fingerprint: str) -> dict[str, NDArray[np.generic]]:
        """Return a run's weights by the names that torch gave them, without torch."""
        arrays = self.load_arrays(fingerprint)
        return {name: each for name, each in arrays.items() if name != PREDICTIONS}

    def load_predictions(self, fingerprint: str) -> NDArray[np.uint8]:
        """Return a run's predictions on the validation split, uint8 (n,), without torch."""
        return self.load_arrays(fingerprint)[PREDICTIONS].astype(np.uint8, copy=False)

    def find_outcome(self, fingerprint: str) -> FinalOutcome | None:
        """Return what the test split said of a run, if it was asked and the answer is sound."""
        try:
            outcome = _load(FinalOutcome, _find(self.tests / f"{fingerprint}.json"))
        except (OSError, OtherFormatError, RottenError):
            return None
        return outcome if outcome.fingerprint == fingerprint else None

    def save_outcome(self, outcome: FinalOutcome) -> None:
        """Keep what the test split said of a run.

        Raises:
            EnvironmentFault: The disk refuses.
        """
        file = self._choose(self.tests / f"{outcome.fingerprint}.json")
        replace_file(file, seal(asdict(outcome), STORE_FORMAT))

    def make_ready(self) -> None:
        """Remove what a killed build left half-written, and see that runs can be stored.

        Raises:
            EnvironmentFault: They cannot.
        """
        prepare_folder(self.runs)
        remove_leftovers(self.tests)

    def _find_folder(self, fingerprint: str) -> Path:
        return _find(self.runs / fingerprint)

    @staticmethod
    def _choose(place: Path, file: str = "") -> Path:
        """Return where this version writes: at ``place``, unless another version's is there."""
        if (found := _find(place)) != place:
            return found
        with suppress(OSError, RottenError):
            try:
                unseal_text(read_kept(place / file, MOST_BYTES), STORE_FORMAT)
            except OtherFormatError:
                return _beside(place)
        return place

    def _load_result(self, experiment: Experiment) -> RunResult | None:
        folder = self._find_folder(experiment.fingerprint)
        try:
            record = _load(_Record, folder / RECORD)
            tensors = self.load_tensors(experiment.fingerprint)
        except FileNotFoundError:
            if folder.exists():
                msg = "a file is missing"
                raise RottenError(msg) from None
            return None
        except OSError as error:
            msg = f"it cannot be read: {error.strerror or error}"
            raise RottenError(msg) from error
        if not record.is_of(experiment):
            msg = "it holds another experiment"
            raise RottenError(msg)
        if not record.is_whole:
            msg = f"its history is not that of a {record.result.status} run"
            raise RottenError(msg)
        if record.tensors_sha256 != hashlib.sha256(tensors).hexdigest():
            msg = "its weights have changed"
            raise RottenError(msg)
        return record.result


def _beside(place: Path) -> Path:
    """Return where this version keeps something if another version's is at ``place``."""
    return place.with_name(f"{place.stem}-{STORE_FORMAT}{place.suffix}")


def _find(place: Path) -> Path:
    """Return where this version looks for something."""
    beside = _beside(place)
    return beside if beside.exists() else place


def _load(kind: type[_T], file: Path) -> _T:
    """Read what was sealed; a number in quotes is no number.

    Raises:
        OSError: It cannot be read.
        OtherFormatError: It is of another format.
        RottenError: It is not what was sealed, or has another form.
    """
    content = unseal_text(read_kept(file, MOST_BYTES), STORE_FORMAT)
    try:
        return _reader_of(kind).validate_json(content, strict=True)
    except ValueError as error:
        msg = "its record has another form"
        raise RottenError(msg) from error


@cache
def _reader_of(kind: type[_T]) -> TypeAdapter[_T]:
    return TypeAdapter(kind)
