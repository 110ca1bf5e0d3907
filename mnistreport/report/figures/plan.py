"""Which figures a report has, in which order, and what each is drawn from.

Nothing is drawn here, and no drawing library imported: a figure that stands already is not drawn
again, and then nothing else is needed.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mnistreport.analysis.first_layer import FirstLayer
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.report.material import Material
from mnistreport.report.views import ReportContext


@dataclass(frozen=True)
class PlannedFigure:
    """A figure that is to be drawn.

    Attributes:
        name: As the figure will be called; unique in a report.
        kind: What it shows; names the function that draws it.
        subject: That function's arguments.
    """

    name: str
    kind: str
    subject: tuple[object, ...]

    @cached_property
    def digest(self) -> str:
        """Digest of everything that decides the drawing, but for what draws it."""
        parts = (self.name, self.kind, *map(_identify, self.subject))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def list_figures(context: ReportContext) -> Iterator[tuple[str, str, str]]:
    """Yield each figure's name, its kind, and whose it is, in the order of their numbers."""
    yield "class-balance", "class-balance", ""
    yield "samples", "samples", ""
    for model in context.models:
        yield f"{model.name}-baseline", "baseline", model.name
    for study in context.studies:
        yield f"{study.slug}-curves", "curves", study.slug
        yield f"{study.slug}-factor", "factor", study.slug
    yield "ranking", "ranking", ""
    yield "training-time", "training-time", ""
    for final in context.finals:
        yield f"{final.model}-confusion", "confusion", final.model
        yield f"{final.model}-mistakes", "mistakes", final.model
        yield f"{final.model}-filters", "filters", final.model


def plan_figures(context: ReportContext, material: Material) -> tuple[PlannedFigure, ...]:
    """Return the figures of a report, in the order of their numbers."""
    subjects = _Subjects(context, material)
    return tuple(
        PlannedFigure(name, kind, subjects.find(kind, of))
        for name, kind, of in list_figures(context)
    )


class _Subjects:
    """Finds what a figure is drawn from."""

    def __init__(self, context: ReportContext, material: Material) -> None:
        self._context, self._material = context, material
        self._baselines: Final = {each.name: each.baseline.key for each in context.models}
        self._titles: Final = {model.name: model.title for model in context.models}
        self._studies: Final = {each.study.slug: each for each in material.results.studies}
        self._tested: Final = {
            final.model: tested
            for final, tested in zip(context.finals, material.tested, strict=True)
        }

    def find(self, kind: str, of: str) -> tuple[object, ...]:
        material = self._material
        subjects: Mapping[str, Callable[[], tuple[object, ...]]] = {
            "class-balance": lambda: (
                {each.name: each.per_digit for each in self._context.data.splits},
            ),
            "samples": lambda: (material.digits, material.split),
            "baseline": lambda: (material.results.variants[self._baselines[of]], self._titles[of]),
            "curves": lambda: (self._studies[of],),
            "factor": lambda: (self._studies[of],),
            "ranking": lambda: (material.results, self._titles),
            "training-time": lambda: (material.results, self._titles),
            "confusion": lambda: (self._tested[of].shown, self._titles[of], of),
            "mistakes": lambda: (
                *(self._tested[of].shown, self._titles[of], of),
                material.digits,
            ),
            "filters": lambda: (
                *(self._tested[of].first_layer, self._titles[of], of),
                *(material.digits, material.split),
            ),
        }
        return subjects[kind]()


def _identify(subject: object) -> str:
    """Return a text that is another if ``subject`` is."""
    if isinstance(subject, DigitSet | Split | FirstLayer):
        return subject.sha256
    return repr(subject)
