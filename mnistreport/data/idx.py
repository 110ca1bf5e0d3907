"""The IDX format that MNIST was published in.

Four bytes of magic number (two zeros, the type of the numbers, the count of dimensions), each
dimension as a big-endian 32-bit integer, then the numbers in C order. Described by Y. LeCun,
C. Cortes and C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

import math
import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.files import LARGEST_FILE, Content

IMAGES_MAGIC: Final = b"\x00\x00\x08\x03"
"""Unsigned bytes in three dimensions: images, rows, columns."""
LABELS_MAGIC: Final = b"\x00\x00\x08\x01"
"""Unsigned bytes in one dimension."""

PIECE = 2**20
"""Bytes that are read at once."""


def read_idx(content: Content) -> NDArray[np.uint8]:
    """Read an IDX file of images or labels, known by its magic number.

    Returns:
        ``uint8`` of shape ``(n, rows, columns)`` for images, ``(n,)`` for labels.

    Raises:
        DataError: The file is shorter or longer than its header says, or too large.
    """
    magic = content.read(4)
    dimensions = magic[3]
    header = content.read(4 * dimensions)
    if len(header) < 4 * dimensions:
        msg = "ends within its header"
        raise content.file.error(msg, next_step="download the file again")
    shape = struct.unpack(f">{dimensions}I", header)
    expected = math.prod(shape)
    if expected > LARGEST_FILE:
        msg = f"promises {expected:,} bytes, more than any set of digits needs"
        raise content.file.error(msg)
    payload = bytearray()
    while piece := content.read(min(PIECE, expected + 1 - len(payload))):
        payload += piece
    if len(payload) != expected:
        found = f"{len(payload):,}" if len(payload) < expected else "more"
        msg = f"promises {expected:,} bytes after its header, but holds {found}"
        raise content.file.error(msg, next_step="download the file again")
    return np.frombuffer(payload, np.uint8).reshape(shape)
