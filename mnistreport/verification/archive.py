"""The zip itself: what it holds, and everything about it that a proper archive does not have.

Members are unpacked in memory, never to disk, and no further than their sizes promise.
"""

import os
import stat
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import IO, Final, NamedTuple

from mnistreport.data.files import DAMAGE, printable
from mnistreport.report.members import LARGEST_ARCHIVE, LARGEST_CONTENTS, find_twins
from mnistreport.verification.members import explain_extra, explain_member
from mnistreport.verification.verdict import Missing, Unsound

MOST_MEMBERS: Final = 200

_PIECE: Final = 2**20
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_LOCAL_MAGIC: Final = b"PK\x03\x04"
_END: Final = struct.Struct("<4s4H2IH")
_END_MAGIC: Final = b"PK\x05\x06"
_LOCATOR_MAGIC: Final = b"PK\x06\x07"
_LOCATOR_SIZE: Final = 20
"""Bytes in front of the end, which lead to another end: that of a zip of more than 4 GB."""
_LONGEST_COMMENT: Final = 2**16
_DESCRIBED_LATER: Final = 0x8
"""Flag of a member whose sizes and sum stand behind it."""
_DESCRIPTIONS: Final = frozenset({12, 16, 20, 24})
"""Bytes that these may take."""
_NOTHING: Final = frozenset({0})
_UTF_8: Final = 0x800
_TELLING: Final = 0x1 | _DESCRIBED_LATER | _UTF_8
"""Flags that decide how a member is read."""


class Local(NamedTuple):
    """What stands before a member's content."""

    magic: bytes
    version: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    packed: int
    unpacked: int
    name_length: int
    extra_length: int


class Archive:
    """A zip that could be opened.

    Attributes:
        faults: What is wrong with it, each in a few words.
        names: The members that may be read, in their order.
    """

    def __init__(self, file: IO[bytes], *, size: int) -> None:
        """Look through the archive in ``file``, of ``size`` bytes; reads every member once.

        Raises:
            Unsound: It is no zip, is cut off, or has far too much in it.
        """
        self._file = file
        promised = _read_end(file, size)
        try:
            self._zip = zipfile.ZipFile(file)
        except (*DAMAGE, OSError) as error:
            msg = _explain_unopened(file, size)
            raise Unsound(msg) from error
        members = self._zip.infolist()
        if sum(member.file_size for member in members) > LARGEST_CONTENTS:
            msg = f"its members unpack to more than {LARGEST_CONTENTS // 2**20} MiB"
            raise Unsound(msg)
        if why := _explain_places(members, self._zip.start_dir, file):
            raise Unsound(why)
        if promised != len(members):
            msg = "its directory has another number of members than it says"
            raise Unsound(msg)
        self._members = {member.orig_filename: member for member in members}
        self.faults = list(self._look_through(members))
        file.seek(-_END.size, os.SEEK_END)
        if file.read(len(_END_MAGIC)) != _END_MAGIC:
            self.faults.append("something else stands behind its directory")

    @property
    def names(self) -> tuple[str, ...]:
        """All members, in their order."""
        return tuple(self._members)

    def read(self, name: str) -> bytes:
        """Return what a member unpacks to.

        Raises:
            Missing: It is not there, may not be read, or is damaged.
        """
        member = self._members.get(name)
        if member is None:
            msg = f"there is no {printable(name)}"
            raise Missing(msg)
        if name not in self._sound:
            msg = f"{printable(name)} cannot be read from the zip"
            raise Missing(msg)
        return b"".join(self._unpack(member))

    def _look_through(self, members: list[zipfile.ZipInfo]) -> Iterator[str]:
        self._sound = set[str]()
        counts = Counter(member.orig_filename for member in members)
        for name, count in counts.items():
            if count > 1:
                yield f"{printable(name)} is in it twice"
        for first, second in find_twins(counts):
            yield f"{printable(first)} and {printable(second)} are the same name to some computers"
        for member in members:
            name = member.orig_filename
            why = explain_member(member) or self._explain_damage(member)
            if why:
                yield f"{printable(name)} {why}"
            elif counts[name] == 1:
                self._sound.add(name)

    def _explain_damage(self, member: zipfile.ZipInfo) -> str | None:
        if why := _compare_headers(member, self._file):
            return why
        try:
            for _ in self._unpack(member):
                pass
        except (*DAMAGE, OSError) as error:
            is_sum = "CRC" in str(error)
            return "is damaged: its checksum is wrong" if is_sum else "is damaged"
        return None

    def _unpack(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        with self._zip.open(member) as stream:  # ends at the size that it has in the directory
            left = member.file_size
            while piece := stream.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    msg = "longer than it says"
                    raise zipfile.BadZipFile(msg)
                yield piece
            if left:
                msg = "shorter than it says"
                raise zipfile.BadZipFile(msg)


def explain_unread(mode: int, size: int) -> str | None:
    """Return why a file of this mode and size is not opened, or ``None``."""
    if not stat.S_ISREG(mode):
        return "is a folder" if stat.S_ISDIR(mode) else "is no regular file"
    if size > LARGEST_ARCHIVE:
        return f"is larger than {LARGEST_ARCHIVE // 2**20} MiB"
    return "is empty" if size == 0 else None


def _read_end(file: IO[bytes], size: int) -> int | None:
    """Return how many members the zip says it has, if it is one.

    Raises:
        Unsound: It has too many, before zipfile makes an object of each; or two directories, of
            which zipfile reads one, and other programs the other.
    """
    file.seek(max(0, size - _LONGEST_COMMENT - _END.size - _LOCATOR_SIZE))
    tail = file.read()
    last = len(tail) - _END.size
    # Without a comment it is at the very end, also if its own bytes look like another one.
    at = last if tail[max(0, last) :].startswith(_END_MAGIC) else tail.rfind(_END_MAGIC)
    if at < 0 or at > last:
        return None  # no zip, which opening it will tell
    if tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_LOCATOR_MAGIC):
        msg = "it has a second directory, which only a zip of more than 4 GB needs"
        raise Unsound(msg)
    _, disk, first_disk, here, members, directory, _, _ = _END.unpack_from(tail, at)
    if members > MOST_MEMBERS or directory > MOST_MEMBERS * 2**10:
        msg = f"it has more than {MOST_MEMBERS} members"
        raise Unsound(msg)
    if disk or first_disk or here != members:
        msg = "it is one of several parts"
        raise Unsound(msg)
    return members


