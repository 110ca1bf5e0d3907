"""The winners' weights as files of their own, with all that it takes to test them again."""

import json
from dataclasses import asdict

from mnistreport.report.material import Material, Tested

FORMAT = 1
METADATA = "mnistreport"
"""The one key of a file's metadata; its value is JSON."""


def pack_weights(tested: Tested, material: Material) -> bytes:
    """Return the weights of the run whose confusion matrix is shown, as safetensors bytes.

    Their metadata say which network they belong to, how it was trained, on which data and split,
    and how many images of the test split it classified correctly.
    """
    from safetensors.numpy import save

    variant, outcome = tested.winner.summary.variant, tested.shown
    fractions = material.manifest.data.split
    about = {
        "format": FORMAT,
        "model": variant.model,
        "architecture": asdict(variant.architecture),
        "training": asdict(variant.training),
        "seed": tested.winner.seed,
        "fingerprint": tested.winner.fingerprint,
        "data_sha256": material.digits.sha256,
        "split_sha256": material.split.sha256,
        "split": [fractions.train, fractions.validation, fractions.test],
        "split_seed": material.manifest.data.seed,
        "test_images": outcome.images,
        "test_right": outcome.right,
    }
    # One key: the order of several would change from call to call.
    text = json.dumps(about, allow_nan=False, sort_keys=True)
    return save(dict(tested.weights), metadata={METADATA: text})
