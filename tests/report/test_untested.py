"""What a report says of winners that were not read on the test split, in every combination.

Of the made-up results, the feedforward network's winner joins the best levels (1.75 % error) and
the convolutional network's is the better one (0.98 %).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.analysis.rigour import prove_one_factor
from mnistreport.report import appendix, checks
from mnistreport.report.answers import Evidence
from mnistreport.report.context import dump_context, make_context
from mnistreport.report.document import outline_document
from mnistreport.report.html import render_html
from mnistreport.report.making import list_documents
from mnistreport.report.material import Finalist, Material
from mnistreport.report.notebook.composition import compose_notebook
from mnistreport.report.stamp import digest_inputs
from mnistreport.report.templating import Templates
from mnistreport.study.manifest import FieldValue
from tests.fake_results import import_runs, make_results
from tests.report.reports import EVERY_LEVEL, UNPRINTED, make_material
from tests.report.undrawn import compose_undrawn

MLP, CNN = "feedforward network", "convolutional network"
MLP_LEVELS: tuple[FieldValue, ...] = (*EVERY_LEVEL[:-4], "best levels joined")
CNN_LEVELS = EVERY_LEVEL[-4:]


def read_only(material: Material, *models: str) -> Material:
    """Leave the tests of these models alone."""
    tested = tuple(each for each in material.tested if each.winner.model in models)
    reads = tuple(each for each in material.reads if each.model in models)
    return replace(material, tested=tested, reads=reads)


def fail(levels: tuple[FieldValue, ...]) -> Material:
    """Make a report in which no seed of these levels finished."""
    return make_material(make_results(failed=levels))


def import_all(levels: tuple[FieldValue, ...]) -> Material:
    """Make a report in which all runs of these levels were imported."""
    imported = import_runs(make_results(combined=False), dict.fromkeys(levels, (0, 1, 2)))
    material = make_material(imported)
    return read_only(material, *({"mlp", "cnn"} - {"mlp" if 0.01 in levels else "cnn"}))


BOTH = make_material()
CASES: Mapping[str, tuple[Material, Mapping[str, str]]] = {
    "both read": (BOTH, {"mlp": "read", "cnn": "read"}),
    "none read": (read_only(BOTH), {"mlp": "unread", "cnn": "unread"}),
    "best unread": (read_only(BOTH, "mlp"), {"mlp": "read", "cnn": "unread"}),
    "other unread": (read_only(BOTH, "cnn"), {"mlp": "unread", "cnn": "read"}),
    "best imported": (import_all(CNN_LEVELS), {"mlp": "read", "cnn": "imported"}),
    "unread and imported": (
        read_only(import_all(CNN_LEVELS)),
        {"mlp": "unread", "cnn": "imported"},
    ),
    "no winner": (fail(MLP_LEVELS), {"mlp": "no winner", "cnn": "read"}),
    "unread and no winner": (
        read_only(fail(CNN_LEVELS)),
        {"mlp": "unread", "cnn": "no winner"},
    ),
    "no winner at all": (
        fail((*MLP_LEVELS, *CNN_LEVELS)),
        {"mlp": "no winner", "cnn": "no winner"},
    ),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Material, Mapping[str, str]]:
    """A report, and what is known of each model."""
    return CASES[request.param]


def read_sections(material: Material, templates: Templates) -> dict[str, str]:
    """Return the text of the page's parts by their ids, drawings and origins left out."""
    context = make_context(material)
    page = render_html(compose_undrawn(context, material, templates), templates)
    page = re.sub(r"<(svg|script|style|details).*?</\1>", "", page, flags=re.DOTALL)
    parts = {"title": page[page.index("<header") : page.index("<main")]}
    for found in re.finditer(r'<section id="([\w-]+)".*?(?=<section|</main>)', page, re.DOTALL):
        parts[found[1]] = found[0]
    return {name: " ".join(re.sub("<[^>]+>", " ", each).split()) for name, each in parts.items()}


def find_reading(finalists: tuple[Finalist, ...]) -> dict[str, str]:
    """Return what is known of each model."""
    return {each.model: each.reading for each in finalists}


