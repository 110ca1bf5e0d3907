import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.findings import Finding
from mnistreport.analysis.results import StudySummary
from mnistreport.report.numbers import format_points
from mnistreport.report.sentences import say_finding
from mnistreport.report.wording import format_setting, name_factor
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import FieldValue, Level, Study
from tests.analysis.planted import CNN, find_finding, make_ablation, make_rate_study, plant

RATES = make_rate_study([0.01, 0.1, 1.0])
WORSE, PLAIN, BETTER = (0.80, 0.81, 0.79), (0.90, 0.91, 0.89), (0.95, 0.96, 0.955)


def _difference(finding: Finding, which: str) -> float:
    return finding.get(which, Comparison).difference.mean


def _make_corners(both: Sequence[float]) -> dict[str, Sequence[float]]:
    return {
        "neither": (0.900, 0.905, 0.895),
        "dropout": (0.911, 0.914, 0.905),  # about + 1 point
        "norm": (0.930, 0.936, 0.925),  # about + 3 points
        "both": both,
    }


@pytest.mark.parametrize("baseline", ["neither", "both"])
def test_effects_that_add_up_do_not_interact(baseline: str) -> None:
    """Both switches together do what each does alone, whichever corner is the baseline."""
    corners = _make_corners((0.941, 0.945, 0.935))
    study = plant(make_ablation(baseline=baseline), corners)  # type: ignore[arg-type]
    finding = find_finding(study, "interaction")
    assert finding is not None
    assert "within noise" == finding.strength
    effects = {finding.values["first"]: "first_effect", finding.values["second"]: "second_effect"}
    assert pytest.approx(0.01, abs=1e-3) == _difference(finding, effects["dropout"])
    assert pytest.approx(0.03, abs=1e-3) == _difference(finding, effects["layer_norm"])
    assert pytest.approx(0.0, abs=1e-3) == _difference(finding, "interaction")


@pytest.mark.parametrize("baseline", ["neither", "both"])
def test_effects_that_cancel_interact(baseline: str) -> None:
    """If both together do no more than one alone, they interact, by the difference."""
    corners = _make_corners((0.931, 0.935, 0.926))
    study = plant(make_ablation(baseline=baseline), corners)  # type: ignore[arg-type]
    finding = find_finding(study, "interaction")
    assert finding is not None
    assert "clear" == finding.strength
    assert pytest.approx(-0.0097, abs=1e-3) == _difference(finding, "interaction")


def test_interaction_takes_seeds_and_all_four_corners() -> None:
    """One seed leaves it open; a corner that did not finish leaves it out."""
    one = {"neither": (0.9,), "dropout": (0.91,), "norm": (0.93,), "both": (0.99,)}
    finding = find_finding(plant(make_ablation(), one), "interaction")
    assert finding is not None
    assert "too few seeds" == finding.strength
    broken = plant(make_ablation(), one | {"both": (None,)})
    assert find_finding(broken, "interaction") is None
    rates = plant(RATES, {"0.01": WORSE, "0.1": PLAIN, "1": BETTER})
    assert find_finding(rates, "interaction") is None


def test_both_has_to_be_what_one_and_the_other_are() -> None:
    """If “both” has another dropout than “dropout”, the four are no corners of one square."""
    ablation = make_ablation()
    *others, both = ablation.levels
    other = replace(both, fields=both.fields | {"dropout": 0.1})
    study = plant(replace(ablation, levels=(*others, other)), _make_corners((0.94, 0.945, 0.935)))
    assert find_finding(study, "interaction") is None


def test_an_interaction_counts_only_if_a_corner_differs() -> None:
    """What no corner's comparison with the baseline carries, no other question carries either."""
    corners = _make_corners((0.900, 0.905, 0.896))  # both switches together undo each other
    noisy = corners | {"neither": (0.95, 0.85, 0.90), "both": (0.95, 0.85, 0.901)}
    study = plant(make_ablation(), noisy)
    finding = find_finding(study, "interaction")
    assert finding is not None
    comparison = finding.get("interaction", Comparison)
    assert comparison.p_adjusted is not None
    assert comparison.p_adjusted >= study.gate > 0.05
    assert "clear" != finding.strength


def _set_gaps(study: StudySummary, gaps: dict[str, float]) -> StudySummary:
    """Return ``study`` with a training accuracy so far above the validation accuracy."""
    levels = []
    for level in study.levels:
        runs = {}
        for seed, run in level.summary.runs.items():
            last = run.history[-1]
            ahead = last.validation_accuracy + gaps[level.label] + 1e-4 * seed**2
            rows = (*run.history[:-1], replace(last, train_accuracy=ahead))
            runs[seed] = replace(run, history=rows)
        levels.append(replace(level, summary=replace(level.summary, runs=runs)))
    return StudySummary(study.study, tuple(levels))


def test_effects_on_the_gap_are_told_apart() -> None:
    """A switch that narrows the gap is clear, one that leaves it as it is stays within noise."""
    corners = _make_corners((0.941, 0.946, 0.935))
    study = plant(make_ablation(), corners)
    gaps = {"neither": 0.03, "dropout": 0.01, "norm": 0.0301, "both": 0.0101}
    finding = find_finding(_set_gaps(study, gaps), "gap")
    assert finding is not None
    assert "dropout" == finding.values["first"]
    dropout, norm = (finding.get(f"{which}_effect", Comparison) for which in ("first", "second"))
    assert pytest.approx(-0.02) == dropout.difference.mean
    assert pytest.approx(0.0001) == norm.difference.mean
    assert not norm.is_clear


