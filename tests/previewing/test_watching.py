"""What a report is made of is watched, wherever an editor or a build puts it."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from mnistreport.previewing.watching import Places, Watcher

TOO_LONG = 2.0
"""Seconds after which a change was missed."""


class Watch:
    """A watcher of a folder, and a person who changes it."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(
            folder / "experiments.toml",
            folder / "templates",
            (folder / "data",),
            (folder / "cache/runs", folder / "output"),
        )
        self.watcher = Watcher()

    def after(self, change: Callable[[], object]) -> bool | None:
        """Return what is told of a change: whether more than templates; ``None`` for nothing."""
        self.watcher.follow(self.places)
        told = list[bool]()

        def listen() -> None:
            told.append(self.watcher.wait(lambda: self.places))

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        change()
        listener.join(TOO_LONG)
        return told[0] if told else None


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A project with a manifest and templates, and no runs yet."""
    (tmp_path / "templates/insights").mkdir(parents=True)
    (tmp_path / "experiments.toml").write_text("", encoding="utf-8")
    (tmp_path / "output").mkdir()
    watch = Watch(tmp_path)
    with watch.watcher:
        yield watch


def replace(path: Path) -> None:
    """Save a file as many editors do: aside, and then in its place."""
    aside = path.with_name(f".{path.name}.swp")
    aside.write_text("new", encoding="utf-8")
    aside.replace(path)


def renew_folder(folder: Path) -> None:
    """Remove a folder, and make another in its place, as a version control system may."""
    shutil.rmtree(folder)
    (folder / "sections").mkdir(parents=True)
    (folder / "sections/data.md.j2").write_text("", encoding="utf-8")


def test_a_save_is_told(watch: Watch, tmp_path: Path) -> None:
    """In place or aside, in a folder that was made meanwhile, and when a file is removed."""
    insight = tmp_path / "templates/insights/rate.md.j2"
    assert False is watch.after(lambda: insight.write_text("words", encoding="utf-8"))
    assert False is watch.after(lambda: replace(insight))
    assert False is watch.after((tmp_path / "templates/sections").mkdir)
    made = tmp_path / "templates/sections/data.md.j2"
    assert False is watch.after(lambda: made.write_text("words", encoding="utf-8"))
    assert False is watch.after(made.unlink)
    assert True is watch.after(lambda: replace(tmp_path / "experiments.toml"))


def test_another_folder_in_the_place_of_one_is_watched(watch: Watch, tmp_path: Path) -> None:
    """Templates that were removed and are there again are not forgotten."""
    folder = tmp_path / "templates"
    for words in ("one", "two", "three"):
        assert watch.after(lambda: renew_folder(folder)) is not None
        time.sleep(0.2)  # it may be told in two parts
        watch.watcher._take_all()
        insight = folder / "sections/data.md.j2"
        assert watch.after(partial(insight.write_text, words, "utf-8")) is not None


def test_what_a_build_makes_is_told(watch: Watch, tmp_path: Path) -> None:
    """The store's folder once it is there, each run in it, and documents."""
    runs = tmp_path / "cache/runs"
    assert True is watch.after(lambda: runs.mkdir(parents=True))
    assert True is watch.after((runs / "0123").mkdir)
    assert True is watch.after(lambda: (tmp_path / "output/budget.json").write_bytes(b"{}"))


def test_data_is_told(watch: Watch, tmp_path: Path) -> None:
    """A folder of data that appears, and a file in it."""
    folder = tmp_path / "data"
    assert True is watch.after(folder.mkdir)
    while watch.watcher.follow(watch.places):
        pass
    assert True is watch.after(lambda: (folder / "train.csv").write_bytes(b""))


def test_what_means_nothing_is_not_told(watch: Watch, tmp_path: Path) -> None:
    """Backups, hidden files, and what lies beside the manifest without belonging to it."""
    names = ("templates/insights/rate.md.j2~", "templates/.rate.md.j2.swp", "notes.txt")
    assert [None] * 3 == [watch.places.judge(tmp_path / name) for name in names]
    assert [None] * 2 == [
        watch.places.judge(tmp_path / name) for name in ("output/.build.pid", "cache/runs/.new-1")
    ]
