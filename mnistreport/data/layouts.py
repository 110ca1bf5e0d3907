"""The layouts that digits come in, told apart by content, and pooled in one order.

A *part* is one file of labelled images, or a pair of files: MNIST has a part for training and
one for testing. Parts are pooled with the training part first, so that IDX files and tables of
the same images make the same data set.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.dataset import Images, Labels, check_digits, check_labels
from mnistreport.data.files import RawFile, find_files, open_content
from mnistreport.data.idx import IMAGES_MAGIC, LABELS_MAGIC, read_idx
from mnistreport.data.labelled_csv import read_labelled_csv, recognise_csv
from mnistreport.errors import DataError
from mnistreport.study.experiment import IMAGE_SIZE

LAYOUTS_VERSION = 2
"""Raised whenever the same files would give other digits, or another origin."""
MOST_IMAGES = 300_000
"""Of all parts; bounds the memory that reading takes."""

Role = Literal["train", "", "test"]
ROLES: tuple[Role, ...] = ("train", "", "test")
"""In the order of pooling."""

LONE_PARTS: Mapping[Role, str] = {
    "train": "no file of test images is there",
    "test": "no file of training images is there",
}
"""What ends the origin of IDX files of one part alone, since they come in two."""

CLAIMS_IDX = re.compile(r"idx[13]|ubyte", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RawDigits:
    """Digits as they were read, checked, and the sentence that says from what.

    Attributes:
        images: ``uint8`` of shape ``(n, 28, 28)``.
        labels: ``uint8`` of shape ``(n,)``.
        origin: A sentence for a reader; names files, but no folders outside the source.
    """

    images: Images
    labels: Labels
    origin: str


@dataclass(frozen=True, slots=True)
class _IdxArray:
    file: RawFile
    kind: Literal["images", "labels"]
    role: Role
    array: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Part:
    file: RawFile
    role: Role
    images: Images
    labels: Labels


def read_digits(source: Path) -> RawDigits:
    """Read all labelled images from ``source``, a file or a folder in any known layout.

    Raises:
        DataError: Nothing in it is a layout of labelled digits, or something in it is wrong.
    """
    arrays: list[_IdxArray] = []
    tables: list[_Part] = []
    unlabelled: list[str] = []
    for file in find_files(source):
        with open_content(file) as content:
            if content.head.startswith((IMAGES_MAGIC, LABELS_MAGIC)):
                kind = "images" if content.head.startswith(IMAGES_MAGIC) else "labels"
                arrays.append(_IdxArray(file, kind, _tell_role(file), read_idx(content)))
                _check_idx(arrays[-1])
            elif head := recognise_csv(content):
                if head.labelled:
                    table = read_labelled_csv(content, head)
                    tables.append(_Part(file, _tell_role(file), *table))
                else:
                    unlabelled.append(file.title)
            elif CLAIMS_IDX.search(_base(file)):
                msg = "is named like an IDX file, but does not begin like one"
                raise file.error(msg, next_step="download the file again")
        if sum(len(part.images) for part in tables) + _count_images(arrays) > MOST_IMAGES:
            msg = f"holds more than {MOST_IMAGES:,} images"
            raise DataError(msg, file=source)
    if arrays and tables:
        msg = f"holds IDX files ({arrays[0].file.title}) and CSV files ({tables[0].file.title})"
        raise DataError(msg, file=source, next_step="keep those of one layout")
    if not arrays and not tables:
        raise _nothing(source, unlabelled)
    parts = _pair(source, arrays) if arrays else _drop_copies(tables)
    parts.sort(key=lambda part: (ROLES.index(part.role), part.file.title))
    _check_overlap(parts)
    images, labels = _pool(parts)
    check_digits(images, labels, file=source)
    notes = [f"{' and '.join(unlabelled)} without labels left out"] if unlabelled else []
    if arrays and len(parts) == 1 and (lone := LONE_PARTS.get(parts[0].role)):
        notes.append(lone)
    return RawDigits(images, labels, _tell_origin("IDX" if arrays else "CSV", parts, notes))


def _pool(parts: Sequence[_Part]) -> tuple[Images, Labels]:
    if len(parts) == 1:
        return parts[0].images, parts[0].labels
    return (
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def _tell_origin(layout: str, parts: Sequence[_Part], notes: Sequence[str]) -> str:
    named = [f"{part.file.title} ({len(part.images):,} images)" for part in parts]
    origin = f"{layout} file{'s' * (len(named) > 1)} {' and '.join(named)}"
    return f"{'; '.join((origin, *notes))}."


def _pair(source: Path, arrays: Sequence[_IdxArray]) -> list[_Part]:
    """Pair each role's images with its labels."""
    parts: list[_Part] = []
    for role in ROLES:
        images = _only([array for array in arrays if (array.role, array.kind) == (role, "images")])
        labels = _only([array for array in arrays if (array.role, array.kind) == (role, "labels")])
        if images and labels:
            if len(images.array) != len(labels.array):
                msg = (
                    f"holds {len(images.array):,} images, but {labels.file.title} holds "
                    f"{len(labels.array):,} labels"
                )
                step = "check that the files belong together, or download both again"
                raise images.file.error(msg, next_step=step)
            parts.append(_Part(images.file, role, images.array, labels.array))
        elif found := images or labels:
            missing = "labels" if images else "images"
            msg = f"there are no {missing} for the {found.kind} in {found.file.title}"
            step = "give a folder that holds both, with “train”, “t10k” or “test” in their names"
            raise DataError(msg, file=source, next_step=step)
    return parts


