"""The engine behind templates: Jinja's immutable sandbox, and how its errors are told.

Names that do not exist are errors, what makes HTML is escaped, and what makes Markdown is, too.
Where templates are read from is told by whoever asks; the engine opens no file.
"""

import dataclasses
import difflib
import re
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import Final, NoReturn

from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    nodes,
    pass_eval_context,
)
from jinja2 import TemplateError as JinjaError
from jinja2.meta import find_referenced_templates
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mnistreport.errors import TemplateError
from mnistreport.report import records, views
from mnistreport.report.claims import CLAIM_FORM, ClaimExtension, note_claims
from mnistreport.report.constants import Constant, find_constants
from mnistreport.report.dataflow import DataflowExtension
from mnistreport.report.filters import FILTERS
from mnistreport.report.following import follow_variables
from mnistreport.report.lookups import Findings
from mnistreport.report.markdown import Draft, refuse_long, render_markdown
from mnistreport.report.missing import Notes
from mnistreport.report.passage import Passage
from mnistreport.report.wording import Prose, escape_markdown

TAGS: Final = ("claim", "endclaim", "if", "elif", "else", "endif", "for", "endfor", "set", "endset")
Source = tuple[str, str]
"""The text of a template, and the path of its file."""
FindSource = Callable[[str], Source | None]
"""Returns a template by its name; ``None`` if there is none."""

_REPEATED: Final = "is a text repeated, or a loop run, far too often?"


class OutOfTimeError(Exception):
    """A template runs for too long."""


_EXCESSES: Final[Mapping[type[Exception], tuple[str, str]]] = {
    MemoryError: ("it takes too much memory", _REPEATED),
    OutOfTimeError: ("it takes too much time", _REPEATED),
    RecursionError: ("it is nested too deep", "does it include or call itself?"),
}
"""What is said of a template that takes too much, and what to do."""


class _WatchedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which notes what is missing among the values that a template looks at.

    Attributes:
        dataflow: Notes it, for a draft; without one, nothing is noted.
    """

    dataflow: DataflowExtension | None = None

    def watch(self) -> Notes:
        """Note what is missing from now on, in a template of this environment."""
        self.dataflow = DataflowExtension(self)
        self.extensions[DataflowExtension.identifier] = self.dataflow
        return self.dataflow.notes

    def getattr(self, obj: object, attribute: str) -> object:
        """Return an attribute of a value."""
        value = super().getattr(obj, attribute)
        if self.dataflow:
            self.dataflow.look(obj, attribute, value)
        return value

    def getitem(self, obj: object, argument: object) -> object:
        """Return an item of a value, or else an attribute."""
        value = super().getitem(obj, argument)
        if self.dataflow:
            self.dataflow.look(obj, argument, value)
        return value

    def call(self, context: Context, obj: object, /, *args: object, **kwargs: object) -> object:
        """Call what a template calls."""
        value = super().call(context, obj, *args, **kwargs)
        if self.dataflow and isinstance(obj, Findings) and not value:
            self.dataflow.notes.add(obj.list_lacking(str(args[0])))
        return value

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        has_claims = self.dataflow and self.dataflow.may_claim(source)
        return follow_variables(tree, self.dataflow) if self.dataflow and has_claims else tree


class Engine:
    """Runs templates that are told to it."""

    def __init__(self, find_source: FindSource) -> None:
        self._loader = _Loader(find_source)
        self._environment = _WatchedEnvironment(
            loader=self._loader,
            extensions=[ClaimExtension],
            undefined=StrictUndefined,
            autoescape=_is_html,
            finalize=_escape_in_markdown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= FILTERS

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """Run a template.

        Raises:
            TemplateError: It is missing, malformed, names what does not exist, does what the
                sandbox forbids, takes too much time or memory, or makes a claim; with its file and
                line.
        """
        with self._errors_located(name, values):
            text = self._environment.get_template(name).render(values)
        self._refuse_halves(text, name)
        return text

    def draft(self, name: str, values: Mapping[str, object]) -> Passage:
        """Run a template that makes Markdown; return that, its HTML, and the claims met in it.

        Raises:
            TemplateError: As for ``render``; claims are as they should be here.
        """
        # An environment of its own: claims in what the template includes or imports count, too.
        environment = self._environment.overlay()
        log = note_claims(environment, environment.watch())
        with self._errors_located(name, values):
            text = environment.get_template(name).render(values)
            self._refuse_halves(text, name)
            refuse_long(text, self._loader.find_file(name))
            draft = Draft(text, log.remarks)
            return Passage(draft, tuple(log.claims), render_markdown(draft))

    def _refuse_halves(self, text: str, name: str) -> None:
        """Refuse what no file can hold: UTF-8 knows no half of a pair."""
        try:
            text.encode()
        except UnicodeEncodeError as error:
            msg = f"it makes {text[error.start]!a}, which is half of a character"
            file = self._loader.find_file(name)
            step = "write the whole character itself"
            raise TemplateError(msg, file=file, next_step=step) from error

    def split_source(self, name: str) -> Sequence[tuple[int, str, str]]:
        """Return the pieces of a template's source: line, Jinja's name of its kind, text.

        Raises:
            TemplateError: It is missing or malformed.
        """
        with self._errors_located(name, {}):
            return tuple(self._environment.lex(self._loader.read(name), name))

    def list_referenced(self, name: str) -> tuple[str, ...]:
        """Return the templates that one includes, imports or extends by a name in its text.

        Raises:
            TemplateError: It is missing or malformed.
        """
        with self._errors_located(name, {}):
            tree = self._environment.parse(self._loader.read(name), name)
            return tuple(each for each in find_referenced_templates(tree) if each)

    def list_constants(self, name: str) -> tuple[Constant, ...]:
        """Return the constants that a template prints.

        Raises:
            TemplateError: It is missing or malformed.
        """
        with self._errors_located(name, {}):
            return find_constants(self._environment.parse(self._loader.read(name), name))

    def check(self, name: str) -> None:
        """Compile a template without running it; what is constant in it is computed.

        Raises:
            TemplateError: It is missing or malformed.
        """
        with self._errors_located(name, {}):
            self._environment.get_template(name)

    @contextmanager
    def _errors_located(self, name: str, values: Mapping[str, object]) -> Generator[None]:
        try:
            yield
        except TemplateNotFound as error:
            msg = _on_one_line(f"there is no template {error.name}")
            file, line = self._locate(name, error)
            raise TemplateError(msg, file=file, line=line) from error
        except TemplateSyntaxError as error:
            file = self._loader.find_file(error.name or name)
            reason = _on_one_line(error.message or "it cannot be parsed")
            step = _suggest_word(reason) or "is every {{ closed by }}, and every {% by %}?"
            raise TemplateError(reason, file=file, line=error.lineno, next_step=step) from error
        except (
            JinjaError,
            ArithmeticError,
            AttributeError,
            LookupError,
            MemoryError,
            OSError,
            OutOfTimeError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            self._raise_located(name, error, values)

    def _raise_located(self, name: str, error: Exception, values: Mapping[str, object]) -> NoReturn:
        """Raise a ``TemplateError`` that names the template's line ``error`` came from."""
        file, line = self._locate(name, error)
        for kind, (reason, step) in _EXCESSES.items():
            if isinstance(error, kind):
                raise TemplateError(reason, file=file, line=line, next_step=step) from error
        reason = _on_one_line(str(error)) or type(error).__name__
        next_step = _suggest_name(reason, values) if isinstance(error, UndefinedError) else None
        raise TemplateError(reason, file=file, line=line, next_step=next_step) from error

    def _locate(self, name: str, error: Exception) -> tuple[Path | None, int | None]:
        """Return the file and line of a template that ``error`` came from."""
        file, line = self._loader.find_file(name), None
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.endswith(".j2"):
                file, line = Path(frame.filename), frame.lineno
        return file, line


