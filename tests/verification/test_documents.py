"""The text of a PDF, as a submission's check reads it."""

from html import escape
from pathlib import Path

import pytest
from weasyprint import HTML

from mnistreport.verification.documents import read_pdf
from tests.report.paper import convert_to_text

NOWHERE = "\U00010600\U0010fffd"
"""A sign of Linear A, and a letter for private use: hardly any font has them."""
NUMBERS = "Validation accuracy 97.87 % ± 0.14 %, 1,314 images, −0.5."
TEXTS = ("李雷", "김철수", "अमित", "🙂", "محمد", NOWHERE)
DRAWING = "<svg width='300' height='40'><text x='5' y='20'>{}</text></svg>"


def write_pdf(body: str) -> bytes:
    """Return a PDF of some HTML."""
    pdf = HTML(string=f"<html lang='en'><body style='font-family: serif'>{body}").write_pdf()
    assert pdf
    return pdf


@pytest.mark.parametrize("place", ["<p>{}</p>", "<p>{}</p><p><b>{}</b></p>", DRAWING])
@pytest.mark.parametrize("name", TEXTS)
def test_letters_that_no_font_has_spoil_no_others(name: str, place: str) -> None:
    """Numbers and words beside them are read as they are printed."""
    text = f"{NUMBERS} {name} {NUMBERS}"
    (page,) = read_pdf(write_pdf(place.replace("{}", escape(text)))).pages
    assert place.count("{}") * 2 == " ".join(page.split()).count(NUMBERS), page
    assert "\0" not in page


def test_a_pdf_is_read_as_by_another_program(tmp_path: Path) -> None:
    """Letters that are shown as boxes are still those of the text."""
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(write_pdf(f"<p>{NUMBERS} {NOWHERE} 李雷</p>"))
    (page,) = read_pdf(pdf.read_bytes()).pages
    assert convert_to_text(pdf, "-raw").split() == page.split()
