"""The report as a file that a browser opens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.report.conftest import context, document, html, material, templates

__all__ = ["context", "document", "html", "material", "templates"]  # fixtures, for use here, too

HEIGHT = 900
WIDE = 1440

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def report(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of made-up results, in a file."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture
def open_report(browser: Browser, report: Path) -> Iterator[Open]:
    """Open the report in a window of its own; what the browser complains of fails the test."""
    contexts, complaints = [], []

    def open_page(
        *, path: Path = report, width: int = WIDE, at: str = "", **settings: object
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            reduced_motion="reduce",  # no waiting for scrolling to end
            **settings,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend(_find_strangers(request.url, path)))
        page.goto(path.as_uri() + at)
        return page

    yield open_page
    for each in contexts:
        each.close()
    assert [] == complaints


def _find_strangers(address: str, report: Path) -> list[str]:
    is_own = address.startswith(("data:", "blob:", report.as_uri()))
    return [] if is_own else [address]
