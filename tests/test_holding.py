"""One build at a time holds a folder, and says who it is."""

import os
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from mnistreport.errors import EnvironmentFault, ExitCode, LockedError
from mnistreport.files import NEW
from mnistreport.holding import hold_folder
from tests.torture.faults import Faults


@pytest.fixture
def dead() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen(["true"]) as process:
        pass
    return process.pid


@pytest.mark.parametrize("number", ["dead", "alive", "nonsense", "9" * 30])
def test_what_a_dead_build_left_is_no_lock(tmp_path: Path, dead: int, number: str) -> None:
    """Its lock is acquired at once, also if its number is another process's by now."""
    (tmp_path / ".build.lock").touch()
    numbers = {"dead": str(dead), "alive": str(os.getppid())}
    (tmp_path / ".build.pid").write_text(numbers.get(number, number))
    with hold_folder(tmp_path):
        assert f"{os.getpid()}\n" == (tmp_path / ".build.pid").read_text()
    assert not (tmp_path / ".build.pid").exists()


def test_a_build_that_has_just_begun_is_named(tmp_path: Path, dead: int) -> None:
    """Who holds the lock and has not said so yet is waited for: no dead one is named instead."""
    (tmp_path / ".build.pid").write_text(f"{dead}\n")
    replacement = f"sleep 0.1; echo {os.getpid()} > .build.pid"
    with (
        FileLock(tmp_path / ".build.lock"),
        subprocess.Popen(["sh", "-c", replacement], cwd=tmp_path),
        pytest.raises(LockedError, match=rf"process {os.getpid()}\) is writing") as caught,
        hold_folder(tmp_path),
    ):
        pass
    assert ExitCode.LOCKED == caught.value.exit_code


def test_a_folder_that_refuses_is_not_held(tmp_path: Path) -> None:
    """When the holder's number cannot be written, the lock is free again."""
    with (
        Faults(tmp_path, "ENOSPC", 1).happening(),
        pytest.raises(EnvironmentFault) as caught,
        hold_folder(tmp_path),
    ):
        pass
    assert caught.value.__traceback__ is not None  # which keeps what the frames hold
    with FileLock(tmp_path / ".build.lock", timeout=0):
        pass


def test_the_end_of_a_build_is_its_own(tmp_path: Path) -> None:
    """That the number cannot be removed hides no error, and keeps no lock."""
    with (
        pytest.raises(ZeroDivisionError),
        Faults(tmp_path, "EIO", 1, stays=True, kinds=("unlink",)).happening(),
        hold_folder(tmp_path),
    ):
        _ = 1 / 0
    with hold_folder(tmp_path):
        pass


@pytest.mark.parametrize("name", [".build.pid", f"{NEW}.build.pid"])
def test_no_link_is_written_through(tmp_path: Path, name: str) -> None:
    """Somebody may have laid one where the number goes: what it leads to stays."""
    stranger = tmp_path / "stranger"
    stranger.write_bytes(b"somebody's")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).symlink_to(stranger)
    with hold_folder(folder):
        pass
    assert b"somebody's" == stranger.read_bytes()
    assert [folder / ".build.lock"] == list(folder.iterdir())


@pytest.mark.parametrize("is_there", [True, False])
def test_a_lock_that_is_a_link_is_refused(is_there: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """What it leads to is neither emptied nor made; the folder is named, and nothing is held."""
    stranger, folder = tmp_path / "stranger", tmp_path / "folder"
    if is_there:
        stranger.write_bytes(b"somebody's")
    folder.mkdir()
    (folder / ".build.lock").symlink_to(stranger)
    with pytest.raises(EnvironmentFault, match=r"folder: cannot be written"), hold_folder(folder):
        pass
    assert is_there == stranger.exists()
    assert not is_there or b"somebody's" == stranger.read_bytes()
    assert [".build.lock"] == [path.name for path in folder.iterdir()]
