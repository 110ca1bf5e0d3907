"""A person's own files among the documents: none is lost when documents are written.

What is not as this user's last build left it may be somebody's work. Before its place is taken it
is kept under another name in the same folder, ``report.kept-1.html``. A folder of other files, if
the user names one, is refused first.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mnistreport.errors import UsageError
from mnistreport.files import find_kept_name
from mnistreport.holding import LOCK
from mnistreport.report.stamp import STAMP, Stamp, read_stamped
from mnistreport.report.wording import name_files


def refuse_strangers(output: Path, project: Path, *, force: bool | None = None) -> None:
    """Refuse to write into a folder of other files, which no build has written to.

    Args:
        output: Folder of the documents.
        project: Folder of the manifest; what lies in its ``output`` is only kept.
        force: Whether to write even so; ``None`` where nothing can force it.

    Raises:
        UsageError: It is such a folder.
    """
    own = (project / "output").resolve()
    if force or output.resolve().is_relative_to(own) or not output.is_dir():
        return
    names = sorted(path.name for path in output.iterdir())
    visible = [name for name in names if not name.startswith(".")]
    if visible and STAMP not in names and LOCK not in names:
        msg = f"holds other files ({name_files(visible)}), and no documents of a build"
        step = "choose an empty folder"
        if force is not None:
            step += ", or write there even so: --force; what is in the way gets another name"
        raise UsageError(msg, file=output, next_step=step)


def holds(path: Path, content: bytes) -> bool:
    """Tell whether a file holds just that; one of another length is not read.

    Raises:
        OSError: It cannot be read.
    """
    if not path.is_file() or path.stat().st_size != len(content):
        return False
    return path.read_bytes() == content


def find_kept(output: Path, files: Mapping[Path, bytes], stamp: Stamp | None) -> dict[Path, Path]:
    """Return, of files that are to be replaced, the name under which each of a person's is kept.

    Args:
        output: Folder of the documents.
        files: What is to be written.
        stamp: That of the last build.
    """
    return {
        path: find_kept_name(path)
        for path, content in files.items()
        if _is_own(output, path, content, stamp)
    }


def _is_own(output: Path, path: Path, content: bytes, stamp: Stamp | None) -> bool:
    """Tell whether there is a file that the program has not left there; a link counts as one."""
    if path.is_symlink():
        return True
    if not path.is_file() or holds(path, content):
        return False
    return read_stamped(output, path.relative_to(output).as_posix(), stamp) is None


def describe_kept(output: Path, kept: Mapping[Path, Path], stamp: Stamp | None) -> str:
    """Say which files are kept, and under which names."""
    before, after = (_name(output, paths) for paths in (list(kept), list(kept.values())))
    one = len(kept) == 1
    how = "as the last build left" if stamp else "made by a build of yours"
    it = (" it" if one else " them") if stamp else ""
    return (
        f"{output}: {before} {'was' if one else 'were'} not {how}{it}; "
        f"{'it is' if one else 'they are'} kept as {after}"
    )


def _name(output: Path, paths: Sequence[Path]) -> str:
    """Return all their names: somebody looks for them."""
    names = [path.relative_to(output).as_posix() for path in paths]
    return ", ".join(names)


def carry_over(output: Path, stamp: Stamp | None, documents: Collection[str]) -> dict[str, str]:
    """Return the digests of what is left in the folder of earlier builds, and is not written now.

    Args:
        output: Folder of the documents.
        stamp: That of the last build.
        documents: Names of what is written now.
    """
    return {
        name: digest
        for name, digest in (stamp.known.items() if stamp else ())
        if name not in documents and os.path.lexists(output / name)
    }