# --- Every sentence -------------------------------------------------------------------------------


def test_one_place_knows_which_winners_were_read(
    case: tuple[Material, Mapping[str, str]],
) -> None:
    """Each model of the manifest is there once, with its winner and what became of it."""
    material, readings = case
    assert readings == find_reading(material.finalists)
    for each in material.finalists:
        assert (each.winner is None) == (each.reading == "no winner")
        assert (each.tested is not None) == (each.reading == "read")


def test_the_page_says_of_every_model_what_became_of_it(
    case: tuple[Material, Mapping[str, str]], templates: Templates
) -> None:
    """Conclusion, final test, summary and first page agree, and no part calls all models tested."""
    material, readings = case
    parts = read_sections(material, templates)
    text = " ".join(parts.values())
    assert not UNPRINTED.search(text), UNPRINTED.search(text)
    for model, title in (("mlp", MLP), ("cnn", CNN)):
        reading = readings[model]
        said = {
            "unread": f"not yet read on the test split: .*the best {title}.* The final build reads",
            "imported": f"Not read on the test split: .*the best {title}.* without weights",
            "no winner": f"Without a winner: .*the {title}.* no setting finished on every seed",
        }
        if reading != "read":
            assert re.search(said[reading], parts["conclusion"]), parts["conclusion"]
        if reading != "read" and "final" in parts:
            assert re.search(said[reading], parts["final"]), parts["final"]
        if reading in {"unread", "imported"}:
            assert re.search(said[reading], parts["title"]), parts["title"]
        assert (f"Test accuracy, {title} not read yet" in parts["title"]) == (reading == "unread")
        assert ("test accuracy" in parts["summary"]) == ("read" in readings.values())
    all_read = set(readings.values()) == {"read"}
    assert ("each model is tested with" in text) == all_read
    assert ("The best model found" in text) == all_read
    assert ("The best model that was tested" in text) == (
        "read" in readings.values() and not all_read
    )


@pytest.mark.parametrize(
    ("case", "title"),
    [("both read", CNN), ("best unread", MLP), ("other unread", CNN), ("no winner", CNN)],
)
def test_the_conclusion_names_the_best_that_was_tested(
    case: str, title: str, templates: Templates
) -> None:
    """Another model is not put in the place of a better one that was not read."""
    said = read_sections(CASES[case][0], templates)["conclusion"]
    assert f"by validation accuracy, is the {title} with" in said


def test_a_winner_that_was_not_read_is_shown_with_its_validation_accuracy(
    templates: Templates,
) -> None:
    """A reader of the conclusion sees that it may be better than the best that was tested."""
    parts = read_sections(CASES["best unread"][0], templates)
    (view,) = make_context(CASES["best unread"][0]).untested_models
    assert view.validation_accuracy
    shown = f"{view.validation_accuracy.mean:.2%}".replace("%", " %")
    for name in ("summary", "conclusion"):
        assert shown in parts[name]


def test_without_any_test_there_is_a_section_and_no_result(templates: Templates) -> None:
    """Rule, winners and what is still to be done stand there; no figure, no score of a digit."""
    material = CASES["none read"][0]
    parts = read_sections(material, templates)
    assert "This report has no test result yet" in parts["final"]
    assert 2 == parts["final"].count("not read yet")
    assert "ledger" not in parts["final"]
    outline = outline_document(make_context(material))
    assert "final" in outline.tables
    assert [] == [n for n in outline.figures if n.endswith(("-confusion", "-mistakes", "-filters"))]
    assert [] == [name for name in outline.tables if name.endswith("-digits")]


def test_where_nothing_can_be_read_there_is_no_final_test(templates: Templates) -> None:
    """Models without a winner leave nothing to speak of, and nothing is promised."""
    assert "final" not in read_sections(CASES["no winner at all"][0], templates)


