"""What a reader has to know before the numbers: what was substituted, left out, or mixed."""

from collections.abc import Iterator, Sequence

from mnistreport.analysis.results import Results
from mnistreport.report.figures.letters import tell_unknown_letters
from mnistreport.report.material import Material
from mnistreport.report.records import ImportedFile, ImportedView
from mnistreport.report.untested import (
    say_other_reads,
    say_unread_winners,
    view_untested,
)
from mnistreport.report.wording import (
    count_things,
    describe_trimmed,
    name_duration,
    name_files,
)
from mnistreport.study.manifest import FieldValue
from mnistreport.study.spelling import spell_fields
from mnistreport.training.imports import ImportedHistory
from mnistreport.training.result import RunResult


def make_notices(material: Material) -> tuple[str, ...]:
    """Return the notices of the report's first page; none if all is as it should be."""
    results = material.results
    notices = [material.digits.notice] if material.digits.notice else []
    if imported := view_imported(material):
        notices.append(_tell_imported(imported))
    notices += say_unread_winners(view_untested(material))
    if trimmed := material.manifest.trimmed:
        notices.append(
            f"To keep within a budget of {name_duration(trimmed.budget_seconds)}, "
            f"this report uses only {describe_trimmed(trimmed)}."
        )
    if results.incomplete:
        notices.append(
            f"{len(results.incomplete)} of {len(results.distinct)} runs did not finish; "
            "the appendix lists them, and no comparison uses their variants."
        )
    if len(describe_circumstances(results)) > 1:
        notices.append(
            "The runs were not all computed on the same kind of device, with the same number of "
            "threads and the same version of PyTorch; the appendix lists them."
        )
    notices += say_other_reads(material)
    if letters := tell_unknown_letters(results):
        notices.append(letters)
    return tuple(notices)


def remark_imports(histories: Sequence[ImportedHistory]) -> Iterator[str]:
    """Yield how many runs were imported, and which sizes were inferred from the baseline."""
    if not histories:
        return
    yield f"{count_things(len(histories), 'run')} imported, and not checked"
    inferred: dict[tuple[str, FieldValue], dict[str, None]] = {}
    for each in histories:
        if each.assumed:
            value = spell_fields(each.variant)[each.assumed]
            inferred.setdefault((each.assumed, value), {})[each.history.name] = None
    for (field, value), names in inferred.items():
        yield (
            f"{name_files([*names])} and [[runs]] do not say {field}: the baseline's, {value}, is "
            f"taken; if it was another, add a column {field}, or {field} = … to [[runs]]"
        )


def _tell_imported(imported: ImportedView) -> str:
    files = name_files([file.name for file in imported.files])
    of_runs, verb = count_things(imported.of, "run"), "was" if imported.runs == 1 else "were"
    which = (
        f"Not one of the {of_runs} was trained here; they were"
        if imported.runs == imported.of
        else f"{imported.runs} of {of_runs} {verb} not trained here, but"
    )
    return (
        f"{which} imported from {files}. Their conditions (data, split, seeds, settings, code) "
        "were not checked."
    )


def view_imported(material: Material) -> ImportedView | None:
    """Return which runs were not trained here, if any was not."""
    results = material.results
    if not results.imported:
        return None
    runs: dict[tuple[str, str], int] = {}
    for run in results.imported:
        runs[run.file, run.sha256] = runs.get((run.file, run.sha256), 0) + 1
    return ImportedView(
        len(results.imported),
        len(results.runs),
        tuple(ImportedFile(*file, count) for file, count in runs.items()),
        tuple(each.title for each in view_untested(material) if each.reading == "imported"),
    )


def describe_circumstances(results: Results) -> tuple[str, ...]:
    """Return what the runs were computed with, in words: device, threads, version of torch."""
    found = {
        f"{run.circumstances.processor} ({run.circumstances.device}), "
        f"{run.circumstances.threads} thread{'' if run.circumstances.threads == 1 else 's'} a run, "
        f"PyTorch {run.circumstances.torch}"
        for run in results.runs.values()
        if isinstance(run, RunResult) and run.circumstances.torch
    }
    return tuple(sorted(found))
