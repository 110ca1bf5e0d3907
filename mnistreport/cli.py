"""The commands: options, messages and exit codes. Nothing is computed here."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistreport.cli_frame import (
    Tally,
    choose_cluster,
    errors_told,
    gather_options,
    listening,
    say,
    say_json,
)
from mnistreport.cli_options import (
    DEFAULT_MANIFEST,
    Budget,
    Cache,
    Data,
    Debug,
    Device,
    Executor,
    Insecure,
    Jobs,
    Json,
    Kind,
    LogsTo,
    Manifest,
    Notebook,
    Output,
    Progress,
    Scheduler,
    Strict,
    StudyName,
    Test,
    Who,
)
from mnistreport.cli_preview import preview
from mnistreport.cli_submission import pack
from mnistreport.cli_verify import verify
from mnistreport.errors import ExitCode
from mnistreport.processes import leave_at_once

if TYPE_CHECKING:  # heavy to import; `--help` answers at once
    from mnistreport.pipeline import Built
    from mnistreport.starting import Started

app = typer.Typer(
    name="mnistreport",
    help="From an experiment manifest to a finished, truthful report on handwritten digits.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
insights = typer.Typer(
    help="Write a starting insight for each study that has none.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(insights, name="insights")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except SystemExit as ended:
        if ended.code == ExitCode.INTERRUPTED:
            leave_at_once(ExitCode.INTERRUPTED)
        raise


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"mnistreport {version('mnistreport')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """From an experiment manifest to a finished, truthful report on handwritten digits."""
    del version


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    debug: Debug = False,
) -> None:
    """Start a project: a manifest and insight templates to edit; what is there already stays."""
    with errors_told(debug):
        from mnistreport.starting import start_project

        _tell_started(start_project(folder))


@insights.callback()
def _start_insights(
    context: typer.Context, manifest: Manifest = DEFAULT_MANIFEST, debug: Debug = False
) -> None:
    """Write a starting insight for each study that has none; what is there already stays."""
    if context.invoked_subcommand:
        if manifest != DEFAULT_MANIFEST:
            msg = f"goes after {context.invoked_subcommand}"
            raise typer.BadParameter(msg, param_hint="--manifest")
        return
    with errors_told(debug):
        from mnistreport.starting import start_insights

        _tell_started(start_insights(manifest))


@insights.command()
def accept(
    study: StudyName,
    manifest: Manifest = DEFAULT_MANIFEST,
    data: Data = None,
    output: Output = None,
    cache: Cache = None,
    debug: Debug = False,
) -> None:
    """Keep a stale insight's words: they still hold beside the new results."""
    with errors_told(debug), listening(Kind.plain) as listener:
        from mnistreport.accepting import accept_words

        accepted = accept_words(
            gather_options(manifest, data, output, cache, None), study, listener
        )
        for change in accepted.changes:
            say(change)
        if not accepted.changes:
            say("these words were not stale")
        say(f"kept, beside the results of now: {accepted.file}")


def _tell_started(started: Iterable["Started"]) -> None:
    for path, is_new in started:
        say(f"{'wrote' if is_new else 'kept '} {path}")


@app.command()
def data(
    manifest: Manifest = DEFAULT_MANIFEST,
    data: Data = None,
    cache: Cache = None,
    progress: Progress = Kind.auto,
    debug: Debug = False,
) -> None:
    """Fetch the data set, check it and show how it is split."""
    with errors_told(debug), listening(progress) as listener:
        from mnistreport.options import Options
        from mnistreport.pipeline import open_project

        project = open_project(Options(manifest, data=data, cache=cache), listener, anew=True)
        digits, split = project.digits, project.split
        say(f"{digits.title}: {len(digits.labels):,} images, SHA-256 {digits.sha256}")
        say(digits.origin)
        for name in ("train", "validation", "test"):
            say(f"  {name:<10} {len(getattr(split, name)):>7,} images")


