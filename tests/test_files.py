"""Writing: whatever goes wrong at whichever moment, a reader finds the old or the new."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault
from mnistreport.files import (
    NEW,
    OLD,
    publish_folder,
    remove_leftovers,
    replace_file,
    replacing,
    update_file,
)
from mnistreport.holding import hold_folder
from tests.torture.faults import EVERY_KIND, KINDS, Act, CutOffError, Faults

State = dict[str, bytes]


@dataclass(frozen=True)
class Deed:
    """Something that is written, where something was before.

    Attributes:
        before: What was there.
        do: Writes, below a folder.
        after: What is there then.
    """

    before: State
    do: Callable[[Path], None]
    after: State


def _update(folder: Path) -> None:
    update_file(folder / "a", lambda old: (old or b"")[:4] + b"more", next_step="")


def _hold(folder: Path) -> None:
    with hold_folder(folder):
        pass


def _replace_all(folder: Path) -> None:
    contents = {"a": b"new a", "deep/b": b"new b", "deep/c": b"new c"}
    paths = {folder / name: content for name, content in contents.items()}
    with replacing(paths, [folder / "deep/gone", folder / "never there"]):
        replace_file(folder / "stamp", b"new stamp")


DEEDS = {
    "file": Deed({"a": b"old"}, lambda folder: replace_file(folder / "a", b"new"), {"a": b"new"}),
    "first file": Deed(
        {}, lambda folder: replace_file(folder / "x" / "a", b"new"), {"x/a": b"new"}
    ),
    "update": Deed({"a": b"some"}, _update, {"a": b"somemore"}),
    "folder": Deed(
        {"run/a": b"old a", "run/b": b"old b"},
        lambda folder: publish_folder(folder / "run", {"a": b"new a", "c": b"new c"}),
        {"run/a": b"new a", "run/c": b"new c"},
    ),
    "hold": Deed({"a": b"old"}, _hold, {"a": b"old"}),
    "several": Deed(
        {"a": b"old a", "deep/b": b"old b", "deep/gone": b"old", "stamp": b"old stamp"},
        _replace_all,
        {"a": b"new a", "deep/b": b"new b", "deep/c": b"new c", "stamp": b"new stamp"},
    ),
}


def _lay_out(folder: Path, state: State) -> Path:
    folder.mkdir()
    for name, content in state.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def _read(folder: Path, *, hidden: bool = False) -> State:
    """Return what a reader sees, or with what is ``hidden``; but no locks."""
    return {
        name: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".lock" and path.name != ".lock"
        if hidden or "/." not in f"/{(name := path.relative_to(folder).as_posix())}"
        if (name := path.relative_to(folder).as_posix())
    }


def _count(deed: Deed, folder: Path, kinds: tuple[str, ...]) -> list[tuple[str, str]]:
    faults = Faults(_lay_out(folder, deed.before), kinds=kinds)
    with faults.happening():
        deed.do(folder)
    assert deed.after == _read(folder, hidden=True)
    return faults.seen


@pytest.mark.parametrize("name", DEEDS)
def test_death_at_any_moment_leaves_old_or_new(tmp_path: Path, name: str) -> None:
    """A reader sees no half, and the next process comes to the same, with nothing left over.

    After its death a process does nothing any more: everything that it would do is refused.
    """
    deed = DEEDS[name]
    for at in range(1, len(_count(deed, tmp_path / "count", EVERY_KIND)) + 1):
        folder = _lay_out(tmp_path / f"{at}", deed.before)
        faults = Faults(folder, "raise", at, stays=True, kinds=EVERY_KIND)
        with faults.happening(), pytest.raises(CutOffError):
            deed.do(folder)
        for path, content in _read(folder).items():
            assert content in {deed.before.get(path), deed.after.get(path)}, (at, path)
        if name != "hold":
            for inner in [folder, *filter(Path.is_dir, folder.iterdir())]:
                remove_leftovers(inner)
            assert _read(folder) == _read(folder, hidden=True), at
        if name != "several":  # neither is a file or a finished run lost
            assert _read(folder) in (deed.before, deed.after), at
        deed.do(folder)
        assert deed.after == _read(folder, hidden=True), at


def _try(deed: Deed, folder: Path) -> EnvironmentFault | None:
    try:
        deed.do(folder)
    except EnvironmentFault as error:
        return error
    return None


@pytest.mark.parametrize("act", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("stays", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("name", DEEDS)
def test_a_disk_that_refuses_leaves_the_old(
    tmp_path: Path, name: str, act: Act, *, stays: bool
) -> None:
    """It is told with exit code 6, all is as before, and once the disk gives way, all is as new."""
    deed, kinds = DEEDS[name], KINDS if stays else EVERY_KIND
    refused = 0
    for at in range(1, len(_count(deed, tmp_path / "count", kinds)) + 1):
        folder = _lay_out(tmp_path / f"{at}", deed.before)
        with Faults(folder, act, at, stays=stays, kinds=kinds).happening():
            error = _try(deed, folder)
        done = error is None
        assert done or os.strerror(getattr(errno, act)) in str(error)
        refused += not done
        remove_leftovers(folder)  # a folder that was in the way could not go back before
        # Once a name leads to the new, only making it last can still be refused.
        lasts = name in {"update", "folder"} and _read(folder) == deed.after
        expected = deed.after if done or lasts else deed.before
        assert expected == _read(folder), (at, done)
        deed.do(folder)
        assert deed.after == _read(folder, hidden=True), at
    assert refused > 1


@pytest.mark.parametrize("name", ["file", "folder", "several"])
def test_nothing_is_in_place_before_it_is_on_the_disk(tmp_path: Path, name: str) -> None:
    """Each file is flushed before anything is renamed, and each folder once its names are new."""
    folder = tmp_path / "folder"
    seen = _count(DEEDS[name], folder, KINDS)
    for number, (kind, path) in enumerate(seen):
        later = seen[number + 1 :]
        if kind == "write":
            flushed = later.index(("fsync", path))
            assert "rename" not in [what for what, _ in later[:flushed]], path
        if kind == "rename" and not Path(path).name.startswith("."):
            assert ("fsync", str(Path(path).parent)) in later, path


def test_a_body_that_fails_puts_all_back(tmp_path: Path) -> None:
    """What is to come with the files, and cannot, takes them back; whatever ended it."""
    deed = DEEDS["several"]
    folder = _lay_out(tmp_path / "folder", deed.before)

    def interrupt() -> None:
        with replacing({folder / "a": b"new", folder / "new": b"new"}, [folder / "stamp"]):
            assert {"a": b"new", "new": b"new"}.items() <= _read(folder).items()
            assert not (folder / "stamp").exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert deed.before == _read(folder, hidden=True)


def test_without_second_names_files_are_kept_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that knows no hard links, as many a stick, keeps the promise too."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    folder = _lay_out(tmp_path / "folder", {"a": b"old"})
    with pytest.raises(ZeroDivisionError), replacing({folder / "a": b"new"}):
        _ = 1 / 0
    assert {"a": b"old"} == _read(folder, hidden=True)


@pytest.mark.parametrize("act", ["ENOSPC", "EIO"])
def test_nothing_is_lost_where_nothing_can_be_named(tmp_path: Path, act: Act) -> None:
    """A disk that removes names, and gives no new ones any more, keeps what was there all the same.

    It may have to wait under its second name; the next process finds it there.
    """
    deed = DEEDS["several"]
    kinds = ("rename", "link")
    for at in range(1, len(_count(deed, tmp_path / "count", kinds)) + 1):
        folder = _lay_out(tmp_path / f"{at}", deed.before)
        with Faults(folder, act, at, stays=True, kinds=kinds).happening():
            assert _try(deed, folder) is not None
        for inner in (folder, folder / "deep"):
            remove_leftovers(inner)
        kept = _read(folder, hidden=True)
        assert {
            name: deed.before[name] for name in ("a", "deep/b", "stamp")
        }.items() <= kept.items()
        deed.do(folder)
        assert deed.after == _read(folder, hidden=True), at


@pytest.mark.parametrize("name", ["file", "several"])
def test_no_link_is_written_through(tmp_path: Path, name: str) -> None:
    """Somebody may have laid one where a file is begun: what it leads to stays."""
    deed, stranger = DEEDS[name], tmp_path / "stranger"
    stranger.write_bytes(b"somebody's")
    folder = _lay_out(tmp_path / "folder", deed.before)
    for prefix in (NEW, OLD):
        (folder / f"{prefix}a").symlink_to(stranger)
    deed.do(folder)
    assert deed.after == _read(folder, hidden=True)
    assert b"somebody's" == stranger.read_bytes()


def test_no_lock_is_opened_through_a_link(tmp_path: Path) -> None:
    """Nothing is written where the lock leads elsewhere, and what it leads to is not emptied."""
    stranger, folder = tmp_path / "stranger", tmp_path / "folder"
    stranger.write_bytes(b"somebody's")
    folder.mkdir()
    (folder / ".lock").symlink_to(stranger)
    with pytest.raises(EnvironmentFault):
        replace_file(folder / "a", b"ours")
    assert b"somebody's" == stranger.read_bytes()
    assert [".lock"] == [path.name for path in folder.iterdir()]


def test_leftovers_that_cannot_be_swept_are_told(tmp_path: Path) -> None:
    """A folder that takes no lock is an error with its name, no fault of the program."""
    with (
        Faults(tmp_path, "EIO", 1, kinds=("open",)).happening(),
        pytest.raises(EnvironmentFault, match="Input/output error"),
    ):
        remove_leftovers(tmp_path)
