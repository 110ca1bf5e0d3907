"""Which seeds and epochs a time budget leaves, by estimates that are made up here."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from mnistreport.budgeting import Reckoner, choose_trim, parse_budget
from mnistreport.data.split import LearningSizes
from mnistreport.errors import UsageError
from mnistreport.report.wording import describe_trimmed, name_duration
from mnistreport.study.expansion import combine_levels, expand_experiments, expand_variants
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import Manifest, Trimmed
from mnistreport.study.trimming import Trim, trim_manifest
from mnistreport.training.cost import ROUGH_COSTS, STARTUP_SECONDS, estimate_wall_clock
from mnistreport.training.grouping import pick_missing
from tests.fake_results import SPLIT, make_manifest

SIZES = LearningSizes(42_000, 14_000)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("600", 600), (" 2H ", 7200)],
)
def test_durations(text: str, seconds: int) -> None:
    """Hours, minutes and seconds, or seconds alone."""
    assert seconds == parse_budget(text)


@pytest.mark.parametrize(
    "text", ["", "0", "0m", "m", "-5m", "1.5h", "10 min", "1m1h", "1h30", "9" * 12]
)
def test_no_durations(text: str) -> None:
    """Anything else is refused with examples."""
    with pytest.raises(UsageError, match="is no duration"):
        parse_budget(text)


def test_durations_in_words() -> None:
    """A budget is named as a person would."""
    told = [name_duration(each) for each in (90, 600, 5400, 3605)]
    assert ["1 min 30 s", "10 min", "1 h 30 min", "1 h 5 s"] == told


def _make_reckoner(
    settled: frozenset[str] = frozenset(), joined: Sequence[Variant] = (), jobs: int = 2
) -> Reckoner:
    return Reckoner(ROUGH_COSTS, SIZES, SPLIT, settled, jobs, lambda _manifest: joined)


def _list_settled(manifest: Manifest) -> frozenset[str]:
    every = expand_experiments(expand_variants(manifest), manifest.seeds, SPLIT)
    return frozenset(each.fingerprint for each in every)


def _count_epochs(manifest: Manifest) -> float:
    return len(manifest.seeds) * sum(each.training.epochs for each in expand_variants(manifest))


def test_what_fits_is_left_alone() -> None:
    """A budget that is long enough trims nothing."""
    manifest = make_manifest()
    needed = _make_reckoner().estimate_seconds(manifest)
    assert choose_trim(manifest, int(needed) + 1, _make_reckoner().estimate_seconds) is None


def test_seeds_go_before_epochs() -> None:
    """As long as fewer seeds are enough, all epochs stay; then two seeds do, or the only one."""
    manifest = make_manifest(range(5))
    every = _count_epochs(manifest)
    trims = [
        choose_trim(manifest, round(every * share), _count_epochs) for share in (0.8, 0.5, 0.4, 0.2)
    ]
    assert [(4, 1), (2, 1), (2, 1), (2, Fraction(1, 2))] == [
        (trim.seeds, trim.epochs) for trim in trims if trim
    ]
    single = make_manifest([3])
    trim = choose_trim(single, round(_count_epochs(single) / 2), _count_epochs)
    assert Trim(round(_count_epochs(single) / 2), 1, Fraction(1, 2)) == trim


def test_too_short_a_budget_names_the_least() -> None:
    """The budget that the error names fits, and one second less does not."""
    manifest = make_manifest()
    estimate = _make_reckoner().estimate_seconds
    with pytest.raises(UsageError, match="the least budget that fits") as caught:
        choose_trim(manifest, 1, estimate)
    step = caught.value.problems[0].next_step or ""
    least = parse_budget(step.rpartition(" ")[2])
    trim = choose_trim(manifest, least, estimate)
    assert trim
    trimmed = trim_manifest(manifest, trim)
    assert trimmed
    assert {1} == {each.training.epochs for each in expand_variants(trimmed)}
    with pytest.raises(UsageError):
        choose_trim(manifest, least - 1, estimate)


def test_stored_runs_cost_nothing() -> None:
    """When all is stored, a second is enough, and what a smaller setting stored is found."""
    manifest = make_manifest()
    stored = _make_reckoner(_list_settled(manifest))
    assert 0 == stored.estimate_seconds(manifest)
    assert choose_trim(manifest, 1, stored.estimate_seconds) is None
    trim = Trim(1, 2, Fraction(1))
    smaller = trim_manifest(manifest, trim)
    assert smaller
    reckoner = _make_reckoner(_list_settled(smaller))
    assert trim == choose_trim(manifest, 1, reckoner.estimate_seconds)


def test_the_same_budget_keeps_to_what_it_left() -> None:
    """Once trimmed and stored, a build is trimmed alike though more would fit by now."""
    manifest = make_manifest(range(5))
    every = _count_epochs(manifest)
    kept = Trim(round(every / 2), 2, Fraction(1))
    assert kept == choose_trim(manifest, kept.budget_seconds, lambda _: 0, kept)
    assert choose_trim(manifest, round(every), _count_epochs, kept) is None
    least = choose_trim(manifest, kept.budget_seconds, _count_epochs)
    unstored = replace(kept, epochs=Fraction(1, 2))
    assert least == choose_trim(manifest, kept.budget_seconds, _count_epochs, unstored)
    assert choose_trim(make_manifest(range(2)), kept.budget_seconds, lambda _: 0, kept) is None


def test_models_that_ask_for_the_same_are_trained_once() -> None:
    """Two names of one model are one run, in estimates as in queues."""
    (first, *_) = expand_variants(make_manifest())
    every = expand_experiments((first, replace(first, model="twin")), range(3), SPLIT)
    assert every[:3] == tuple(pick_missing(every, ()))
    assert [every[1]] == pick_missing(every, {every[0].fingerprint, every[2].fingerprint})


def test_what_joins_counts_as_the_dearest_until_it_is_known() -> None:
    """Unknown, a joined variant is as large and slow as levels can make it; known, as it is."""
    manifest = make_manifest()
    alone = _make_reckoner().estimate_seconds(replace(manifest, combine=False))
    joined = _make_reckoner().estimate_seconds(manifest) - alone
    studies = [study for study in manifest.studies if study.model == "mlp"]
    assert len(studies) > 1
    every = [
        combine_levels(manifest.baselines["mlp"], levels)
        for levels in itertools.product(*(study.levels for study in studies))
    ]
    dearest = max(ROUGH_COSTS.estimate_seconds(each, SIZES) for each in every)
    assert pytest.approx(estimate_wall_clock([dearest] * 3, 2)) == joined
    variants = [each for each in expand_variants(manifest) if each.model == "mlp"]
    assert dearest > max(ROUGH_COSTS.estimate_seconds(each, SIZES) for each in variants)
    architecture = replace(variants[0].architecture, dropout=0.5)
    joined = replace(variants[0], architecture=architecture)
    known = _make_reckoner(_list_settled(manifest), [joined])
    own = ROUGH_COSTS.estimate_seconds(joined, SIZES)
    assert pytest.approx(STARTUP_SECONDS + 2 * own) == known.estimate_seconds(manifest)


@pytest.mark.parametrize(
    ("seeds", "epochs", "others", "said"),
    [
        ((2, 3), {"mlp": (20, 20)}, 1.0, "2 of 3 seeds"),
        ((2, 2), {"mlp": (12, 20)}, 1.0, "12 of 20 epochs"),
        ((2, 3), {"a": (12, 20), "b": (12, 20)}, 1.0, "2 of 3 seeds and 12 of 20 epochs"),
        (
            (2, 3),
            {"mlp": (12, 20), "cnn": (6, 10)},
            1.0,
            "2 of 3 seeds, and 12 of 20 epochs (mlp) and 6 of 10 epochs (cnn)",
        ),
        (
            (2, 2),
            {"mlp": (1, 1)},
            0.5,
            "about 50\N{NARROW NO-BREAK SPACE}% of the epochs of settings that have their own",
        ),
    ],
)
def test_what_is_left_in_words(
    seeds: tuple[int, int], epochs: dict[str, tuple[int, int]], *, others: float, said: str
) -> None:
    """Only what was cut is told; models that differ are told apart."""
    assert said == describe_trimmed(Trimmed(60, seeds, epochs, others))