def test_the_notebook_tests_what_was_read_and_names_the_rest(
    case: tuple[Material, Mapping[str, str]], templates: Templates
) -> None:
    """No cell loads a network that is not there; the rule and what is not read are told."""
    material, readings = case
    context = make_context(material)
    cells = compose_notebook(context, material, templates)["cells"]
    code = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
    text = "\n".join(cell["source"] for cell in cells if cell["cell_type"] != "code")
    is_any_read = "read" in readings.values()
    for model, reading in readings.items():
        assert (f'test_model("{model}")' in code) == (reading == "read")
    assert ("safetensors" in code) == is_any_read
    assert ("best_*.safetensors" in text) == is_any_read
    assert ("Each model is tested" in text) == (set(readings.values()) == {"read"})
    is_promised = "The final build reads" in text
    assert is_promised == ("unread" in readings.values())
    assert ("Final test" in text) == (is_any_read or is_promised)


# --- The rubric, the numbers, the stamp -----------------------------------------------------------


def test_the_rubric_misses_the_test_of_the_best_alone(
    case: tuple[Material, Mapping[str, str]],
) -> None:
    """Accuracy and confusion matrix are asked of the best winner, read or not."""
    material, readings = case
    best = "cnn" if readings["cnn"] != "no winner" else "mlp"
    proofs = prove_one_factor(material.results)
    outline = outline_document(make_context(material))
    evidence = Evidence(material, outline, proofs, {}, Path(), ())
    for check in (checks.check_test, checks.check_confusion):
        answer = check(evidence)
        assert (readings[best] == "read") == answer.is_met
        if readings[best] == "unread":
            assert "was not read on the test split; have it read with" in answer.where


def test_weights_of_an_earlier_winner_are_not_handed_in(tmp_path: Path) -> None:
    """A file that an earlier build left counts as missing as long as the winner is not read."""
    for name in ("notebook.ipynb", "notebook.pdf", "report.pdf", "best_mlp.safetensors"):
        (tmp_path / name).write_bytes(b"of an earlier build")
    include = ("best_mlp.safetensors",)
    for case, is_met in (("both read", True), ("none read", False)):
        material = CASES[case][0]
        submission = replace(material.manifest.submission, include=include)
        material = replace(material, manifest=replace(material.manifest, submission=submission))
        outline = outline_document(make_context(material))
        answer = checks.check_submission(Evidence(material, outline, (), {}, tmp_path, ()))
        assert is_met == answer.is_met, answer
        assert is_met or "best_mlp.safetensors; make it with: mnistreport build" in answer.where


def test_numbers_name_what_was_not_tested_and_only_that() -> None:
    """``results.json`` of a report whose winners were all read is as it was before."""
    content = json.loads(dump_context(make_context(CASES["best unread"][0])))
    assert ["cnn"] == [each["model"] for each in content["untested_models"]]
    names = json.loads(dump_context(make_context(BOTH))).keys()
    assert {"untested_models", "untested_statement", "ledger_elsewhere"}.isdisjoint(names)


def test_imported_winners_stay_in_the_numbers() -> None:
    """What is left out of one place is not left out of another of the same name."""
    content = json.loads(dump_context(make_context(CASES["best imported"][0])))
    assert [CNN] == content["imported"]["untested"]


def test_documents_are_of_other_inputs_once_a_winner_is_read(tmp_path: Path) -> None:
    """A build without tests and a final one never take each other's documents for their own."""
    stamps = {
        digest_inputs(material, tmp_path, tmp_path, list_documents(material))
        for material in (CASES[name][0] for name in ("both read", "none read", "best unread"))
    }
    assert 3 == len(stamps)


# --- Other looks ----------------------------------------------------------------------------------


def find_notices(material: Material) -> list[str]:
    """Return what the first page says of other looks."""
    return [each for each in make_context(material).notices if "look" in each]


def test_looks_at_what_is_tested_here_are_no_others() -> None:
    """As many looks as tested models, and nothing is said; one more, and it is."""
    assert [] == find_notices(BOTH)
    other = replace(BOTH.reads[0], fingerprints=("e" * 64,))
    (notice,) = find_notices(replace(BOTH, reads=(other, *BOTH.reads)))
    assert "was read 3 times, not only for the runs tested here" in notice


