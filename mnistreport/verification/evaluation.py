"""Stored weights, tried again: what they say of the test split, computed anew.

Runs in a process of its own, too; torch is loaded there only.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from mnistreport.verification.archive import Archive
from mnistreport.verification.isolation import Tell
from mnistreport.verification.verdict import Unsound
from mnistreport.verification.weights import read_about

TOLERANCE: Final = 3
"""Images by which the count of right answers may differ from the stored one. On the same kind of
processor none does. Another one adds in another order, which moves the logits of the default
networks by up to 1.3e-5 (float32 against float64): only an image whose two largest are as close is
then read otherwise. Of six such networks on 14,000 images, the closest two were 3e-4 apart."""


def evaluate_weights(
    file: IO[bytes], tell: Tell, size: int, digits: Path, splits: Mapping[str, Path]
) -> None:
    """Tell of each member named in ``splits`` how many test images it classifies correctly.

    Args:
        file: The zip.
        tell: Gets ``member`` with ``right``, or with ``reason`` if it cannot be evaluated.
        size: Bytes of the zip.
        digits: Folder of the digits.
        splits: Folder of the split, by member.
    """
    archive = Archive(file, size=size)
    for name, split in splits.items():
        try:
            right = _evaluate(archive.read(name), digits, split)
        except Unsound as error:
            tell({"member": name, "reason": str(error)})
        else:
            tell({"member": name, "right": right})


def _evaluate(content: bytes, digits: Path, split: Path) -> int:
    about, shapes = read_about(content)
    from mnistreport.training.testing import classify_test_split, list_shapes

    architecture = about.build_architecture()
    if list_shapes(architecture) != shapes:
        msg = "its tensors are not those of its network"
        raise Unsound(msg)
    return classify_test_split(architecture, content, digits, split)
