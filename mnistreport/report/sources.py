"""What a typed number can stand for: the numbers of a report, each with what it is and of what.

A number in an insight is about its study. So it is looked for among the study's own results, what
the manifest says of the study, and what holds for all studies: images, seeds, constants. The whole
report has so many numbers that chance alone would find most percentages among them.

What is measured on one run, or for one digit, counts only where the sentence speaks of such.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, cast

from mnistreport.analysis.statistics import Difference, Interval, Measure
from mnistreport.report.insights import SECTIONS, name_insight
from mnistreport.report.records import RunOrigin, RunView
from mnistreport.report.views import (
    DigitScore,
    FindingView,
    LevelView,
    ModelView,
    ReportContext,
    SplitView,
    StudyView,
)
from mnistreport.study.manifest import Baseline, Level, Manifest, Study

RUN: Final = r"\b(?:seeds?|runs?)\b"
DIGIT: Final = r"\b(?:digits?|recall|precision|f1)\b"
"""Words that a sentence about single runs, or about single digits, has (any letter case)."""
_SHARES: Final = frozenset(
    (
        *("accuracy", "confidence", "dropout", "momentum", "train", "validation", "test"),
        *("precision", "recall", "f1", "least", "most", "rise", "target", "interval", "others"),
    )
)
_POINTS: Final = frozenset(("gap", "span", "spread", "gain", "lead", "floor"))
"""Last words of the names of shares, and of differences of shares: they are printed as percentages.
A loss, a duration or a p-value never is."""
_IN_WORDS: Final[Mapping[str, str]] = {
    "train_loss": "training loss",
    "train_accuracy": "training accuracy",
    "duration_seconds": "training time",
    "p_adjusted": "corrected p-value",
    "planned": "number of planned seeds",
    "finished": "number of finished seeds",
    "per_digit": "images of a digit",
    "n": "number of values",
}
_NOT_MEASURED: Final = frozenset(("line", "lines", "rubric", "submission", "path", "imports"))
_OWNERS: Final[Mapping[type, Callable[[Any], str]]] = {
    LevelView: lambda level: level.name,
    FindingView: lambda finding: f"the finding {finding.kind}",
    ModelView: lambda model: f"the {model.title}",
    SplitView: lambda split: f"the {split.name} split",
    Baseline: lambda baseline: f"the baseline of {baseline.model} in the manifest",
    Level: lambda level: f"the level {level.label} in the manifest",
    Study: lambda study: f"the study {study.name} in the manifest",
}
"""Whose numbers a reader is told to look at."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of the report or the manifest.

    Attributes:
        value: The number, a share as a share.
        said: What it is, ``validation accuracy of learning rate 0.1``.
        is_share: Whether it is a share or a difference of shares.
        needs: What a sentence about it has to say (a pattern); empty if nothing.
    """

    value: float
    said: str
    is_share: bool = False
    needs: str = ""


class Sources:
    """The numbers of one report, by what they are about."""

    def __init__(self, context: ReportContext, manifest: Manifest) -> None:
        self._context, self._manifest = context, manifest
        self._pools: dict[str, tuple[Quantity, ...]] = {}
        self._studies = {name_insight(each.slug): each for each in context.studies}

    def list_for(self, template: str) -> tuple[Quantity, ...]:
        """Return what a number in a template can stand for, the nearest first."""
        if template not in self._pools:
            self._pools[template] = tuple(self._list(template))
        return self._pools[template]

    def is_insight(self, template: str) -> bool:
        """Tell whether a template is a study's."""
        return template in self._studies

    @cached_property
    def everything(self) -> tuple[Quantity, ...]:
        """Every number of the report, the studies' with their titles."""
        return tuple(self._list_all())

    def _list(self, template: str) -> Iterator[Quantity]:
        """Yield what a template is about, then what holds for all."""
        if study := self._studies.get(template):
            yield from self._list_study(study)
        elif template in {f"{SECTIONS}/data.md.j2", f"{SECTIONS}/method.md.j2"}:
            yield from self._list_models()
        else:
            yield from self.everything
        yield from self._shared

    def _list_study(self, study: StudyView) -> Iterator[Quantity]:
        context, manifest = self._context, self._manifest
        yield from _walk(study.levels)
        yield from _walk((study.noise_floor,), "noise_floor")
        yield from _walk((study.span,), "span", "the levels")
        yield from _walk(study.findings)
        yield from _walk([each for each in context.proofs if each.slug == study.slug], "proof")
        titled = (*context.budgets, *context.fitted)
        yield from _walk([each for each in titled if each.title == study.title], "budget")
        asked = [each for each in manifest.studies if each.slug == study.slug]
        yield from _walk(asked)
        if study.model in manifest.baselines:
            yield from _walk(manifest.baselines[study.model])

    def _list_models(self) -> Iterator[Quantity]:
        yield from _walk(tuple(self._manifest.baselines.values()))
        yield from _walk(self._context.models)

    def _list_all(self) -> Iterator[Quantity]:
        context = self._context
        yield from _walk(context.finals, owner="the final test")
        for study in context.studies:
            for each in self._list_study(study):
                yield replace(each, said=f"{each.said} (study “{study.title}”)")
        yield from self._list_models()
        yield from self._shared
        for name in ("fitted", "budgets", "ledger", "main_findings", "imported", "runs"):
            yield from _walk(getattr(context, name), name)

    @cached_property
    def _shared(self) -> tuple[Quantity, ...]:
        context, manifest = self._context, self._manifest
        quantities = [
            *_walk(context.data, owner="the data"),
            *_walk(manifest.data, owner="the data"),
            *_walk(manifest.trimmed, owner="the time budget"),
            *_walk(context.seeds, "seed"),
            *_walk((len(context.seeds), len(manifest.seeds)), "number of seeds"),
            *_walk(len(context.runs), "number of runs"),
        ]
        for name in ("confidence", "chance_accuracy", "chance_loss", "training_seconds"):
            quantities += _walk(getattr(context, name), name)
        return tuple(quantities)


