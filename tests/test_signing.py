"""Signatures: only this user's own program makes them, and no machine is too bare for them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport import signing
from mnistreport.signing import is_signed, sign


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's state folder, which is not there yet; each test starts as a process does."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    signing._find_key.cache_clear()
    return folder / "mnistreport"


def start_again() -> None:
    """Forget the key, as another process of the same user would not know it yet."""
    signing._find_key.cache_clear()


def test_the_next_process_knows_a_signature(state: Path) -> None:
    """The key is kept for the user alone; content, purpose and signature must all fit."""
    signature = sign("stamp", b"content")
    start_again()
    assert is_signed("stamp", b"content", signature)
    assert not is_signed("stamp", b"Content", signature)
    assert not is_signed("other", b"content", signature)
    assert not any(is_signed("stamp", b"content", bad) for bad in ("", "é", None, 3, signature[1:]))
    assert 0o600 == (state / "key").stat().st_mode & 0o777
    assert ["key"] == [path.name for path in state.iterdir()]


def test_another_user_knows_it_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one user signed says nothing to another."""
    signature = sign("stamp", b"content")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "of another"))
    assert not is_signed("stamp", b"content", signature)


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 99])
def test_a_damaged_key_makes_way(state: Path, damage: bytes) -> None:
    """A key that is not whole is none; a new one takes its place."""
    state.mkdir(parents=True, mode=0o700)
    (state / "key").write_bytes(damage)
    (state / "key").chmod(0o600)
    signature = sign("stamp", b"content")
    start_again()
    assert is_signed("stamp", b"content", signature)


def test_two_first_processes_agree_on_a_key(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that writes a key just after another has looked for it keeps it, and both sign alike."""
    first: list[str] = []
    token = signing.secrets.token_hex

    def be_overtaken(size: int) -> str:
        monkeypatch.setattr(signing.secrets, "token_hex", token)
        read = signing._read_key

        def look_too_early(path: Path) -> bytes | None:
            monkeypatch.setattr(signing, "_read_key", read)
            found = read(path)
            first.append(sign("stamp", b"content"))
            start_again()
            return found

        monkeypatch.setattr(signing, "_read_key", look_too_early)
        return token(size)

    monkeypatch.setattr(signing.secrets, "token_hex", be_overtaken)
    second = sign("stamp", b"content")
    start_again()
    assert [second] == first == [sign("stamp", b"content")]
    assert ["key"] == [path.name for path in state.iterdir()]


def test_a_key_that_others_can_read_is_none(state: Path) -> None:
    """A key for everybody to read proves nothing."""
    state.mkdir(parents=True, mode=0o700)
    (state / "key").write_bytes(b"k" * 32)
    (state / "key").chmod(0o644)
    sign("stamp", b"content")
    assert b"k" * 32 != (state / "key").read_bytes()


def _write_key(folder: Path) -> Path:
    folder.mkdir(parents=True, mode=0o700)
    key = folder / "key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    return key


def _replace_by_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _give_away(path: Path) -> None:
    if os.getuid():
        pytest.skip("only root can give a file to another user")
    os.chown(path, 12345, -1)


CHANGES = {
    "a link": _replace_by_link,
    "of another user": _give_away,
    "for others to write": lambda path: path.chmod(0o722),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("name", ["key", "."])
def test_a_key_that_others_may_have_put_there_is_none(
    state: Path, name: str, change: Callable[[Path], None]
) -> None:
    """Neither is one in such a folder: the key is made again, or lies somewhere else."""
    _write_key(state)
    known = sign("stamp", b"content")
    start_again()
    change(state / name)
    signature = sign("stamp", b"content")
    assert known != signature
    start_again()
    assert is_signed("stamp", b"content", signature)


def test_without_a_home_it_lies_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home that takes no file is no error, and the next process knows what this one signed."""
    (tmp_path / "home").write_text("I am a file.")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    signature = sign("stamp", b"content")
    start_again()
    assert is_signed("stamp", b"content", signature)
    assert (tmp_path / "temporary" / f"mnistreport-{os.getuid()}" / "key").exists()


def test_with_no_place_at_all_nothing_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a process believes itself alone, and there is no error."""
    (tmp_path / "home").write_text("I am a file.")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "home"))
    signature = sign("stamp", b"content")
    assert is_signed("stamp", b"content", signature)
    start_again()
    assert not is_signed("stamp", b"content", signature)


def test_no_key_is_put_where_a_command_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing else can be written, Python takes that folder for temporary files."""
    (tmp_path / "home").write_text("I am a file.")
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "project"))
    sign("stamp", b"content")
    assert [] == list((tmp_path / "project").iterdir())


def test_no_project_brings_a_key_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path would lead into the folder where a command is run; it does not count."""
    project = tmp_path / "project"
    (project / "state" / "mnistreport").mkdir(parents=True, mode=0o700)
    (project / "state" / "mnistreport" / "key").write_bytes(b"k" * 32)
    (project / "state" / "mnistreport" / "key").chmod(0o600)
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    expected = sign("stamp", b"content")
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    assert expected != sign("stamp", b"content")
    assert (tmp_path / "home" / ".local" / "state" / "mnistreport" / "key").exists()
