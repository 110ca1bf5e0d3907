"""A manifest with fewer seeds and epochs: what a time budget leaves of it."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from mnistreport.study.expansion import expand_variants
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import Baseline, Level, Manifest, Study, Trimmed
from mnistreport.study.spelling import format_label

FEWEST_SEEDS: Final = 2
"""A single seed has no spread, and nothing could be compared."""
_EPOCHS: Final = "epochs"


@dataclass(frozen=True, slots=True)
class Trim:
    """How a manifest is trimmed.

    Attributes:
        budget_seconds: The time that its training is to keep within.
        seeds: How many of the manifest's, the first ones; all if it has no more.
        epochs: Share of each variant's, at most 1; at least one epoch is left.
    """

    budget_seconds: int
    seeds: int
    epochs: Fraction


def trim_manifest(manifest: Manifest, trim: Trim) -> Manifest | None:
    """Return ``manifest`` with the seeds and epochs that ``trim`` leaves.

    A manifest of which nothing is taken away is returned as it is. ``None`` if so few epochs
    would make two settings the same.
    """
    baselines = {
        name: _trim_baseline(each, trim.epochs) for name, each in manifest.baselines.items()
    }
    trimmed = replace(
        manifest,
        seeds=manifest.seeds[: trim.seeds],
        baselines=baselines,
        studies=tuple(
            _trim_study(each, trim.epochs, baselines[each.model]) for each in manifest.studies
        ),
    )
    if trimmed == manifest:
        return manifest
    before, after = expand_variants(manifest), expand_variants(trimmed)
    if len(after) < len(before):
        return None
    own = {name: each.variant.training.epochs for name, each in manifest.baselines.items()}
    return replace(
        trimmed,
        trimmed=Trimmed(
            trim.budget_seconds,
            (len(trimmed.seeds), len(manifest.seeds)),
            {name: (baselines[name].variant.training.epochs, asked) for name, asked in own.items()},
            float(trim.epochs)
            if any(
                new.training.epochs < old.training.epochs != own[old.model]
                for old, new in zip(before, after, strict=True)
            )
            else 1.0,
        ),
    )


def _trim_baseline(baseline: Baseline, share: Fraction) -> Baseline:
    variant = _trim_variant(baseline.variant, share)
    fields = {**baseline.fields, _EPOCHS: variant.training.epochs}
    return replace(baseline, variant=variant, fields=fields)


def _trim_study(study: Study, share: Fraction, baseline: Baseline) -> Study:
    levels = tuple(_trim_level(each, share, study.factor, baseline) for each in study.levels)
    return replace(study, levels=levels)


def _trim_level(level: Level, share: Fraction, factor: str | None, baseline: Baseline) -> Level:
    variant = _trim_variant(level.variant, share)
    epochs = variant.training.epochs
    fields = dict(level.fields)
    if _EPOCHS in fields:
        fields[_EPOCHS] = epochs
        if epochs == baseline.variant.training.epochs:
            del fields[_EPOCHS]  # the level no longer departs in it
    if factor != _EPOCHS:
        return replace(level, variant=variant, fields=fields)
    return replace(level, variant=variant, fields=fields, value=epochs, label=format_label(epochs))


def _trim_variant(variant: Variant, share: Fraction) -> Variant:
    epochs = max(1, int(variant.training.epochs * share))
    return replace(variant, training=replace(variant.training, epochs=epochs))
