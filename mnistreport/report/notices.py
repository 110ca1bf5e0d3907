"""What a reader has to know before the numbers: what was substituted, left out, or mixed."""

from mnistreport.analysis.results import Results
from mnistreport.report.figures.letters import tell_unknown_letters
from mnistreport.report.material import Material
from mnistreport.report.wording import describe_trimmed, name_duration


def make_notices(material: Material) -> tuple[str, ...]:
    """Return the notices of the report's first page; none if all is as it should be."""
    results = material.results
    notices = [material.digits.notice] if material.digits.notice else []
    if trimmed := material.manifest.trimmed:
        notices.append(
            f"To keep within a budget of {name_duration(trimmed.budget_seconds)}, "
            f"only {describe_trimmed(trimmed)} were trained."
        )
    if results.incomplete:
        notices.append(
            f"{len(results.incomplete)} of {len(results.experiments)} runs did not finish; "
            "the appendix lists them, and no comparison uses their variants."
        )
    if len(describe_circumstances(results)) > 1:
        notices.append(
            "The runs were not all computed on the same kind of device, with the same number of "
            "threads and the same version of PyTorch; the appendix lists them."
        )
    if len(material.reads) > len(material.tested):
        notices.append(
            f"The test split was read {len(material.reads)} times, not only for the models tested "
            "here: what was decided after the first look, a test result may have influenced. "
            "The ledger lists every look."
        )
    if letters := tell_unknown_letters(results):
        notices.append(letters)
    return tuple(notices)


def describe_circumstances(results: Results) -> tuple[str, ...]:
    """Return what the runs were computed with, in words: device, threads, version of torch."""
    found = {
        f"{run.circumstances.processor} ({run.circumstances.device}), "
        f"{run.circumstances.threads} thread{'' if run.circumstances.threads == 1 else 's'} a run, "
        f"PyTorch {run.circumstances.torch}"
        for run in results.runs.values()
        if run.circumstances.torch
    }
    return tuple(sorted(found))