def _walk(value: object, key: str = "", owner: str = "", needs: str = "") -> Iterator[Quantity]:
    """Yield every number that a value holds, however deep.

    Args:
        value: Anything of a report or a manifest.
        key: What it is called.
        owner: What it is of.
        needs: As in ``Quantity``.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value):
            yield Quantity(value, _say(key, owner), _is_share(key), needs)
    elif dataclasses.is_dataclass(value):
        yield from _walk_value(value, key, owner, needs)
    elif isinstance(value, Mapping):
        for name, each in cast("Mapping[object, object]", value).items():
            yield from _walk(each, str(name), owner, needs)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in cast("Sequence[object]", value):
            yield from _walk(each, key, owner, needs)


def _walk_value(value: object, key: str, owner: str, needs: str) -> Iterator[Quantity]:
    match value:
        case Measure():
            yield from _walk_measure(value, key, owner, needs)
        case Difference():
            yield from _walk_difference(value, owner, needs)
        case Interval():
            for end in (value.low, value.high):
                yield Quantity(end, f"end of the {_say(key, owner)}", _is_share(key), needs)
        case _:
            yield from _walk_fields(value, key, owner, needs)


def _walk_measure(measure: Measure, key: str, owner: str, needs: str) -> Iterator[Quantity]:
    is_share = measure.unit in {"share", "points"}
    yield Quantity(measure.mean, _say(key, owner), is_share, needs)
    if measure.sd is not None:
        yield Quantity(measure.sd, f"standard deviation of {_say(key, owner)}", is_share, needs)
    for each in measure.values:
        yield Quantity(each, f"{_say(key, owner)} on one seed", is_share, RUN)


def _walk_difference(difference: Difference, owner: str, needs: str) -> Iterator[Quantity]:
    said = _say("difference", owner)
    yield Quantity(difference.mean, said, is_share=True, needs=needs)
    if difference.interval is not None:
        for end in (difference.interval.low, difference.interval.high):
            yield Quantity(end, f"end of the interval of {said}", is_share=True, needs=needs)
    if difference.p_value is not None:
        yield Quantity(difference.p_value, f"p-value of {said}", needs=needs)


def _walk_fields(value: object, key: str, owner: str, needs: str) -> Iterator[Quantity]:
    owner, needs = _name_owner(value) or owner, _need(value) or needs
    for each in dataclasses.fields(value):  # pyright: ignore[reportArgumentType] - it is one
        if each.name not in _NOT_MEASURED:
            name = key if each.name in {"value", "fields", "budget", "difference"} else each.name
            more = DIGIT if each.name in {"per_digit", "confusion"} else needs
            yield from _walk(getattr(value, each.name), name or each.name, owner, more)


def _name_owner(value: object) -> str:
    """Return what the numbers of a value are of, if it tells."""
    for kind, name in _OWNERS.items():
        if isinstance(value, kind):
            return name(value)
    return ""


def _need(value: object) -> str:
    if isinstance(value, RunOrigin | RunView):
        return RUN
    return DIGIT if isinstance(value, DigitScore) else ""


def _is_share(key: str) -> bool:
    last = key.rpartition("_")[2]
    return last in _SHARES or last in _POINTS or key.startswith("gap_")


def _say(key: str, owner: str) -> str:
    if key == "value" and owner:
        return owner
    name = _IN_WORDS.get(key, key.replace("_", " ")) or "number"
    return f"{name} of {owner}" if owner else name
