"""How a build shows itself: bars on a terminal, lines in a log, JSON for a program."""

import json
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from mnistreport.data.split import LearningSizes
from mnistreport.errors import MnistReportError, Problem, UsageError, disarm
from mnistreport.report.complaint import Complaint
from mnistreport.report.numbers import format_percent, format_seconds
from mnistreport.report.records import RubricVerdict
from mnistreport.report.wording import count_things, name_experiment
from mnistreport.study.experiment import Experiment
from mnistreport.training.cost import ROUGH_COSTS, CostModel
from mnistreport.training.events import Ended, EpochDone, Event, Started, WorkerLost

NOMINAL_SIZES = LearningSizes(12_000, 4_000)
"""Numbers of images that costs are compared for; only their proportions matter to a bar."""


class Display(Protocol):
    """What a build tells its onlookers."""

    def reckon(self, costs: CostModel) -> None:
        """Tell what the runs of the next plan take, by estimate."""

    def plan(self, missing: Sequence[Experiment], stored: int) -> None:
        """Tell what is going to be trained."""

    def event(self, event: Event) -> None:
        """Tell what happened in training."""

    def stage(self, text: str) -> None:
        """Tell what comes next."""

    def warning(self, text: str) -> None:
        """Tell what was substituted, or is not as it should be."""


@contextmanager
def open_display(kind: str) -> Generator[Display]:
    """Open the display called ``kind``: ``rich``, ``plain``, ``json`` or ``auto``.

    ``auto`` is ``rich`` on a terminal and ``plain`` elsewhere. All write to standard error.
    """
    if kind == "auto":
        kind = "rich" if sys.stderr.isatty() else "plain"
    makers: dict[str, Callable[[], Display]] = {"plain": PlainDisplay, "json": JsonDisplay}
    if kind == "rich":
        with RichDisplay() as display:
            yield display
    elif kind in makers:
        yield makers[kind]()
    else:
        msg = f"--progress: {kind!r} is none of auto, rich, plain, json"
        raise UsageError(msg)


def write_error(error: MnistReportError) -> None:
    """Write each of an error's problems on a line of its own, with what to do about it."""
    for problem in error.problems:
        _write_problem("error", problem)
    sys.stderr.flush()


def write_note(text: str) -> None:
    """Write a line that is good to know."""
    _write_problem("note", Problem(text))
    sys.stderr.flush()


def write_complaints(complaints: Sequence[Complaint], *, in_full: bool) -> None:
    """Write a line for each thing that is wrong with a report, with what to do about it.

    Unless ``in_full``, numbers without a source and requirements that are not met are only
    counted.
    """
    words = {"claim": "false claim", "unread": "left out", "rubric": "missing"}
    counted = set[str]() if in_full else {"number", "rubric"}
    for complaint in complaints:
        if complaint.kind not in counted:
            _write_problem(words.get(complaint.kind, complaint.kind), complaint.problem)
    numbers, unmet = (
        sum(each.kind == kind for each in complaints) for kind in ("number", "rubric")
    )
    if counted and (numbers or unmet):
        said = [count_things(numbers, "number") + " without a source"] if numbers else []
        said += [count_things(unmet, "requirement") + " not met"] if unmet else []
        sys.stderr.write(f"{' and '.join(said)}; mnistreport check lists them\n")
    sys.stderr.flush()


def list_verdicts(rubric: Sequence[RubricVerdict]) -> Iterator[str]:
    """Yield a line for the points of a rubric, and one for each requirement with its place."""
    if rubric:
        met = [verdict for verdict in rubric if verdict.is_met]
        points, all_points = (sum(each.points for each in part) for part in (met, rubric))
        unsaid = [verdict.points for verdict in rubric if verdict.is_open]
        more = f"; {len(unsaid)} not checked, {sum(unsaid)} points" if unsaid else ""
        yield f"rubric: {len(met)} of {len(rubric)} met, {points} of {all_points} points{more}"
    for verdict in rubric:
        yield f"  {verdict.state:<11}  {verdict.requirement}"
        yield f"{'':<15}{verdict.where}"


def _say_plan(missing: Sequence[Experiment], stored: int) -> str:
    return f"training {count_things(len(missing), 'run')}, {stored} stored already"


def _write_problem(word: str, problem: Problem) -> None:
    step = problem.next_step or ""
    line = f"{word}: {problem}; {step[0].lower()}{step[1:]}" if step else f"{word}: {problem}"
    sys.stderr.write(disarm(" ".join(line.split())) + "\n")