class _Loader(BaseLoader):
    """Has Jinja read templates as they are told, and knows where they are."""

    def __init__(self, find_source: FindSource) -> None:
        self._find_source = find_source
        self._files: dict[str, Path] = {}

    def read(self, name: str) -> str:
        """Return the text of a template."""
        return self._find(name)[0]

    def find_file(self, name: str) -> Path | None:
        """Return the file of a template that was read."""
        return self._files.get(name)

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return text, path, and what tells whether both are as they were."""
        del environment
        source = self._find(template)
        return *source, lambda: self._find_source(template) == source

    def _find(self, name: str) -> Source:
        source = self._find_source(name)
        if source is None:
            raise TemplateNotFound(name)
        self._files[name] = Path(source[1])
        return source


@pass_eval_context
def _escape_in_markdown(context: EvalContext, value: object) -> object:
    """Escape what a template that makes Markdown prints, as autoescape does where it makes HTML."""
    if context.autoescape or isinstance(value, Prose | Markup | Undefined):
        return value
    if isinstance(value, str):
        return escape_markdown(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        fields = ", ".join(f".{name}" for name in _list_fields(type(value)))
        msg = f"{type(value).__name__} cannot be printed as it is"
        raise TypeError(f"{msg}; it has {fields}" if fields else msg)
    return value


def _is_html(name: str | None) -> bool:
    """Tell whether a template makes HTML, where values are escaped, and not Markdown."""
    return name is None or not name.endswith(".md.j2")


def _suggest_name(reason: str, values: Mapping[str, object]) -> str | None:
    """Return which name was probably meant, by an error's ``reason`` as Jinja gives it."""
    if found := re.search(r"'(\w+)' has no attribute '(\w+)'", reason):
        owner, wrong = found.groups()
        kind = getattr(views, owner, getattr(records, owner, None))
        return _suggest(wrong, _list_fields(kind) if isinstance(kind, type) else [])
    found = re.search(r"'(\w+)' is undefined", reason)
    if found and found.group(1) == "claim":
        return f"write it as {CLAIM_FORM}"
    return _suggest(found.group(1), values) if found else None


def _suggest_word(reason: str) -> str | None:
    """Return which filter or tag was probably meant."""
    if wrong := re.search(r"No filter named '(\w+)'", reason):
        return _suggest(wrong.group(1), FILTERS)
    wrong = re.search(r"[Uu]nknown tag '(\w+)'", reason)
    return _suggest(wrong.group(1), TAGS) if wrong and wrong.group(1) not in TAGS else None


def _suggest(wrong: str, known: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(wrong, list(known), n=1)
    return f"did you mean {near[0]}?" if near else None


def _list_fields(kind: type) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)] if is_dataclass(kind) else []


def _on_one_line(text: str) -> str:
    text = re.sub(r"mnistreport\.[\w.]*?\.(\w+) object", r"\1", text)
    return " ".join(text.split())[:300]
