"""From a manifest to what is trained: variants, each once, and each with every seed."""

from collections.abc import Iterable, Mapping, Sequence

from mnistreport.study.experiment import Experiment, Variant
from mnistreport.study.manifest import Baseline, FieldValue, Level, Manifest
from mnistreport.study.settings import MODEL_TABLES, ModelTable


def expand_variants(manifest: Manifest) -> tuple[Variant, ...]:
    """List what the manifest asks to train, each variant once.

    Baselines come first, those that no study uses among them; then the studies' levels, in the
    order in which the manifest is read. The variants that ``[final]`` adds are not among them:
    they follow from results, see ``combine_levels``.
    """
    baselines = (baseline.variant for baseline in manifest.baselines.values())
    levels = (level.variant for study in manifest.studies for level in study.levels)
    return tuple(dict.fromkeys((*baselines, *levels)))


def expand_experiments(
    variants: Iterable[Variant], seeds: Sequence[int], split_sha256: str
) -> tuple[Experiment, ...]:
    """Pair every variant with every seed, all seeds of a variant together."""
    return tuple(Experiment(variant, seed, split_sha256) for variant in variants for seed in seeds)


def name_variants(manifest: Manifest) -> dict[str, list[str]]:
    """Return what the manifest calls each variant, by its key: a baseline, levels of studies."""
    names: dict[str, list[str]] = {}
    for baseline in manifest.baselines.values():
        names.setdefault(baseline.variant.key, []).append(f"{baseline.model} baseline")
    for study in manifest.studies:
        for level in study.levels:
            if not level.is_baseline:
                names.setdefault(level.variant.key, []).append(f"{study.name} {level.label}")
    return names


def combine_levels(baseline: Baseline, levels: Iterable[Level]) -> Variant:
    """Join the baseline with the fields of every chosen level.

    Where two levels give the same field, the later one wins; ``layers`` wins over
    ``hidden_layers`` and ``neurons``, since it says both.
    """
    changes: dict[str, FieldValue] = {}
    for level in levels:
        changes |= level.fields
    fields = override_fields(baseline.fields, changes)
    return resolve_variant(baseline.model, resolve_fields(fields))


def override_fields(
    fields: Mapping[str, object], changes: Mapping[str, object]
) -> dict[str, object]:
    """Return ``fields`` with ``changes`` made.

    ``layers`` takes the place of ``hidden_layers`` and ``neurons``.
    """
    joined = {**fields, **changes}
    if "layers" in changes:
        joined.pop("hidden_layers", None)
        joined.pop("neurons", None)
    return joined


def resolve_fields(fields: Mapping[str, object]) -> ModelTable:
    """Check the fields of a model, ``kind`` among them, and fill in defaults.

    Raises:
        pydantic.ValidationError: If a field is not as ``schema`` says.
    """
    return MODEL_TABLES[str(fields["kind"])].model_validate(dict(fields))


def resolve_variant(model: str, table: ModelTable) -> Variant:
    """Make the value that training reads of a model's checked fields."""
    return Variant(model, table.architecture, table.setting)
