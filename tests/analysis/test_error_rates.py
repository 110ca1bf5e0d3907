"""How often findings are wrong: noise called an effect, and effects missed.

Every draw is a whole study of made-up runs whose truth is known. Seeds are shared between levels,
and so is a part of the noise, as with networks that start from the same weights.
"""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnistreport.analysis.findings import derive_findings
from mnistreport.analysis.results import StudySummary, summarise_results
from mnistreport.study.experiment import Experiment
from mnistreport.study.manifest import Study
from tests.analysis.planted import (
    SPLIT,
    find_finding,
    make_ablation,
    make_manifest,
    make_rate_study,
    make_run,
    make_width_study,
)

DRAWS = 1000
EPOCHS = 10
NOISE_FLOOR = 0.002

STUDIES: dict[str, Callable[[], Study]] = {
    "rates": lambda: make_rate_study([0.01, 0.1, 1.0, 10.0]),
    "widths": lambda: make_width_study([32, 64, 128, 256, 512], baseline=128),
    "ablation": make_ablation,
}


def draw_study(
    draw: np.random.Generator,
    study: Study,
    seeds: int,
    effects: Sequence[float],
    *,
    shared: float = 0.3,
    spread: Sequence[float] | None = None,
    wiggle: float = 0.02,
) -> StudySummary:
    """Draw a study whose levels end ``effects`` above 90 %, but for noise.

    Args:
        draw: Where the noise comes from.
        study: What is studied.
        seeds: Number of seeds.
        effects: By level, as shares.
        shared: Share of the noise's variance that levels with the same seed have in common.
        spread: By level, how many times ``NOISE_FLOOR`` its noise is; 1 if not given.
        wiggle: Noise of each epoch's losses, as a share of them.
    """
    common = draw.normal(size=seeds) * np.sqrt(shared)
    experiments, runs = [], {}
    for level, effect, times in zip(
        study.levels, effects, spread or [1.0] * len(effects), strict=True
    ):
        for seed in range(seeds):
            luck = common[seed] + draw.normal() * np.sqrt(1 - shared)
            accuracy = float(0.9 + effect + NOISE_FLOOR * times * luck)
            losses, train_losses = (0.5 * (1 + wiggle * draw.normal(size=(2, EPOCHS)))).tolist()
            experiment = Experiment(level.variant, seed, SPLIT)
            experiments.append(experiment)
            runs[experiment.fingerprint] = make_run(
                experiment,
                accuracy,
                losses,
                train_losses=train_losses,
                train_accuracy=accuracy + 0.01 + NOISE_FLOOR * float(draw.normal()),
            )
    manifest = make_manifest(study, seeds=seeds)
    return summarise_results(manifest, experiments, runs, combined={}).studies[0]


def count_clear(studies: Sequence[StudySummary]) -> int:
    """Return how many studies have any clear finding."""
    return sum(
        any(finding.strength == "clear" for finding in derive_findings(study)) for study in studies
    )


@pytest.mark.parametrize(("name", "seeds"), list(product(STUDIES, (3, 5))))
def test_noise_alone_gives_no_clear_finding(name: str, seeds: int) -> None:
    """In at least 95 % of 1,000 studies in which nothing differs but noise, nothing is clear."""
    draw = np.random.default_rng(seeds)
    study = STUDIES[name]()
    nothing = [0.0] * len(study.levels)
    studies = [draw_study(draw, study, seeds, nothing) for _ in range(DRAWS)]
    assert count_clear(studies) <= 0.05 * DRAWS


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted(STUDIES)),
    seeds=st.integers(2, 8),
    shared=st.floats(0, 0.9),
    spread=st.lists(st.sampled_from([0.3, 1.0, 3.0, 30.0]), min_size=5, max_size=5),
    wiggle=st.floats(0.001, 0.05),
    start=st.integers(0, 2**32),
)
def test_whatever_the_noise_it_gives_no_clear_finding(
    name: str, seeds: int, shared: float, spread: list[float], wiggle: float, start: int
) -> None:
    """Whatever the noise is like, and though levels differ in it, hardly a finding is clear.

    Of 300 draws, 5 % are 15; chance takes fewer than one in a thousand such series beyond 29.
    """
    draw, study = np.random.default_rng(start), STUDIES[name]()
    levels = len(study.levels)
    studies = [
        draw_study(
            draw,
            study,
            seeds,
            [0.0] * levels,
            shared=shared,
            spread=spread[:levels],
            wiggle=wiggle,
        )
        for _ in range(300)
    ]
    assert count_clear(studies) <= 29


def find_planted(seeds: int, floors: float, *, shared: float, name: str = "rates") -> float:
    """Return how often a level that ends so many noise floors above the others is found."""
    draw = np.random.default_rng(0)
    study = STUDIES[name]()
    effects = [0.0] * len(study.levels)
    effects[-1] = floors * NOISE_FLOOR
    found = 0
    for _ in range(DRAWS):
        drawn = draw_study(draw, study, seeds, effects, shared=shared)
        finding = find_finding(drawn, "best")
        assert finding is not None
        found += finding.strength == "clear" and finding.values["best"] is drawn.levels[-1]
    return found / DRAWS


def test_planted_effects_are_found() -> None:
    """With five seeds, and half of the noise common to a seed, three noise floors are found.

    In at least 95 % of 1,000 studies of four levels.
    """
    assert find_planted(5, 3.0, shared=0.5) >= 0.95


def test_what_pairing_does_not_help_takes_larger_effects() -> None:
    """Where levels share no noise, three floors are often missed, and five are found."""
    assert 0.65 < find_planted(5, 3.0, shared=0.0) < 0.85
    assert find_planted(5, 5.0, shared=0.0) >= 0.95


def test_three_seeds_find_large_effects_only() -> None:
    """With three seeds, three noise floors are mostly missed, and never called the wrong way."""
    assert find_planted(3, 3.0, shared=0.5) < 0.6
