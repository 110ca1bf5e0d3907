"""What is kept as JSON with its format and digest, so that no bit of it can change unseen.

Digests detect rot, not forgery: whoever can write here can also write a digest.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


class RottenError(Exception):
    """What is stored is not what was stored."""


class OtherFormatError(Exception):
    """It was stored by another version of this program."""


def canonical(content: object) -> str:
    """Return ``content`` as the one JSON text that is equal for equal contents."""
    return json.dumps(content, allow_nan=False, sort_keys=True)


def seal(content: Mapping[str, Any], version: int) -> bytes:
    """Return ``content`` with its format's number and its digest."""
    body = canonical(content)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return f'{{"format": {version}, "sha256": "{digest}", "content": {body}}}\n'.encode()


def unseal(sealed: bytes, version: int) -> dict[str, Any]:
    """Return the content of what was sealed.

    Raises:
        OtherFormatError: It is of another format.
        RottenError: It is not what was sealed.
    """
    try:
        envelope = json.loads(sealed)
        if envelope["format"] != version:
            raise OtherFormatError
        content = envelope["content"]
        same = seal(content, version) == sealed  # digest and spelling
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        msg = "its record cannot be read"
        raise RottenError(msg) from error
    if not same:
        msg = "its record has changed"
        raise RottenError(msg)
    return content
