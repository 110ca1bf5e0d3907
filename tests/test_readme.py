"""README.md against the program: a newcomer who types what it says gets what it says."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from mnistreport.cli import app

ROOT = Path(__file__).resolve().parent.parent
Command = TyperCommand | TyperGroup

SHELL = {"", "bash", "console", "sh", "shell"}
PROGRAM = re.compile(r"(.*/)?mnistreport")
END_OF_COMMAND = re.compile(r"[;&|()]+")
TARGET = re.compile(r"^([\w.-]+(?: [\w.-]+)*)\s*:(?!=)", re.MULTILINE)


@pytest.fixture(scope="module")
def tokens() -> list[Token]:
    """README.md's blocks, and what is inside them."""
    blocks = MarkdownIt("commonmark").enable("table").parse((ROOT / "README.md").read_text("utf-8"))
    return [token for block in blocks for token in (block, *(block.children or ()))]


@pytest.fixture(scope="module")
def commands(tokens: list[Token]) -> list[list[str]]:
    """Each command that README.md shows, as its words; a block's and those in running text."""
    return [
        words for token in tokens for line in shell_lines(token) for words in split_commands(line)
    ]


@pytest.fixture(scope="module")
def cli() -> TyperGroup:
    """The tree of commands."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def shell_lines(token: Token) -> Iterator[str]:
    """Yield the lines to type that a token shows; in a transcript, those after a prompt."""
    if token.type == "code_inline":
        yield token.content
    if token.type == "fence" and token.info.split(" ")[0] in SHELL:
        lines = token.content.replace("\\\n", " ").splitlines()
        typed = [line.strip().removeprefix("$ ") for line in lines if line.strip().startswith("$ ")]
        yield from typed or lines


def split_commands(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line, ``FOO=bar`` in front and comments left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # an apostrophe in something that is no command
        return
    command: list[str] = []
    for word in [*words, ";"]:
        if END_OF_COMMAND.fullmatch(word):
            if command:
                yield command
            command = []
        elif command or not re.match(r"\w+=", word):
            command.append(word)


def arguments_of_mnistreport(words: list[str]) -> list[str] | None:
    """Return what a command passes to mnistreport, or ``None`` if it runs something else."""
    if PROGRAM.fullmatch(words[0]):
        return words[1:]
    if words[1:3] == ["-m", "mnistreport"]:
        return words[3:]
    return None


def option_names(command: Command) -> set[str]:
    """Return the options that a command takes."""
    names = {"--help"}
    for parameter in command.params:
        names |= {name for name in parameter.opts if name.startswith("-")}
        names |= {name for name in parameter.secondary_opts if name.startswith("-")}
    return names


def visible_commands(
    group: TyperGroup, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Yield every command that ``--help`` lists, with its words."""
    for name, command in group.commands.items():
        if not command.hidden:
            yield (*before, name), command
            if isinstance(command, TyperGroup):
                yield from visible_commands(command, (*before, name))


def find_fault(cli: TyperGroup, arguments: list[str]) -> str | None:
    """Return what mnistreport would not understand of these arguments."""
    command: Command = cli
    for argument in arguments:
        if argument == "--":
            break
        if argument.startswith("-"):
            name = argument.split("=")[0]
            if name not in option_names(command):
                return f"no option {name}"
        elif isinstance(command, TyperGroup):
            if argument not in command.commands:
                return f"no command {argument}"
            command = command.commands[argument]
    return None


def test_its_commands_exist(cli: TyperGroup, commands: list[list[str]]) -> None:
    """Every ``mnistreport …`` names a command that exists, and options that it takes."""
    faults = {
        shlex.join(words): fault
        for words in commands
        if (arguments := arguments_of_mnistreport(words)) is not None
        and (fault := find_fault(cli, arguments)) is not None
    }
    assert {} == faults


def test_options_in_running_text_exist(cli: TyperGroup, commands: list[list[str]]) -> None:
    """An option that stands alone, as in "with ``--jobs 2``", is one of some command's."""
    known = option_names(cli).union(*(option_names(each) for _, each in visible_commands(cli)))
    mentioned = {words[0].split("=")[0] for words in commands if words[0].startswith("--")}
    assert set() == mentioned - known


def test_it_mentions_every_command(cli: TyperGroup, commands: list[list[str]]) -> None:
    """Nothing that the program can do is left for the reader to stumble upon."""
    shown = {
        tuple(word for word in arguments if not word.startswith("-"))
        for words in commands
        if (arguments := arguments_of_mnistreport(words)) is not None
    }
    missing = {
        " ".join(words)
        for words, _ in visible_commands(cli)
        if not any(words == each[: len(words)] for each in shown)
    }
    assert set() == missing


def test_its_make_targets_exist(commands: list[list[str]]) -> None:
    """Every ``make …`` has a target of that name in the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {name for names in TARGET.findall(makefile) for name in names.split()}
    mentioned = {
        word
        for words in commands
        if words[0] == "make"
        for word in words[1:]
        if "=" not in word and not word.startswith("-")
    }
    assert set() == mentioned - targets


def test_its_links_lead_somewhere(tokens: list[Token]) -> None:
    """Every relative link and every image is a file or folder of the repository."""
    targets = {
        str(token.attrs[name])
        for token in tokens
        for name in ("href", "src")
        if name in token.attrs
    }
    for token in tokens:
        if token.type.startswith("html_"):
            targets.update(re.findall(r'(?:href|src|srcset)="([^"]+)"', token.content))
    files = {unquote(re.split(r"[#?]", target)[0]) for target in targets if ":" not in target}
    assert set() == {file for file in files if file and not (ROOT / file).exists()}


def test_it_names_the_tests_that_are_run_for_every_change(commands: list[list[str]]) -> None:
    """The command for the tests in README.md is the one that ``.ci/run`` calls."""
    steps = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    assert "make test" in steps
    assert ["make", "test"] in commands
