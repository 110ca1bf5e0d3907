"""What variants and models are called where all of them stand in one figure."""

from collections.abc import Mapping
from typing import Final

from mnistreport.analysis.results import Results
from mnistreport.report.wording import capitalise, name_level

BASELINE: Final = "baseline"
COMBINED: Final = "best levels combined"


def name_variants(results: Results) -> dict[str, str]:
    """Return every variant's name by its key: the first level that it is, or what it is for."""
    names: dict[str, str] = {}
    for study in results.studies:
        for level in study.levels:
            name = name_level(study, level) if study.study.factor else level.label
            names.setdefault(level.level.variant.key, BASELINE if level.level.is_baseline else name)
    names |= dict.fromkeys(results.combined.values(), COMBINED)
    return {key: names.get(key, BASELINE) for key in results.variants}


def name_model(model: str, titles: Mapping[str, str]) -> str:
    """Return a model in words, or else as the manifest names it, as a heading."""
    title = titles.get(model)
    return capitalise(title) if title else model
