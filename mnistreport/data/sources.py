"""Where the digits come from: a path, Kaggle, scikit-learn, or the best of these there is.

Nothing is ever substituted in silence: a source that exists but is wrong is an error, and what
stands in for something better says so in ``DigitSet.notice``.
"""

import difflib
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

from mnistreport.data.dataset import DigitSet
from mnistreport.data.digit_cache import StoredDigits, recall_digits
from mnistreport.data.embedded import digest_embedded, read_embedded
from mnistreport.data.files import digest_files, find_files, printable
from mnistreport.data.kaggle import TITLE, KaggleError, fetch_from_kaggle
from mnistreport.data.layouts import LAYOUTS_VERSION, LONE_PARTS, RawDigits, read_digits
from mnistreport.data.mnist import KNOWN
from mnistreport.errors import DataError

DATA_VARIABLE = "MNISTREPORT_DATA"
"""Environment variable with the path of a data set, for ``auto``."""
DATA_FOLDER = "data"
"""Folder beside the manifest, for ``auto``."""

MNIST, DIGITS = "mnist", "digits"
_TAKEN = {DIGITS, *(each.name for each in KNOWN.values())}
"""Names of data sets that nothing else may be called."""
SUBSTITUTION = (
    "the images are scikit-learn's 1,797 embedded digits, resized to 28 × 28; "
    "accuracies on them say little about MNIST."
)


def load_digit_set(source: str, *, project: Path, cache: Path) -> DigitSet:
    """Load every labelled image of ``source``, checked, from the cache if it was loaded before.

    Args:
        source: ``auto``, ``kaggle``, ``digits``, or the path of a file or folder.
        project: The manifest's folder; what a relative path starts from.
        cache: Folder of checked data.

    Raises:
        DataError: There is no such source, it cannot be had, or something in it is wrong.
        EnvironmentFault: The cache cannot be written, or scikit-learn is not installed.
    """
    if load := SOURCES.get(source):
        return load(project, cache)
    return _load_path(_resolve(source, project), cache)


def _load_best(project: Path, cache: Path) -> DigitSet:
    """Load ``data/``, or what the environment names, or Kaggle's, or the embedded digits."""
    folder = project / DATA_FOLDER
    if os.path.lexists(folder) and not _is_empty(folder):
        return _load_path(folder, cache)
    if variable := os.environ.get(DATA_VARIABLE):
        try:
            return _load_path(_resolve(variable, Path.cwd()), cache)
        except DataError as error:
            first = error.problems[0]
            key = f"{DATA_VARIABLE}: {first.key}" if first.key else DATA_VARIABLE
            raise DataError(
                first.reason, file=first.file, line=first.line, key=key, next_step=first.next_step
            ) from error
    try:
        return _load_kaggle(project, cache)
    except KaggleError as error:
        missing = "is empty" if os.path.lexists(folder) else "does not exist"
        why = f"The folder “{DATA_FOLDER}” {missing}, {DATA_VARIABLE} is not set"
        return _load_embedded(cache, f"{why}, and {error.problems[0].reason}, so {SUBSTITUTION}")


def _load_kaggle(project: Path, cache: Path) -> DigitSet:
    del project  # Kaggle's data set is the same for all
    folder = fetch_from_kaggle()
    stored = _recall_files(folder, cache)
    origin = f"{TITLE}: {stored.origin}"
    return _describe(stored, MNIST, "MNIST handwritten digits", origin=origin)


def _load_digits(project: Path, cache: Path) -> DigitSet:
    del project  # the embedded digits are the same for all
    return _load_embedded(cache, SUBSTITUTION[0].upper() + SUBSTITUTION[1:])


def _load_embedded(cache: Path, notice: str) -> DigitSet:
    stored = recall_digits(digest_embedded(), read_embedded, cache=cache)
    return _describe(stored, DIGITS, "scikit-learn digits, resized to 28 × 28", notice=notice)


def _load_path(path: Path, cache: Path) -> DigitSet:
    stored = _recall_files(path, cache)
    if known := KNOWN.get(stored.sha256):
        return _describe(stored, known.name, known.title, notice=known.gap)
    title = f"{printable(path.resolve().name)}, {len(stored.labels):,} labelled images"
    lone = next((each for each in LONE_PARTS.values() if stored.origin.endswith(f"{each}.")), None)
    notice = f"The data set may not be whole: {lone}." if lone else None
    return _describe(stored, _name_safely(path, stored.sha256), title, notice=notice)


SOURCES: Mapping[str, Callable[[Path, Path], DigitSet]] = {
    "auto": _load_best,
    "kaggle": _load_kaggle,
    "digits": _load_digits,
}
"""By the word that a manifest or ``--data`` names it with; anything else is a path."""


def _recall_files(path: Path, cache: Path) -> StoredDigits:
    """Find the digits in the files at ``path``, by the bytes of all of them."""
    digest = digest_files(find_files(path))

    def read() -> RawDigits:
        raw = read_digits(path)
        if digest_files(find_files(path)) != digest:
            msg = "changed while it was read"
            raise DataError(msg, file=path, next_step="wait until it is complete, and try again")
        return raw

    return recall_digits(f"{digest}-{LAYOUTS_VERSION}", read, cache=cache)


def _resolve(source: str, start: Path) -> Path:
    """Make a path of ``source`` that exists."""
    words = ", ".join(SOURCES)
    try:
        path = start / Path(source).expanduser()
        exists = bool(source.strip()) and path.exists()
    except (ValueError, OSError, RuntimeError):  # a zero byte, too long a name, an unknown user
        path, exists = start / "?", False
    if exists:
        return path
    near = difflib.get_close_matches(source, SOURCES, n=1)
    step = f"did you mean “{near[0]}”? " if near else ""
    step += f"Give the path of a file or folder, or one of {words}"
    msg = f"there is no file or folder “{printable(source)}”, and it is none of {words}"
    raise DataError(msg, next_step=step)


def _is_empty(folder: Path) -> bool:
    """Tell whether ``folder`` has nothing visible in it, as a new project's may."""
    try:
        return folder.is_dir() and all(path.name.startswith(".") for path in folder.iterdir())
    except OSError:
        return False  # which reading it will explain


def _name_safely(path: Path, sha256: str) -> str:
    """Make a folder name of the name of ``path``: lower-case ASCII, never empty or taken."""
    base = path.resolve().name
    if not path.is_dir():
        base = base.partition(".")[0]
    plain = unicodedata.normalize("NFKD", base).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_]+", "-", plain)[:60].strip("-_") or "data"
    return f"{slug}-{sha256[:8]}" if slug in _TAKEN else slug


def _describe(
    stored: StoredDigits, name: str, title: str, *, origin: str = "", notice: str | None = None
) -> DigitSet:
    return DigitSet(
        name=name,
        title=title,
        origin=origin or stored.origin,
        images=stored.images,
        labels=stored.labels,
        sha256=stored.sha256,
        folder=stored.folder,
        notice=notice,
    )
