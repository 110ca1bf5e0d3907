"""What commands have in common: their options gathered, progress shown, errors told."""

import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mnistreport.cli_options import Device, Kind, Who
from mnistreport.errors import ExitCode, MnistReportError, UsageError, disarm, explain_disk
from mnistreport.processes import heeding_requests

if TYPE_CHECKING:  # heavy to import; `--help` answers at once
    from collections.abc import Sequence

    from mnistreport.options import Listener, Options
    from mnistreport.study.experiment import Experiment
    from mnistreport.training.cluster import Cluster
    from mnistreport.training.events import Event


def gather_options(
    manifest: Path,
    data: str | None,
    output: Path | None,
    cache: Path | None,
    jobs: int | None,
    *,
    cluster: "Cluster | None" = None,
    device: Device = Device.auto,
    force: bool = False,
    test: bool = True,
    budget: str | None = None,
    strict: bool = False,
    pdf: bool = True,
    notebook: bool = True,
) -> "Options":
    """Return what the command line decided.

    Raises:
        UsageError: The budget is no duration, or an option makes no sense beside a cluster.
    """
    from mnistreport.budgeting import parse_budget
    from mnistreport.options import Options, count_cores, refuse_limits

    if cluster:
        refuse_limits({"--jobs": jobs, "--budget": budget})

    return Options(
        manifest,
        data=data,
        output=output,
        cache=cache,
        jobs=jobs or count_cores(),
        cluster=cluster,
        device=device.value,
        force=force,
        test=test,
        budget=None if budget is None else parse_budget(budget),
        strict=strict,
        pdf=pdf,
        notebook=notebook,
    )


def choose_cluster(executor: Who, scheduler: str | None, *, insecure: bool) -> "Cluster | None":
    """Return the cluster that trains; none if this machine does.

    Raises:
        UsageError: There is no address, one that nobody asked for, or one that is not safe.
    """
    if executor is Who.local:
        if scheduler is None:
            return None
        msg, step = "is the address of a cluster, and this machine trains", "add --executor dask"
        raise UsageError(msg, key="--scheduler", next_step=step)
    if scheduler is None:
        msg, step = "needs an address", "add --scheduler tls://host:8786"
        raise UsageError(msg, key="--executor dask", next_step=step)
    from mnistreport.training.cluster import Cluster
    from mnistreport.training.scheduler import check_scheduler

    return Cluster(check_scheduler(scheduler, insecure=insecure))


@contextmanager
def listening(kind: Kind) -> Generator["Listener"]:
    """Show progress, and warnings, as ``kind`` says."""
    from mnistreport.console import open_display
    from mnistreport.options import Listener

    with open_display(kind.value) as display:
        yield Listener(
            on_costs=display.reckon,
            on_plan=display.plan,
            on_event=display.event,
            on_stage=display.stage,
            on_warning=display.warning,
        )


def say(line: object, *, err: bool = False) -> None:
    """Print a line that may hold names of others' making; a terminal only shows it."""
    typer.echo(disarm(str(line)), err=err)


def say_json(answer: object) -> None:
    """Print what a program asked for: one value, and nothing else on standard output.

    Letters that a terminal would obey are escaped, as all beyond ASCII.
    """
    typer.echo(json.dumps(answer, indent=1, allow_nan=False))


class Tally:
    """Counts the runs of a build, for what is to be said when it is interrupted."""

    def __init__(self) -> None:
        self._planned = self._finished = 0

    def count(self, listener: "Listener") -> "Listener":
        """Return a listener that counts, too."""
        from mnistreport.training.events import Ended

        def on_plan(missing: "Sequence[Experiment]", stored: int) -> None:
            self._planned += len(missing)
            listener.on_plan(missing, stored)

        def on_event(event: "Event") -> None:
            self._finished += isinstance(event, Ended) and event.result.status == "finished"
            listener.on_event(event)

        return replace(listener, on_plan=on_plan, on_event=on_event)

    def describe(self) -> str:
        """Say what became of the runs that were to be trained."""
        if not self._planned:
            return "interrupted"
        if not self._finished:
            one, many = "the run had not finished", f"none of {self._planned} runs had finished"
            had = one if self._planned == 1 else many
            return f"interrupted; {had}, and the next build begins again"
        were = "is" if self._finished == 1 else "are"
        return (
            f"interrupted; {self._finished} of {self._planned} runs finished and {were} stored, "
            "and the next build goes on from there"
        )


@contextmanager
def errors_told(
    debug: bool, *, stopped: str | Callable[[], str] = "interrupted"
) -> Generator[None]:
    """Turn errors into a line each and the right exit code; ``stopped`` is said at Ctrl-C.

    A request to terminate is told and answered like Ctrl-C.
    """
    with heeding_requests(stopped) as requests:
        try:
            yield
        except (typer.Exit, typer.Abort):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if requests.came or isinstance(error, KeyboardInterrupt):  # whatever became of it
                sys.stderr.write(requests.take_words())
                raise typer.Exit(ExitCode.INTERRUPTED) from None
            if debug and not isinstance(error, BrokenPipeError):
                raise
            raise typer.Exit(_tell(error)) from None


def _tell(error: Exception) -> ExitCode:
    if isinstance(error, MnistReportError):
        from mnistreport.console import write_error

        write_error(error)
        return error.exit_code
    if isinstance(error, BrokenPipeError):  # there is nobody left to tell
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        return ExitCode.UNREAD
    if isinstance(error, OSError) and (refusal := explain_disk(error)):
        return _tell(refusal)
    what = disarm(" ".join(f"{type(error).__name__}: {error}".split())[:300])
    sys.stderr.write(f"error: {what}; this is a fault of mnistreport, --debug shows where\n")
    return ExitCode.ENVIRONMENT
