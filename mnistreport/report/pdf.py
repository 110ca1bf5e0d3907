"""The report as PDF, by WeasyPrint, in a process of its own with a time limit."""

import logging
import tempfile
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from html import escape
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from mnistreport.errors import EnvironmentFault, NoPdfError, RenderingError
from mnistreport.files import ANOTHER_PLACE, NEW
from mnistreport.isolation import GONE, LimitedProcess, Limits, pack_problem, tell, unpack_problem
from mnistreport.processes import collector_paused
from mnistreport.report.pdf_tags import settle_tags

SECONDS: Final = 60.0
"""Wall-clock time for laying out a PDF; one of 1,000 runs takes 13."""
_LARGEST: Final = 2**30
"""Bytes of a PDF."""
_BOX: Final = ".notdef glyph"
"""What WeasyPrint's warning of a letter that no font has begins with."""
_MOST_BOXES: Final = 10_000
_LIMITS: Final = Limits(
    4 * 2**30,
    seconds=2 * SECONDS,  # should nobody be there to end it
    files=256,
    largest_file=2**26,  # it keeps fonts in files
)


_FAULTS: Final[Mapping[str, type[RenderingError]]] = {
    each.__name__: each for each in (RenderingError, NoPdfError)
}


def render_pdf(page: str, *, place: Path | None = None, seconds: float = SECONDS) -> bytes:
    """Return what ``lay_out_pdf`` makes of a page, in a process of its own.

    Args:
        page: As for that.
        place: A folder for what is needed meanwhile; the system's own by default.
        seconds: After which it is given up.

    Raises:
        NoPdfError: A library that WeasyPrint needs is missing, or it takes too long.
        RenderingError: The page asks for something from outside, or cannot be laid out.
        EnvironmentFault: The disk refuses, or no process can be started.
    """
    return _render(page, place, seconds)[0]


def find_missing_letters(
    letters: Collection[str], style: str, *, place: Path | None = None
) -> frozenset[str]:
    """Return which letters a PDF shows as a box, as no font has them that is installed here.

    Args:
        letters: What is looked for.
        style: The style sheet of the page, with its fonts.
        place: As for ``render_pdf``.

    Raises:
        RenderingError, EnvironmentFault: As from ``render_pdf``.
    """
    text = "".join(f"<p>{escape(letter)}</p>" for letter in letters)
    page = f'<html lang="en"><title>Letters</title><style>{style}</style><body>{text}'
    return frozenset(_render(page, place, SECONDS)[1]) & frozenset(letters)


def _render(page: str, place: Path | None, seconds: float) -> tuple[bytes, str]:
    """Return a page's PDF, and the letters for which it has a box."""
    try:
        if place is not None:
            place.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(
                prefix=f"{NEW}pdf-", dir=place and place.resolve(), ignore_cleanup_errors=True
            ) as folder,
            LimitedProcess(_serve, _LIMITS, page, folder) as process,
        ):
            return _await_pdf(process, seconds)
    except OSError as error:
        msg = f"cannot be written: {error.strerror or error}"
        raise EnvironmentFault(msg, file=place, next_step=ANOTHER_PLACE) from error


def _await_pdf(process: LimitedProcess, seconds: float) -> tuple[bytes, str]:
    try:
        with process.within(seconds):
            message = process.receive()
            if "boxes" in message:
                return process.connection.recv_bytes(_LARGEST), str(message["boxes"])
    except GONE as error:
        msg = f"laying it out takes more than {seconds:g} s, or too much memory, and was given up"
        step = "are its tables far longer than usual? The page, report.html, has everything, too"
        raise NoPdfError(msg, next_step=step) from error
    kind = _FAULTS.get(str(message.get("kind")), RenderingError)
    raise kind.of([unpack_problem(message["problem"])])


def _serve(connection: Connection, page: str, folder: str) -> None:
    tempfile.tempdir = folder  # fonts go there, and go with it if this process is killed
    try:
        with _collect_boxes() as boxes:
            pdf = lay_out_pdf(page)
    except RenderingError as error:
        problem = pack_problem(error.problems[0])
        tell(connection, {"kind": type(error).__name__, "problem": problem})
    else:
        tell(connection, {"boxes": "".join(boxes)[:_MOST_BOXES]})
        connection.send_bytes(pdf)


def lay_out_pdf(page: str) -> bytes:
    """Return the PDF of an HTML page made with the ``print`` skin, accessible as PDF/UA-1 asks.

    Only ``data:`` addresses are loaded: images and fonts are all in the page.

    Raises:
        NoPdfError: A library that WeasyPrint needs is missing.
        RenderingError: The page asks for something else, or cannot be laid out.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
    except OSError as error:
        msg = f"a library for making PDF is missing: {' '.join(str(error).split())[:120]}"
        packages = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        step = f"install Pango and HarfBuzz (Debian: {packages})"
        raise NoPdfError(msg, next_step=step) from error

    class DataOnly(URLFetcher):
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            if not url.startswith("data:"):
                msg = f"the report asks for {url[:80]}, but may load nothing from outside"
                raise FatalURLFetchingError(msg)
            return super().fetch(url, headers)

    with _collect_complaints() as complaints, collector_paused():
        try:
            pdf = HTML(string=page, url_fetcher=DataOnly()).write_pdf(
                pdf_variant="pdf/ua-1", finisher=_finish
            )
        except FatalURLFetchingError as error:
            raise RenderingError(str(error)) from error
        except RecursionError as error:
            msg = "its elements are too deep in each other to be laid out"
            step = "are lists and quotations nested less deep?"
            raise RenderingError(msg, next_step=step) from error
    if complaints or pdf is None:
        msg = f"the PDF is not what the page says: {'; '.join(complaints)}"
        raise RenderingError(msg)
    return pdf


def _finish(_document: object, pdf: object) -> None:
    try:
        settle_tags(pdf)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        msg = f"this version of WeasyPrint tags pages in another way ({error!r})"
        step = "install the one that constraints.txt names"
        raise RenderingError(msg, next_step=step) from error


@contextmanager
def _collect_boxes() -> Generator[list[str]]:
    """Collect the letters that no font has: WeasyPrint warns of each."""
    boxes: list[str] = []
    handler = logging.Handler(logging.WARNING)

    def emit(record: logging.LogRecord) -> None:
        if record.msg.startswith(_BOX) and isinstance(record.args, tuple):
            boxes.append(str(record.args[0]))

    handler.emit = emit
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield boxes
    finally:
        logger.removeHandler(handler)


@contextmanager
def _collect_complaints() -> Generator[list[str]]:
    """Collect what WeasyPrint logs as errors: images and fonts it left out."""
    complaints: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: complaints.append(record.getMessage()[:200])
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield complaints
    finally:
        logger.removeHandler(handler)
