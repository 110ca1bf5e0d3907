"""What a joined variant holds: which fields of each study's best level are really in it."""

from dataclasses import asdict, dataclass

from mnistreport.analysis.results import LevelSummary, Results, StudySummary
from mnistreport.study.experiment import MlpArchitecture, Variant


@dataclass(frozen=True, slots=True)
class JoinedLevel:
    """The best level of a study, and what became of it in the variant that joins such levels.

    Attributes:
        study: The study.
        level: Its best level.
        fields: What the level stands for: the fields that it sets, or, if it is the baseline, those
            that the study's other levels set.
        lost: Those of them that have another value in the joined variant, as the best level of
            another study overrides them.
    """

    study: StudySummary
    level: LevelSummary
    fields: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether any of it is in the joined variant."""
        return len(self.lost) < len(self.fields)


def list_joined(results: Results, model: str) -> tuple[JoinedLevel, ...]:
    """Return the best level of each of a model's studies, and what of it the joined variant lost.

    Nothing if there is no joined variant of the model. It is read off the settings, so it holds
    whatever rule joined them.
    """
    key = results.combined.get(model)
    if key is None:
        return ()
    joined = _spell(results.variants[key].variant)
    return tuple(
        JoinedLevel(study, study.best, fields, _find_lost(study.best, fields, joined))
        for study in results.studies
        if study.study.model == model and study.best and (fields := _list_fields(study, study.best))
    )


def _list_fields(study: StudySummary, level: LevelSummary) -> tuple[str, ...]:
    if level.level.fields:
        return tuple(level.level.fields)
    return tuple(dict.fromkeys(field for each in study.levels for field in each.level.fields))


def _find_lost(
    level: LevelSummary, fields: tuple[str, ...], joined: dict[str, object]
) -> tuple[str, ...]:
    own = _spell(level.level.variant)
    return tuple(field for field in fields if own.get(field) != joined.get(field))


def _spell(variant: Variant) -> dict[str, object]:
    """Return every field of a setting by the names that a manifest has for it, derived ones too."""
    settings: dict[str, object] = asdict(variant.architecture) | asdict(variant.training)
    if isinstance(variant.architecture, MlpArchitecture):
        layers = variant.architecture.layers
        widths = set(layers)
        settings["hidden_layers"] = len(layers)
        settings["neurons"] = widths.pop() if len(widths) == 1 else layers
    return settings
