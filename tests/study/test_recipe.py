"""What stored runs depend on: a fingerprint that changes makes every one of them useless."""

from mnistreport.study.experiment import (
    CnnArchitecture,
    Experiment,
    MlpArchitecture,
    TrainingSetting,
    Variant,
)
from tests.study.manifests import SMALL_MANIFEST, Load

SPLIT = "5" * 64


def test_fingerprints_are_those_of_stored_runs() -> None:
    """Two experiments have the fingerprints under which runs were stored long ago."""
    mlp = Variant("mlp", MlpArchitecture((128, 64)), TrainingSetting(0.1, 64, 20))
    cnn = Variant(
        "cnn", CnnArchitecture((16, 32), 3, 128, dropout=0.5), TrainingSetting(0.05, 32, 12)
    )
    assert (
        "35f7b37d4dffc7434e2eb645acc8948e5dd3a11e692f5858588e50b05c98a87a"
        == Experiment(mlp, 0, SPLIT).fingerprint
    )
    assert (
        "6675056badcc52b759b89e0db5fd5d2916e8a57ac70e6a6b37ff2d079d4278a3"
        == Experiment(cnn, 1, SPLIT).fingerprint
    )


def test_what_is_not_said_is_plain_descent() -> None:
    """Without a word on it there is no dropout, no normalisation, no momentum, no decay."""
    setting, mlp, cnn = (
        TrainingSetting(0.1, 64, 20),
        MlpArchitecture((8,)),
        CnnArchitecture((2,), 3, 4),
    )
    assert (0.0, 0.0, "sgd") == (setting.momentum, setting.weight_decay, setting.optimizer)
    assert (0.0, False) == (mlp.dropout, mlp.layer_norm) == (cnn.dropout, cnn.layer_norm)


def test_multiplications_are_those_of_a_forward_pass() -> None:
    """By hand: 3 × 3 kernels at 28 × 28 and 14 × 14 pixels, then 4 · 7 · 7 to 5 to 10."""
    cnn = CnnArchitecture((2, 4), 3, 5)
    expected = 2 * 9 * 784 + 2 * 4 * 9 * 196 + 4 * 49 * 5 + 5 * 10
    assert expected == cnn.multiplications
    deep = CnnArchitecture((1, 1, 1, 1), 1, 1)  # 28, 14, 7 and 3 pixels, and 1 is left
    assert 784 + 196 + 49 + 9 + 1 + 10 == deep.multiplications
    assert 784 * 5 + 5 + 5 * 10 + 10 == MlpArchitecture((5,)).multiplications


def test_fields_of_a_model_come_before_those_of_training(load: Load) -> None:
    """In the order in which a reader meets them: what is trained, then how."""
    fields = list(load(SMALL_MANIFEST).baselines["mlp"].fields)
    model = ["kind", "dropout", "layer_norm", "hidden_layers", "neurons"]
    training = ["optimizer", "learning_rate", "momentum", "weight_decay", "batch_size", "epochs"]
    assert model + training == fields
