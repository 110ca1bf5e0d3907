"""Templates run elsewhere, and what they do there stays there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault, ExitCode, Problem, TemplateError
from mnistreport.isolation import Limits
from mnistreport.report.template_process import MEMORY, TemplateProcess
from mnistreport.report.templating import LARGEST_TEMPLATE, Templates
from tests.commands import is_alive
from tests.report.reports import write_templates

NAME = "insights/a.md.j2"

Refuse = Callable[[], Problem]


@pytest.fixture
def refuse(tmp_path: Path) -> Refuse:
    """Run the template of a project, which must be refused; return what is said of it."""

    def refuse() -> Problem:
        with pytest.raises(TemplateError) as caught:
            Templates(tmp_path).draft(NAME, {})
        assert ExitCode.RENDERING == caught.value.exit_code
        return caught.value.problems[0]

    return refuse


@pytest.fixture(scope="module")
def impatient() -> Iterator[TemplateProcess]:
    """A process that gives a template less time than the program does."""
    process = TemplateProcess(seconds=0.5, patience=4)
    yield process
    process.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a\n{{ 'a' * 10**10 }}", 2, "too much memory"),
        ("{% set a = [] %}\n{{ lipsum(n=10**8) }}", 2, "too much time"),
        ("{{ 9**(9**9) }}", None, f"more than 4 s or {MEMORY // 2**20} MiB"),
        ("{% include 'a' %}", 1, "nested too deep"),
        ("{% for a in range(99999) %}0123456789012345{% endfor %}", None, "1,599,984 characters"),
    ],
)
def test_what_would_never_end_is_ended(
    impatient: TemplateProcess, text: str, line: int | None, words: str
) -> None:
    """Too much memory, time or text, or endless recursion: told in time, with what is known."""
    with pytest.raises(TemplateError) as caught:
        impatient.draft("a", {}, lambda _: (text, "a.md.j2"))
    problem = caught.value.problems[0]
    assert line == problem.line
    assert words in problem.reason


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other limits")
def test_it_ends_though_nobody_sees_to_it() -> None:
    """A step that cannot be interrupted ends by itself, as it must once the program is dead."""
    process = TemplateProcess(seconds=0.5, patience=60)
    started = time.monotonic()
    with pytest.raises(TemplateError):
        process.draft("a", {}, lambda _: ("{{ 9**(9**9) }}", "a.md.j2"))
    assert time.monotonic() - started < 30


def test_a_process_that_does_not_start_is_none_of_a_templates_faults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is told as what it is: something about the machine."""
    monkeypatch.setattr("mnistreport.report.template_process._LIMITS", Limits(0, modules=("none",)))
    with pytest.raises(EnvironmentFault, match="ended before it began"):
        TemplateProcess().check("a", lambda _: ("text", "a.md.j2"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write the project's template, and return its file."""

    def write(text: str) -> Path:
        return write_templates(tmp_path, {NAME: text}) / "templates" / NAME

    return write


def test_the_next_template_is_none_the_worse(
    tmp_path: Path, write: Callable[[str], Path], refuse: Refuse
) -> None:
    """After one was refused, others are run as before."""
    path = write("{{ 'a' * 10**10 }}")
    assert path == refuse().file
    write("{{ 1 + 1 }}")
    assert "2" == Templates(tmp_path).draft(NAME, {}).draft.text


def test_an_interrupt_leaves_no_half_answer() -> None:
    """Whoever asks next gets their own answer, not the end of one that was interrupted."""
    process = TemplateProcess()

    def interrupt(_name: str) -> None:
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            process.render("a", {}, interrupt)  # type: ignore[arg-type]
        assert "b" == process.render("a", {}, lambda _: ("b", "a.j2"))
    finally:
        process.close()


def test_a_killed_process_is_replaced() -> None:
    """If the system kills it, that template is told, and the next one has a new process."""
    process = TemplateProcess()
    numbers: list[int] = []

    def kill(_name: str) -> tuple[str, str]:
        assert process._process is not None
        numbers.append(process._process.number)
        os.kill(numbers[0], signal.SIGKILL)
        return "b", "a.j2"

    try:
        with pytest.raises(TemplateError, match="was ended"):
            process.render("a", {}, kill)
        assert "b" == process.render("a", {}, lambda _: ("b", "a.j2"))
    finally:
        process.close()
    assert not is_alive(numbers[0])


class Counted:
    """A value that notes when it is sent, and arrives as its text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sent = 0

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Return what it becomes."""
        self.sent += 1
        return str, (self.text,)


class Lost:
    """A value that cannot arrive."""

    def __reduce__(self) -> str:
        """Return the name of something that the process for templates has not loaded."""
        return "NOWHERE"


NOWHERE = Lost()


def test_what_many_templates_see_is_sent_once() -> None:
    """As long as it is the same object, to the same process, and has arrived."""
    process = TemplateProcess()

    def draft(common: dict[str, object], text: str = "{{ said }}") -> str:
        return process.draft("a", {}, lambda _: (text, "a.md.j2"), common).draft.text

    one, other = Counted("one"), Counted("other")
    first: dict[str, object] = {"said": one}
    try:
        assert ["one", "one"] == [draft(first), draft(first)]
        assert 1 == one.sent
        assert ["other", "one"] == [draft({"said": other}), draft(first)]
        assert 2 == one.sent
        assert process._process is not None
        os.kill(process._process.number, signal.SIGKILL)
        process._process._process.join()
        assert "one" == draft(first)
        with pytest.raises(TemplateError, match="nothing"):
            draft(first, "{{ nothing }}")
        assert "one" == draft(first)
        assert 3 == one.sent
        unknown: dict[str, object] = {"said": NOWHERE}
        for _ in range(2):  # and never those of another report instead
            with pytest.raises(TemplateError, match="cannot be loaded"):
                draft(unknown)
        assert "one" == draft(first)
    finally:
        process.close()


def test_it_loads_what_templates_need_and_no_more() -> None:
    """Every command waits for it: libraries for arrays, tables and schemas are left out."""
    script = (
        "import importlib, sys; from mnistreport.report.template_process import _LIMITS; "
        "print([importlib.import_module(each).__name__ for each in _LIMITS.modules] and "
        "{'numpy', 'pandas', 'pydantic', 'scipy', 'typer'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "set()\n" == done.stdout


@pytest.mark.skipif(os.name != "posix", reason="needs pipes with a name")
def test_what_is_no_file_of_text_is_refused(tmp_path: Path, refuse: Refuse) -> None:
    """A pipe is not waited for, a file without end not read; both are named."""
    path = tmp_path / "templates" / NAME
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert (path, "is no regular file") == (refuse().file, refuse().reason)
    path.unlink()
    path.write_text("a" * (LARGEST_TEMPLATE + 1))
    assert f"{path}: is larger than 256 KiB" == str(refuse())
    path.unlink()
    path.symlink_to("/dev/zero")
    assert f"{path}: is a link that leads out of the templates folder" == str(refuse())


def test_a_process_that_was_killed_idle_is_replaced() -> None:
    """Nobody is told of the death of one that had no work."""
    process = TemplateProcess()
    try:
        assert "b" == process.render("a", {}, lambda _: ("b", "a.j2"))
        assert process._process is not None
        os.kill(process._process.number, signal.SIGKILL)
        while process._process.is_alive:
            time.sleep(0.01)
        assert "b" == process.render("a", {}, lambda _: ("b", "a.j2"))
    finally:
        process.close()