@app.command()
def plan(
    manifest: Manifest = DEFAULT_MANIFEST,
    data: Data = None,
    output: Output = None,
    cache: Cache = None,
    jobs: Jobs = None,
    budget: Budget = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show what a build would train, what is stored already, and about how long it takes."""
    with errors_told(debug), listening(Kind.plain) as listener:
        from mnistreport.planning import make_plan

        options = gather_options(manifest, data, output, cache, jobs, budget=budget)
        made = make_plan(options, listener)
        if as_json:
            say_json(made.as_json())
            return
        for line in made.as_text().split("\n"):
            say(line)


@app.command()
def build(
    manifest: Manifest = DEFAULT_MANIFEST,
    data: Data = None,
    output: Output = None,
    cache: Cache = None,
    jobs: Jobs = None,
    budget: Budget = None,
    executor: Executor = Who.local,
    scheduler: Scheduler = None,
    insecure: Insecure = False,
    device: Annotated[Device, typer.Option(help="Where to train.")] = Device.auto,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Train again what is stored; write to an --output folder that holds other files.",
        ),
    ] = False,
    test: Test = True,
    log_to: LogsTo = None,
    notebook: Notebook = True,
    strict: Strict = False,
    progress: Progress = Kind.auto,
    debug: Debug = False,
) -> None:
    """Train what is missing, test the winners, and write the report."""
    tally = Tally()
    with errors_told(debug, stopped=tally.describe):
        with listening(progress) as display:
            from mnistreport import pipeline

            listener = tally.count(display)
            options = gather_options(
                *(manifest, data, output, cache, jobs),
                cluster=choose_cluster(executor, scheduler, insecure=insecure),
                device=device,
                force=force,
                test=test,
                budget=budget,
                strict=strict,
                notebook=notebook,
            )
            if log_to:
                from mnistreport.tracking.logbook import build_logged

                built = build_logged(options, listener, log_to)
            else:
                built = pipeline.build(options, listener)
        _tell_built(built)


@app.command()
def render(
    manifest: Manifest = DEFAULT_MANIFEST,
    data: Data = None,
    output: Output = None,
    cache: Cache = None,
    pdf: Annotated[
        bool,
        typer.Option(help="Make PDFs and notebook, too; without them, the page is there at once."),
    ] = True,
    notebook: Notebook = True,
    force: Annotated[
        bool, typer.Option("--force", help="Write to an --output folder that holds other files.")
    ] = False,
    strict: Strict = False,
    progress: Progress = Kind.auto,
    debug: Debug = False,
) -> None:
    """Write the report from stored runs, after an insight was edited; trains nothing."""
    with errors_told(debug):
        with listening(progress) as listener:
            from mnistreport import pipeline

            options = gather_options(
                *(manifest, data, output, cache, None),
                force=force,
                strict=strict,
                pdf=pdf,
                notebook=notebook,
            )
            built = pipeline.render(options, listener)
        _tell_built(built)


@app.command()
def check(
    manifest: Manifest = DEFAULT_MANIFEST,
    data: Data = None,
    output: Output = None,
    cache: Cache = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 if anything at all is listed.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check manifest, data, templates, claims, words and rubric; writes no document."""
    with errors_told(debug), listening(Kind.plain) as listener:
        from mnistreport.checkup import check_project
        from mnistreport.console import list_verdicts, write_complaints

        checkup = check_project(gather_options(manifest, data, output, cache, None), listener)
        if as_json:
            say_json(checkup.as_json(strict=strict))
        else:
            for line in (*checkup.as_lines(), *list_verdicts(checkup.rubric)):
                say(line)
            listed = [each for each in checkup.complaints if each.kind != "rubric"]
            write_complaints(listed, in_full=True)
        if not checkup.passes(strict=strict):
            raise typer.Exit(ExitCode.INCOMPLETE)


app.command()(preview)
app.command()(pack)
app.command()(verify)


def _tell_built(built: "Built") -> None:
    """Print the documents' paths and what is wrong with them.

    Ends with exit code 1 if some runs did not finish or a claim is false.
    """
    from mnistreport.console import write_complaints
    from mnistreport.report.wording import count_things

    publication, incomplete = built.publication, built.results.incomplete
    if not publication.fresh:
        say("nothing has changed since these were written:")
    for path in publication.reports:
        say(path)
    for path in publication.left_alone:
        say(f"{path.name} was left as it was; mnistreport render makes it anew")
    write_complaints(publication.complaints, in_full=False)
    if incomplete:
        runs = count_things(len(incomplete), "run")
        say(f"{runs} did not finish; the report lists them", err=True)
    if incomplete or any(each.is_false for each in publication.complaints):
        raise typer.Exit(ExitCode.INCOMPLETE)
