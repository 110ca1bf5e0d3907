"""A build that is logged: the pipeline tells how it goes, and trackers are told of every run."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.options import Listener, Options
from mnistreport.pipeline import Built, build
from mnistreport.report.wording import count_things
from mnistreport.study.experiment import Experiment
from mnistreport.study.manifest import Manifest
from mnistreport.tracking.entry import Documents, Entry
from mnistreport.tracking.trackers import Tracker, explain_failure, open_tracker
from mnistreport.training.events import Ended, Event
from mnistreport.training.result import RunResult

_MOST_FAILURES: Final = 2
"""In a row: a server that is gone is waited for no more often than that."""


def build_logged(options: Options, listener: Listener, names: Sequence[str]) -> Built:
    """Build, and log every run to the trackers of these names, those that end now at once.

    A tracker that fails ends no build: a warning says what is not logged.

    Raises:
        EnvironmentFault: A tracker cannot be logged to; nothing is trained.
        MnistReportError: As ``build`` does; the runs that ended before are logged.
    """
    logbook = Logbook(options.manifest.resolve().parent, tuple(dict.fromkeys(names)), listener)
    told = replace(listener, on_project=logbook.open, on_event=logbook.note)
    try:
        built = build(options, told)
        logbook.complete(built)
    finally:
        logbook.close()
    return built


@dataclass
class _Page:
    """What became of one tracker: whether it is left alone until the end, as it failed."""

    name: str
    tracker: Tracker
    has_failed: bool = False


@dataclass
class Logbook:
    """Keeps trackers up to date with a build.

    Attributes:
        project: Folder of the manifest.
        names: Those of the trackers.
        listener: Who is told of everything else, and of trackers that fail.
    """

    project: Path
    names: tuple[str, ...]
    listener: Listener
    _pages: list[_Page] = field(default_factory=list["_Page"], init=False)
    _data: str = field(default="", init=False)
    _levels: dict[str, dict[str, str]] = field(
        default_factory=dict[str, dict[str, str]], init=False
    )

    def open(self, manifest: Manifest, digits: DigitSet, split: Split) -> None:
        """Open the trackers, before anything is trained.

        Raises:
            EnvironmentFault: One of them cannot be logged to.
        """
        self.listener.on_project(manifest, digits, split)
        self._data = digits.title
        for study in manifest.studies:
            for level in study.levels:
                self._levels.setdefault(level.variant.key, {})[study.slug] = level.label
        for name in self.names:
            tracker = open_tracker(name, self.project, manifest.report.title)
            self._pages.append(_Page(name, tracker))

    def note(self, event: Event) -> None:
        """Log a run that has ended; a tracker that fails is tried again at the end only."""
        self.listener.on_event(event)
        if not isinstance(event, Ended):
            return
        entry = self._enter(event.experiment, event.result)
        for page in self._pages:
            if page.has_failed:
                continue
            try:
                page.tracker.log_run(entry)
            except Exception as error:  # noqa: BLE001 - of whatever kind, it ends no build
                page.has_failed = True
                later = "the build goes on, and what is missing is logged at its end"
                self.listener.on_warning(f"{page.name}: {explain_failure(error)}; {later}")

    def complete(self, built: Built) -> None:
        """Log what is not logged yet: stored runs, what the test split said, the documents."""
        entries = self._enter_all(built)
        paths = built.publication.documents
        documents = Documents(paths[0].parent, paths)
        for page in self._pages:
            self.listener.on_stage(f"logging to {page.name}")
            if failures := _log_all(page.tracker, entries, documents):
                what, reason = failures
                later = f"the next build with --log-to {page.name} does it"
                self.listener.on_warning(f"{page.name}: {what} not logged ({reason}); {later}")

    def close(self) -> None:
        """Let go of the trackers."""
        for page in self._pages:
            with suppress(Exception):  # there is nothing left to lose
                page.tracker.close()

    def _enter_all(self, built: Built) -> list[Entry]:
        accuracies = {
            outcome.fingerprint: outcome.accuracy
            for tested in built.tested
            for outcome in tested.outcomes.values()
        }
        entries: dict[str, Entry] = {}
        for experiment in built.results.experiments:
            name = experiment.fingerprint
            run = built.results.runs.get(name)
            if not isinstance(run, RunResult):  # there is none, or it was not trained here
                continue
            entry = self._enter(experiment, run)
            if first := entries.get(name):  # two models of equal settings share their runs
                entry = replace(first, levels={**first.levels, **entry.levels})
            entries[name] = replace(entry, test_accuracy=accuracies.get(name))
        return list(entries.values())

    def _enter(self, experiment: Experiment, result: RunResult) -> Entry:
        levels = self._levels.get(experiment.variant.key, {})
        return Entry(experiment, result, self._data, levels)


def _log_all(
    tracker: Tracker, entries: Sequence[Entry], documents: Documents
) -> tuple[str, str] | None:
    """Log everything; return what is not logged, in words, and why, if there is any."""
    missing, in_a_row, reason = 0, 0, ""
    for entry in entries:
        if in_a_row == _MOST_FAILURES:
            missing += 1
            continue
        try:
            tracker.log_run(entry)
            in_a_row = 0
        except Exception as error:  # noqa: BLE001 - as above
            missing, in_a_row, reason = missing + 1, in_a_row + 1, explain_failure(error)
    words = [count_things(missing, "run")] if missing else []
    try:
        if in_a_row < _MOST_FAILURES:
            tracker.log_documents(documents)
        else:
            words.append("the documents")
    except Exception as error:  # noqa: BLE001 - as above
        words.append("the documents")
        reason = explain_failure(error)
    if not words:
        return None
    return f"{' and '.join(words)} {'was' if words == ['1 run'] else 'were'}", reason