def _explain_unopened(file: IO[bytes], size: int) -> str:
    file.seek(0)
    begins = file.read(4) == _LOCAL_MAGIC
    return "it is damaged or was cut off" if begins and size else "it is no zip archive"


def _explain_places(members: list[zipfile.ZipInfo], end: int, file: IO[bytes]) -> str | None:
    """Return why members do not lie one after the other, from the first byte to the directory."""
    spans: list[tuple[int, int, frozenset[int]]] = []
    for member in members:
        header = _read_local(member, file)
        if header is None:
            return f"{printable(member.orig_filename)} is not where the directory says"
        content = member.header_offset + _LOCAL.size + header.name_length + header.extra_length
        behind = _DESCRIPTIONS if header.flags & _DESCRIBED_LATER else _NOTHING
        spans.append((member.header_offset, content + member.compress_size, behind))
    spans.sort(key=lambda span: span[:2])
    gaps = [
        (following - stop, allowed)
        for (_, stop, allowed), (following, _, _) in pairwise([*spans, (end, end, _NOTHING)])
    ]
    if any(gap < 0 for gap, _ in gaps):
        return "members overlap in it: it was made to do harm"
    if spans and spans[0][0]:
        return "something else stands before its first member"
    if any(gap not in allowed for gap, allowed in gaps):
        return "something stands between its members that belongs to none"
    return None


def _read_local(member: zipfile.ZipInfo, file: IO[bytes]) -> Local | None:
    if member.header_offset < 0:
        return None
    file.seek(member.header_offset)
    raw = file.read(_LOCAL.size)
    if len(raw) < _LOCAL.size:
        return None
    header = Local(*_LOCAL.unpack(raw))
    return header if header.magic == _LOCAL_MAGIC else None


def _compare_headers(member: zipfile.ZipInfo, file: IO[bytes]) -> str | None:
    """Return how what stands before a member differs from the directory: two readers, two zips."""
    header = _read_local(member, file)
    name = file.read(header.name_length) if header else b""
    encoding = "utf-8" if member.flag_bits & _UTF_8 else "cp437"
    try:
        is_same = name == member.orig_filename.encode(encoding)
    except UnicodeError:
        is_same = False
    if header is None or not is_same:
        return "has another name before its content than in the directory"
    extra = file.read(header.extra_length)
    if why := explain_extra(member.extra) or explain_extra(extra):
        return why
    flags = (header.flags ^ member.flag_bits) & _TELLING
    same = [header.method == member.compress_type, not flags]
    if not header.flags & _DESCRIBED_LATER:
        same.append(header.crc == member.CRC)
    sizes = ((header.packed, member.compress_size), (header.unpacked, member.file_size))
    unsaid = {0} if header.flags & _DESCRIBED_LATER else set[int]()
    same += [local in {*unsaid, size} for local, size in sizes]
    return None if all(same) else "is described otherwise before its content than in the directory"
