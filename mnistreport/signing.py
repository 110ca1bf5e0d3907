"""What this user's own program wrote, told by a key that no project folder can bring along.

A project folder may come from somebody else, with its cache and its output: everything in it can be
forged, digests included. So what is believed without being made again carries a signature (HMAC
with SHA-256). The key is one per user. It lies in the user's state folder, outside every project:
``$XDG_STATE_HOME/mnistreport/key``, by default ``~/.local/state/mnistreport/key``
(``%LOCALAPPDATA%`` on Windows). Where no home can be written, it lies in the folder for temporary
files. Where that fails, too, each process has a key of its own: then nothing is believed, and
everything is made again.
"""

import hashlib
import hmac
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

NAME: Final = "key"
_BYTES: Final = 32
_OTHERS: Final = 0o077
"""The rights of everybody but the owner."""


def sign(purpose: str, content: bytes) -> str:
    """Return the signature of ``content``, in hex; another purpose gives another one."""
    message = f"{purpose}\0".encode() + content
    return hmac.new(_find_key(tuple(_list_folders())), message, hashlib.sha256).hexdigest()


def is_signed(purpose: str, content: bytes, signature: object) -> bool:
    """Tell whether ``signature`` is that of this user's program."""
    expected = sign(purpose, content).encode()
    return isinstance(signature, str) and hmac.compare_digest(
        expected, signature.encode("utf-8", "replace")
    )


def _list_folders() -> Iterator[Path]:
    """Yield where the key may lie, the best place first.

    A relative path is left out: it would lead into the folder where a command is run.
    """
    given = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", "")
    if Path(given).is_absolute():
        yield Path(given) / "mnistreport"
    else:
        with suppress(RuntimeError):  # there is no home
            home = Path.home()
            if home.is_absolute():
                yield home / ".local" / "state" / "mnistreport"
    with suppress(OSError):  # nor a folder for temporary files
        folder = Path(tempfile.gettempdir())
        if folder.is_absolute() and folder != Path.cwd():  # Python's last resort
            yield folder / f"mnistreport-{os.getuid() if hasattr(os, 'getuid') else 'user'}"


@cache
def _find_key(folders: tuple[Path, ...]) -> bytes:
    """Return the key in the first folder that has one or takes one."""
    for folder in folders:
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_private(folder.lstat(), stat.S_IFDIR, stat.S_IWGRP | stat.S_IWOTH):
                return _read_key(folder / NAME) or _make_key(folder / NAME)
    return secrets.token_bytes(_BYTES)


def _is_private(status: os.stat_result, kind: int, rights: int) -> bool:
    """Tell whether something is of this kind, this user's, and nobody else has these rights."""
    if stat.S_IFMT(status.st_mode) != kind:
        return False
    if not hasattr(os, "getuid"):  # there, each user's folder is the user's alone
        return True
    return status.st_uid == os.getuid() and not status.st_mode & rights


def _read_key(path: Path) -> bytes | None:
    """Return the key if there is a whole one that nobody else can read or write.

    Raises:
        OSError: It cannot be read.
    """
    try:
        is_private = _is_private(path.lstat(), stat.S_IFREG, _OTHERS)
    except FileNotFoundError:
        return None
    key = path.read_bytes() if is_private else b""
    return key if len(key) == _BYTES else None


def _make_key(path: Path) -> bytes:
    """Write a new key and return it, or the one that another process wrote meanwhile.

    Raises:
        OSError: The disk refuses.
    """
    fresh = path.with_name(f"{NAME}-{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            if _read_key(path) is None:  # damaged, or others can read it
                fresh.replace(path)
        except OSError:  # a disk that knows no second names
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    if key := _read_key(path):
        return key
    msg = "does not hold what was written to it"
    raise OSError(msg)
