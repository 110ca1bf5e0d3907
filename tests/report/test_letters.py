from dataclasses import replace

from mnistreport.report.context import make_context
from mnistreport.report.figures.letters import tell_unknown_letters
from tests.fake_results import make_results
from tests.report.reports import make_small_material, rename_study


def test_letters_that_figures_lack_are_told() -> None:
    """A box in a figure is announced on the report's first page; text has every letter."""
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