def test_a_split_that_was_read_before_was_not_kept_aside(templates: Templates) -> None:
    """Page and notebook say so of a split that only these winners were read on."""
    other = replace(BOTH.reads[0], fingerprints=("e" * 64,))
    for material, is_aside in ((BOTH, True), (replace(BOTH, reads=(other, *BOTH.reads)), False)):
        cells = compose_notebook(make_context(material), material, templates)["cells"]
        for text in (
            read_sections(material, templates)["final"],
            " ".join(cell["source"] for cell in cells),
        ):
            assert is_aside == ("was kept aside until here" in text)
            assert "each model is tested with" in text.lower()


def test_images_that_were_seen_otherwise_were_not_kept_aside(templates: Templates) -> None:
    """As many looks as tests may be at other runs, and other splits have the same images."""
    other = replace(BOTH.reads[0], fingerprints=("e" * 64,))
    elsewhere = replace(other, split="7" * 64, images=BOTH.digits.sha256)
    for material in (
        replace(BOTH, reads=(other, BOTH.reads[1])),
        replace(BOTH, reads_elsewhere=(elsewhere,)),
    ):
        assert find_notices(material)
        context = make_context(material)
        cells = compose_notebook(context, material, templates)["cells"]
        said = " ".join(cell["source"] for cell in cells)
        assert "was kept aside" not in read_sections(material, templates)["final"] + said


def test_as_many_looks_as_tests_may_be_at_others() -> None:
    """It does not matter how many there are, but what was looked at."""
    other = replace(BOTH.reads[0], fingerprints=("e" * 64,))
    material = replace(read_only(BOTH, "cnn"), reads=(other,))
    assert (other,) == material.other_reads
    (notice,) = find_notices(material)
    assert "was read once, not only for the runs tested here" in notice
    (notice,) = find_notices(replace(read_only(BOTH), reads=(other,)))
    assert "was read once, but not for these winners" in notice


def test_other_weights_of_the_same_runs_are_another_look() -> None:
    """Trained again to other weights and read again: the first look is told."""
    tested, *rest = BOTH.tested
    runs = tuple(run.fingerprint for run in tested.winner.summary.runs.values())
    first = replace(BOTH.reads[0], fingerprints=runs, weights=("a" * 64,) * 3)
    second = replace(first, weights=("b" * 64,) * 3)
    material = replace(
        BOTH,
        tested=(replace(tested, read=second), *rest),
        reads=(first, second, *BOTH.reads[1:]),
    )
    assert (first,) == material.other_reads
    unknown = replace(first, weights=())
    assert (unknown,) == replace(material, reads=(second, unknown)).other_reads
    assert () == replace(material, reads=(unknown,)).other_reads


def test_looks_at_other_splits_of_the_same_images_are_told(tmp_path: Path) -> None:
    """First page, ledger and stamp have them; of what is not certain it is said."""
    elsewhere = replace(BOTH.reads[0], split="6" * 64, images="a" * 64)
    material = replace(BOTH, reads_elsewhere=(elsewhere, replace(elsewhere, images="")))
    context = make_context(material)
    first, second = find_notices(material)
    assert "The same images were read under another split once" in first
    assert "1 look at other splits, perhaps of the same images" in second
    table = appendix.make_ledger_table(context)
    assert ["this one"] * 2 + ["66666666", "66666666, perhaps of other images"] == [
        row.cells[-1] for row in table.rows
    ]
    stamps = {
        digest_inputs(each, tmp_path, tmp_path, ())
        for each in (BOTH, replace(BOTH, reads=BOTH.reads[:1]), material)
    }
    assert 3 == len(stamps)


def test_a_look_at_another_split_alone_has_its_ledger(templates: Templates) -> None:
    """Before anything is read here, the reader can look up what was read elsewhere."""
    elsewhere = replace(BOTH.reads[0], split="6" * 64, images="a" * 64)
    material = replace(CASES["none read"][0], reads_elsewhere=(elsewhere,))
    parts = read_sections(material, templates)
    assert "Every look at the test split stands in the ledger" in parts["final"]
    assert "Looks at other splits of the same images follow" in parts["setup"]
