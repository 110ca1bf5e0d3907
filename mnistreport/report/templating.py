"""Templates: where they are found, and who runs them.

A template of the project (``templates/`` beside the manifest) goes before the packaged one of the
same name. What they say is run in a process of its own, which cannot open a file.
"""

import stat
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from jinja2 import TemplateNotFound
from jinja2.loaders import split_template_path

from mnistreport.errors import TemplateError
from mnistreport.report.constants import Constant
from mnistreport.report.passage import Passage
from mnistreport.report.template_engine import Engine, Source
from mnistreport.report.template_process import NOTHING, PROCESS
from mnistreport.resources import find_resource

LARGEST_TEMPLATE: Final = 2**18
"""Bytes of one file; a page of text has 3,000."""


class Templates:
    """The templates of one project, each as it was when it was first read.

    What somebody saves in an editor meanwhile is seen by the next ``Templates``, so that a report
    is made of one state of a text, and everybody who asks for that text gets the same.
    """

    def __init__(self, project: Path) -> None:
        self.folders = (project / "templates", find_resource("templates"))
        self._engine = Engine(self._find_source)  # parses; nothing is run with it
        self._read: dict[str, Source] = {}
        self._own: dict[str, bool] = {}
        PROCESS.start()

    def is_own(self, name: str) -> bool:
        """Tell whether the project itself has a template of that name."""
        return self._own.setdefault(name, (self.folders[0] / name).is_file())

    def find(self, name: str) -> Path | None:
        """Return the file that ``name`` is read from."""
        try:
            inside = Path(*split_template_path(name))
            return next((f / inside for f in self.folders if (f / inside).exists()), None)
        except (TemplateNotFound, ValueError, OSError):  # out of the folder, or no name of a file
            return None

    def read(self, name: str) -> str:
        """Return a file below ``templates`` as it stands.

        Raises:
            TemplateError: It is missing, or is no text.
        """
        source = self._find_source(name)
        if source is None:
            msg = f"there is no template {name}"
            raise TemplateError(msg, file=self.folders[0] / name)
        return source[0]

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """Run a template.

        Raises:
            TemplateError: It is missing, malformed, names what does not exist, does what the
                sandbox forbids, takes too much time or memory, or makes a claim; with its file and
                line, as far as these are known.
        """
        with self._file_told(name):
            return PROCESS.render(name, values, self._find_source)

    def draft(
        self, name: str, values: Mapping[str, object], common: Mapping[str, object] = NOTHING
    ) -> Passage:
        """Run a template that makes Markdown.

        Args:
            name: Its name.
            values: What it sees.
            common: What it sees besides. If the same object is given again, it need not be sent.

        Raises:
            TemplateError: As for ``render``; claims are as they should be here.
        """
        with self._file_told(name):
            return PROCESS.draft(name, values, self._find_source, common)

    def check_syntax(self, name: str) -> None:
        """Parse a template without running it.

        Raises:
            TemplateError: It is missing or malformed.
        """
        with self._file_told(name):
            PROCESS.check(name, self._find_source)

    def split_source(self, name: str) -> Sequence[tuple[int, str, str]]:
        """Return the pieces of a template's source: line, Jinja's name of its kind, text.

        Raises:
            TemplateError: It is missing or malformed.
        """
        return self._engine.split_source(name)

    def list_constants(self, name: str) -> tuple[Constant, ...]:
        """Return the constants that a template prints.

        Raises:
            TemplateError: It is missing or malformed.
        """
        return self._engine.list_constants(name)

    def list_referenced(self, name: str) -> tuple[str, ...]:
        """Return the templates that one includes, imports or extends by a name in its text.

        Raises:
            TemplateError: It is missing or malformed.
        """
        return tuple(each for each in self._engine.list_referenced(name) if self.find(each))

    def _find_source(self, name: str) -> Source | None:
        """Return a template's text and path, as when it was first read.

        Raises:
            TemplateError: It is no file of text in the folders, or too large.
        """
        if name not in self._read:
            path = self.find(name)
            if path is None:
                return None
            self._read[name] = self._read_inside(path), str(path)
        return self._read[name]

    def _read_inside(self, path: Path) -> str:
        """Read a file that lies in the folders, also when links are followed to the end."""
        if not any(path.resolve().is_relative_to(each.resolve()) for each in self.folders):
            msg = "is a link that leads out of the templates folder"
            raise TemplateError(msg, file=path, next_step="put a copy of the file there")
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
                msg = "is no regular file"
                raise TemplateError(msg, file=path, next_step="put a file of text there")
            if status.st_size > LARGEST_TEMPLATE:
                msg = f"is larger than {LARGEST_TEMPLATE // 2**10} KiB"
                raise TemplateError(msg, file=path, next_step="split it into smaller files")
            return path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            msg = f"is not UTF-8: {error.reason} at byte {error.start + 1}"
            raise TemplateError(msg, file=path, next_step="save it as UTF-8") from error
        except OSError as error:
            msg = f"cannot be read: {error.strerror or error}"
            raise TemplateError(msg, file=path) from error

    @contextmanager
    def _file_told(self, name: str) -> Generator[None]:
        """See that an error names a file, if only that which was asked for."""
        try:
            yield
        except TemplateError as error:
            told = [replace(each, file=each.file or self.find(name)) for each in error.problems]
            raise TemplateError.of(told) from error
