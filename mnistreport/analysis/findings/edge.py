"""The finding that the best value is an end of the range, and what could be tried beyond it."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, nextafter

from mnistreport.analysis.comparisons import Strength
from mnistreport.analysis.findings.finding import Finding
from mnistreport.analysis.findings.levels import is_geometric, list_values
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.study.experiment import MlpArchitecture, Variant
from mnistreport.study.spelling import spell_fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a setting that its fields do not have themselves.

    Attributes:
        images: Images of the training split, which no batch exceeds; ``None`` if not known.
        hidden_layers: Hidden layers that a feedforward network must have at least.
    """

    images: int | None = None
    hidden_layers: int = 1

    def allow(self, variant: Variant) -> bool:
        """Tell whether a setting keeps to them."""
        architecture = variant.architecture
        is_deep = (
            not isinstance(architecture, MlpArchitecture)
            or len(architecture.layers) >= self.hidden_layers
        )
        return is_deep and (self.images is None or variant.training.batch_size <= self.images)


NO_LIMITS = Limits()


def find_edge(study: StudySummary, limits: Limits = NO_LIMITS) -> Finding | None:
    """Warn when the best value is the smallest or largest tried: the optimum may lie beyond.

    It is ``clear`` if every level further inside is clearly below the best. ``next`` continues the
    range, if it can be continued by a value that is allowed. Where nothing that is allowed lies
    beyond, there is no such finding.
    """
    best = study.best
    numbers = [level for level in study.levels if _is_number(level.level.value)]
    if len(numbers) < 2 or len(numbers) < len(study.levels):  # noqa: PLR2004 - two make a range
        return None
    if best is None or best not in (numbers[0], numbers[-1]):
        return None
    is_largest = best is numbers[-1]
    range_ = _Range(study, tuple(numbers if is_largest else numbers[::-1]), limits)
    if not range_.can_go_on:
        return None
    return Finding(
        "edge",
        "clear" if not study.ties and study.lead == "clear" else _weaken(study),
        {
            "best": best,
            "side": "largest" if is_largest else "smallest",
            "next": range_.propose_next(),
            "ties": study.ties,
        },
    )


@dataclass(frozen=True, slots=True)
class _Range:
    """The levels of a factor, the one at the end in question last."""

    study: StudySummary
    levels: tuple[LevelSummary, ...]
    limits: Limits

    @property
    def can_go_on(self) -> bool:
        """Whether any value beyond the end is allowed; bounds leave no gaps, so it is near."""
        end, way = self.levels[-1].level.value or 0, self._way
        steps = (end + way, end + 2 * way)  # two, as the sizes of kernels are odd
        near = steps if self._is_whole else (nextafter(end, way * inf),)
        return any(map(self._is_allowed, near))

    def propose_next(self) -> int | float | None:
        """Return the first value that continues the range and is allowed."""
        end, way = self.levels[-1].level.value or 0, self._way
        for beyond in self._continue():
            value = round(beyond) if self._is_whole else float(f"{beyond:.6g}")
            if way * value > way * end and self._is_allowed(value):
                return value
        return None

    @property
    def _is_whole(self) -> bool:
        return all(isinstance(level.level.value, int) for level in self.levels)

    @property
    def _way(self) -> int:
        """1 where the range ascends towards the end in question, -1 where it descends."""
        values = list_values(self.levels)
        return 1 if values[-1] > values[0] else -1

    def _continue(self) -> Iterator[float]:
        """Yield what continues a geometric range by its ratio, and any range by its last step."""
        values = list_values(self.levels)
        before, last = values[-2:]
        if is_geometric(values):
            yield last * last / before
        yield 2 * last - before

    def _is_allowed(self, value: float) -> bool:
        """Tell whether the manifest could have the value as a level of the study."""
        from pydantic import ValidationError  # all of these: the process for templates needs none

        from mnistreport.study.baselines import describe_excess
        from mnistreport.study.expansion import resolve_fields, resolve_variant

        baseline, factor = self.study.baseline.summary.variant, self.study.study.factor or ""
        try:
            table = resolve_fields(spell_fields(baseline) | {factor: value})
        except ValidationError:
            return False
        variant = resolve_variant(baseline.model, table)
        return describe_excess(table) is None and self.limits.allow(variant)


def _is_number(value: object) -> bool:
    """Tell whether a level's value is a number, and no switch."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _weaken(study: StudySummary) -> Strength:
    return study.lead if study.lead != "clear" else "within noise"
