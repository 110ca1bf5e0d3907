"""What others named cannot speak to the terminal: it is only shown."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from mnistreport.console import PlainDisplay, RichDisplay, write_error, write_note
from mnistreport.errors import DataError, Problem, disarm
from tests.commands import call_command, run_command
from tests.study.manifests import SMALL_MANIFEST, change

OBEYED = {
    "escape": "a\x1b[2Jb",
    "link": "a\x1b]8;;http://evil.test\x07b\x1b]8;;\x07",
    "eight bits": "a\x9b2Jb",
    "title": "a\x1b]0;evil\x07b",
    "line": "a\nerror: b",
    "return": "a\rb",
    "separator": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "backspace": "a\x08b",
    "right to left": "a\u202egpj.exe\u2066b",
    "no width": "a\u200bb\ufeff",
    "half a letter": "a\udcffb",
    "tag": "a\U000e0041b",
}
"""Texts that a terminal would obey, or of which a reader would not see a part."""
MARKUP = "[link=http://evil.test]a[/link] [red]b[/] :boom:"


@pytest.mark.parametrize("text", OBEYED.values(), ids=OBEYED)
def test_texts_are_disarmed(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line of printable letters comes of an error, a note, a warning, whatever is in it."""
    assert disarm(text).isprintable()
    assert str(Problem(text, Path(text), 1, text)).isprintable()
    write_error(DataError(text, file=Path(text), key=text, next_step=text))
    write_note(text)
    PlainDisplay().warning(text)
    PlainDisplay().stage(text)
    RichDisplay().stage(text)
    lines = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert 5 == len(lines)
    assert [] == [line for line in lines if not line.isprintable()]


def test_ordinary_text_stays_as_it_is() -> None:
    """Letters of every script, and what joins them, are shown as they were written."""
    text = (
        "é 手書き \u05e9\u05dc\u05d5\u05dd क\u094d\u200dष soft\u00adhyphen 5\u00a0% 97\u202f% ± 1 →"
    )
    assert text == disarm(text)


def test_markup_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, where bars are drawn, brackets and colons are brackets and colons."""
    monkeypatch.delenv("NO_COLOR")
    display, shown = RichDisplay(), io.StringIO()
    monkeypatch.setattr(display._console, "_file", shown)
    display._progress.console._force_terminal = True
    display._progress.add_task(MARKUP, note=MARKUP)
    display.stage(MARKUP)
    display.warning(MARKUP)
    Console(file=shown, width=300, markup=False, emoji=False).print(
        display._progress.get_renderable()
    )
    assert 4 == shown.getvalue().count("[link=http://evil.test]a[/link] ")
    assert "\x1b]8" not in shown.getvalue()
    assert 4 == shown.getvalue().count(":boom:")


def test_names_of_files_cannot_speak(tmp_path: Path) -> None:
    """A manifest, a data file and a template with hostile names are told in one line each."""
    folder = tmp_path / "a\x1b[2J\u202e\nerror: b"
    folder.mkdir()
    missing = call_command("check", "--manifest", folder / "experiments.toml")
    (folder / "experiments.toml").write_text(SMALL_MANIFEST)
    data = folder / "\x1b]8;;x\x07.csv"
    data.write_text("1,2,3\n")
    refused = call_command("check", "--manifest", folder / "experiments.toml", "--data", data)
    for told, code in ((missing, 2), (refused, 3)):
        assert code == told.code
        assert "\n" not in told.err.removesuffix("\n")
        assert told.err.removesuffix("\n").isprintable()


def test_a_name_that_is_no_text_is_shown(tmp_path: Path) -> None:
    """A folder's name may be any bytes: it can be printed even so, and the command goes on."""
    folder = tmp_path / "a\udcffb"
    folder.mkdir()
    (folder / "experiments.toml").write_text(change("epochs = 2", 'epochs = "2"'))
    told = run_command("plan", "--manifest", folder / "experiments.toml", folder=tmp_path)
    assert (2, "a�b") == (told.code, told.err.split("/")[-2])
    assert 1 == told.err.count("\n")
