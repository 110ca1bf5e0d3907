"""How mistakes of a manifest are told: in which order, how many, and where exactly."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault, ManifestError
from mnistreport.study.expansion import override_fields
from mnistreport.study.loading import load_manifest
from mnistreport.study.naming import is_placeholder
from mnistreport.study.trim_file import NAME, load_trim
from tests.study.manifests import SMALL_MANIFEST, Complain, change, with_study, with_variants


def test_what_follows_is_counted_to_the_last(complain: Complain) -> None:
    """A hundred mistakes are told one by one; of 150 the other 50 are counted."""
    keys = "".join(f"unknown_{number} = 1\n" for number in range(150))
    problems = complain(change("[training]\n", f"[training]\n{keys}"))
    assert 101 == len(problems)
    assert "50 more problems follow" == problems[-1].reason
    assert list(range(2, 102)) == [problem.line for problem in problems[:-1]]


def test_a_hundred_mistakes_are_told_without_a_count(complain: Complain) -> None:
    """Nothing follows the hundredth if it is the last."""
    keys = "".join(f"unknown_{number} = 1\n" for number in range(100))
    problems = complain(change("[training]\n", f"[training]\n{keys}"))
    assert 100 == len(problems)
    assert "follow" not in problems[-1].reason


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a = [1,\n", 2, 1),
        ("seed = 1\nb = [1,\n  2", 3, 4),
        ('[data]\nsource = "x', 2, 12),
        ("[data]\nseed = \n", 2, 8),
    ],
)
def test_a_syntax_error_has_its_line_and_column(
    tmp_path: Path, text: str, line: int, column: int
) -> None:
    """Also where the file ends too soon."""
    path = tmp_path / "experiments.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    (problem,) = caught.value.problems
    assert line == problem.line
    assert f"at column {column}: " in problem.reason


def test_what_the_parser_says_is_told_without_its_place(tmp_path: Path) -> None:
    """The place is told once, where every other mistake has it."""
    path = tmp_path / "experiments.toml"
    path.write_text("a b = 1\n", "utf-8")
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    (problem,) = caught.value.problems
    said = "is not valid TOML at column 3: expected '=' after a key in a key/value pair"
    assert (said, 1) == (problem.reason, problem.line)


def test_layers_take_the_place_of_number_and_width() -> None:
    """Neither is left where the widths are named one by one, and both where they are not."""
    fields = {"hidden_layers": 2, "neurons": 8, "epochs": 3}
    assert {"layers": (8, 4), "epochs": 3} == override_fields(fields, {"layers": (8, 4)})
    assert {**fields, "epochs": 5} == override_fields(fields, {"epochs": 5})


def test_names_that_are_to_be_replaced_are_known() -> None:
    """Those that the default manifest has in the place of real ones."""
    assert is_placeholder("Your name (replace me)")
    assert not is_placeholder("Ada Lovelace")


@pytest.mark.parametrize(("seconds", "sound"), [(1, True), (10**9, True), (10**9 + 1, False)])
def test_a_budget_is_a_number_of_seconds(tmp_path: Path, *, seconds: int, sound: bool) -> None:
    """From one second to thirty years."""
    content = f'{{"format": 1, "budget_seconds": {seconds}, "seeds": 2, "epochs": [1, 2]}}'
    (tmp_path / NAME).write_text(content, "utf-8")
    if sound:
        trim = load_trim(tmp_path)
        assert trim is not None
        assert (seconds, 2) == (trim.budget_seconds, trim.seeds)
    else:
        with pytest.raises(EnvironmentFault):
            load_trim(tmp_path)


def test_what_stands_nowhere_comes_first(complain: Complain) -> None:
    """A table that is missing has no line; it is told before what stands in the first one."""
    for first, key in (("seeds = 1", "seeds"), ("report = 1", "report")):
        problems = complain(f'{first}\n[models.mlp]\nkind = "mlp"\n')
        assert [(None, "studies"), (1, key)] == [(each.line, each.key) for each in problems]


def test_a_variant_says_what_is_wrong_with_itself_at_its_own_line(complain: Complain) -> None:
    """Each of several variants is told by itself, with its own key."""
    text = with_variants('{ label = "a", dropout = 2 }, { label = "b", epochs = 0 }')
    found = [(problem.line, problem.key) for problem in complain(text)]
    line = 1 + SMALL_MANIFEST.splitlines().index('factor = "learning_rate"')
    assert [
        (line, "studies[0].variants[0].dropout"),
        (line, "studies[0].variants[1].epochs"),
    ] == found


def test_labels_are_told_apart_while_the_baseline_is_in_doubt(complain: Complain) -> None:
    """A mistake of the model does not hide that two variants have one label."""
    text = with_variants('{ label = "a", dropout = 0.1 }, { label = "A", dropout = 0.2 }')
    found = complain(text.replace("neurons = 16", "neurons = 0"))
    assert ["models.mlp.neurons", "studies[0].variants[1].label"] == [each.key for each in found]


def test_what_layers_rule_out_is_told_once_for_each_variant(complain: Complain) -> None:
    """And nothing else is said of a variant that says it."""
    text = with_variants('{ label = "a", neurons = 8 }, { label = "b", hidden_layers = 3 }')
    found = complain(text.replace("neurons = 16", "layers = [16, 16]"))
    keys = ["studies[0].variants[0].neurons", "studies[0].variants[1].hidden_layers"]
    assert keys == [each.key for each in found]
    assert all("cannot vary while models.mlp says `layers`" in each.reason for each in found)


def test_a_variant_that_says_its_size_twice_is_not_compared(complain: Complain) -> None:
    """It is told that it says too much, and nothing else: which size it has is not known."""
    text = with_variants(
        '{ label = "a", layers = [8], neurons = 4 }, { label = "b", layers = [8] }'
    )
    (problem,) = complain(text)
    assert "studies[0].variants[0].layers" == problem.key
    assert "already says what `neurons` would say" in problem.reason
    both = text.replace("neurons = 4", "neurons = 4, hidden_layers = 1")
    (problem,) = complain(both)
    assert "already says what `hidden_layers` and `neurons` would say" in problem.reason


def test_a_manifest_that_is_known_must_be_the_same_still(tmp_path: Path) -> None:
    """The file may not have changed since, nor may what was made of it."""
    path = tmp_path / "experiments.toml"
    path.write_text(SMALL_MANIFEST, "utf-8")
    known = load_manifest(path)
    assert known == load_manifest(path, known=known)
    with pytest.raises(ManifestError, match="does not say what the given manifest says"):
        load_manifest(path, known=replace(known, seeds=(5,)))
    path.write_text(f"{SMALL_MANIFEST}\n", "utf-8")
    with pytest.raises(ManifestError, match="has changed since it was loaded"):
        load_manifest(path, known=known)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("neurons = 16", "neurons = 0", "models.mlp.neurons"),
        ("epochs = 2", "epochs = 0", "training.epochs"),
    ],
)
def test_nothing_is_compared_with_a_model_that_has_a_mistake(
    complain: Complain, old: str, new: str, key: str
) -> None:
    """Two variants that are one setting may be two once it is mended; then they are told."""
    text = with_variants('{ label = "a", dropout = 0.1 }, { label = "b", dropout = 0.1 }')
    (problem,) = complain(text.replace(old, new))
    assert key == problem.key
    (problem,) = complain(text)
    assert "is the same setting as studies[0].variants[0]" in problem.reason


def test_an_empty_study_hides_no_other(complain: Complain) -> None:
    """What comes after it is checked as well."""
    text = SMALL_MANIFEST.replace("[[studies]]", "[[studies]]\n[[studies]]").replace(
        'model = "mlp"', 'model = "mpl"'
    )
    keys = [each.key for each in complain(text)]
    assert keys[-1] == "studies[1].model"
    assert {"studies[0].name", "studies[0].model"} <= set(keys)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("RATE", '"rate" (line 10) and "RATE" (line 16) are the same name'),
        ("(rate)", '"rate" (line 10) and "(rate)" (line 16) would name the same files, rate'),
    ],
)
def test_names_that_cannot_stand_side_by_side(complain: Complain, name: str, why: str) -> None:
    """It is said why, and where both are."""
    (problem,) = complain(with_study(name, "neurons", "[8, 16]"))
    assert (why, "studies[1].name") == (problem.reason, problem.key)


def test_a_joined_model_that_would_be_too_large_is_told_before_training(complain: Complain) -> None:
    """Whatever smaller variants there are as well; none of the levels is too large by itself."""
    text = with_study("width", "neurons", "[16, 5000]")
    text = with_study("depth", "hidden_layers", "[2, 9]", text=text)
    joined = f"{text}\n[final]\ncombine = true\n"
    (problem,) = complain(joined)
    assert "final.combine" == problem.key
    expected = 785 * 5000 + 8 * 5001 * 5000 + 5001 * 10
    assert (
        "joining the largest levels of the studies of models.mlp makes a model of "
        f"{expected:,} parameters; at most 200,000,000 are allowed"
    ) == problem.reason
    shapes = '\n[[studies]]\nname = "shape"\nmodel = "mlp"\n'
    shapes += 'variants = [{ label = "a" }, { label = "b", layers = [8] }]\n'
    (problem,) = complain(joined + shapes)
    assert "final.combine" == problem.key


@pytest.mark.parametrize(
    ("sizes", "key"),
    [
        ("channels = [15000]\ndense = 15000", "dense"),
        ("channels = [15001]\ndense = 15000", "channels"),
        ("channels = [9, 15001]\ndense = 15000", "channels"),
    ],
)
def test_the_field_that_makes_a_model_large_is_named(
    complain: Complain, sizes: str, key: str
) -> None:
    """The largest of them; of equal ones the dense layer, which costs more."""
    (problem,) = complain(f'{SMALL_MANIFEST}\n[models.cnn]\nkind = "cnn"\n{sizes}\n')
    assert f"models.cnn.{key}" == problem.key
