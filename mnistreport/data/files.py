"""The files of a source: regular files only, unpacked in memory, never further than a limit.

Nothing is trusted by its name: gzip and zip are known by their first bytes, and what a header
promises is checked against what comes out. Archives are never extracted to disk.
"""

import gzip
import hashlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from mmap import ACCESS_READ, mmap
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Protocol

from mnistreport.errors import DataError

LARGEST_FILE = 256 * 2**20
"""Bytes of a file as it lies there, and of what one file or member unpacks to."""
USUAL = 16 * 2**20, 50
"""Bytes that anything may unpack to, and how many times its size on disk a larger content may be:
digits shrink to a fifth or a tenth; what is only there to fill memory, to a thousandth."""
LARGEST_SOURCE = 512 * 2**20
"""Bytes of all files of a source, and of what all members of a zip archive unpack to."""
MOST_FILES = 64
"""Files in a source, and members in a zip archive."""
DEEPEST_FOLDER = 3
"""Folders below the source that are looked into."""
HEAD = 64 * 2**10
"""Bytes that suffice to tell what a file holds; no line of a CSV file is longer."""

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
ZIP_ENTRY = b"PK\x01\x02"
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGE = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What the readers of archives raise for bytes that are not as they should be."""
NARROW_STEP = "give the folder that holds the digits and nothing else"


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file of the source, or a member of one that is a zip archive.

    Attributes:
        path: The file on disk.
        name: Its path below the source, with ``/``.
        member: Name in the archive, if ``path`` is one.
    """

    path: Path
    name: str
    member: str | None = None

    @property
    def title(self) -> str:
        """The name for a reader, without folders outside the source."""
        return printable(f"{self.name}: {self.member}" if self.member else self.name)

    def error(
        self,
        reason: str,
        *,
        line: int | None = None,
        key: str | None = None,
        next_step: str | None = None,
    ) -> DataError:
        """Make an error that names this file, or the archive and its member."""
        member = printable(self.member) if self.member else None
        place = ": ".join(part for part in (member, key) if part)
        return DataError(reason, file=self.path, line=line, key=place or None, next_step=next_step)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Content:
    """What a file holds, unpacked; read in pieces, and no further than digits may reach."""

    def __init__(self, file: RawFile, stream: _Stream, size_on_disk: int) -> None:
        self.file = file
        self._stream = stream
        self._read = 0
        allowance, ratio = USUAL
        self._limit = min(LARGEST_FILE, max(allowance, ratio * size_on_disk))
        self.head = self._take(HEAD)
        """The first bytes, at most ``HEAD``; they are read again by ``read``."""
        self._waiting = self.head

    def read(self, size: int) -> bytes:
        """Read ``size`` bytes, or as many as are left.

        Raises:
            DataError: There is more in the file than digits need.
        """
        waiting, self._waiting = self._waiting[:size], self._waiting[size:]
        return waiting + self._take(size - len(waiting))

    def _take(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size > 0 and (piece := self._stream.read(size)):
            pieces.append(piece)
            size -= len(piece)
            self._read += len(piece)
            if self._read > self._limit:
                limit = self._limit // 2**20
                msg = f"unpacks to more than {limit} MiB, far more than digits of its size would"
                raise self.file.error(msg)
        return b"".join(pieces)


def find_files(source: Path) -> list[RawFile]:
    """List the files at ``source``, a file or a folder, and the members of its zip archives.

    Hidden files are left out. No content is read but the directories of archives.

    Returns:
        In the order of their names.

    Raises:
        DataError: A file is no regular file, cannot be read, or is too large; there are too many;
            or an archive is damaged, encrypted, or has a member that points outside.
    """
    with _reading(RawFile(source, source.name)):
        found = sorted(_walk(source, DEEPEST_FOLDER)) if source.is_dir() else [source]
        sizes = [_size(path) for path in found]
    if sum(sizes) > LARGEST_SOURCE:
        msg = f"holds {sum(sizes) // 2**20:,} MiB in files; digits need far less"
        raise DataError(msg, file=source, next_step=NARROW_STEP)
    files: list[RawFile] = []
    for path in found:
        name = source.name if path == source else path.relative_to(source).as_posix()
        files += _list_members(path, name) or [RawFile(path, name)]
    return files


def digest_files(files: list[RawFile]) -> str:
    """Compute the SHA-256, in hex, of names and complete contents of the files on disk.

    Raises:
        DataError: A file cannot be read.
    """
    digest = hashlib.sha256()
    for file in dict.fromkeys(replace(file, member=None) for file in files):
        with _reading(file), _open_regular(file.path) as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{content} {file.name}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


@contextmanager
def open_content(file: RawFile) -> Generator[Content]:
    """Open ``file`` for reading, unpacked if it is a member of an archive or gzipped.

    Raises:
        DataError: From reading as well: the file is damaged, truncated, or unpacks to too much.
    """
    with _reading(file), ExitStack() as stack:
        raw = stack.enter_context(_open_regular(file.path))
        stream: io.BufferedIOBase | IO[bytes] = raw
        if file.member is not None:
            archive = stack.enter_context(zipfile.ZipFile(raw))
            stream = stack.enter_context(archive.open(file.member))
        gzipped = stream.read(2) == GZIP_MAGIC
        stream.seek(0)
        if gzipped:
            stream = stack.enter_context(gzip.GzipFile(fileobj=stream))
        yield Content(file, stream, os.fstat(raw.fileno()).st_size)


@contextmanager
def _reading(file: RawFile) -> Generator[None]:
    """Turn what readers raise into an error that names the file."""
    try:
        yield
    except DAMAGE as error:
        msg = f"is damaged or incomplete ({printable(str(error))})"
        raise file.error(msg, next_step="download the file again") from error
    except OSError as error:
        msg = f"cannot be read: {error.strerror or error}"
        raise file.error(msg) from error


def _open_regular(path: Path) -> io.BufferedReader:
    """Open a regular file; a FIFO or a device must neither be read nor waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    _size(path)  # before a device is opened, which may have effects
    stream = os.fdopen(os.open(path, flags), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise _irregular(path)
    return stream


def _size(path: Path) -> int:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise _irregular(path)
    if status.st_size > LARGEST_FILE:
        msg = f"is larger than {LARGEST_FILE // 2**20} MiB, which no set of digits needs"
        raise DataError(msg, file=path, next_step=NARROW_STEP)
    return status.st_size


def _irregular(path: Path) -> DataError:
    msg = "is neither a regular file nor a folder"
    return DataError(msg, file=path, next_step=NARROW_STEP)


def _walk(folder: Path, depth: int) -> list[Path]:
    """List visible files below ``folder``; links to folders are not followed."""
    found: list[Path] = []
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        if not path.is_dir():
            found.append(path)
        elif depth and not path.is_symlink():
            found += _walk(path, depth - 1)
        if len(found) > MOST_FILES:
            msg = f"holds more than {MOST_FILES} files"
            raise DataError(msg, file=folder, next_step=NARROW_STEP)
    return found


def _list_members(path: Path, name: str) -> list[RawFile]:
    """List the files in a zip archive; nothing if ``path`` is none, or is empty."""
    whole = RawFile(path, name)
    with _reading(whole), _open_regular(path) as stream:
        if stream.peek(4)[:4] not in ZIP_MAGICS:
            return []
        if _is_crowded(stream):
            msg = f"holds more than {MOST_FILES} files"
            raise whole.error(msg)
        with zipfile.ZipFile(stream) as archive:
            members = [member for member in archive.infolist() if member.filename[-1:] != "/"]
    for member in members:
        _check_member(whole, member)
    if sum(member.file_size for member in members) > LARGEST_SOURCE:
        msg = f"unpacks to more than {LARGEST_SOURCE // 2**20} MiB, which no set of digits needs"
        raise whole.error(msg)
    return [
        RawFile(path, name, member.filename)
        for member in sorted(members, key=lambda member: member.filename)
        if not PurePosixPath(member.filename).name.startswith(".")
        and not member.filename.startswith("__MACOSX/")
    ]


def _is_crowded(archive: io.BufferedReader) -> bool:
    """Count entries of an archive's directory before zipfile makes an object of each."""
    with mmap(archive.fileno(), 0, access=ACCESS_READ) as content:
        at = -1
        for _ in range(MOST_FILES + 1):
            if (at := content.find(ZIP_ENTRY, at + 1)) < 0:
                return False
    return True


def _check_member(archive: RawFile, member: zipfile.ZipInfo) -> None:
    if not member.filename:
        msg = "has a member without a name"
        raise archive.error(msg, next_step="unpack it and give the folder")
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(member.filename).drive:
        msg = f"has a member “{printable(member.filename)}” that points outside the archive"
        raise archive.error(msg, next_step="do not use this archive: it was made to do harm")
    if member.flag_bits & 1:
        msg = f"is encrypted (member “{printable(member.filename)}”)"
        raise archive.error(msg, next_step="unpack it and give the folder")
    if member.compress_type not in ZIP_METHODS:
        msg = f"is packed in an unusual way (member “{printable(member.filename)}”)"
        raise archive.error(msg, next_step="unpack it and give the folder")


def printable(name: str) -> str:
    """Return ``name`` without control characters, and no longer than a line allows."""
    shown = "".join(character if character.isprintable() else "�" for character in name)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"  # noqa: PLR2004 - letters of a line
