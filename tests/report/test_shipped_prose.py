import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistreport.analysis.results import Results
from mnistreport.report.context import make_context
from mnistreport.report.document import render_all_prose
from mnistreport.report.templating import Templates
from tests.fake_results import make_results
from tests.report.reports import (
    EVERY_LEVEL,
    LONG_FLOAT,
    UNPRINTED,
    leave_seeds_out,
    make_material,
    render_texts,
)

ALL_SEEDS = (0, 1, 2)
MLP_BASELINE, CNN_BASELINE = 0.01, "neither"

CASES: dict[str, Callable[[], Results]] = {
    "usual": make_results,
    "two seeds": lambda: make_results((0, 1)),
    "one seed": lambda: make_results((0,)),
    "one epoch": lambda: make_results(epochs=1),
    "a level diverged": lambda: make_results(diverged=[0.5]),
    "a level failed": lambda: make_results(failed=[512, "both"]),
    "baselines failed": lambda: make_results(failed=[MLP_BASELINE, CNN_BASELINE]),
    "baselines lack a seed": lambda: make_results(
        missing=leave_seeds_out([MLP_BASELINE, CNN_BASELINE], [1])
    ),
    "one level left": lambda: make_results(
        missing=leave_seeds_out([0.001, 0.01, 0.5], ALL_SEEDS), combined=False
    ),
    "joined levels failed": lambda: make_results(failed=["best levels joined"]),
    "everything diverged": lambda: make_results(diverged=EVERY_LEVEL, combined=False),
    "nothing trained": lambda: make_results(
        missing=leave_seeds_out(EVERY_LEVEL, ALL_SEEDS), combined=False
    ),
    "nothing learned": lambda: make_results(at_chance=EVERY_LEVEL),
    "strange names": lambda: make_results(strange=True),
}
SEEDS = {"one seed": (0,), "two seeds": (0, 1)}

Texts = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def texts() -> Texts:
    """Every insight and section that the program comes with, for every case."""
    return {
        case: render_texts(
            make_material(
                make(),
                seeds=SEEDS.get(case, ALL_SEEDS),
                epochs=1 if case == "one epoch" else None,
            )
        )
        for case, make in CASES.items()
    }


def find_everywhere(pattern: re.Pattern[str], texts: dict[str, str]) -> list[str]:
    """Return what matches, with a few words around it."""
    return [
        f"{name}: …{text[max(0, match.start() - 30) : match.end() + 30]}…"
        for name, text in texts.items()
        for match in pattern.finditer(text)
    ]


@pytest.mark.parametrize("case", CASES)
def test_it_reads_well_whatever_came_out(texts: Texts, case: str) -> None:
    """Whatever happened to the runs: no error, no unformatted value, no gap between words."""
    assert [] == find_everywhere(UNPRINTED, texts[case])
    assert [] == find_everywhere(LONG_FLOAT, texts[case])
    assert [] == find_everywhere(re.compile(r" [.,;:)]|\( |[.,;] ?[.,;]|\w[”)]\("), texts[case])


@pytest.mark.parametrize("case", ["one seed", "nothing trained", "everything diverged"])
def test_nothing_is_better_without_seeds_to_show_it(texts: Texts, case: str) -> None:
    """With one run or none for each level, nothing is ranked but what is said not to be shown."""
    del texts[case]["method"]  # says what “better” takes
    claims = find_everywhere(re.compile(r"\b(?<!whether it is )better\b|Best was"), texts[case])
    assert [] == claims


@pytest.mark.parametrize("case", ["nothing trained", "everything diverged"])
def test_what_is_not_there_is_not_described(texts: Texts, case: str) -> None:
    """Without a finished run there is no accuracy, and each study says what is missing."""
    assert [] == find_everywhere(re.compile(r"\d\u202f% validation accuracy"), texts[case])
    studies = [text for name, text in texts[case].items() if name.startswith("study-")]
    assert len(studies) == sum("Left out of every comparison: every level" in t or
                               "(0 of 3 runs finished)" in t for t in studies)  # fmt: skip


def test_a_failed_baseline_is_nothing_to_compare_with(texts: Texts) -> None:
    """Without its baseline, a study says of no level that it is better, or about the same."""
    for case in ("baselines failed", "baselines lack a seed"):
        for part in ("summary", "conclusion"):
            assert [] == find_everywhere(
                re.compile(r"better than the baseline|different from the baseline"),
                {part: texts[case][part]},
            )
            assert "the baseline did not finish" in texts[case][part]


def test_the_summary_tells_every_study_and_model(texts: Texts) -> None:
    """Each study and each tested model has its line, with the figure to look at."""
    summary = texts["usual"]["summary"]
    for words in (
        "Feedforward network.", "Convolutional network.", "Learning rate.", "Batch size.",
        "Number of neurons.", "Number of hidden layers.", "Dropout and layer normalisation.",
    ):  # fmt: skip
        assert 1 == summary.count(words), words
    assert 7 == summary.count("Figure")


def test_paragraphs_of_two_models_stay_apart() -> None:
    """The baseline of each model, and its description, is a paragraph of its own."""
    prose = render_all_prose(make_context(make_material()), Templates(Path("none"))).html
    assert 2 == prose["baseline"].count("<p><strong>")
    assert 2 == len(re.findall("<p>The <strong>", prose["method"]))


def test_the_ranking_says_what_a_shade_means(texts: Texts) -> None:
    """A shaded row is called what it is: not ruled out, which is not equal."""
    written = [" ".join(text.split()) for each in texts.values() for text in each.values()]
    said = [text for text in written if "shaded row" in text]
    assert said
    assert all("a variant that the seeds do not rule out as the best of" in text for text in said)
