"""Everything that can be told from the zip alone, check by check.

Runs in a process of its own: whatever a zip does to what reads it, it does there.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Final, TypeVar

from mnistreport.data.files import printable
from mnistreport.report.making import NOTEBOOK, NOTEBOOK_PDF
from mnistreport.report.making import PDF as REPORT_PDF
from mnistreport.report.members import WEIGHTS
from mnistreport.report.numbers import format_percent
from mnistreport.study.naming import EPOCHS, RUNS, name_weights
from mnistreport.verification.agreement import Document, compare_blocks
from mnistreport.verification.archive import Archive
from mnistreport.verification.documents import (
    find_invented_numbers,
    find_missing_lines,
    read_pdf,
)
from mnistreport.verification.members import find_content_faults
from mnistreport.verification.notebook import find_execution_faults, read_notebook
from mnistreport.verification.numbers import find_numbers
from mnistreport.verification.passages import Cell, list_blocks
from mnistreport.verification.tables import count_imported, find_table_faults, list_runs
from mnistreport.verification.verdict import Check, Missing, Unsound
from mnistreport.verification.weights import About, read_about

ARCHIVE: Final = "archive"
CONTENTS: Final = "contents"
NOTEBOOK_CHECK: Final = "notebook"
EXECUTION: Final = "execution"
REPORT: Final = "report"
PRINT: Final = "printed notebook"
NUMBERS: Final = "numbers"
PRINTED_NUMBERS: Final = "printed numbers"
TABLES: Final = "runs and epochs"
STORED_WEIGHTS: Final = "weights"
INSPECTED: Final = (
    ARCHIVE,
    CONTENTS,
    NOTEBOOK_CHECK,
    EXECUTION,
    REPORT,
    PRINT,
    NUMBERS,
    PRINTED_NUMBERS,
    TABLES,
    STORED_WEIGHTS,
)
"""The checks, in their order."""
_LEFT_OUT: Final = 6
"""Numbers that a row of the notebook may lack: a difference, its interval and its p-value, say."""
_MOST_WEIGHTS: Final = 20
"""Files of weights in one zip; a manifest has no more models."""


Found = tuple[list[str], str]
"""What is wrong; and what to say if that is nothing."""
Kind = TypeVar("Kind")


class Inspection:
    """The checks of one zip; later ones use what earlier ones have read."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        """Be about to look through ``file``, of ``size`` bytes."""
        self._file, self._size = file, size
        self._archive: Archive | None = None
        self._cells: list[Cell] | None = None
        self._report: Document | None = None
        self._printed: Document | None = None
        self.weights: dict[str, About] = {}
        """What each sound file of weights says of itself, by its name."""

    def run_checks(self) -> Iterator[Check]:
        """Yield each check of ``INSPECTED`` as soon as it is done."""
        for name in INSPECTED:
            try:
                faults, found = self._look[name](self)
                yield Check.judge(name, faults, found)
            except Missing as error:
                yield Check.skip(name, str(error))
            except Unsound as error:
                yield Check(name, "failed", (str(error),))
            except Exception as error:  # noqa: BLE001 - what parsers make of what others made up
                yield Check(name, "failed", (f"cannot be read ({type(error).__name__})",))

    @property
    def archive(self) -> Archive:
        """The zip, if it could be opened."""
        return _need(self._archive, "the zip cannot be read")

    @property
    def cells(self) -> list[Cell]:
        """The notebook's, if it is one."""
        return _need(self._cells, f"there is no sound {NOTEBOOK}")

    @property
    def report(self) -> Document:
        """The report's text, if it has one."""
        return _need(self._report, f"there is no sound {REPORT_PDF}")

    @property
    def printed(self) -> Document:
        """The text of the notebook's PDF, if it has one."""
        return _need(self._printed, f"there is no sound {NOTEBOOK_PDF}")

    def _look_at_archive(self) -> Found:
        self._archive = Archive(self._file, size=self._size)
        return self._archive.faults, f"{len(self._archive.names)} members, all as they should be"

    def _look_at_contents(self) -> Found:
        names = self.archive.names
        return find_content_faults(names), ", ".join(map(printable, names))

    def _look_at_notebook(self) -> Found:
        content = self.archive.read(NOTEBOOK)
        with _naming(NOTEBOOK):
            self._cells = read_notebook(content)
        return [], f"{len(self._cells)} cells"

    def _look_at_execution(self) -> Found:
        faults = find_execution_faults(self.cells)
        return faults, "every cell was run, in order and without an error"

    def _look_at_report(self) -> Found:
        self._report = self._read_pdf(REPORT_PDF)
        return [], f"{len(self._report.pages)} pages"

    def _look_at_print(self) -> Found:
        self._printed = self._read_pdf(NOTEBOOK_PDF)
        missing = find_missing_lines(self._cells, self._printed) if self._cells else []
        faults = [f"{NOTEBOOK_PDF}: {each}" for each in missing]
        if self._report and self._report.pages == self._printed.pages:
            faults.append(f"{NOTEBOOK_PDF} and {REPORT_PDF} are the same document")
        return faults, f"{len(self._printed.pages)} pages"

    def _look_at_numbers(self) -> Found:
        faults: list[str] = []
        compared: list[str] = []
        blocks = tuple(list_blocks(self.cells))
        kinds = {"sentences": True, "rows of results": False}
        for kind, is_prose in kinds.items():
            part = [each for each in blocks if each.is_prose == is_prose]
            agreement = compare_blocks(part, self.report, REPORT_PDF, left_out=_LEFT_OUT)
            faults += agreement.faults
            compared.append(f"{agreement.compared} {kind}")
            if not agreement.compared:
                faults.append(f"the notebook has no {kind} with numbers to compare")
        return faults, f"{' and '.join(compared)} of the notebook agree with {REPORT_PDF}"

    def _look_at_printed_numbers(self) -> Found:
        cells, printed = self.cells, self.printed
        agreement = compare_blocks(list_blocks(cells), printed, NOTEBOOK_PDF)
        invented = find_invented_numbers(cells, printed)
        faults = [*agreement.faults, *(f"{NOTEBOOK_PDF}: {each}" for each in invented)]
        if not agreement.compared:
            faults.append("the notebook has no numbers to compare")
        return faults, f"{NOTEBOOK_PDF} has the numbers of {NOTEBOOK}"

    def _look_at_tables(self) -> Found:
        runs = self.archive.read(RUNS)
        faults = find_table_faults(runs, self.archive.read(EPOCHS))
        imported = count_imported(runs)
        told = f"; {imported} imported, of which the program checked nothing" if imported else ""
        return faults, f"each run's row is that of its last epoch{told}"

    def _look_at_weights(self) -> Found:
        names = [each for each in self.archive.names if _is_weights(each)]
        if not names:
            msg = "there are no weights in the zip"
            raise Missing(msg)
        faults: list[str] = []
        for name in names[:_MOST_WEIGHTS]:
            try:
                faults += [f"{printable(name)}: {each}" for each in self._weigh(name)]
            except (Missing, Unsound) as error:
                faults.append(f"{printable(name)}: {error}")
        if len(names) > _MOST_WEIGHTS:
            faults.append(f"there are more than {_MOST_WEIGHTS} files of weights")
        return faults, ", ".join(map(printable, names))

    def _weigh(self, name: str) -> Iterator[str]:
        about, _ = read_about(self.archive.read(name))
        self.weights[name] = about
        if PurePosixPath(name).name != name_weights(about.model):
            yield f"it holds the weights of the model {printable(about.model)}"
        accuracy = format_percent(about.accuracy)
        if self._report and find_numbers(accuracy)[0] not in self._report.known:
            yield f"its test accuracy, {accuracy}, is not in {REPORT_PDF}"
        if RUNS in self.archive.names and about.fingerprint not in list_runs(
            self.archive.read(RUNS)
        ):
            yield f"its run is not in {RUNS}"

    def _read_pdf(self, name: str) -> Document:
        content = self.archive.read(name)
        with _naming(name):
            return read_pdf(content)

    _look: Final[dict[str, Callable[["Inspection"], Found]]] = {
        ARCHIVE: _look_at_archive,
        CONTENTS: _look_at_contents,
        NOTEBOOK_CHECK: _look_at_notebook,
        EXECUTION: _look_at_execution,
        REPORT: _look_at_report,
        PRINT: _look_at_print,
        NUMBERS: _look_at_numbers,
        PRINTED_NUMBERS: _look_at_printed_numbers,
        TABLES: _look_at_tables,
        STORED_WEIGHTS: _look_at_weights,
    }


def _is_weights(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() == WEIGHTS


def _need(thing: Kind | None, otherwise: str) -> Kind:
    if thing is None:
        raise Missing(otherwise)
    return thing


@contextmanager
def _naming(name: str) -> Generator[None]:
    """Put the name of what is read before what is wrong with it."""
    try:
        yield
    except Unsound as error:
        msg = f"{name} {error}"
        raise Unsound(msg) from error
