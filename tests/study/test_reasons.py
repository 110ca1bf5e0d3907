"""What is said of a value that cannot be: the value as it is written, and what it may be."""

import pytest

from mnistreport.study.wording import format_key, format_value, quote
from tests.study.manifests import Complain, Load, change

TABLE = "[training]"
RATE = "learning_rate = 0.01"
EPOCHS = "epochs = 2"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (EPOCHS, "epochs = 0", "is 0, but must be between 1 and 10000"),
        (EPOCHS, "epochs = 10001", "is 10001, but must be between 1 and 10000"),
        (EPOCHS, "epochs = 1.5", "is 1.5, but must be a whole number"),
        (EPOCHS, 'epochs = "2"', 'is "2", but must be a whole number'),
        (RATE, "learning_rate = 0", "is 0, but must be above 0 and at most 1000000000"),
        (RATE, "learning_rate = nan", "is nan, but must be a finite number"),
        (RATE, "learning_rate = true", "is true, but must be a number"),
        (EPOCHS, "momentum = 1", "is 1, but must be at least 0 and below 1"),
        (EPOCHS, "momentum = -0.1", "is -0.1, but must be at least 0 and below 1"),
        (EPOCHS, "weight_decay = 1e7", "is 10000000.0, but must be between 0 and 1000000.0"),
        (EPOCHS, 'optimizer = "adam"', 'is "adam", but must be "sgd"'),
        ("seeds = [0, 1]", "seeds = [-1]", "is -1, but must be between 0 and 4294967295"),
        ("seeds = [0, 1]", "seeds = [1, 1]", "1 is given twice"),
        ("seeds = [0, 1]", "seeds = 1", "is 1, but must be a list"),
        ('kind = "mlp"', 'kind = "rnn"', 'is "rnn", but must be "mlp" or "cnn"'),
        ("neurons = 16", "layer_norm = 1", "is 1, but must be true or false"),
        ("neurons = 16", "layers = []", "has no entries, but must have 1 to 64"),
        ("neurons = 16", "neuron = 16", "unknown key; did you mean `neurons`?"),
        (
            "neurons = 16",
            "neurons = 100000",
            "makes a model of 10,079,600,010 parameters; at most 200,000,000 are allowed",
        ),
        ('name = "rate"', 'name = ""', 'is "", but must be text of at least one visible character'),
        ('name = "rate"', "name = 1", "is 1, but must be text of at most 80 characters"),
        (
            'name = "rate"',
            'name = "a\\tb"',
            'is "a\\tb", but must be one line without control characters',
        ),
        ('model = "mlp"', 'model = "mpl"', 'there is no model "mpl"; did you mean `mlp`?'),
        (
            'factor = "learning_rate"',
            'factor = "epoch"',
            'is "epoch", which models.mlp does not have; did you mean `epochs`?',
        ),
        (
            "[0.1, 0.01]",
            "[0.1, 0.1]",
            "0.1 is the same setting as studies[0].levels[0]",
        ),
        (
            TABLE,
            "[report]\nauthors = 1\n[training]",
            "is 1, but must be a list of tables, each under [[ ]]",
        ),
        (
            TABLE,
            "[data]\nsplit = [1, 2]\n[training]",
            "is a list of 2 entries, but must be a table",
        ),
        (
            TABLE,
            "[data]\nsplit = { train = 0.5, validation = 0.2, test = 0.2 }\n[training]",
            "train, validation and test add up to 0.9, but must add up to 1",
        ),
        (
            TABLE,
            "[report]\ndate = 2026-11-30T10:00:00\n[training]",
            "is the date or time 2026-11-30T10:00:00, but must be a date such as 2026-11-30",
        ),
        (
            TABLE,
            '[[rubric]]\nrequirement = "x"\ncheck = "insight"\n[training]',
            'is "insight", but must be a known name; did you mean `insights`?',
        ),
        (
            TABLE,
            '[[runs]]\nimport = "/etc/x"\n[training]',
            'is "/etc/x", but must be files inside the manifest\'s folder, such as histories/*.csv',
        ),
        (
            TABLE,
            '[[runs]]\nimport = "x.csv"\nmodel = "other"\n[training]',
            'there is no model "other"; known here: mlp',
        ),
    ],
)
def test_a_mistake_is_said_in_words(complain: Complain, old: str, new: str, reason: str) -> None:
    """Word for word; it is the only thing that is said."""
    (problem,) = complain(change(old, new))
    assert reason == problem.reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (EPOCHS, "epochs = 1"),
        (EPOCHS, "epochs = 10000"),
        (RATE, "learning_rate = 1e9"),
        (EPOCHS, "momentum = 0.999"),
        (EPOCHS, "weight_decay = 1e6"),
        (EPOCHS, "batch_size = 1_000_000"),
        ("seeds = [0, 1]", "seeds = [4294967295]"),
        ("neurons = 16", "dropout = 0"),
        ("neurons = 16", "hidden_layers = 64"),
        ('name = "rate"', f'name = "{"x" * 80}"'),
        (TABLE, "[report]\ndate = 2026-11-30\n[training]"),
        (TABLE, '[report]\ndate = "2026-11-30"\nlanguage = "pt-BR"\n[training]'),
        (TABLE, '[submission]\nids = ["12345678901234567890"]\nscheme = "id1"\n[training]'),
        (TABLE, '[[runs]]\nimport = "histories/*.csv"\n[training]'),
    ],
)
def test_what_is_at_a_bound_is_allowed(load: Load, old: str, new: str) -> None:
    """The bounds that a message names are allowed themselves."""
    load(change(old, new))


def test_long_texts_are_cut() -> None:
    """Sixty characters are repeated, more are not; so are names of keys."""
    assert f'"{"x" * 60}"' == quote("x" * 60)
    assert f'"{"x" * 59}…"' == quote("x" * 61)
    assert f"a.{'x' * 60}" == format_key(("a", "x" * 60))
    assert f'a."{"x" * 59}…"' == format_key(("a", "x" * 61))
    assert "[3].x" == format_key((3, "x"))


def test_numbers_are_repeated_unless_they_are_very_long() -> None:
    """Up to 240 bits."""
    assert str(2**239) == format_value(2**239)
    assert str(2**240 - 1) == format_value(2**240 - 1)
    assert "a number of very many digits" == format_value(2**240)
