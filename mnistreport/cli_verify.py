"""The command that checks what somebody else handed in."""

import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistreport.cli_frame import errors_told, say, say_json
from mnistreport.cli_options import Debug, Json, complete_sources
from mnistreport.errors import ExitCode, UsageError, disarm
from mnistreport.study.naming import DEFAULT_SCHEME, SCHEME_RULE, is_scheme

if TYPE_CHECKING:  # heavy to import; `--help` answers at once
    from mnistreport.data.dataset import DigitSet
    from mnistreport.verification.verdict import Verdict


def verify(
    zips: Annotated[list[Path], typer.Argument(help="What was handed in.", metavar="ZIP…")],
    scheme: Annotated[
        str, typer.Option(help="What a zip has to be called.", metavar="NAME")
    ] = DEFAULT_SCHEME,
    data: Annotated[
        str | None,
        typer.Option(
            help="Images to try the stored weights on: kaggle, digits, or a folder or file.",
            metavar="SOURCE",
            autocompletion=complete_sources,
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="Checked data; default a temporary folder.", metavar="DIR"),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a submission's zip that somebody else made: its name, content, numbers and weights."""
    with errors_told(debug):
        _refuse_scheme(scheme)
        from mnistreport.verification.submission import verify_submission

        with _open_data(data, cache) as digits:
            verdicts = [verify_submission(path, scheme, digits) for path in zips]
        if as_json:
            say_json([_as_json(verdict) for verdict in verdicts])
        else:
            for line in _list_lines(verdicts):
                say(line)
        if not all(verdict.passes for verdict in verdicts):
            raise typer.Exit(ExitCode.INCOMPLETE)


def _refuse_scheme(scheme: str) -> None:
    if not is_scheme(scheme):
        msg = f"must be {SCHEME_RULE}"
        raise UsageError(msg, key="--scheme")


@contextmanager
def _open_data(source: str | None, cache: Path | None) -> Generator["DigitSet | None"]:
    """Load what weights are tried on, if it is given."""
    if source is None:
        yield None
        return
    from mnistreport.data.sources import load_digit_set

    with tempfile.TemporaryDirectory(prefix="mnistreport-") as temporary:
        folder = cache.resolve() if cache else Path(temporary)
        yield load_digit_set(source, project=Path.cwd(), cache=folder)


def _list_lines(verdicts: "Sequence[Verdict]") -> list[str]:
    """Return a line for each check of one zip, or for each of several zips."""
    if len(verdicts) == 1:
        checks = verdicts[0].checks
        return _align([(each.state, each.name, each.reason) for each in checks])
    rows = [
        (
            "passed" if verdict.passes else "failed",
            verdict.file.name,
            "; ".join(f"{check.name}: {check.reason}" for check in verdict.failing),
        )
        for verdict in verdicts
    ]
    return _align(rows)


def _align(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Set rows of a state, a name and a reason below each other."""
    shown = [tuple(disarm(" ".join(text.split())) for text in row) for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in (0, 1)]
    return [
        f"{state:<{widths[0]}}  {name:<{widths[1]}}  {reason}".rstrip()
        for state, name, reason in shown
    ]


def _as_json(verdict: "Verdict") -> dict[str, object]:
    return {
        "file": str(verdict.file),
        "passes": verdict.passes,
        "checks": [
            {"check": check.name, "state": check.state, "reasons": check.reasons}
            for check in verdict.checks
        ],
    }
