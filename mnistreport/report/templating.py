"""Templates: where they are found, how they are run, and how their errors are told.

A template of the project (``templates/`` beside the manifest) goes before the packaged one of the
same name. All run in Jinja's immutable sandbox, and a name that does not exist is an error.
"""

import dataclasses
import difflib
import re
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from typing import NoReturn

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    pass_eval_context,
)
from jinja2 import TemplateError as JinjaError
from jinja2.meta import find_referenced_templates
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mnistreport.errors import TemplateError
from mnistreport.report import numbers, records, views
from mnistreport.report.claims import CLAIM_FORM, Claim, ClaimExtension, note_claims
from mnistreport.report.dates import format_date
from mnistreport.report.markdown import Draft
from mnistreport.report.wording import Prose, capitalise, end_sentence, escape_markdown
from mnistreport.resources import find_resource

FILTERS = {
    "percent": numbers.format_percent,
    "points": numbers.format_points,
    "loss": numbers.format_loss,
    "seconds": numbers.format_seconds,
    "count": numbers.format_count,
    "measure": numbers.format_measure,
    "p": numbers.format_p,
    "date": format_date,
    "sentence": end_sentence,
    "capitalize": capitalise,  # Jinja's own would put the rest in lower case
}
TAGS = ("claim", "endclaim", "if", "elif", "else", "endif", "for", "endfor", "set", "endset")


class Templates:
    """The templates of one project, each as it was when it was first read.

    What somebody saves in an editor meanwhile is seen by the next ``Templates``, so that a report
    is made of one state of a text, and everybody who asks for that text gets the same.
    """

    def __init__(self, project: Path) -> None:
        self.folders = (project / "templates", find_resource("templates"))
        self._loader = _InsideLoader(self.folders, encoding="utf-8-sig")
        self._environment = ImmutableSandboxedEnvironment(
            loader=self._loader,
            auto_reload=False,
            extensions=[ClaimExtension],
            undefined=StrictUndefined,
            autoescape=_is_html,
            finalize=_escape_in_markdown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= FILTERS
        self._own: dict[str, bool] = {}

    def is_own(self, name: str) -> bool:
        """Tell whether the project itself has a template of that name."""
        return self._own.setdefault(name, (self.folders[0] / name).is_file())

    def find(self, name: str) -> Path | None:
        """Return the file that ``name`` is read from."""
        return next((f / name for f in self.folders if (f / name).is_file()), None)

    def read(self, name: str) -> str:
        """Return a file below ``templates`` as it stands."""
        path = self.find(name)
        if path is None:
            msg = f"there is no template {name}"
            raise TemplateError(msg, file=self.folders[0] / name)
        with self._errors_located(name, {}):
            return self._loader.get_source(self._environment, name)[0]

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """Run a template.

        Raises:
            TemplateError: It is missing, malformed, names what does not exist, does what the
                sandbox forbids, or makes a claim; with its file and line.
        """
        with self._errors_located(name, values):
            return self._environment.get_template(name).render(values)

    def draft(self, name: str, values: Mapping[str, object]) -> tuple[Draft, tuple[Claim, ...]]:
        """Run a template that makes Markdown; return that, and the claims that were met.

        Raises:
            TemplateError: As for ``render``; claims are as they should be here.
        """
        # An environment of its own: claims in what the template includes or imports count, too.
        environment = self._environment.overlay()
        log = note_claims(environment)
        with self._errors_located(name, values):
            text = environment.get_template(name).render(values)
        return Draft(text, log.remarks), tuple(log.claims)

    def split_source(self, name: str) -> Sequence[tuple[int, str, str]]:
        """Return the pieces of a template's source: line, Jinja's name of its kind, text.

        Raises:
            TemplateError: It is missing or malformed.
        """
        with self._errors_located(name, {}):
            return tuple(self._environment.lex(self.read(name), name))

    def list_referenced(self, name: str) -> tuple[str, ...]:
        """Return the templates that one includes, imports or extends by a name in its text.

        Raises:
            TemplateError: It is missing or malformed.
        """
        with self._errors_located(name, {}):
            tree = self._environment.parse(self.read(name), name)
            found = (each for each in find_referenced_templates(tree) if each)
            return tuple(each for each in found if self.find(each))

    def check_syntax(self, name: str) -> None:
        """Parse a template without running it.

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
            msg = f"there is no template {error.name}"
            raise TemplateError(msg, file=self.find(name)) from error
        except TemplateSyntaxError as error:
            file = self.find(error.name or name)
            reason = _on_one_line(error.message or "it cannot be parsed")
            step = _suggest_word(reason) or "is every {{ closed by }}, and every {% by %}?"
            raise TemplateError(reason, file=file, line=error.lineno, next_step=step) from error
        except (
            JinjaError,
            ArithmeticError,
            AttributeError,
            LookupError,
            MemoryError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            self._raise_located(name, error, values)

    def _raise_located(self, name: str, error: Exception, values: Mapping[str, object]) -> NoReturn:
        """Raise a ``TemplateError`` that names the template's line ``error`` came from."""
        file, line = self.find(name), None
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.endswith(".j2"):
                file, line = Path(frame.filename), frame.lineno
        reason = _on_one_line(str(error)) or type(error).__name__
        next_step = _suggest_name(reason, values) if isinstance(error, UndefinedError) else None
        raise TemplateError(reason, file=file, line=line, next_step=next_step) from error


class _InsideLoader(FileSystemLoader):
    """Reads templates that lie in the folders, also when links are followed to the end; once."""

    def __init__(self, folders: Sequence[Path], encoding: str) -> None:
        super().__init__(folders, encoding)
        self._read: dict[str, tuple[str, str, Callable[[], bool]]] = {}

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        if template not in self._read:
            source = super().get_source(environment, template)
            _refuse_outside(Path(source[1]), map(Path, self.searchpath))
            self._read[template] = source
        return self._read[template]


def _refuse_outside(path: Path, folders: Iterable[Path]) -> None:
    if not any(path.resolve().is_relative_to(folder.resolve()) for folder in folders):
        msg = "is a link that leads out of the templates folder"
        raise TemplateError(msg, file=path, next_step="put a copy of the file there")


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
