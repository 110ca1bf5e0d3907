"""Sentences about findings whose numbers a test chooses: each is the one that is printed."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import Finding, find_confused
from mnistreport.analysis.results import Results, StudySummary
from mnistreport.analysis.statistics import Difference, Interval
from mnistreport.report.sentences import say_finding
from mnistreport.report.sentences.confusions import say_confused
from mnistreport.report.sentences.phrases import say_seeds
from mnistreport.report.wording import name_level
from mnistreport.study.manifest import Level, Study
from tests.analysis.planted import MLP, Accuracies, make_rate_study, plant
from tests.fake_results import find_study, import_runs, make_results
from tests.report.test_sentences import find_finding

SURE = Comparison(Difference(0.02, Interval(0.01, 0.03), 3, 0.001), 0.001, "clear")


@pytest.fixture(scope="module")
def usual() -> Results:
    """Every run finished, three seeds."""
    return make_results()


def say(study: StudySummary, kind: str, **values: object) -> str:
    """Return what is said of a study's finding with other values, with plain spaces."""
    finding = find_finding(study, kind)
    strength = values.pop("strength", finding.strength)
    merged: Mapping[str, object] = {**finding.values, **values}
    changed: Finding = replace(finding, strength=strength, values=merged)  # type: ignore[arg-type]
    return re.sub("[\u202f\u00a0]", " ", say_finding(study, changed))


def test_times_that_a_machine_varies_by_are_one_range(usual: Results) -> None:
    """Below half as much again they are told from the least to the most, else one by one."""
    study = find_study(usual, "dropout_layer_norm")
    close = say(study, "speed", seconds_per_epoch=(2.0, 2.5, 2.2, 2.9))
    assert "2.0 s to 2.9 s, no further apart" in close
    for most in (3.0, 9.0):
        apart = say(study, "speed", seconds_per_epoch=(2.0, 2.5, 2.2, most))
        assert "2.0 s with “neither”, 2.5 s with “dropout”, 2.2 s" in apart
        assert f"{most:.1f} s with “both”" in apart


def test_times_that_are_printed_alike_are_one(usual: Results) -> None:
    """No range goes from a time to the same time."""
    study = find_study(usual, "dropout_layer_norm")
    said = say(study, "speed", seconds_per_epoch=(0.251, 0.249, 0.25, 0.25))
    assert said.endswith("; the updates of an epoch lasted 0.25 s.")


@pytest.mark.parametrize(
    ("last", "expected"),
    [((0.5, 0.53, 0.49), "every other:"), ((0.5, None, 0.49), "every other that finished:")],
)
def test_an_end_is_above_what_finished(last: Accuracies, expected: str) -> None:
    """Of a level that did not finish it is not known whether it is below the best."""
    ends = {"0.01": last, "0.1": (0.9, 0.91, 0.89), "1": (0.95, 0.962, 0.939)}
    study = plant(make_rate_study([0.01, 0.1, 1.0]), ends)
    assert f"clearly above {expected}" in say(study, "edge")


def test_without_a_noise_floor_nothing_is_within_noise() -> None:
    """A cheaper level ends as high as the best, or seeds say what noise is."""
    study = plant(
        make_rate_study([0.01, 0.1, 1.0]), dict.fromkeys(("0.01", "1"), (0.95,)) | {"0.1": (0.9,)}
    )
    cheap, _, best = study.levels
    values = {"quickest": cheap, "slowest": best, "best": best, "thrifty": cheap}
    said = say_finding(study, Finding("cost", "observed", values))
    assert "Learning rate 0.01, which ends as high as learning rate 1, took" in said


def test_epochs_are_counted() -> None:
    """One is one epoch; several are, and a verb agrees."""
    training = MLP.training
    levels = tuple(
        Level(str(n), n, {"epochs": n}, replace(MLP, training=replace(training, epochs=n)), n == 1)
        for n in (1, 3)
    )
    study = plant(
        Study("epochs", "epochs", "Epochs", "mlp", "epochs", levels, 1),
        {"1": (0.8, 0.81, 0.78), "3": (0.9, 0.91, 0.89)},
    )
    assert "**3 epochs are better than the baseline**" in say(study, "best", unsettled=())
    assert ["1 epoch", "3 epochs"] == [name_level(study, each) for each in study.levels]


def test_confusions_are_counted() -> None:
    """One pair is one, and what happened once is not said to have happened several times."""
    one = [[0] * 10 for _ in range(10)]
    one[4][9] = 1
    found = find_confused(one)
    assert found is not None
    assert "The most frequent confusion is 4 taken for 9 (once)." == say_confused(found)
    one[7][2] = 3
    found = find_confused(one)
    assert found is not None
    said = "The most frequent confusions are 7 taken for 2 (3 times), 4 taken for 9 (once)."
    assert said == say_confused(found)


@pytest.mark.parametrize(("gain", "returns"), [(0.01, True), (0.0, False), (-0.01, False)])
def test_only_a_gain_has_returns(usual: Results, *, gain: float, returns: bool) -> None:
    """Where the first step gained nothing, there is nothing to diminish or to grow."""
    study = find_study(usual, "neurons")
    said = say(study, "returns", comparison=SURE, first_gain=gain)
    assert returns == said.startswith("Returns diminish: ")
    assert "2.00 pp less" in said


