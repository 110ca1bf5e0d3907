from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport.analysis.results import Results
from mnistreport.errors import TemplateError
from mnistreport.report.insights import STARTING, find_own_words, name_insight
from mnistreport.report.shipped_words import is_as_shipped
from mnistreport.report.templating import Templates
from mnistreport.resources import PROJECT_FILES, find_resource
from tests.fake_results import make_results
from tests.report.reports import (
    EVERY_LEVEL,
    LONG_FLOAT,
    UNPRINTED,
    make_material,
    render_texts,
    write_templates,
)

SHIPPED = sorted(find_resource("templates/insights").glob("*.md.j2"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_is_shipped_now_is_recorded(path: Path) -> None:
    """Every insight of the repository is told from a person's words."""
    assert is_as_shipped(path.read_text("utf-8")), (
        f"{path.name} was changed: run python scripts/record_shipped_words.py"
    )


def test_an_editor_changes_nothing_by_opening_and_saving() -> None:
    """Line ends, a final one and a byte order mark are no words; a single letter is."""
    text = SHIPPED[0].read_text("utf-8")
    for saved in (text.replace("\n", "\r\n"), "\ufeff" + text, text + "\n", text.rstrip("\n")):
        assert is_as_shipped(saved)
    assert not is_as_shipped(text.replace("e", "E", 1))
    assert not is_as_shipped("")


def test_words_of_ones_own_are_no_ones_else(tmp_path: Path) -> None:
    """A person has written about a study if its file is neither missing, empty nor as shipped."""
    shipped = find_resource(f"templates/{name_insight('neurons')}").read_text("utf-8")
    project = write_templates(
        tmp_path,
        {
            name_insight("edited"): shipped + "\nWe think so, too.",
            name_insight("written"): "Our words.",
            name_insight("neurons"): shipped.replace("\n", "\r\n"),
            name_insight("empty"): "\n \n",
        },
    )
    expected = {
        "edited": True, "written": True, "neurons": False, "empty": False, "depth": False,
    }  # fmt: skip
    assert expected == find_own_words(Templates(project), expected)


def test_a_clone_has_no_words_of_its_own() -> None:
    """Where the packaged templates are the project's own, they still are nobody's words."""
    slugs = [path.name.removesuffix(".md.j2") for path in SHIPPED]
    assert dict.fromkeys(slugs, False) == find_own_words(Templates(PROJECT_FILES), slugs)


def test_words_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    """A file in another encoding counts neither as written nor as missing."""
    path = write_templates(tmp_path, {name_insight("a"): ""}) / "templates" / name_insight("a")
    path.write_bytes(b"\xff\xfe\xe4")
    with pytest.raises(TemplateError) as caught:
        find_own_words(Templates(tmp_path), ["a"])
    assert path == caught.value.problems[0].file


OUTCOMES: dict[str, Callable[[], Results]] = {
    "usual": make_results,
    "everything diverged": lambda: make_results(diverged=EVERY_LEVEL, combined=False),
    "nothing learned": lambda: make_results(at_chance=EVERY_LEVEL),
    "strange names": lambda: make_results(strange=True),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_starting_text_reads_well_for_any_study(tmp_path: Path, outcome: str) -> None:
    """What a study of any kind begins with says something, whatever came out, and no code."""
    material = make_material(OUTCOMES[outcome]())
    text = find_resource(f"templates/{STARTING}").read_text("utf-8")
    slugs = [study.study.slug for study in material.results.studies]
    project = write_templates(tmp_path, {name_insight(slug): text for slug in slugs})
    texts = render_texts(material, project)
    for slug in slugs:
        said = texts[f"study-{slug}"]
        assert said.startswith("This study has "), said
        assert "compares where they ended" in said
        assert "claim" not in said
        assert None is UNPRINTED.search(said), said
        assert None is LONG_FLOAT.search(said), said
    assert "4 values of one factor, learning rate: Figure" in texts["study-learning_rate"]
    assert "4 named variants: Figure" in texts["study-dropout_layer_norm"]


def test_space_is_no_word() -> None:
    """Who adds a blank to a text that came with the program has written nothing."""
    text = find_resource("templates/insights/neurons.md.j2").read_text("utf-8")
    assert is_as_shipped(text.replace(" ", "  ") + "\n \n")
    assert not is_as_shipped(text + "We saw it, too.")
