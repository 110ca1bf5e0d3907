"""What variants and models are called where all of them stand in one figure."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from mnistreport.analysis.results import Results
from mnistreport.report.wording import capitalise, name_level

BASELINE: Final = "baseline"
COMBINED: Final = "best levels combined"


def name_variants(results: Results) -> dict[str, str]:
    """Return every variant's name by its key: the first level that it is, or what it is for.

    Where two studies of a model use one name for different variants, the study's name follows.
    """
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    for study in results.studies:
        for level in study.levels:
            key = level.level.variant.key
            if not level.level.is_baseline and key not in names:
                names[key] = name_level(study, level) if study.study.factor else level.label
                owners[key] = study.study.name
    names |= dict.fromkeys(results.combined.values(), COMBINED)
    names = {key: names.get(key, BASELINE) for key in results.variants}
    models = {key: summary.variant.model for key, summary in results.variants.items()}
    uses = Counter((models[key], name) for key, name in names.items())
    return {
        key: f"{name} ({owners[key]})" if key in owners and uses[models[key], name] > 1 else name
        for key, name in names.items()
    }


def name_model(model: str, titles: Mapping[str, str]) -> str:
    """Return a model in words, or else as the manifest names it, as a heading."""
    title = titles.get(model)
    return capitalise(title) if title else model
