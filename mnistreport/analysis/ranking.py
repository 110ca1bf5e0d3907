"""All variants of a model beside one another, and which of them could be the best."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mnistreport.analysis.comparisons import Comparison
from mnistreport.analysis.results import Results, StudySummary, VariantSummary, choose_best
from mnistreport.analysis.variants import compare_variants, is_comparable


@dataclass(frozen=True)
class Ranking:
    """A model's variants, in order.

    Attributes:
        model: The model's name in the manifest.
        variants: The highest mean accuracy of the finished seeds first, the earlier of equal ones;
            those without a finished run last.
        best: As ``choose_best`` chooses it: the one that the test split is read for, if any is.
        behind: The best minus each other complete variant that can be compared with it, by key.
        tied: Keys of those that a study with the same best cannot tell from it, either.
        surpassed: Keys of those that a study sets clearly below another of its levels.
    """

    model: str
    variants: tuple[VariantSummary, ...]
    best: VariantSummary | None
    behind: Mapping[str, Comparison]
    tied: frozenset[str]
    surpassed: frozenset[str]

    @cached_property
    def possible(self) -> tuple[VariantSummary, ...]:
        """The complete variants that the seeds do not rule out as the best; it is left out.

        They need not be the next in rank: a variant far behind whose seeds scatter may be one.
        """
        return tuple(
            each
            for each in self.variants
            if each.complete
            and each is not self.best
            and (not self._is_behind(each) or each.variant.key in self.tied)
            and each.variant.key not in self.surpassed
        )

    def _is_behind(self, variant: VariantSummary) -> bool:
        """Tell whether the best is clearly ahead; of what cannot be compared it is not known."""
        found = self.behind.get(variant.variant.key)
        return found is not None and found.is_clear

    @property
    def can_tell(self) -> bool:
        """Whether there are seeds to tell variants by: two of them, and two complete variants."""
        return any(each.difference.n > 1 for each in self.behind.values())


def rank_variants(results: Results) -> tuple[Ranking, ...]:
    """Rank each model's variants, and compare its best with every other that is complete.

    These comparisons are one family (Holm), paired by seed, and judged only where one of the
    model's studies found something. Between imported runs they are not paired, and with one that
    is not of the same origin there is none: it is not ruled out. What a study says of a pair holds
    here as well: a level that it cannot tell from the same best is not ruled out by this family
    alone, and one that it sets clearly below another is, since what is below another is not the
    best.

    The best is read off the same seeds, so its lead over any one variant looks larger than it is:
    of variants that are equally good, one may well be set apart. What the family is for is safe
    from that, as in multiple comparisons with the best (Hsu 1984, "Constrained simultaneous
    confidence intervals for multiple comparisons with the best", Annals of Statistics 12): the
    variant that truly is the best falls clearly behind only if one that is no better seems so, and
    the family counts each of them. With one study, it is among the best and those not ruled out
    in at least 95 % of cases; a test simulates that. Each further study may err for itself.
    """
    return tuple(_rank(model, group, results) for model, group in results.by_model.items())


def _rank(model: str, group: Sequence[VariantSummary], results: Results) -> Ranking:
    ranked = sorted(group, key=lambda each: -each.accuracy.mean if each.accuracy else 1.0)
    best = choose_best(group)
    if best is None:
        return Ranking(model, tuple(ranked), None, {}, frozenset(), frozenset())
    others = [each for each in ranked if each.complete and each is not best]
    studies = [study for study in results.studies if study.study.model == model]
    rivals = [each for each in others if is_comparable(best, each)]
    judged = compare_variants(
        [(best, each) for each in rivals],
        next((study.noise_floor for study in studies), None),
        gate=min((study.gate for study in studies if _has_judged(study)), default=0.0),
    )
    tied = {
        level.level.variant.key
        for study in studies
        if study.best and study.best.level.variant.key == best.variant.key
        for level in study.ties
    }
    behind = {each.variant.key: found for each, found in zip(rivals, judged, strict=True)}
    surpassed = frozenset(key for study in studies for key in _list_surpassed(study))
    return Ranking(model, tuple(ranked), best, behind, frozenset(tied), surpassed)


def _list_surpassed(study: StudySummary) -> Iterator[str]:
    """Yield the levels that a study sets clearly below another."""
    if study.best:
        kept = (study.best, *study.ties)
        yield from (level.level.variant.key for level in study.complete if level not in kept)
    for level in study.levels:
        if level.against_baseline and level.against_baseline.is_clear:
            is_above = level.against_baseline.difference.mean > 0
            yield (study.baseline if is_above else level).level.variant.key


def _has_judged(study: StudySummary) -> bool:
    return any(level.against_baseline for level in study.levels)
