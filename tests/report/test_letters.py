from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont

from mnistreport.report import missing_letters
from mnistreport.report.context import make_context
from mnistreport.report.figures.letters import tell_unknown_letters
from mnistreport.report.missing_letters import tell_missing_letters, warn_of_letters
from mnistreport.report.templating import Templates
from mnistreport.resources import PACKAGE
from mnistreport.study.manifest import Author, Manifest
from tests.fake_results import make_results
from tests.report.reports import make_small_material, rename_study

FONTS = PACKAGE / "report" / "fonts"


def test_letters_that_figures_lack_are_told() -> None:
    """A box in a figure is announced on the report's first page."""
    material = make_small_material()
    names = ("深層学習", "Größe", "αβγ → ×", "“x” …")
    study = rename_study(material.results.studies[0], "A title", names)
    results = replace(material.results, studies=(study,))
    [notice] = [
        each
        for each in make_context(replace(material, results=results)).notices
        if each.startswith("Figures")
    ]
    assert "a box in place of what their fonts lack: 学 層 深 習." in notice


def test_letters_that_they_have_are_not() -> None:
    """The usual names are shown as they are."""
    assert "" == tell_unknown_letters(make_results())


STRANGE = "\U00010600\U0010fffd"
"""A sign of Linear A, and a letter for private use: hardly any font has them."""


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("title", {"title": f"A {STRANGE} title"}),
        ("title", {"course": STRANGE}),
        ("authors", {"authors": (Author(f"Li {STRANGE}", "1"),)}),
        ("templates/insights/dropout_layer_norm.md.j2", {}),
        ("templates/sections/summary.md.j2", {}),
    ],
)
def test_letters_that_the_pdf_lacks_are_told(
    tmp_path: Path, where: str, change: Mapping[str, Any]
) -> None:
    """Whichever text they stand in: which letters, where, and the package that has a font."""
    material = make_small_material()
    info = replace(material.manifest.report, **change)
    if where.startswith("templates/"):
        path = tmp_path / where
        path.parent.mkdir(parents=True)
        path.write_text(f"Words, and {STRANGE}.", encoding="utf-8")
    manifest = replace(material.manifest, report=info)
    told = tell_missing_letters(manifest, Templates(tmp_path), tmp_path)
    assert f"The PDF shows a box for letters that no installed font has, in {where} (" in told
    assert f"({' '.join(STRANGE)})" in told
    assert "fonts-noto-core" in told
    (changed,) = warn_of_letters(replace(material, manifest=manifest), tmp_path, tmp_path, pdf=True)
    assert told == changed
    assert [] == [*warn_of_letters(replace(material, manifest=manifest), tmp_path, tmp_path,
                                   pdf=False)]  # fmt: skip


def test_labels_and_titles_of_studies_are_looked_at(tmp_path: Path) -> None:
    """Each study is named by which its letters are found."""
    manifest = make_small_material().manifest
    *others, last = manifest.studies
    first, *rest = last.levels
    levels = (replace(first, label=STRANGE[0]), *rest)
    studies = (*others, replace(last, title=f"Title {STRANGE[1]}", levels=levels))
    told = tell_missing_letters(replace(manifest, studies=studies), Templates(tmp_path), tmp_path)
    assert f"in study {last.name} ({' '.join(STRANGE)})." in told


def test_letters_that_fonts_have_are_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual letters start no process; those of the program's own fonts are not missing."""
    material = make_small_material()

    def name(title: str) -> Manifest:
        return replace(material.manifest, report=replace(material.manifest.report, title=title))

    assert "" == tell_missing_letters(name("ώ ⅓ ϗ ✓"), Templates(tmp_path), tmp_path)
    monkeypatch.setattr("mnistreport.report.missing_letters.find_missing_letters", None)
    for title in (material.manifest.report.title, "“αβγ” → × – „Привет…“ ≤ 3 €"):
        assert "" == tell_missing_letters(name(title), Templates(tmp_path), tmp_path)


@pytest.mark.parametrize("font", sorted(FONTS.glob("*.woff2")), ids=lambda path: path.name)
def test_every_font_has_the_letters_that_are_not_looked_for(font: Path) -> None:
    """They are in each font of a page, whatever its style."""
    assert not {*map(ord, missing_letters._USUAL)} - {*TTFont(font).getBestCmap()}
