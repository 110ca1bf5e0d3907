"""What is handed in: which files of the output folder, in which zip, and the zip's bytes.

Only files that are named go in: those that always do, and those that ``[submission] include``
lists. Equal files make an equal zip, byte for byte.
"""

import errno
import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from mnistreport.report.making import MADE, NOTEBOOK, NOTEBOOK_PDF, PDF
from mnistreport.report.members import (
    LARGEST_ARCHIVE,
    LARGEST_MEMBER,
    explain_kind,
    explain_name,
    explain_size,
    find_twins,
)
from mnistreport.report.wording import count_things
from mnistreport.study.manifest import Submission
from mnistreport.study.naming import count_ids, name_weights, name_zip

State = Literal["none", "current", "outdated"]
"""Of what a command makes: not there, made of what there is now, or made of something else."""
ALWAYS: Final = (NOTEBOOK, NOTEBOOK_PDF, PDF)
"""What goes into every zip, first and in this order."""
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can tell."""
_REGULAR_FILE: Final = 0o100644 << 16
_UNIX: Final = 3
_LEVEL: Final = 9
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_TOO_LARGE: Final = f"is larger than {LARGEST_MEMBER // 2**20} MiB"


def list_members(submission: Submission) -> tuple[str, ...]:
    """Return the names of what goes into the zip, in its order."""
    return (*ALWAYS, *(name for name in submission.include if name not in ALWAYS))


def explain_ids(submission: Submission) -> str | None:
    """Return why there are not as many ids as the scheme has places, or ``None`` if there are."""
    places, ids = count_ids(submission.scheme), len(submission.ids)
    if places == ids:
        return None
    given = f"{ids or 'none'} {'is' if ids < 2 else 'are'} given"  # noqa: PLR2004
    return f"the scheme {submission.scheme} asks for {count_things(places, 'id')}, and {given}"


def find_zip_name(submission: Submission) -> str | None:
    """Return what the zip is called, or ``None`` if there are not as many ids as places."""
    return None if explain_ids(submission) else name_zip(submission.scheme, submission.ids)


def name_listing(zip_name: str) -> str:
    """Return what the list of a zip's members is called, which lies beside it."""
    return f"{zip_name.removesuffix('.zip')}.txt"


def is_made(name: str, models: Iterable[str]) -> bool:
    """Tell whether a build makes the file called ``name``, for ``models`` of these names."""
    return name in MADE or name in map(name_weights, models)


def explain_unfit(name: str, submission: Submission) -> str | None:
    """Return why nothing called ``name`` goes into the zip, or ``None`` if it may."""
    zip_name = find_zip_name(submission)
    if zip_name and name in {zip_name, name_listing(zip_name)}:
        return "is what pack writes itself"
    if why := explain_name(name) or explain_kind(name):
        return why
    twins = find_twins(list_members(submission))
    first = next((first for first, second in twins if second == name), None)
    return f"is the same name as {first} to some computers" if first else None


def find_obstacle(output: Path, name: str, submission: Submission) -> str | None:
    """Return why a file of the output folder cannot go into the zip, or ``None`` if it can.

    Args:
        output: The folder of the documents.
        name: Of the file, with ``/`` between the folders on its way.
        submission: What the zip is called after.
    """
    if why := explain_unfit(name, submission):
        return why
    try:
        return _look_at(output, name)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _look_at(output: Path, name: str) -> str | None:
    path = output
    parts = name.split("/")
    for part in parts[:-1]:
        path /= part
        if path.is_symlink():
            return f"lies in the folder {part}, which is a symbolic link"
    path /= parts[-1]
    if path.is_symlink():
        return "is a symbolic link"
    if not path.exists():
        return "is not there"
    if not path.is_file():
        return "is no file"
    return _TOO_LARGE if path.stat().st_size > LARGEST_MEMBER else None


def read_file(output: Path, name: str) -> bytes:
    """Read a file of the output folder; no link is followed on its way, whoever puts one there.

    Raises:
        OSError: It is no regular file, is too large, or cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | _NO_LINK
    with os.fdopen(_open(output, name, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "is no file")
        content = file.read(LARGEST_MEMBER + 1)
    if len(content) > LARGEST_MEMBER:
        raise OSError(errno.EFBIG, _TOO_LARGE)
    return content


def _open(output: Path, name: str, flags: int) -> int:
    """Return a descriptor of a file; where the system can, folder by folder."""
    if not (_NO_LINK and os.open in os.supports_dir_fd):
        return os.open(output / name, flags)
    *folders, last = name.split("/")
    folder = os.open(output, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(last, flags, dir_fd=folder)
    finally:
        os.close(folder)


def make_zip(files: Mapping[str, bytes]) -> bytes:
    """Return the zip of ``files``, in their order: without times, owners or anything that varies.

    Bytes are those of the same version of zlib.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, _NO_TIME)
            member.create_system = _UNIX
            member.external_attr = _REGULAR_FILE
            archive.writestr(member, content, zipfile.ZIP_DEFLATED, _LEVEL)
    return stream.getvalue()


def find_oversized(content: bytes) -> dict[str, str]:
    """Return, by name, why files are too much for a zip with this ``content``; ``""`` is itself."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sizes = {each.filename: (each.file_size, each.compress_size) for each in archive.filelist}
    found = {name: why for name, size in sizes.items() if (why := explain_size(*size))}
    if len(content) > LARGEST_ARCHIVE:
        found[""] = f"would be larger than {LARGEST_ARCHIVE // 2**20} MiB"
    return found


def list_files(files: Mapping[str, bytes]) -> str:
    """Return a line for each file: SHA-256, size in bytes, name."""
    width = max((len(str(len(content))) for content in files.values()), default=0)
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {len(content):>{width}}  {name}\n"
        for name, content in files.items()
    )


def look_at_zip(output: Path, submission: Submission) -> State:
    """Tell whether the zip is there, and holds the documents that stand beside it."""
    zip_name = find_zip_name(submission)
    path = output / (zip_name or "")
    if zip_name is None or not path.is_file():
        return "none"
    names = list_members(submission)
    is_current = not any(find_obstacle(output, name, submission) for name in names)
    if is_current and _summarise_zip(path) == [_summarise(output, name) for name in names]:
        return "current"
    return "outdated"


def _summarise_zip(path: Path) -> list[tuple[str, int, int]]:
    """Return each member's name, size and checksum, by the zip's own directory."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [(each.filename, each.file_size, each.CRC) for each in archive.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []


def _summarise(output: Path, name: str) -> tuple[str, int, int] | None:
    try:
        content = read_file(output, name)
    except OSError:
        return None
    return name, len(content), zlib.crc32(content)