class PlainDisplay:
    """A line for each run that ends."""

    def __init__(self) -> None:
        self._total = self._done = 0

    def reckon(self, costs: CostModel) -> None:
        """Lines have no proportions."""

    def plan(self, missing: Sequence[Experiment], stored: int) -> None:
        """Count what is going to be trained."""
        self._total += len(missing)
        if missing:
            self._write(_say_plan(missing, stored))

    def event(self, event: Event) -> None:
        """Write a line if a run ended, or its worker did."""
        if isinstance(event, Ended):
            self._done += 1
            self._write(f"[{self._done}/{self._total}] {_tell_end(event)}")
        elif isinstance(event, WorkerLost) and event.again:
            name = name_experiment(event.experiment)
            self.warning(f"{name}: its worker was lost; it begins again")

    def stage(self, text: str) -> None:
        """Write what comes next."""
        self._write(text)

    def warning(self, text: str) -> None:
        """Write what is not as it should be."""
        self._write(f"warning: {text}")

    def _write(self, line: str) -> None:
        sys.stderr.write(disarm(line) + "\n")
        sys.stderr.flush()


class JsonDisplay:
    """An object for everything that happens, one to a line."""

    def reckon(self, costs: CostModel) -> None:
        """Events have no proportions."""

    def plan(self, missing: Sequence[Experiment], stored: int) -> None:
        """Write the fingerprints of what is going to be trained."""
        self._write("plan", missing=[each.fingerprint for each in missing], stored=stored)

    def event(self, event: Event) -> None:
        """Write what happened."""
        about: dict[str, object] = {"fingerprint": event.experiment.fingerprint}
        if isinstance(event, EpochDone):
            about |= asdict(event.row)
        elif isinstance(event, Ended):
            about |= {"status": event.result.status, "reason": event.result.reason}
        elif isinstance(event, WorkerLost):
            about["again"] = event.again
        self._write(type(event).__name__, **about)

    def stage(self, text: str) -> None:
        """Write what comes next."""
        self._write("stage", text=text)

    def warning(self, text: str) -> None:
        """Write what is not as it should be."""
        self._write("warning", text=text)

    def _write(self, what: str, **about: object) -> None:
        sys.stderr.write(json.dumps({"event": what} | about, allow_nan=False) + "\n")
        sys.stderr.flush()


class RichDisplay:
    """An overall bar with the time left, and a bar for each running experiment."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, markup=False, emoji=False)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._overall: TaskID | None = None
        self._running: dict[str, TaskID] = {}
        self._total = self._done = 0
        self._costs = ROUGH_COSTS
        self._epochs = dict[str, int]()  # that each run was ever seen to end, for the overall bar

    def __enter__(self) -> Self:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing and leave the terminal as it was."""
        self._progress.stop()

    def reckon(self, costs: CostModel) -> None:
        """Weigh the runs of the next plan by these."""
        self._costs = costs

    def plan(self, missing: Sequence[Experiment], stored: int) -> None:
        """Start the overall bar, in epochs weighed by what they cost."""
        if not missing:
            return
        self._console.print(_say_plan(missing, stored))
        self._total += len(missing)
        work = sum(self._weigh(each) * each.variant.training.epochs for each in missing)
        if self._overall is None:
            self._overall = self._progress.add_task("all runs", total=work, note="")
        else:
            task = self._progress.tasks[0]
            self._progress.update(self._overall, total=(task.total or 0) + work)
        self._count_runs()

    def event(self, event: Event) -> None:
        """Move the bars."""
        name = event.experiment.fingerprint
        if isinstance(event, Started):
            self._running[name] = self._progress.add_task(
                disarm(name_experiment(event.experiment)),
                total=event.experiment.variant.training.epochs,
                note="",
            )
        elif isinstance(event, EpochDone):
            epochs = event.experiment.variant.training.epochs
            accuracy = format_percent(event.row.validation_accuracy)
            note = f"epoch {event.row.epoch}/{epochs}, {accuracy}"
            self._progress.update(self._running[name], completed=event.row.epoch, note=note)
            if self._overall is not None and event.row.epoch > self._epochs.get(name, 0):
                self._epochs[name] = event.row.epoch
                self._progress.update(self._overall, advance=self._weigh(event.experiment))
        else:
            if name in self._running:
                self._progress.remove_task(self._running.pop(name))
            if isinstance(event, Ended):
                self._done += 1
                self._count_runs()
                self.stage(f"[{self._done}/{self._total}] {_tell_end(event)}")

    def _weigh(self, experiment: Experiment) -> float:
        variant = experiment.variant
        return self._costs.estimate_seconds(variant, NOMINAL_SIZES) / variant.training.epochs

    def _count_runs(self) -> None:
        if self._overall is not None:
            self._progress.update(self._overall, note=f"{self._done}/{self._total} runs")

    def stage(self, text: str) -> None:
        """Print what comes next."""
        self._console.print(disarm(text))

    def warning(self, text: str) -> None:
        """Print what is not as it should be."""
        self._console.print(disarm(f"warning: {text}"), style="yellow")


def _tell_end(event: Ended) -> str:
    name, result = name_experiment(event.experiment), event.result
    if result.status != "finished":
        return f"{name}: {result.status}: {result.reason}"
    accuracy = format_percent(result.history[-1].validation_accuracy)
    return f"{name}: {accuracy} on validation, {format_seconds(result.duration_seconds)}"
