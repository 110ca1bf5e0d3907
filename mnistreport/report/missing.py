"""What a result lacks: values of runs that did not finish, noted as a template looks at them.

A variant that did not finish on every seed has no accuracy, or one of fewer seeds than planned; it
is neither overfitted nor not. What speaks of completeness itself is never missing: ``finished``,
``planned``, ``complete``, ``trouble``, ``study.unfinished``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from jinja2 import Undefined

from mnistreport.analysis.statistics import Difference, Measure
from mnistreport.report.records import MainFinding, RunOrigin, RunView
from mnistreport.report.views import (
    FinalView,
    LevelView,
    ModelView,
    ReportContext,
    StudyView,
    VariantView,
)
from mnistreport.report.wording import join_words

_NO_VERDICT: Final[Mapping[str, str]] = {
    "baseline not finished": "the baseline did not finish on every seed",
    "not comparable": "only some of the runs of the level and the baseline were trained here",
}
"""The verdicts on levels that finished and are compared with nothing, and the reason."""
_ALWAYS_THERE: Final[Mapping[type, frozenset[str]]] = {
    VariantView: frozenset(
        (
            *("key", "model", "architecture", "training", "parameters"),
            *("finished", "planned", "complete", "trouble", "imported"),
        )
    ),
    LevelView: frozenset(("label", "name", "value", "is_baseline", "variant", "line", "runs")),
    RunView: frozenset(
        (
            *("fingerprint", "model", "studies", "setting", "lines", "seed"),
            *("status", "reason", "epochs", "updates", "imported"),
        )
    ),
    RunOrigin: frozenset(("fingerprint", "seed", "status", "imported")),
}
"""What a variant, a level and a run have even if they did not finish."""
_WITH_RUNS: Final[Mapping[type, frozenset[str]]] = {
    StudyView: frozenset(("best", "noise_floor", "span")),
    LevelView: frozenset(("against_baseline", "p_adjusted")),
    Measure: frozenset(("sd",)),
    Difference: frozenset(("interval", "p_value")),
    MainFinding: frozenset(("lead",)),
    RunOrigin: frozenset(("validation_accuracy", "test_accuracy")),
}
"""What is none only for want of runs."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A value that is not there, or comes from fewer runs than planned.

    Attributes:
        attribute: Its name in the template; empty if a whole level was looked at.
        reason: Why, as a clause; empty if only the value itself shows it.
        is_partial: Whether some of the runs finished.
        verdict: What stands in the place of a verdict, and says itself that there is none.
    """

    attribute: str
    reason: str
    is_partial: bool = False
    verdict: str = ""


def say_missing(missing: Iterable[Missing]) -> tuple[str, ...]:
    """Return a clause for each reason, with the names of the values that are missing."""
    names: dict[tuple[str, bool], dict[str, None]] = {}
    for each in missing:
        if each.reason:
            attributes = names.setdefault((each.reason, each.is_partial), {})
            attributes |= {each.attribute: None} if each.attribute else {}
    return tuple(
        f"{reason} ({'of too few seeds' if is_partial else 'missing'}: {', '.join(attributes)})"
        if attributes
        else reason
        for (reason, is_partial), attributes in names.items()
    )


class Notes:
    """Notes what is missing among the values that one template looks at.

    Notes are gathered in frames, one inside the other: of a claim's condition, of the value that
    a variable is set to, of the test of an ``if``. What is noted in a frame counts for those
    around it, too.
    """

    def __init__(self) -> None:
        self._frames: list[dict[Missing, None]] = []
        self._names: dict[int, str] = {}

    @property
    def depth(self) -> int:
        """How many frames are open."""
        return len(self._frames)

    def open(self) -> None:
        """Open a frame."""
        self._frames.append({})

    def close(self) -> tuple[Missing, ...]:
        """Close the innermost frame; return what was noted there."""
        noted = self._frames.pop()
        self.add(noted)
        return tuple(noted)

    def drop(self, depth: int) -> None:
        """Close all frames beyond a ``depth``; those that stay open learn nothing of them."""
        del self._frames[depth:]

    def list_all(self) -> tuple[Missing, ...]:
        """Return what is noted in all frames that are open."""
        return tuple(each for frame in self._frames for each in frame)

    def add(self, missing: Iterable[Missing]) -> None:
        """Note what is missing in the innermost frame; nothing happens if none is open."""
        if self._frames:
            self._frames[-1] |= dict.fromkeys(missing)

    def look(self, owner: object, attribute: object, value: object) -> None:
        """Note whether an attribute, whose value a template asked for, is missing."""
        is_mistake = isinstance(value, Undefined) and owner is not None
        if self._frames and isinstance(attribute, str) and not is_mistake:
            self._remember_name(owner, attribute, value)
            self.add(self._find_missing(owner, attribute, value))

    def look_at_whole(self, value: object) -> None:
        """Note whether a level or variant, which a condition uses as a whole, did not finish."""
        if isinstance(value, LevelView):
            self._names[id(value.variant)] = value.name
            value = value.variant
        if isinstance(value, VariantView) and not value.complete:
            self.add([self._explain(value, "")])

    def _remember_name(self, owner: object, attribute: str, value: object) -> None:
        """Remember how to call a variant; the values of a template live as long as its notes."""
        if isinstance(value, VariantView):
            if isinstance(owner, LevelView):
                self._names[id(value)] = owner.name
            elif isinstance(owner, ModelView):
                what = "baseline" if attribute == "baseline" else "joined variant"
                self._names[id(value)] = f"the {what} of the {owner.title}"
            elif isinstance(owner, FinalView):
                self._names[id(value)] = f"the winner of the {owner.title}"

    def _find_missing(self, owner: object, attribute: str, value: object) -> Iterator[Missing]:
        if owner is None:
            yield Missing(attribute, "")
        elif attribute in _ALWAYS_THERE.get(type(owner), ()) or attribute.startswith("_"):
            return
        elif isinstance(owner, VariantView):
            if not owner.complete:
                yield self._explain(owner, attribute)
        elif isinstance(owner, LevelView):
            yield from self._find_missing_of_level(owner, attribute, value)
        elif isinstance(owner, ReportContext):
            yield from _find_missing_of_report(owner, attribute)
        elif isinstance(owner, RunView):
            yield from _find_missing_of_run(owner, attribute)
        elif value is None and attribute in _WITH_RUNS.get(type(owner), ()):
            yield Missing(attribute, _explain_none(owner))

    def _find_missing_of_level(
        self, level: LevelView, attribute: str, value: object
    ) -> Iterator[Missing]:
        if not level.variant.complete:
            self._names[id(level.variant)] = level.name
            missing = self._explain(level.variant, attribute)
            yield replace(missing, verdict=level.verdict) if attribute == "verdict" else missing
        elif value is None and attribute in _WITH_RUNS[LevelView]:
            yield Missing(attribute, f"{level.name} is not compared with the baseline")
        elif attribute == "verdict" and (reason := _NO_VERDICT.get(level.verdict)):
            yield Missing(attribute, reason, verdict=level.verdict)

    def _explain(self, variant: VariantView, attribute: str) -> Missing:
        name = self._names.get(id(variant), f"{variant.model} with {variant.training}")
        return explain_unfinished(name, variant, attribute)


def _find_missing_of_report(report: ReportContext, attribute: str) -> Iterator[Missing]:
    if attribute == "best" and report.untested_models:
        titles = [f"the {each.title}" for each in report.untested_models]
        yield Missing(attribute, f"no test of {join_words(titles)}")


def _find_missing_of_run(run: RunView, attribute: str) -> Iterator[Missing]:
    if run.status != "finished":
        said = f"the run of {run.setting}, seed {run.seed}, did not finish"
        yield Missing(attribute, f"{said}: {run.reason or run.status}")


def explain_unfinished(name: str, variant: VariantView, attribute: str) -> Missing:
    """Return what is missing of a variant, called ``name``, that is not complete."""
    counts = f"{variant.finished} of {variant.planned} seeds"
    if variant.finished:
        return Missing(attribute, f"{name}: {counts} finished", is_partial=True)
    return Missing(attribute, f"{name} did not finish: {counts}")


def _explain_none(owner: object) -> str:
    if isinstance(owner, StudyView):
        is_of_baseline = owner.best is not None
        return "the baseline did not finish" if is_of_baseline else "no level finished"
    if isinstance(owner, RunOrigin):
        return f"seed {owner.seed} has no such result: {owner.status}"
    return "one seed is too few"
