"""Batches against the data: the one thing about a manifest that only the split can tell."""

from mnistreport.errors import ManifestError, Problem
from mnistreport.study.manifest import Manifest


def check_batches(manifest: Manifest, images: int) -> None:
    """Refuse batches that are larger than the training split, for every setting that has one.

    Raises:
        ManifestError: There are such batches.
    """
    places = {
        level.variant: (study.line, f"study {study.name}, {level.label}")
        for study in manifest.studies
        for level in study.levels
    }
    for model, baseline in manifest.baselines.items():
        places[baseline.variant] = (baseline.line, f"models.{model}")
    problems = [
        Problem(
            f"a batch of {variant.training.batch_size} images is larger than the training "
            f"split, which has {images}",
            file=manifest.path,
            line=line,
            key=key,
            next_step="choose a smaller batch size, or a larger data set",
        )
        for variant, (line, key) in places.items()
        if variant.training.batch_size > images
    ]
    if problems:
        raise ManifestError.of(problems)
