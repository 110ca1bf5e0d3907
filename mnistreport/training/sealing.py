"""What is kept as JSON with its format and digest, so that no bit of it can change unseen.

Digests detect rot, not forgery: whoever can write here can also write a digest.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from pydantic_core import from_json

_ENVELOPE: Final = re.compile(
    rb'\{"format": (?P<format>[0-9]+), "sha256": "(?P<sha256>[0-9a-f]{64})", '
    rb'"content": (?P<content>.*)\}\n',
    re.DOTALL,
)
"""What ``seal`` writes, to the letter."""


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


def unseal(sealed: bytes, version: int) -> Any:  # noqa: ANN401 - whatever was sealed
    """Return the content of what was sealed.

    Raises:
        OtherFormatError: It is of another format.
        RottenError: It is not what was sealed.
    """
    return json.loads(unseal_text(sealed, version))


def unseal_text(sealed: bytes, version: int) -> bytes:
    """Return the content of what was sealed, as strict JSON.

    Raises:
        OtherFormatError: It is of another format.
        RottenError: It is not what was sealed.
    """
    envelope = _ENVELOPE.fullmatch(sealed)
    if envelope is None or envelope["format"] != str(version).encode():
        _refuse(sealed, version)
    if hashlib.sha256(envelope["content"]).hexdigest().encode() != envelope["sha256"]:
        msg = "its record has changed"
        raise RottenError(msg)
    try:
        from_json(envelope["content"], allow_inf_nan=False)
    except ValueError as error:  # sealed, but not by us
        msg = "its record cannot be read"
        raise RottenError(msg) from error
    return envelope["content"]


def _refuse(sealed: bytes, version: int) -> NoReturn:
    """Tell what is no record of this format."""
    try:
        envelope = json.loads(sealed)
        if envelope["format"] != version:
            raise OtherFormatError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        msg = "its record cannot be read"
        raise RottenError(msg) from error
    msg = "its record has changed"
    raise RottenError(msg)
