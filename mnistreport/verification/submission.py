"""A submission as a whole: every check of one file, from its name to its weights."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, cast, get_args

from pydantic import ValidationError

from mnistreport.data.dataset import DigitSet
from mnistreport.data.files import printable
from mnistreport.data.split import split_digits
from mnistreport.errors import DataError
from mnistreport.isolation import Limits
from mnistreport.search_path import distrust_folder
from mnistreport.study.naming import explain_misnamed
from mnistreport.verification.archive import explain_unread
from mnistreport.verification.evaluation import TOLERANCE, evaluate_weights
from mnistreport.verification.inspection import ARCHIVE, INSPECTED, Inspection
from mnistreport.verification.isolation import Tell, ask_isolated
from mnistreport.verification.verdict import Check, State, Verdict
from mnistreport.verification.weights import About

NAME: Final = "name"
TEST: Final = "test accuracy"
READING: Final = Limits(seconds=60, memory=2**30, modules=("nbformat", "pypdf"))
"""What looking through a zip may take; a usual one takes a tenth of either."""
EVALUATING: Final = Limits(seconds=300, memory=4 * 2**30, modules=("mnistreport.training.testing",))
"""What trying the weights of a zip may take."""


def verify_submission(path: Path, scheme: str, digits: DigitSet | None = None) -> Verdict:
    """Check a zip that somebody handed in; nothing in it is trusted, unpacked to disk, or run.

    Splits that its weights ask for are made in a temporary folder, and do not outlive the check.

    Args:
        path: The zip. What is there instead, or that nothing is, fails a check.
        scheme: What it has to be called, as in ``naming``.
        digits: What weights are tried on; without, they are not.

    Raises:
        EnvironmentFault: The temporary folder cannot be written.
    """
    distrust_folder(path.parent)
    why = explain_misnamed(scheme, path.name)
    name = Check.judge(NAME, [why] if why else [], f"as {scheme}.zip")
    try:
        checks = _check_file(path, digits)
    except OSError as error:
        checks = (Check(ARCHIVE, "failed", (f"it cannot be read: {error.strerror or error}",)),)
    done = {check.name for check in checks}
    left = [each for each in (*INSPECTED, TEST) if each not in done]
    skipped = (Check.skip(each, "the zip cannot be read") for each in left)
    return Verdict(path, (name, *checks, *skipped))


def _check_file(path: Path, digits: DigitSet | None) -> tuple[Check, ...]:
    status = path.stat()
    why = explain_unread(status.st_mode, status.st_size)  # before a device is opened
    if why is None:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            why = explain_unread(status.st_mode, status.st_size)
            if why is None:
                return _check_open(file, status.st_size, digits)
    return (Check(ARCHIVE, "failed", (f"it {why}",)),)


def _check_open(file: IO[bytes], size: int, digits: DigitSet | None) -> tuple[Check, ...]:
    answer = ask_isolated(inspect_file, file, size, limits=READING)
    checks = [check for message in answer.messages if (check := _read_check(message))]
    weights = dict(_read_weights(answer.messages))
    names = [check.name for check in checks]
    if not answer.is_whole or names != [*INSPECTED]:
        checks = checks if names == [*INSPECTED[: len(names)]] else []
        stuck = INSPECTED[min(len(checks), len(INSPECTED) - 1)]
        checks = [each for each in checks if each.name != stuck]
        checks.append(Check(stuck, "failed", (f"it could not be read within {READING}",)))
        checks += [
            Check.skip(each, "an earlier check could not be ended")
            for each in (*INSPECTED[len(checks) :], TEST)
        ]
        return tuple(checks)
    return (*checks, check_weights(file, size, weights, digits))


def inspect_file(file: IO[bytes], tell: Tell, size: int) -> None:
    """Tell each check of a zip that the zip alone decides, and what its weights say of themselves.

    Runs in a process of its own.
    """
    inspection = Inspection(file, size)
    for check in inspection.run_checks():
        tell({"check": check.name, "state": check.state, "reasons": check.reasons})
    for name, about in inspection.weights.items():
        tell({"member": name, "about": about.model_dump(mode="json")})


def check_weights(
    file: IO[bytes], size: int, weights: Mapping[str, About], digits: DigitSet | None
) -> Check:
    """Try weights again, and compare the counts of right answers with what their files say."""
    if not weights:
        return Check.skip(TEST, "there are no sound weights in the zip")
    if digits is None:
        return Check.skip(TEST, "--data was not given")
    with tempfile.TemporaryDirectory(prefix="mnistreport-") as folder:
        return _try_weights(file, size, weights, digits, Path(folder))


def _try_weights(
    file: IO[bytes], size: int, weights: Mapping[str, About], digits: DigitSet, folder: Path
) -> Check:
    faults: list[str] = []
    splits: dict[str, Path] = {}
    for name, about in weights.items():
        found = _find_split(about, digits, folder)
        if isinstance(found, Path):
            splits[name] = found
        else:
            faults.append(f"{printable(name)}: {found}")
    if not splits:
        return Check.judge(TEST, faults)
    answer = ask_isolated(evaluate_weights, file, size, digits.folder, splits, limits=EVALUATING)
    told = {message.get("member"): message for message in answer.messages}
    agreeing = list[str]()
    for name in splits:
        about, message = weights[name], told.get(name, {})
        right = message.get("right")
        if type(right) is not int:
            why = message.get("reason") or f"it could not be evaluated within {EVALUATING}"
            faults.append(f"{printable(name)}: {printable(str(why))}")
        elif abs(right - about.test_right) > TOLERANCE:
            said = f"{right:,} of {about.test_images:,} are right, not {about.test_right:,}"
            faults.append(f"{printable(name)}: {said}")
        else:
            agreeing.append(f"{printable(name)}: {right:,} of {about.test_images:,}")
    return Check.judge(TEST, faults, ", ".join(agreeing))


def _find_split(about: About, digits: DigitSet, folder: Path) -> Path | str:
    """Return the folder of the split that weights were tested on, or why it is not there."""
    if about.data_sha256 != digits.sha256:
        return "it was trained on other images than --data has"
    try:
        split = split_digits(digits, about.fractions, about.split_seed, cache=folder)
    except DataError as error:
        return f"its split cannot be made: {error.problems[0].reason}"
    if split.sha256 != about.split_sha256:
        return "its split is not the one that its shares and seed give"
    if len(split.test) != about.test_images:
        return f"the test split has {len(split.test):,} images, not {about.test_images:,}"
    return split.folder


def _read_check(message: Mapping[str, Any]) -> Check | None:
    """Return the check that a message tells of, if it is one."""
    match message:
        case {"check": str(name), "state": str(state), "reasons": [*reasons]} if state in get_args(
            State
        ) and all(isinstance(each, str) for each in reasons):
            told = cast("Sequence[str]", reasons)
            return Check(name, cast("State", state), tuple(told))
        case _:
            return None


def _read_weights(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, About]]:
    for message in messages:
        match message:
            case {"member": str(name), "about": about}:
                try:
                    yield name, About.model_validate(about)
                except ValidationError:
                    continue
            case _:
                continue
