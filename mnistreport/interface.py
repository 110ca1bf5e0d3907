"""The program in somebody's notebook or script: build a report, read its tables.

What the commands print is returned here. Nothing is written to the terminal. Signals are left to
whoever handles them: an interrupt is a ``KeyboardInterrupt``, as everywhere in Python.
"""

import inspect
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from mnistreport.errors import MnistReportError, UsageError, disarm, explain_disk
from mnistreport.study.naming import TABLES

if TYPE_CHECKING:  # heavy to import, and whoever asks for one of these needs few of them
    import pandas as pd

    from mnistreport.analysis.results import Results
    from mnistreport.options import Listener, Options
    from mnistreport.report.complaint import Complaint
    from mnistreport.study.experiment import Experiment
    from mnistreport.study.manifest import Manifest

DeviceName = Literal["auto", "cpu", "cuda"]


class MnistReportWarning(UserWarning):
    """Something was substituted, or is not as it should be."""


@dataclass(frozen=True, slots=True)
class BuiltReport:
    """What a build ended with.

    Attributes:
        folder: The output folder.
        documents: Paths of what stands there, the HTML report first.
        is_fresh: Whether they were written now; otherwise nothing they depend on had changed.
        results: What came out of the runs, as the report has it.
        complaints: What is wrong with the report: false claims, words left out, stale words,
            numbers without a source, requirements that are not met; each with its kind, place and
            next step. One of the kind ``note`` is only good to know.
        warnings: What was warned of, in words.
    """

    folder: Path
    documents: tuple[Path, ...] = field(repr=False)
    is_fresh: bool
    results: "Results" = field(repr=False)
    complaints: "tuple[Complaint, ...]"
    warnings: tuple[str, ...]

    @property
    def unfinished(self) -> "tuple[Experiment, ...]":
        """The experiments whose runs did not finish; the report lists them."""
        return self.results.incomplete


class ResultTables(NamedTuple):
    """The tables of a report (pandas), in the manifest's order.

    Accuracies are shares from 0 to 1, losses nats (mean cross-entropy), times seconds of wall-clock
    time spent on updates. What a run that did not finish lacks is missing (``NaN``).

    Attributes:
        runs: A row per run: ``fingerprint``, ``model``, ``variant`` (equal for all its seeds),
            ``studies`` (with spaces between), ``combined`` (whether it joins each study's best
            level), ``seed``, ``status`` (``finished``, ``diverged``, ``failed``, ``timeout`` or
            ``missing``), ``reason``; its setting: ``learning_rate``, ``batch_size``, ``momentum``,
            ``weight_decay``, ``epochs``, ``layers`` (sizes, as in ``128-128``), ``dropout``,
            ``layer_norm``; ``parameters`` and ``updates`` (counts); at the last completed epoch
            ``train_loss``, ``train_accuracy``, ``validation_loss`` and ``validation_accuracy``; and
            ``duration_seconds``. Where runs were imported, ``imported`` names the file that tells
            of them, and is empty for the others.
        epochs: A row per run and epoch: ``fingerprint``, ``model``, ``variant``, ``seed``,
            ``epoch`` (from 1), and the same metrics and seconds at its end.
        levels: A row per level of a study: ``study``, ``title``, ``model``, ``factor`` (empty in a
            study of named variants), ``label``, ``is_baseline``, and the ``variant`` that it is.
    """

    runs: "pd.DataFrame"
    epochs: "pd.DataFrame"
    levels: "pd.DataFrame"


def build(  # noqa: PLR0913 - as many as the command has options
    manifest: "Manifest | Path | str",
    *,
    data: Path | str | None = None,
    output: Path | str | None = None,
    cache: Path | str | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    device: DeviceName = "auto",
    force: bool = False,
    test: bool = True,
    budget: int | str | None = None,
    strict: bool = False,
    pdf: bool = True,
    notebook: bool = True,
    listener: "Listener | None" = None,
) -> BuiltReport:
    """Train what is missing, test the winners, and write the documents, as ``mnistreport build``.

    It returns when all is done; finished runs are stored, and an interrupted build goes on from
    there. It works in any thread, beside a running event loop, and in a script with or without
    ``if __name__ == "__main__"``. Warnings are Python's (``MnistReportWarning``).

    >>> from mnistreport import Listener, build
    >>> report = build("experiments.toml", data="digits", pdf=False)
    >>> report.documents[0].name
    'report.html'
    >>> again = build("experiments.toml", data="digits", pdf=False, listener=Listener(
    ...     on_plan=lambda missing, stored: print(f"{len(missing)} to train, {stored} stored")))
    0 to train, 2 stored

    Args:
        manifest: A loaded manifest, or the path of one. What is built is what was loaded: if the
            file says something else by now, that is an error.
        data: ``auto``, ``kaggle``, ``digits``, or the path of a folder or file; instead of the
            manifest's own.
        output: Folder of the documents; ``output/<data set>`` beside the manifest by default.
        cache: Folder of checked data and stored runs; ``.mnistreport`` beside the manifest.
        jobs: Worker processes; one per core by default.
        scheduler: Address of a Dask scheduler, whose workers train instead; on another machine it
            has to speak TLS.
        device: Where to train.
        force: Train again what is stored, and write to an output folder that holds other files.
        test: Read the winners on the test split. Without, the report says which were not read; a
            later build that tests reads them.
        budget: Seconds, or a duration such as ``"10m"``, that training is to keep within, by
            estimate: fewer seeds, then fewer epochs.
        strict: Write nothing if a claim is false, words are left out or stale, or a number has no
            source.
        pdf: Make the PDFs and the notebook, too.
        notebook: Make the notebook, too.
        listener: Is told how it goes, in this thread; by default nobody is.

    Raises:
        MnistReportError: As for the command, which gives each of its kinds an exit code; its
            ``problems`` tell file, line, key, reason and next step.
    """
    from mnistreport.pipeline import build as build_documents

    heard: list[str] = []
    with _errors_told():
        options = _gather_options(
            *(manifest, data, output, cache, jobs, device),
            scheduler=scheduler,
            force=force,
            test=test,
            budget=budget,
            strict=strict,
            pdf=pdf,
            notebook=notebook,
        )
        built = build_documents(options, _listen(listener, heard, _make_warn()))
    published = built.publication
    return BuiltReport(
        published.documents[0].parent,
        published.documents,
        published.fresh,
        built.results,
        published.complaints,
        tuple(heard),
    )


