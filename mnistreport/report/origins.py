"""Where numbers come from: the manifest's lines, and the runs."""

from collections.abc import Iterator, Mapping

from mnistreport.analysis.joined import list_joined
from mnistreport.analysis.results import Results
from mnistreport.report.records import RunOrigin
from mnistreport.study.manifest import Manifest
from mnistreport.training.result import FinalOutcome


def find_lines(manifest: Manifest, results: Results, key: str) -> tuple[int, ...]:
    """Return the lines of the manifest that ask for a variant, ascending, each once.

    A baseline is asked for by its model's table, a level by its value, a variant that joins
    levels by the values that it joins.
    """
    return tuple(sorted(set(_find_lines(manifest, results, key))))


def _find_lines(manifest: Manifest, results: Results, key: str) -> Iterator[int]:
    for baseline in manifest.baselines.values():
        if baseline.variant.key == key:
            yield baseline.line
    for study in results.studies_of.get(key, ()):
        yield from (each.level.line for each in study.levels if each.level.variant.key == key)
    for model, combined in results.combined.items():
        if combined == key:
            kept = (each for each in list_joined(results, model) if each.is_kept)
            yield from (each.level.level.line for each in kept)


def list_origins(
    results: Results, key: str, outcomes: Mapping[int, FinalOutcome] | None = None
) -> tuple[RunOrigin, ...]:
    """Return the runs that a variant's numbers are made of, those that are missing among them.

    Args:
        results: The runs, summarised.
        key: The variant's.
        outcomes: What the test split said, by seed.
    """
    outcomes = outcomes or {}
    summary = results.variants[key]
    return tuple(
        RunOrigin(
            fingerprint=each.fingerprint,
            seed=each.seed,
            status=summary.runs[each.seed].status if each.seed in summary.runs else "missing",
            validation_accuracy=summary.decisive.get(each.seed),
            test_accuracy=outcomes[each.seed].accuracy if each.seed in outcomes else None,
            imported=summary.imported[each.seed].file if each.seed in summary.imported else "",
        )
        for each in results.by_variant.get(key, ())
    )
