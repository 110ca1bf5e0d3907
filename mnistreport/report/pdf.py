"""The report as PDF, by WeasyPrint."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from mnistreport.errors import EnvironmentFault, RenderingError
from mnistreport.processes import collector_paused
from mnistreport.report.pdf_tags import settle_tags


def render_pdf(page: str) -> bytes:
    """Return the PDF of an HTML page made with the ``print`` skin, accessible as PDF/UA-1 asks.

    Only ``data:`` addresses are loaded: images and fonts are all in the page.

    Raises:
        EnvironmentFault: A library that WeasyPrint needs is missing.
        RenderingError: The page asks for something else, or cannot be laid out.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
    except OSError as error:
        msg = f"a library for making PDF is missing: {' '.join(str(error).split())[:120]}"
        packages = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        step = f"install Pango and HarfBuzz (Debian: {packages})"
        raise EnvironmentFault(msg, next_step=step) from error

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
