"""What the captions of tables say of measures and comparisons."""

from collections.abc import Sequence

from mnistreport.analysis.statistics import ALPHA, CONFIDENCE
from mnistreport.report.numbers import format_percent, format_points
from mnistreport.report.views import ReportContext, StudyView, VariantView


def explain_measure(context: ReportContext, variants: Sequence[VariantView]) -> str:
    """Say of how many seeds the numbers of a table are."""
    n = len(context.seeds)
    if n == 1:
        return "One seed, so there is no spread."
    if any(map(is_partial, variants)):
        return f"Mean ± standard deviation over {n} seeds, or over those that a row names."
    return f"Mean ± standard deviation over {n} seeds."


def is_partial(variant: VariantView) -> bool:
    """Tell whether a variant's numbers are of fewer seeds than planned."""
    return variant.finished > 0 and not variant.complete


def explain_comparison(study: StudyView) -> str:
    """Say how the levels are compared with the baseline; runs of another origin are not."""
    imported = study.baseline.variant.imported
    said = ""
    if not imported:
        said = (
            " Against baseline: mean difference in validation accuracy, paired by seed, and its "
            f"{format_percent(CONFIDENCE, 0)} interval; p of the paired t-test, corrected for the "
            f"study’s levels (Holm). Better or worse where p < {ALPHA:g}{_explain_ahead(study)}; "
            f"too few seeds where a difference exceeds the noise floor{_say_floor(study)} but is "
            "not shown to be more than chance: no p is given."
        )
    elif imported == study.baseline.variant.finished:
        said = (
            " Against baseline: difference of the means of validation accuracy, unpaired, as the "
            f"files tell them, and its {format_percent(CONFIDENCE, 0)} interval; p of Welch’s "
            "t-test, corrected for the study’s levels (Holm). Higher or lower where "
            f"p < {ALPHA:g}; too few seeds where a difference exceeds the noise "
            f"floor{_say_floor(study)} but is not shown to be more than chance: no p is given."
        )
    if study.imported:
        said += (
            " Imported: not trained here, and not checked. Not comparable: of the two, not all "
            "runs are of one origin."
        )
    return said + _explain_no_spread(study)


def _explain_ahead(study: StudyView) -> str:
    """Say what is ahead or behind, if any level is."""
    if all(level.verdict not in {"ahead", "behind"} for level in study.levels):
        return ""
    return ", or ahead or behind if validation loss of one of the two was still falling"


def _explain_no_spread(study: StudyView) -> str:
    """Say why a difference of several seeds has no interval, if any has none."""
    differences = [level.against_baseline for level in study.levels if level.against_baseline]
    if all(each.interval or each.n == 1 for each in differences):
        return ""
    return (
        " A difference without an interval has no spread over the seeds. Its p is that of an exact "
        "test, as the t-test needs a spread."
    )


def _say_floor(study: StudyView) -> str:
    if study.noise_floor is None:
        return ""
    return f" of {format_points(study.noise_floor, signed=False)}"
