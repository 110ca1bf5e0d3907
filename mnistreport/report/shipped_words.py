"""Which insights came with the program: a digest of every text that it ever shipped.

Comparing with the packaged file would not do: in a clone of the repository the packaged templates
are the project's own, and a project keeps the texts of the version that it was started with.
``scripts/record_shipped_words.py`` enters new texts.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

DIGESTS = Path(__file__).with_name("shipped_words.json")
"""The digests, sorted: a JSON list of hexadecimal SHA-256."""


def is_as_shipped(text: str) -> bool:
    """Tell whether an insight is, word for word, one that came with the program."""
    return digest_words(text) in _load_digests()


def digest_words(text: str) -> str:
    """Return the SHA-256 of the words of a text, whatever space is between them."""
    return hashlib.sha256(" ".join(text.removeprefix("\ufeff").split()).encode()).hexdigest()


@cache
def _load_digests() -> frozenset[str]:
    return frozenset(json.loads(DIGESTS.read_bytes()))
