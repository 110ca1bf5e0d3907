"""Tests of the winners, and fitted models side by side, as templates see them."""

import numpy as np

from mnistreport.analysis.findings import find_confused
from mnistreport.analysis.fitted import FittedComparison
from mnistreport.analysis.results import Results
from mnistreport.analysis.statistics import summarise_values, wilson_interval
from mnistreport.report.material import Tested
from mnistreport.report.origins import find_lines, list_origins
from mnistreport.report.records import DigitScore
from mnistreport.report.sentences.confusions import say_confused
from mnistreport.report.study_views import title_model, view_variant
from mnistreport.report.views import FinalView, FindingView, FittedView
from mnistreport.report.wording import name_level
from mnistreport.study.experiment import CLASSES
from mnistreport.study.manifest import Manifest
from mnistreport.training.result import FinalOutcome


def view_final(tested: Tested, manifest: Manifest, results: Results) -> FinalView:
    """Bring what the test split said of a winner into one value."""
    outcome, winner = tested.shown, tested.winner
    digits = _score_digits(outcome)
    confused = find_confused(outcome.confusion)
    return FinalView(
        model=winner.model,
        title=title_model(results, winner.model),
        variant=view_variant(winner.summary),
        lines=find_lines(manifest, results, winner.summary.variant.key),
        runs=list_origins(results, winner.summary.variant.key, tested.outcomes),
        is_combined=results.combined.get(winner.model) == winner.summary.variant.key,
        seed=winner.seed,
        images=outcome.images,
        right=outcome.right,
        accuracy=outcome.accuracy,
        interval=wilson_interval(outcome.right, outcome.images),
        over_seeds=summarise_values([each.accuracy for each in tested.outcomes.values()]),
        macro_f1=sum(score.f1 for score in digits) / len(digits),
        confusion=outcome.confusion,
        digits=digits,
        confused=confused
        and FindingView(
            confused.kind,
            confused.strength,
            say_confused(confused),
            confused.values,
            figure=f"{winner.model}-confusion",
            table=f"{winner.model}-digits",
        ),
    )


def view_fitted(fitted: FittedComparison, results: Results) -> FittedView:
    """Name two fitted models that were compared."""
    study, both = fitted.study, (fitted.first, fitted.second)
    names = [
        next(name_level(study, level) for level in study.levels if level.summary is summary)
        if study
        else f"best {title_model(results, summary.variant.model)}"
        for summary in both
    ]
    return FittedView(
        title=study.study.title if study else "The winners",
        first=names[0],
        second=names[1],
        seed=fitted.seed,
        difference=fitted.difference,
        p_adjusted=fitted.p_adjusted,
    )


def _score_digits(outcome: FinalOutcome) -> tuple[DigitScore, ...]:
    """Return each digit's scores from the confusion matrix; a share of nothing is 0."""
    counts = np.array(outcome.confusion)
    right, images, answers = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = right / np.maximum(answers, 1), right / np.maximum(images, 1)
    f1 = 2 * right / np.maximum(images + answers, 1)
    return tuple(
        DigitScore(d, float(precision[d]), float(recall[d]), float(f1[d]), int(images[d]))
        for d in range(CLASSES)
    )
