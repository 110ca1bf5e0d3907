"""Letters of a report's texts that its PDF shows as a box, as no installed font has them."""

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from mnistreport.errors import MnistReportError, TemplateError
from mnistreport.report.figures.letters import tell_unknown_letters
from mnistreport.report.html import KINDS, embed_fonts
from mnistreport.report.insights import SECTIONS, name_insight
from mnistreport.report.material import Material
from mnistreport.report.pdf import find_missing_letters
from mnistreport.report.templating import Templates
from mnistreport.report.wording import join_words
from mnistreport.study.manifest import Manifest

_FAMILIAR: Final = 0x250
"""Below it lie the letters of Latin scripts, which the fonts of the program have."""
_USUAL: Final = frozenset(
    "‐‒–—―‘’‚“”„†‡•…‰′″‹›€№™←↑→↓−√∞≈≠≤≥"  # noqa: RUF001 - these and no others
    "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψω"
    "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюяЁё"
)
"""Others that they have: to look for these, too, would take seconds at every report."""
_MOST_LETTERS: Final = 500
"""Letters that are looked for: any of these tells which fonts are missing."""
_SHOWN: Final = 12
"""Letters of one place that are told."""
_EMOJI: Final = 0x1F000
_CJK, _COLOURED, _OTHERS = "fonts-noto-cjk", "fonts-noto-color-emoji", "fonts-noto-core"
"""Packages of Debian and Ubuntu."""


def warn_of_letters(material: Material, project: Path, place: Path, *, pdf: bool) -> Iterator[str]:
    """Yield a sentence on letters that figures show as a box, and one on those of the PDF.

    Args:
        material: What the report is made of.
        project: The project's folder.
        place: A folder for what is needed meanwhile.
        pdf: Whether there is to be a PDF.
    """
    in_figures = tell_unknown_letters(material.results)
    in_pdf = tell_missing_letters(material.manifest, Templates(project), place) if pdf else ""
    yield from filter(None, (in_figures, in_pdf))


def tell_missing_letters(manifest: Manifest, templates: Templates, place: Path) -> str:
    """Say which letters the PDF shows as a box, where they stand, and what to install.

    Args:
        manifest: Its titles, names and labels.
        templates: Its words; those that came with the program are not looked at.
        place: A folder for what is needed meanwhile.

    Returns:
        A sentence; nothing if fonts have all letters, or no PDF can be made to find out.
    """
    texts = {
        where: sorted({each for each in text if ord(each) >= _FAMILIAR} - _USUAL)
        for where, text in _list_texts(manifest, templates)
    }
    letters = [*dict.fromkeys(each for found in texts.values() for each in found)]
    if not letters:
        return ""
    style = embed_fonts(KINDS["print"]) + 'body { font-family: "Source Serif 4", serif }'
    try:
        missing = find_missing_letters(letters[:_MOST_LETTERS], style, place=place)
    except MnistReportError:  # making the report's PDF tells why
        return ""
    return _say(texts, missing) if missing else ""


def _say(texts: Mapping[str, list[str]], missing: frozenset[str]) -> str:
    found = {where: [each for each in text if each in missing] for where, text in texts.items()}
    told = [
        f"{where} ({' '.join(each[:_SHOWN])}{' …' if len(each) > _SHOWN else ''})"
        for where, each in found.items()
        if each
    ]
    packages = join_words(sorted({_name_package(each) for each in missing}))
    return (
        f"The PDF shows a box for letters that no installed font has, in {', '.join(told)}. "
        f"Install a font that has them (Debian and Ubuntu: {packages}), and render again."
    )


def _name_package(letter: str) -> str:
    name = unicodedata.name(letter, "")
    if name.startswith(("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "FULLWIDTH", "BOPOMOFO")):
        return _CJK
    return _COLOURED if ord(letter) >= _EMOJI and not letter.isalpha() else _OTHERS


def _list_texts(manifest: Manifest, templates: Templates) -> Iterator[tuple[str, str]]:
    """Yield each text of a project that a report prints, after where it stands."""
    info = manifest.report
    yield "title", f"{info.title} {info.subtitle} {info.course}"
    yield "authors", " ".join(f"{each.name} {each.id}" for each in info.authors)
    for study in manifest.studies:
        labels = " ".join(level.label for level in study.levels)
        yield f"study {study.name}", f"{study.name} {study.title} {labels}"
    yield "rubric", " ".join(line.requirement for line in manifest.rubric)
    folder = templates.folders[0]
    sections = sorted((folder / SECTIONS).glob("*.md.j2"))
    for name in (
        *(name_insight(study.slug) for study in manifest.studies),
        *(f"{SECTIONS}/{path.name}" for path in sections),
    ):
        with suppress(TemplateError):  # what renders it tells why
            if templates.is_own(name):
                yield f"templates/{name}", templates.read(name)
