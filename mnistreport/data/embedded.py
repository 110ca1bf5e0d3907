"""The digits that need no download: scikit-learn's, framed as MNIST frames its own."""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mnistreport.data.dataset import Images, check_digits
from mnistreport.data.layouts import RawDigits
from mnistreport.errors import EnvironmentFault
from mnistreport.study.experiment import IMAGE_SIZE

FRAMING_VERSION = 1
"""Raised whenever the images would come out differently."""
BOX = 20
"""Pixels of height and width that a digit is enlarged to; the rest is border, as in MNIST."""
SMALL = 8
"""Pixels of height and width of scikit-learn's images."""
FULL = 16
"""The brightest value in them."""

ORIGIN = (
    "Optical recognition of handwritten digits (E. Alpaydin and C. Kaynak, UCI Machine Learning "
    "Repository), the 1,797 images of 8 × 8 pixels that scikit-learn embeds, each enlarged to "
    "20 × 20 and centred."
)


def digest_embedded() -> str:
    """Compute the SHA-256, in hex, of scikit-learn's file of digits, without importing it.

    Raises:
        EnvironmentFault: scikit-learn is not installed, or the file is not where it should be.
    """
    spec = find_spec("sklearn")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        msg = "scikit-learn is not installed"
        raise EnvironmentFault(msg, next_step="install it with: pip install scikit-learn")
    file = Path(folders[0]) / "datasets" / "data" / "digits.csv.gz"
    try:
        content = file.read_bytes()
    except OSError as error:
        msg = f"cannot be read: {error.strerror or error}"
        raise EnvironmentFault(msg, file=file, next_step="install scikit-learn again") from error
    return hashlib.sha256(content + f"framing {FRAMING_VERSION}".encode()).hexdigest()


def read_embedded() -> RawDigits:
    """Read scikit-learn's 1,797 digits, resized to 28 × 28 ``uint8``."""
    from sklearn.datasets import load_digits  # takes a second

    pixels, targets = cast(
        "tuple[NDArray[np.float64], NDArray[np.int64]]", load_digits(return_X_y=True)
    )
    small = np.rint(pixels * (255 / FULL)).astype(np.uint8).reshape(-1, SMALL, SMALL)
    images, labels = frame_digits(small), targets.astype(np.uint8)
    check_digits(images, labels)
    return RawDigits(images, labels, ORIGIN)


def frame_digits(small: Images) -> Images:
    """Enlarge each image to 20 × 20 pixels, and centre it in 28 × 28.

    Pillow's bicubic filter computes with integers, so the bytes are the same everywhere.

    Args:
        small: ``uint8`` of shape ``(n, height, width)``.

    Returns:
        ``uint8`` of shape ``(n, 28, 28)``.
    """
    from PIL import Image  # only needed once, when nothing is cached

    border = (IMAGE_SIZE - BOX) // 2
    framed = np.zeros((len(small), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for image, frame in zip(small, framed, strict=True):
        large = Image.fromarray(image).resize((BOX, BOX), Image.Resampling.BICUBIC)
        frame[border:-border, border:-border] = np.asarray(large)
    return framed
