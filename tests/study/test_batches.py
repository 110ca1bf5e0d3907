import pytest

from mnistreport.errors import ManifestError
from mnistreport.study.batches import check_batches
from tests.study.manifests import Load, with_study


def test_batches_as_large_as_the_split_are_allowed(load: Load) -> None:
    """A batch may hold the whole split; one image more is refused, at its line and key."""
    manifest = load(with_study("size", "batch_size", "[64, 100, 128]"))
    check_batches(manifest, 128)
    with pytest.raises(ManifestError) as caught:
        check_batches(manifest, 127)
    (problem,) = caught.value.problems
    assert (16, "study size, 128") == (problem.line, problem.key)
    assert "128 images is larger than the training split, which has 127" in problem.reason


def test_the_baseline_is_named_by_its_model(load: Load) -> None:
    """Where the baseline itself is too large, its model's table is named, and every level is."""
    manifest = load(with_study("size", "batch_size", "[64, 100]"))
    with pytest.raises(ManifestError) as caught:
        check_batches(manifest, 63)
    keys = {(problem.line, problem.key) for problem in caught.value.problems}
    assert {(6, "models.mlp"), (10, "study rate, 0.1"), (16, "study size, 100")} == keys