def _only(arrays: Sequence[_IdxArray]) -> _IdxArray | None:
    """Return the one array there is; copies of it do not count."""
    if not arrays:
        return None
    first, *others = arrays
    for other in others:
        if not np.array_equal(first.array, other.array):
            msg = f"holds other {other.kind} than {first.file.title}; it is not clear which to use"
            raise other.file.error(msg, next_step="keep one of the two")
    return first


def _drop_copies(tables: Sequence[_Part]) -> list[_Part]:
    """Return tables that differ in content, and refuse more than a pair."""
    different: dict[bytes, _Part] = {}
    for table in tables:
        digest = hashlib.sha256(table.images.data)
        digest.update(table.labels.data)
        different.setdefault(digest.digest(), table)
    parts = list(different.values())
    if len(parts) > 2:  # noqa: PLR2004 - one for training, one for testing
        names = ", ".join(part.file.title for part in parts)
        msg = f"there are more than two labelled CSV files here ({names})"
        raise parts[-1].file.error(msg, next_step="keep one, or one for training and one for tests")
    for part in parts:
        if not len(part.images):
            msg = "has a header, but no rows"
            raise part.file.error(msg)
    return parts


def _check_idx(array: _IdxArray) -> None:
    """Check shape, labels, and that the name does not say the opposite of the content."""
    base = _base(array.file)
    other = "labels" if array.kind == "images" else "images"
    if other.removesuffix("s") in base and array.kind.removesuffix("s") not in base:
        msg = f"is named for {other}, but holds {array.kind}"
        raise array.file.error(msg, next_step="check whether two files were swapped")
    if array.kind == "images" and array.array.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
        rows, columns = array.array.shape[1:]
        msg = f"holds images of {rows} × {columns} pixels, not {IMAGE_SIZE} × {IMAGE_SIZE}"
        raise array.file.error(msg)
    if array.kind == "labels":
        try:
            check_labels(array.array)
        except DataError as error:
            raise array.file.error(error.problems[0].reason) from None


def _check_overlap(parts: Sequence[_Part]) -> None:
    """Refuse parts that share images: the test split would hold what was trained on."""
    seen: set[int] = set()
    for part in parts:
        hashes = [hash(image.tobytes()) for image in part.images]
        shared = sum(image in seen for image in hashes)
        if shared * 100 > len(hashes):  # a few twins are chance
            first = parts[0].file.title
            msg = f"{shared:,} of its {len(hashes):,} images are in {first}, too"
            step = "keep one of the two: training and test must not share images"
            raise part.file.error(msg, next_step=step)
        seen.update(hashes)


def _tell_role(file: RawFile) -> Role:
    """Tell from its name whether a file is meant for training or for tests."""
    for name in (_base(file), f"{file.name}/{file.member or ''}".lower()):
        if "train" in name:
            return "train"
        if "t10k" in name or "test" in name:
            return "test"
    return ""


def _base(file: RawFile) -> str:
    return (file.member or file.name).rpartition("/")[2].lower()


def _count_images(arrays: Sequence[_IdxArray]) -> int:
    return sum(len(array.array) for array in arrays if array.kind == "images")


def _nothing(source: Path, unlabelled: Sequence[str]) -> DataError:
    step = "a labelled CSV file or MNIST's IDX files are expected, plain, gzipped or in a zip"
    if unlabelled:
        msg = f"holds no labelled digits; {' and '.join(unlabelled)} has no labels"
    else:
        msg = "holds no labelled digits"
    return DataError(msg, file=source, next_step=step)
