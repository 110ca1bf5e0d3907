"""What a time budget leaves of a manifest, and the file that remembers it."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault
from mnistreport.study.expansion import combine_levels, expand_variants
from mnistreport.study.manifest import Trimmed
from mnistreport.study.trim_file import NAME, keep_trim, load_trim
from mnistreport.study.trimming import Trim, trim_manifest
from tests.study.manifests import Load

MANIFEST = """\
[training]
epochs = 20
seeds = [5, 7, 6]

[models.mlp]
kind = "mlp"
neurons = 16

[models.cnn]
kind = "cnn"
epochs = 3

[[studies]]
name = "rate"
model = "mlp"
factor = "learning_rate"
levels = [0.1, 0.01]

[[studies]]
name = "patience"
model = "mlp"
factor = "epochs"
levels = [10, 20, 40]
"""


def test_seeds_and_epochs_go_evenly(load: Load) -> None:
    """The first seeds stay; every variant keeps the same share of its epochs, but at least one."""
    trimmed = trim_manifest(load(MANIFEST), Trim(60, 2, Fraction(1, 4)))
    assert trimmed
    assert (5, 7) == trimmed.seeds
    assert [5, 1, 5, 2, 10] == [each.training.epochs for each in expand_variants(trimmed)]
    assert Trimmed(60, (2, 3), {"mlp": (5, 20), "cnn": (1, 3)}, others=0.25) == trimmed.trimmed


@pytest.mark.parametrize(
    ("levels", "others"),
    [
        ("[10, 20, 40]", 0.5),
        ("[1, 20]", 1.0),  # one epoch stays one
        (None, 1.0),  # nobody has epochs of its own
    ],
)
def test_what_others_lost_is_said_if_they_lost_any(
    load: Load, levels: str | None, others: float
) -> None:
    """The share is that of variants with epochs of their own, and 1 if they keep them."""
    before, patience = MANIFEST.split('[[studies]]\nname = "patience"')
    asked = f'[[studies]]\nname = "patience"{patience}'.replace("[10, 20, 40]", levels or "")
    trimmed = trim_manifest(load(before + (asked if levels else "")), Trim(60, 3, Fraction(1, 2)))
    assert trimmed
    assert trimmed.trimmed
    assert (others, (10, 20)) == (trimmed.trimmed.others, trimmed.trimmed.epochs["mlp"])


def test_a_study_of_epochs_says_what_is_trained(load: Load) -> None:
    """Levels that are epochs are named by those that are left, and what joins them has as many."""
    trimmed = trim_manifest(load(MANIFEST), Trim(60, 3, Fraction(1, 2)))
    assert trimmed
    levels = trimmed.studies[1].levels
    assert [("5", 5), ("10", 10), ("20", 20)] == [(each.label, each.value) for each in levels]
    for level in levels:
        assert level.variant == combine_levels(trimmed.baselines["mlp"], [level])


def test_settings_stay_apart(load: Load) -> None:
    """So few epochs that two levels would be one setting are not to be had."""
    assert trim_manifest(load(MANIFEST), Trim(60, 3, Fraction(1, 40))) is None


def test_nothing_taken_away_is_the_manifest_itself(load: Load) -> None:
    """A trim that leaves all seeds, or more than there are, and all epochs changes nothing."""
    manifest = load(MANIFEST)
    assert trim_manifest(manifest, Trim(60, 4, Fraction(1))) is manifest


def test_a_trim_is_remembered(tmp_path: Path) -> None:
    """What was kept beside the documents comes back, and goes when nothing is trimmed."""
    trim = Trim(5400, 2, Fraction(12, 20))
    keep_trim(tmp_path, trim)
    assert trim == load_trim(tmp_path)
    keep_trim(tmp_path, None)
    assert load_trim(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"format": 2, "budget_seconds": 1, "seeds": 2, "epochs": [1, 2]}',
        b'{"format": 1, "budget_seconds": 1, "seeds": 0, "epochs": [1, 2]}',
        b'{"format": 1, "budget_seconds": 1, "seeds": 2, "epochs": [1, 0]}',
        b'{"format": 1, "budget_seconds": 1, "seeds": 2, "epochs": [3, 2]}',
        b'{"format": 1, "budget_seconds": 1, "seeds": true, "epochs": [1, 2]}',
        b'{"month": "May", "budget": 400}',
    ],
)
def test_a_damaged_file_is_an_error(content: bytes, tmp_path: Path) -> None:
    """What no build wrote is not guessed at: the error names the file and the way out."""
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(EnvironmentFault, match=NAME) as caught:
        load_trim(tmp_path)
    assert "build again" in (caught.value.problems[0].next_step or "")


def test_a_seed_more_in_the_manifest_is_not_trained(load: Load) -> None:
    """A kept trim holds for a manifest that has changed since: as many seeds, no more."""
    manifest = replace(load(MANIFEST), seeds=(1, 2, 3, 4))
    trimmed = trim_manifest(manifest, Trim(60, 2, Fraction(1)))
    assert trimmed
    assert ((1, 2), (2, 4)) == (trimmed.seeds, trimmed.trimmed and trimmed.trimmed.seeds)
