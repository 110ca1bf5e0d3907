"""The zip's reader, byte by byte."""

import io
import struct
import zipfile

import pytest

from mnistreport.verification.archive import Archive
from mnistreport.verification.verdict import Missing, Unsound
from tests.verification.submissions import write_zip

MEMBERS = {"a.txt": b"first " * 9, "b.csv": b"1,2\n3,4\n"}
CONTENT = write_zip(MEMBERS)


def read_all(content: bytes) -> dict[str, bytes] | None:
    """Return what is in an archive; ``None`` if anything is wrong with it."""
    try:
        archive = Archive(io.BytesIO(content), size=len(content))
    except Unsound:
        return None
    return None if archive.faults else {name: archive.read(name) for name in archive.names}


def test_it_reads_what_was_written() -> None:
    """Each member comes out as it went in."""
    assert MEMBERS == read_all(CONTENT)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
def test_a_changed_byte_changes_nothing_in_silence(mask: int) -> None:
    """Whichever byte is changed, what comes out is what went in, or the change is told."""
    outcomes = [
        read_all(bytes([*CONTENT[:place], CONTENT[place] ^ mask, *CONTENT[place + 1 :]]))
        for place in range(len(CONTENT))
    ]
    assert [] == [outcome for outcome in outcomes if outcome not in (None, MEMBERS)]
    assert outcomes.count(None) > len(CONTENT) / 2


def test_a_cut_is_always_noticed() -> None:
    """Cut off anywhere, it is no archive any more."""
    assert [] == [end for end in range(len(CONTENT)) if read_all(CONTENT[:end]) is not None]


def test_fields_of_times_and_owners_are_usual() -> None:
    """As Info-ZIP, Finder and 7-Zip write them, in either place."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, kind in enumerate((0x5455, 0x7875, 0x000A, 0x5855)):
            member = zipfile.ZipInfo(f"{number}.txt")
            member.extra = struct.pack("<2H5x2H", kind, 5, 0x7875, 0)
            archive.writestr(member, b"a")
    assert {f"{number}.txt": b"a" for number in range(4)} == read_all(content.getvalue())


def test_what_is_not_there_cannot_be_read() -> None:
    """A name that no member has is told."""
    archive = Archive(io.BytesIO(CONTENT), size=len(CONTENT))
    with pytest.raises(Missing, match="there is no c"):
        archive.read("c")
