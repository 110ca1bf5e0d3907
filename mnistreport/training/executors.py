"""Training experiments, by whoever works: processes of this machine, or a cluster's workers.

What becomes of an experiment on a processor depends neither on who trains it nor on what else is
trained: any crew, in any order, gives the same bits on the same kind of processor. On a GPU,
products of a larger stack may be rounded otherwise.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final

from mnistreport.study.experiment import Experiment
from mnistreport.training.cost import ROUGH_COSTS
from mnistreport.training.crew import Executor, Gone, Shift, WorkPlace
from mnistreport.training.events import Ended, Event, WorkerLost
from mnistreport.training.grouping import group_cohorts
from mnistreport.training.result import Circumstances, RunResult, Status
from mnistreport.training.watch import PATIENCE, Patience

TRIES: Final = 2
"""How often an experiment whose worker is lost is begun before it counts as failed."""


def train_experiments(
    experiments: Iterable[Experiment],
    place: WorkPlace,
    executor: Executor,
    *,
    estimate: Callable[[Experiment], float] | None = None,
    on_warning: Callable[[str], None] = lambda _text: None,
    patience: Patience = PATIENCE,
) -> Generator[Event]:
    """Train ``experiments`` and yield what happens as it happens.

    The longest go first, so that the last to end are short: by ``estimate``, or by constants.
    Workers end with the iterator, also when it is closed early, and with the parent, or its thread
    that begins the iteration, also when that is killed.

    What a worker that is lost was busy with is begun again, each experiment alone, and has failed
    after ``TRIES``. What a worker that hangs was busy with ends as ``timeout``, at once: it is not
    begun again, as whatever made it hang would cost as much time once more.

    Raises:
        EnvironmentFault: No worker can work at all: there is no such device, no room, no cluster.
        DataError: The digits or the split are no longer where they should be.
    """
    wanted = tuple(experiments)
    if not wanted:
        return
    estimate = estimate or (lambda each: ROUGH_COSTS.estimate_seconds(each.variant, place.sizes))
    shift = Shift(place, wanted[0].split_sha256, estimate, on_warning, patience)
    crew = executor.open_crew(shift)
    tries = Counter[str]()
    try:
        waiting = deque(
            group_cohorts(wanted, estimate=estimate, jobs=crew.size, on_gpu=place.device == "cuda")
        )
        while waiting or crew.is_busy:
            yield from crew.hand_out(waiting)
            for news in crew.hear():
                if not isinstance(news, Gone):
                    yield news
                    continue
                for event in _take_back(news, tries, place):
                    yield event
                    if isinstance(event, WorkerLost) and event.again:
                        waiting.appendleft((event.experiment,))
    finally:
        crew.dismiss()


def _take_back(gone: Gone, tries: Counter[str], place: WorkPlace) -> Iterator[WorkerLost | Ended]:
    """Tell of each experiment of a lost worker; those to be begun again go alone from now on.

    One of them may have been the others' undoing.
    """
    for experiment in gone.cohort:
        tries[experiment.fingerprint] += gone.is_try
        again = not gone.why_hung and tries[experiment.fingerprint] < TRIES
        yield WorkerLost(experiment, again)
        if again:
            continue
        if gone.why_hung:
            result = _make_lost(experiment, "timeout", gone.why_hung, place)
        elif gone.fault:
            result = _make_lost(experiment, "failed", gone.fault, place)
        else:
            why = f"its worker process died {TRIES} times (out of memory, or killed)"
            result = _make_lost(experiment, "failed", why, place)
        yield Ended(experiment, result, b"")


def _make_lost(experiment: Experiment, status: Status, why: str, place: WorkPlace) -> RunResult:
    unknown = Circumstances(torch="", device=place.device, processor="", threads=1)
    return RunResult(experiment.fingerprint, status, (), 0, why, unknown)
