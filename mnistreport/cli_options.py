"""The options that commands share: their types, words and defaults, and what completes them.

What a shell asks for while somebody types is answered without anything heavy to import.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer


class Device(StrEnum):
    """Where to train."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Who(StrEnum):
    """Who trains."""

    local = "local"
    dask = "dask"


class Kind(StrEnum):
    """How progress is shown."""

    auto = "auto"
    rich = "rich"
    plain = "plain"
    json = "json"


class LogTo(StrEnum):
    """Where else runs are logged."""

    mlflow = "mlflow"
    tensorboard = "tensorboard"


def complete_sources(incomplete: str) -> list[str]:
    """Return the sources that begin so; where there are none, the shell offers files."""
    return [name for name in ("auto", "kaggle", "digits") if name.startswith(incomplete)]


def complete_studies(context: typer.Context, incomplete: str) -> list[str]:
    """Return the studies of the manifest that begin so, as files are called after them.

    Such a name is harmless to a shell, whatever the manifest says. Without a manifest that can be
    read there are none, and nothing is said.
    """
    from mnistreport.errors import ManifestError
    from mnistreport.study.document import as_list, as_table, read_document
    from mnistreport.study.naming import make_slug

    try:
        document = read_document(Path(context.params.get("manifest") or DEFAULT_MANIFEST))
    except ManifestError:
        return []
    tables = map(as_table, as_list(document.values.get("studies")))
    names = (table.get("name") for table in tables)
    slugs = (make_slug(name) for name in names if isinstance(name, str))
    return [slug for slug in slugs if slug.startswith(incomplete)]


DEFAULT_MANIFEST: Final = Path("experiments.toml")
Manifest = Annotated[Path, typer.Option(help="The experiment manifest.", metavar="FILE")]
Data = Annotated[
    str | None,
    typer.Option(
        help="auto, kaggle, digits, or a folder or file; instead of the manifest's own.",
        metavar="SOURCE",
        autocompletion=complete_sources,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(help="Where documents go; default output/<data set>.", metavar="DIR"),
]
Cache = Annotated[
    Path | None,
    typer.Option(help="Checked data and stored runs; default .mnistreport.", metavar="DIR"),
]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, max=256, help="Worker processes; default one per core.", metavar="N"),
]
Executor = Annotated[
    Who, typer.Option(help="Who trains: processes of this machine, or a Dask cluster's workers.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="The Dask scheduler's, as tls://host:8786.", metavar="ADDRESS"),
]
Insecure = Annotated[
    bool,
    typer.Option("--insecure", help="Trust a scheduler on another machine without TLS."),
]
Budget = Annotated[
    str | None,
    typer.Option(
        help="Train so few seeds, then epochs, that training fits, by estimate: 90s, 10m, 1h30m.",
        metavar="TIME",
    ),
]
LogsTo = Annotated[
    list[LogTo] | None,
    typer.Option("--log-to", help="Log every run there, too; may be given several times."),
]
Notebook = Annotated[
    bool, typer.Option(help="Make the notebook, too, which trains a baseline once more.")
]
Test = Annotated[
    bool,
    typer.Option(help="Read the winners on the test split, or leave that to the final build."),
]
Progress = Annotated[Kind, typer.Option(help="How to show progress.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]

StudyName = Annotated[
    str, typer.Argument(help="The study's name.", autocompletion=complete_studies)
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Refuse false claims, words left out, stale words and numbers without a source.",
    ),
]

AllowOutdated = Annotated[
    bool,
    typer.Option("--allow-outdated", help="Pack documents that were made of something else."),
]
AllowFalseClaims = Annotated[
    bool, typer.Option("--allow-false-claims", help="Pack a report with false claims.")
]
AllowUnread = Annotated[
    bool, typer.Option("--allow-unread", help="Pack although words are left out of the report.")
]
AllowStale = Annotated[
    bool, typer.Option("--allow-stale", help="Pack words written beside other results.")
]
AllowUnsourced = Annotated[
    bool, typer.Option("--allow-unsourced", help="Pack typed numbers without a source.")
]
AllowUnmet = Annotated[
    bool, typer.Option("--allow-unmet", help="Pack a report that misses a requirement.")
]
AllowUnverified = Annotated[
    bool, typer.Option("--allow-unverified", help="Pack without checking the zip as verify does.")
]
AllowDigits = Annotated[
    bool, typer.Option("--allow-digits", help="Pack a report on the embedded digits.")
]
AllowPlaceholders = Annotated[
    bool, typer.Option("--allow-placeholders", help="Pack under ids that nobody has.")
]
