"""Digits that were read and checked before, found again by the bytes of their source.

The note that leads from a source to its digits is signed (``signing``): a cache that came with
somebody else's project could lead from the user's MNIST to other images, and say that it is MNIST.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mnistreport.data.dataset import Images, Labels, digest_digits
from mnistreport.data.layouts import RawDigits
from mnistreport.data.store import (
    open_arrays,
    publish_arrays,
    publish_json,
    read_json,
    tells_the_same,
)
from mnistreport.errors import EnvironmentFault
from mnistreport.signing import is_signed, sign
from mnistreport.study.experiment import CLASSES

_PURPOSE: Final = "source"


@dataclass(frozen=True, slots=True)
class StoredDigits:
    """Digits in the cache.

    Attributes:
        images: ``uint8`` of shape ``(n, 28, 28)``, a read-only memory map.
        labels: ``uint8`` of shape ``(n,)``, a read-only memory map.
        sha256: Digest of both.
        folder: Where they lie.
        origin: The sentence that says what they were read from.
    """

    images: Images
    labels: Labels
    sha256: str
    folder: Path
    origin: str


def recall_digits(key: str, read: Callable[[], RawDigits], *, cache: Path) -> StoredDigits:
    """Find the digits that ``key`` stands for, or ``read`` and keep them.

    What is found is compared with its digest, and read again if it is rotten, or if the note was
    not written by this user's program.

    Args:
        key: Changes with every byte of the source; hex.
        read: Reads and checks the source; nothing is kept if it raises.
        cache: The cache's folder.

    Raises:
        DataError: From ``read``.
        EnvironmentFault: The cache cannot be written.
    """
    note = cache / "sources" / f"{key}.json"
    match read_json(note):
        case {"digits": str(sha256), "origin": str(origin), "seal": seal} if is_signed(
            _PURPOSE, _join(key, sha256, origin), seal
        ):
            if stored := _open(sha256, origin, cache):
                return stored
        case _:
            pass
    raw = read()
    sha256 = digest_digits(raw.images, raw.labels)
    standing = _open(sha256, raw.origin, cache)
    stored = standing or _keep(raw, sha256, cache)
    seal = sign(_PURPOSE, _join(key, sha256, raw.origin))
    try:
        publish_json(note, {"digits": sha256, "origin": raw.origin, "seal": seal})
    except EnvironmentFault:
        if not standing:  # else it is a cache that can only be read: the source is read each time
            raise
    return stored


def _join(*values: str) -> bytes:
    """Return what is signed of a note: the origin, too, which goes into the report."""
    return "\n".join(values).encode("utf-8", "surrogatepass")


def _keep(raw: RawDigits, sha256: str, cache: Path) -> StoredDigits:
    folder, about = _folder(sha256, cache), _describe(raw.labels, sha256)
    publish_arrays(folder, {"images": raw.images, "labels": raw.labels}, about)
    if stored := _open(sha256, raw.origin, cache):
        return stored
    msg = "does not hold what was written to it"
    raise EnvironmentFault(msg, file=folder, next_step="check the disk")


def _open(sha256: str, origin: str, cache: Path) -> StoredDigits | None:
    folder = _folder(sha256, cache)
    arrays = open_arrays(folder, ("images", "labels"))
    if not arrays:
        return None
    images, labels = arrays
    if digest_digits(images, labels) != sha256:
        return None
    if not tells_the_same(folder, _describe(labels, sha256)):
        return None
    return StoredDigits(images, labels, sha256, folder, origin)


def _describe(labels: Labels, sha256: str) -> dict[str, object]:
    """Return what is told beside the arrays."""
    counts: list[int] = np.bincount(labels, minlength=CLASSES).tolist()
    return {"sha256": sha256, "images": len(labels), "images_per_digit": counts}


def _folder(sha256: str, cache: Path) -> Path:
    return cache / "data" / sha256