def load_results(where: BuiltReport | Path | str) -> ResultTables:
    """Read the tables that a build wrote: its runs, their epochs, and the levels of its studies.

    >>> from mnistreport import load_results
    >>> runs, epochs, levels = load_results("output/digits")
    >>> runs.status.unique().tolist()
    ['finished']

    Args:
        where: What ``build`` returned, or an output folder.

    Raises:
        UsageError: The folder lacks one of the tables, or it is none that this version wrote.
    """
    from mnistreport.analysis.frames import read_frame
    from mnistreport.files import read_kept
    from mnistreport.report.members import LARGEST_MEMBER

    folder = where.folder if isinstance(where, BuiltReport) else Path(where)
    frames: list[pd.DataFrame] = []
    for name in TABLES:
        with _errors_told():
            try:
                content = read_kept(folder / name, LARGEST_MEMBER)
                frames.append(read_frame(content, name))
            except OSError as error:
                reason = f"cannot be read: {error.strerror or error}"
                step = "name the folder that a build wrote to, such as output/digits"
                raise UsageError(reason, file=folder / name, next_step=step) from error
            except ValueError as error:
                reason = f"is no table of this version's: {error}"
                step = "make it again: mnistreport render"
                raise UsageError(reason, file=folder / name, next_step=step) from error
    return ResultTables(*frames)


def _gather_options(
    manifest: "Manifest | Path | str",
    data: Path | str | None,
    output: Path | str | None,
    cache: Path | str | None,
    jobs: int | None,
    device: str,
    *,
    scheduler: str | None,
    budget: int | str | None,
    **switches: bool,
) -> "Options":
    """Return what was asked for.

    Raises:
        UsageError: Something of it cannot be.
    """
    from mnistreport.budgeting import parse_budget
    from mnistreport.options import Options, count_cores, refuse_limits
    from mnistreport.study.manifest import Manifest
    from mnistreport.training.cluster import Cluster
    from mnistreport.training.scheduler import check_scheduler

    if jobs is not None and jobs < 1:
        msg = f"{jobs} is less than 1"
        raise UsageError(msg, key="jobs")
    if device not in get_args(DeviceName):
        msg = f"{device!r} is none of {', '.join(get_args(DeviceName))}"
        raise UsageError(msg, key="device")
    if scheduler:
        refuse_limits({"jobs": jobs, "budget": budget})
    path, known = (
        (manifest.path, manifest) if isinstance(manifest, Manifest) else (Path(manifest), None)
    )
    return Options(
        path,
        data=None if data is None else str(data),
        output=None if output is None else Path(output),
        cache=None if cache is None else Path(cache),
        jobs=jobs or count_cores(),
        cluster=Cluster(check_scheduler(scheduler, insecure=False)) if scheduler else None,
        device=device,
        budget=None if budget is None else parse_budget(str(budget)),
        known=known,
        **switches,
    )


def _listen(
    listener: "Listener | None", heard: list[str], warn: Callable[[str], None]
) -> "Listener":
    """Return a listener that warns, too, and keeps what was warned of."""
    from mnistreport.options import Listener

    told = listener or Listener()

    def on_warning(text: str) -> None:
        said = disarm(text)
        heard.append(said)
        told.on_warning(said)
        warn(said)

    return replace(told, on_warning=on_warning)


def _make_warn() -> Callable[[str], None]:
    """Return what warns as if from the line that called ``build``, every time it is called."""
    here = inspect.currentframe()
    caller = here.f_back.f_back if here and here.f_back else None
    file, line = (caller.f_code.co_filename, caller.f_lineno) if caller else (__file__, 1)
    return lambda text: warnings.warn_explicit(text, MnistReportWarning, file, line)


@contextmanager
def _errors_told() -> Generator[None]:
    """Have errors say what to do about them, and what the disk refuses be one of the family."""
    try:
        yield
    except MnistReportError as error:
        _add_steps(error)
        raise
    except OSError as error:
        if refusal := explain_disk(error):
            _add_steps(refusal)
            raise refusal from error
        raise


def _add_steps(error: MnistReportError) -> None:
    for step in dict.fromkeys(each.next_step for each in error.problems if each.next_step):
        error.add_note(disarm(step))
