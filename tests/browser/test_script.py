from collections.abc import Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from mnistreport.analysis.statistics import Measure
from mnistreport.report.document import Document
from mnistreport.report.numbers import (
    UNKNOWN,
    format_count,
    format_loss,
    format_measure,
    format_p,
    format_percent,
    format_points,
    format_range,
    format_seconds,
)
from tests.browser.conftest import Open

WRITE = """(rows, texts) => rows.forEach((row, place) => {
    row.cells[1].textContent = texts[place];
})"""

PRINTED = {
    "differences": tuple(
        f"{format_points(mean, unit=False)} [0, 9]" for mean in (-0.0569, -0.001, 0.0009, 0.11)
    ),
    "shares": tuple(map(format_percent, (0.00001, 0.0001, 0.9784, 1))),
    "measures": tuple(
        format_measure(Measure(mean, 0.05, 3, (), "share")) for mean in (0.0981, 0.2, 0.9784)
    ),
    "p-values": tuple(format_p(value, named=False) for value in (0.0001, 0.001, 0.045, 1)),
    "losses": tuple(map(format_loss, (0.00001, 0.998, 13.14, 13_140, 1.3e6, 2e12))),
    "times": tuple(map(format_seconds, (0.04, 14.4, 123, 3_720))),
    "measured times": tuple(
        format_measure(Measure(mean, 70, 3, (), "seconds")) for mean in (59, 123, 3_720)
    ),
    "counts": tuple(map(format_count, (2, 13, 1_400, 13_140))),
    "ranges": tuple(map(format_range, ((840, 52_500), (2_000, 2_000), (10_000, 20_000)))),
}
"""Numbers as the report prints them, each kind from the smallest up."""


def read_column(table: Locator, column: int) -> list[str]:
    """Return the cells of a column as they stand."""
    return [row.split("\t")[column] for row in table.locator("tbody tr").all_inner_texts()]


def sort_texts(page: Page, texts: Sequence[str]) -> list[str]:
    """Write texts into a column, press its heading, and return the column in its new order."""
    table = page.locator("#table-mlp-digits")
    table.locator("tbody tr").evaluate_all(WRITE, list(texts))
    table.get_by_role("button", name="Precision").click()
    return read_column(table, 1)


def test_a_table_sorts_and_goes_back(open_report: Open) -> None:
    """A heading sorts up, then down, then not; a reader is told which."""
    table = open_report().locator("#table-learning_rate-levels")
    heading = table.get_by_role("columnheader", name="Val. acc.")
    before = read_column(table, 4)
    upwards = sorted(before, key=lambda cell: float(cell.split("\u202f")[0]))
    assert before != upwards
    orders = ("ascending", upwards), ("descending", upwards[::-1]), (None, before)
    for order, expected in (*orders, orders[0]):
        heading.get_by_role("button").press("Enter")
        assert order == heading.get_attribute("aria-sort")
        assert expected == read_column(table, 4)
    other = table.get_by_role("columnheader", name="Time")
    other.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") is None
    assert "ascending" == other.get_attribute("aria-sort")


def test_marks_go_with_their_rows(open_report: Open) -> None:
    """The best level stays marked wherever it stands."""
    table = open_report().locator("#table-learning_rate-levels")
    best = table.locator("tr.best").inner_text()
    table.get_by_role("button", name="Train loss").click()
    assert best == table.locator("tr.best").inner_text()


def test_numbers_sort_as_numbers(open_report: Open) -> None:
    """However the report prints them; what is none comes last, whichever way it goes."""
    page = open_report()
    for kind, texts in PRINTED.items():
        unknown = [UNKNOWN] * (10 - len(texts))
        assert (kind, [*texts, *unknown]) == (kind, sort_texts(page, [*unknown, *texts[::-1]]))
        assert (kind, [*texts[::-1], *unknown]) == (kind, sort_texts(page, [*texts, *unknown]))
        sort_texts(page, [*texts, *unknown])  # in the order of the page again


def test_totals_stay_below(open_report: Open) -> None:
    """What sums up other rows is not sorted among them."""
    table = open_report().locator("#table-budgets")
    totals = table.locator("tr.total").all_inner_texts()
    assert totals
    table.get_by_role("button", name="Epochs").click()
    assert totals == table.locator("tbody tr").all_inner_texts()[-len(totals) :]


def test_tables_of_keys_and_values_have_an_order(open_report: Open) -> None:
    """Only what can be compared can be sorted."""
    page = open_report()
    assert 0 == page.locator("#table-setup button, #table-baselines button").count()


def test_the_contents_follow(open_report: Open, document: Document) -> None:
    """The section being read is the one that is marked."""
    page = open_report()
    current = page.locator("nav a[aria-current]")
    for section in (*document.sections[3:6], document.sections[-1], document.sections[0]):
        page.evaluate("(name) => document.getElementById(name).scrollIntoView()", section.anchor)
        expect(current).to_have_attribute("href", f"#{section.anchor}")
        assert 1 == current.count()


def test_the_contents_stay_in_sight_beside_the_text(open_report: Open) -> None:
    """And do not cover it."""
    page = open_report(at="#conclusion")
    contents, text = page.locator("nav"), page.locator("main")
    assert page.get_by_role("link", name="Conclusion").first.is_visible()
    [nav, main] = [each.bounding_box() for each in (contents, text)]
    assert nav
    assert main
    assert 0 <= nav["y"] < 900
    assert nav["x"] + nav["width"] <= main["x"]


def test_the_contents_are_closed_on_a_phone(open_report: Open) -> None:
    """They open, lead somewhere, and close; the heading they lead to is not under them."""
    page = open_report(width=360)
    link = page.locator("nav").get_by_role("link", name="Conclusion")
    assert not link.is_visible()
    page.locator("nav summary").press("Enter")
    link.click()
    expect(link).not_to_be_visible()
    [bar, heading] = [
        each.bounding_box() for each in (page.locator("nav"), page.locator("#conclusion > h2"))
    ]
    assert bar
    assert heading
    assert bar["y"] + bar["height"] <= heading["y"] < 900


def test_a_figure_is_enlarged_by_keyboard(open_report: Open) -> None:
    """It fills the window; Escape leads back to where one was. No id stands twice meanwhile."""
    page = open_report()
    button = page.get_by_role("button", name="Enlarge Figure 3")
    button.press("Enter")
    dialog = page.get_by_role("dialog", name="Figure 3")
    expect(dialog).to_be_visible()
    picture = dialog.locator("svg").bounding_box()
    assert picture
    assert picture["width"] > 1350
    assert dialog.locator("p").inner_text().startswith("Figure 3.")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(button).to_be_focused()


def test_a_click_on_a_figure_enlarges_it_too(open_report: Open) -> None:
    """And a button closes it."""
    page = open_report(width=360)
    page.locator("#figure-ranking > svg").click()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("dialog")).not_to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_are_as_the_system_has_them_until_somebody_chooses(
    open_report: Open, scheme: str
) -> None:
    """A button says what it changes to, and changes back."""
    page = open_report(color_scheme=scheme)
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    names = ["Dark colours", "Light colours"][:: 1 if scheme == "light" else -1]
    before = page.evaluate(paper)
    page.get_by_role("button", name=names[0]).press("Enter")
    assert before != page.evaluate(paper)
    page.get_by_role("button", name=names[1]).press("Enter")
    assert before == page.evaluate(paper)


def test_a_keyboard_stops_at_tables_only_that_scroll(open_report: Open) -> None:
    """A region that shows everything needs none."""
    few, many = (
        open_report(width=width).locator(".scroll[tabindex='0']").count() for width in (1440, 360)
    )
    assert few < many
