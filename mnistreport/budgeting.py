"""A time budget: what building a manifest would take, and how much of it fits.

Estimates choose what is trained; no clock stops the training, so that its results stay the same
bits on every machine that trains the same.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from mnistreport.data.split import LearningSizes
from mnistreport.errors import UsageError
from mnistreport.report.wording import name_duration
from mnistreport.study.expansion import combine_levels, expand_experiments, expand_variants
from mnistreport.study.experiment import Experiment, Variant
from mnistreport.study.manifest import Level, Manifest
from mnistreport.study.trim_file import NAME
from mnistreport.study.trimming import FEWEST_SEEDS, Trim, trim_manifest
from mnistreport.training.cost import CostModel, estimate_wall_clock
from mnistreport.training.grouping import pick_missing

MOST_SECONDS: Final = 10**9
"""Some thirty years."""
_STEPS: Final = 100
"""Shares of the epochs that are tried, at most."""
_DURATION: Final = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?|(\d{1,9})")


def parse_budget(text: str) -> int:
    """Return the seconds of a duration such as ``90s``, ``10m``, ``1h30m`` or ``600``.

    Raises:
        UsageError: It is no duration.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    parts = found.groups("0") if found else ()
    total = sum(int(part) * unit for part, unit in zip(parts, (3600, 60, 1, 1), strict=False))
    if not 0 < total <= MOST_SECONDS:
        msg = f"--budget: {text!r} is no duration of a second or more"
        raise UsageError(msg, next_step="write it like 90s, 10m, 1h30m, or as whole seconds")
    return total


@dataclass(frozen=True, slots=True)
class Reckoner:
    """Estimates what training takes that a build of some manifest still has to do.

    Attributes:
        costs: What runs take.
        sizes: Numbers of training and validation images.
        split_sha256: Digest of the split.
        settled: Fingerprints of the runs that need not be trained.
        jobs: Worker processes that work at once.
        join: Returns the variants that join the best levels, once all others are stored.
    """

    costs: CostModel
    sizes: LearningSizes
    split_sha256: str
    settled: frozenset[str]
    jobs: int
    join: Callable[[Manifest], Sequence[Variant]]

    def estimate_seconds(self, manifest: Manifest) -> float:
        """Return about how long training takes.

        What joins the best levels is not known before they are: then it counts as what joins the
        dearest.
        """
        planned = expand_variants(manifest)
        missing = self._list_missing(planned, manifest)
        seconds = estimate_wall_clock([self._estimate(each.variant) for each in missing], self.jobs)
        if not manifest.combine:
            return seconds
        if missing:
            joined = self._join_dearest(manifest)
            last = [self._estimate(each) for each in joined for _ in manifest.seeds]
        else:
            untrained = self._list_missing(self.join(manifest), manifest)
            last = [self._estimate(each.variant) for each in untrained]
        return seconds + estimate_wall_clock(last, self.jobs)

    def _estimate(self, variant: Variant) -> float:
        return self.costs.estimate_seconds(variant, self.sizes)

    def _list_missing(self, variants: Sequence[Variant], manifest: Manifest) -> list[Experiment]:
        every = expand_experiments(variants, manifest.seeds, self.split_sha256)
        return pick_missing(every, self.settled)

    def _join_dearest(self, manifest: Manifest) -> Iterator[Variant]:
        """Yield, of each model with several studies, the variant that joins the dearest levels."""
        for model, baseline in manifest.baselines.items():
            studies = [study for study in manifest.studies if study.model == model]
            chosen: list[Level] = []
            for study in studies:
                costs = [
                    self._estimate(combine_levels(baseline, (*chosen, level)))
                    for level in study.levels
                ]
                chosen.append(study.levels[costs.index(max(costs))])
            if len(studies) > 1:
                yield combine_levels(baseline, chosen)


def choose_trim(
    manifest: Manifest,
    budget_seconds: int,
    estimate: Callable[[Manifest], float],
    kept: Trim | None = None,
) -> Trim | None:
    """Return the least trim with which training fits, or ``None`` if all of it does.

    Seeds go first, as long as two are left, then epochs, of every variant the same share.

    Args:
        manifest: What is to be built.
        budget_seconds: The time that its training is to keep within.
        estimate: Returns how many seconds the training takes that a manifest still needs.
        kept: How the last build was trimmed. For the same budget it is chosen again if all that
            it leaves is stored: so the same command makes the same report.

    Raises:
        UsageError: Not even the fewest seeds and epochs fit.
    """
    if kept and kept.budget_seconds == budget_seconds:
        trimmed = trim_manifest(manifest, kept)
        if trimmed and trimmed is not manifest and not estimate(trimmed):
            return kept
    least = estimate(manifest)
    if least <= budget_seconds:
        return None
    for trim in _list_trims(manifest, budget_seconds):
        trimmed = trim_manifest(manifest, trim)
        if trimmed is None:
            continue
        seconds = estimate(trimmed)
        if seconds <= budget_seconds:
            return trim
        least = min(least, seconds)
    needed = math.ceil(least)
    msg = (
        f"--budget: {name_duration(budget_seconds)} is too short, even with the fewest seeds and "
        f"epochs; the least budget that fits is {name_duration(needed)}"
    )
    raise UsageError(msg, file=manifest.path, next_step=f"give it that: --budget {needed}s")


def refuse_trim(manifest: Manifest, budget_seconds: int | None) -> None:
    """Refuse a budget, of now or of the documents, for a manifest that imports runs.

    Raises:
        UsageError: There is one: what was trained elsewhere cannot be trimmed.
    """
    if manifest.imports and budget_seconds is not None:
        msg = "imported runs ([[runs]]) have all their seeds and epochs, and no budget trims them"
        step = "build without a budget: mnistreport build"
        raise UsageError(msg, file=manifest.path, line=manifest.imports[0].line, next_step=step)


def apply_trim(manifest: Manifest, trim: Trim | None, output: Path) -> Manifest:
    """Return what ``trim`` leaves of ``manifest``.

    Args:
        manifest: The manifest.
        trim: Chosen now, or kept in the folder of the documents.
        output: That folder.

    Raises:
        UsageError: The manifest has changed, and so few epochs make two of its settings the same.
    """
    if trim is None:
        return manifest
    trimmed = trim_manifest(manifest, trim)
    if trimmed is None:
        msg = "leaves so few epochs that two settings of the manifest are the same"
        raise UsageError(msg, file=output / NAME, next_step="build again: mnistreport build")
    return trimmed


def _list_trims(manifest: Manifest, budget_seconds: int) -> Iterator[Trim]:
    """Yield what may be tried, from the least trim to the largest."""
    fewest = min(len(manifest.seeds), FEWEST_SEEDS)
    for seeds in range(len(manifest.seeds) - 1, fewest - 1, -1):
        yield Trim(budget_seconds, seeds, Fraction(1))
    epochs = max(each.training.epochs for each in expand_variants(manifest))
    steps = min(epochs, _STEPS)
    shares = {Fraction(step, steps) for step in range(1, steps)} | {Fraction(1, epochs)}
    for share in sorted(shares - {Fraction(1)}, reverse=True):
        yield Trim(budget_seconds, fewest, share)