@pytest.mark.parametrize(("strength", "sure"), [("clear", True), ("within noise", False)])
def test_an_edge_is_said_as_firmly_as_it_is_known(
    usual: Results, *, strength: str, sure: bool
) -> None:
    """Whether the levels inside are clearly below decides what is said of the optimum."""
    study = find_study(usual, "batch_size")
    said = say(study, "edge", strength=strength)
    assert sure == ("the optimum may lie beyond" in said)
    assert sure != ("is not known" in said)


def test_one_level_of_several_is_named_where_it_is_not_all(usual: Results) -> None:
    """“At every level” is every level."""
    study = find_study(usual, "batch_size")
    values = {"least": 0.1234, "most": 0.1234}
    assert say(study, "still_learning", levels=study.levels, **values).startswith("At every level")
    some = say(study, "still_learning", levels=study.levels[1:], **values)
    assert some.startswith("With batch size 64, 256 and 1024 ")
    assert "was 12.3 % lower than" in some
    assert "was 12.3 % to 45.7 % lower than" in say(
        study, "still_learning", least=0.1234, most=0.4567
    )


def test_what_overfitted_is_told_with_the_one_its_numbers_are_of(usual: Results) -> None:
    """Of several the worst is named; of one there is no need to."""
    study = find_study(usual, "batch_size")
    values = {"opened": 7, "rise": 0.1234, "gap_then": 0.01, "gap_end": 0.02}
    for levels, which in (
        (study.levels[:1], "In the mean it"),
        (study.levels[:2], "with batch size 16 it"),
    ):
        finding = Finding("overfitted", "clear", {"levels": levels, "worst": levels[0]} | values)
        said = re.sub("[\u202f\u00a0]", " ", say_finding(study, finding))
        assert f"{which} was lowest after epoch 7 and 12.3 % higher at the end" in said
        assert "went from 1.00 pp to 2.00 pp." in said


def test_two_seeds_tell_something_of_the_other_levels() -> None:
    """One seed tells no level from another; of two it is said what they cannot tell."""
    one, two = (
        " ".join(say_finding(each, find_finding(each, "best")) for each in make_results(s).studies)
        for s in ((0,), (0, 1))
    )
    assert "Two seeds cannot tell" in two
    assert "cannot tell" not in one


@pytest.mark.parametrize(("strength", "sure"), [("clear", True), ("within noise", False)])
def test_an_interaction_comes_with_its_evidence_if_it_is_clear(
    usual: Results, *, strength: str, sure: bool
) -> None:
    """An interval and a p-value for what the seeds show, and none for what they do not."""
    study = find_study(usual, "dropout_layer_norm")
    interaction = replace(SURE, strength=strength)  # type: ignore[arg-type]
    end = say(study, "interaction", interaction=interaction).rpartition(";")[2]
    assert "+2.00 pp" in end
    assert sure == ("interval +1.00 pp to +3.00 pp, corrected p" in end)


def test_who_is_just_spoken_of_is_not_named_again(usual: Results) -> None:
    """A lead within noise over the baseline leaves only the other levels to be told apart."""
    study = find_study(usual, "batch_size")
    values = {
        "strength": "within noise",
        "comparison": replace(SURE, strength="within noise"),  # type: ignore[arg-type]
        "unsettled": (),
    }
    said = say(study, "best", ties=(study.baseline, study.levels[2]), **values)
    assert said.endswith("Three seeds cannot tell batch size 256 from batch size 16.")
    alone = say(study, "best", ties=(study.baseline,), **values)
    assert "cannot tell" not in alone
    assert "clearly below" not in alone


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "one seed"), (2, "two seeds"), (10, "ten seeds"), (11, "11 seeds"), (12, "12 seeds")],
)
def test_seeds_are_counted_in_words_up_to_ten(count: int, said: str) -> None:
    """As prose does."""
    assert said == say_seeds(count)


def test_progress_is_measured_by_what_the_study_varies(usual: Results) -> None:
    """Steps of one size are counted; those of several sizes are counted with their size."""
    rates = say(find_study(usual, "learning_rate"), "progress")
    sizes = say(find_study(usual, "batch_size"), "progress")
    assert "at an equal learning rate × number of updates by" in rates
    assert "at an equal number of updates by" in sizes


def test_what_is_not_compared_is_not_said_to_tie() -> None:
    """Nobody asked whether seeds can tell an imported level from one that was trained here."""
    study = find_study(import_runs(make_results(), {0.5: (0, 1, 2)}), "learning_rate")
    said = say(study, "best")
    assert "Not compared with learning rate 0.1" in said
    assert "learning rate 0.5" in said
    assert "cannot tell" not in said


def test_a_noise_floor_has_no_sign(usual: Results) -> None:
    """A lead has one; what a seed changes goes both ways."""
    study = find_study(usual, "batch_size")
    doubtful = replace(SURE, strength="too few seeds")
    values = {"strength": "too few seeds", "comparison": doubtful, "noise_floor": 0.001}
    said = say(study, "best", ties=(), unsettled=(), **values)
    assert "+2.00 pp, is larger than the noise floor of 0.10 pp, but three seeds" in said