def test_speed_is_told_in_epochs_to_a_common_accuracy() -> None:
    """The accuracy is one that every run reached, and each corner has its mean epoch of it."""
    study = plant(make_ablation(), _make_corners((0.941, 0.945, 0.935)))
    finding = find_finding(study, "speed")
    assert finding is not None
    assert 0.895 == finding.values["target"]  # made-up runs arrive in their last epoch
    assert (10.0,) * 4 == finding.values["epochs"]
    assert pytest.approx((0.1,) * 4) == finding.values["seconds_per_epoch"]


VALUES: Mapping[str, Sequence[FieldValue]] = {
    "dropout": (0.0, 0.2, 0.5),
    "layer_norm": (False, True),
    "momentum": (0.0, 0.9),
    "learning_rate": (0.01, 0.1),
    "epochs": (10, 20),
}


def make_variant(fields: Mapping[str, FieldValue]) -> Variant:
    """Return the small convolutional network with other fields."""
    parts: dict[str, dict[str, FieldValue]] = {"architecture": {}, "training": {}}
    for name, value in fields.items():
        parts["architecture" if hasattr(CNN.architecture, name) else "training"][name] = value
    return replace(
        CNN,
        architecture=replace(CNN.architecture, **parts["architecture"]),  # type: ignore[arg-type]
        training=replace(CNN.training, **parts["training"]),  # type: ignore[arg-type]
    )


def make_square(baseline: Mapping[str, FieldValue], changes: Mapping[str, FieldValue]) -> Study:
    """Make a 2 × 2 ablation, labelled ``00`` (the baseline) to ``11`` (both changes)."""
    levels: list[Level] = []
    for label in ("00", "10", "01", "11"):
        chosen = zip(label, changes.items(), strict=True)
        fields = {name: value for flag, (name, value) in chosen if flag == "1"}
        variant = make_variant({**baseline, **fields})
        levels.append(Level(label, None, fields, variant, is_baseline=label == "00"))
    return Study("square", "square", "Square", "cnn", None, tuple(levels), 1)


@st.composite
def squares(draw: st.DrawFn) -> tuple[dict[str, FieldValue], dict[str, FieldValue]]:
    """Draw two fields, their values in the baseline, and what they are changed to."""
    names = draw(st.permutations(sorted(VALUES)).map(lambda each: each[:2]))
    drawn = {name: draw(st.permutations(VALUES[name])) for name in names}
    return {name: each[0] for name, each in drawn.items()}, {
        name: each[1] for name, each in drawn.items()
    }


@given(squares(), st.permutations([0.90, 0.92, 0.95, 0.80]))
def test_an_effect_has_the_direction_that_its_words_have(
    square: tuple[dict[str, FieldValue], dict[str, FieldValue]], means: list[float]
) -> None:
    """A switch's effect is on minus off; any other change names both values, baseline's first."""
    baseline, changes = square
    ends = dict(zip(("00", "10", "01", "11"), means, strict=True))
    accuracies = {label: [mean, mean + 0.001, mean - 0.001] for label, mean in ends.items()}
    study = plant(make_square(baseline, changes), accuracies)
    finding = find_finding(study, "interaction")
    assert finding is not None
    said = say_finding(study, finding)
    for place, name in enumerate(changes):
        changed = fmean(mean for label, mean in ends.items() if label[place] == "1")
        kept = fmean(mean for label, mean in ends.items() if label[place] == "0")
        which = "first" if finding.values["first"] == name else "second"
        if changes[name] and baseline[name]:
            before, after = map(format_setting, (baseline[name], changes[name]))
            words, effect = f"{name_factor(name)} {before} → {after}: ", changed - kept
        else:
            words, effect = f"{name_factor(name)} ", changed - kept
            effect *= 1 if changes[name] else -1
        assert pytest.approx(effect) == _difference(finding, f"{which}_effect")
        assert f"{words}{format_points(_difference(finding, f'{which}_effect'))} (" in said
    is_switched = not re.search("→", said)
    assert is_switched == ("the other switch" in said)


def test_layers_are_named_as_they_were_and_as_they_are() -> None:
    """A change of sizes is no switch, however the baseline gives them."""
    rates = make_rate_study([0.01, 0.1])
    plain = rates.levels[1].variant
    wide = replace(plain.architecture, layers=(16, 16))
    fast = replace(plain.training, learning_rate=0.5)
    corners = {
        "plain": ({}, plain),
        "wide": ({"layers": (16, 16)}, replace(plain, architecture=wide)),
        "fast": ({"learning_rate": 0.5}, replace(plain, training=fast)),
        "both": (
            {"layers": (16, 16), "learning_rate": 0.5},
            replace(plain, architecture=wide, training=fast),
        ),
    }
    levels = tuple(
        Level(label, None, fields, variant, is_baseline=label == "plain")  # type: ignore[arg-type]
        for label, (fields, variant) in corners.items()
    )
    study = plant(
        replace(rates, factor=None, levels=levels),
        {"plain": WORSE, "wide": PLAIN, "fast": PLAIN, "both": BETTER},
    )
    finding = find_finding(study, "interaction")
    assert finding is not None
    said = say_finding(study, finding)
    assert "layers 8-8 → 16-16: +" in said
    assert "learning rate 0.1 → 0.5: +" in said


def test_what_is_no_square_has_no_effects() -> None:
    """Three variants, or a third value of one field, make no effect of a single change."""
    study = make_square({"dropout": 0.5}, {"dropout": 0.2, "layer_norm": True})
    three = replace(study, levels=study.levels[:3])
    accuracies = dict.fromkeys(("00", "10", "01", "11", "more"), PLAIN)
    more = Level("more", None, {"dropout": 0.1}, make_variant({"dropout": 0.1}), is_baseline=False)
    for each in (three, replace(study, levels=(*study.levels, more))):
        planted = plant(each, accuracies)
        assert not any(find_finding(planted, kind) for kind in ("interaction", "gap", "speed"))
