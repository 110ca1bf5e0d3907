import pytest

from tests.study.manifests import (
    SMALL_MANIFEST,
    Complain,
    change,
    replace_once,
    with_study,
    with_variants,
)

Parts = tuple[int | None, str | None, str]


def complain_once(complain: Complain, text: str) -> Parts:
    """Load a manifest with one mistake; return line, key and reason of the one problem."""
    problems = complain(text)
    assert 1 == len(problems), [str(problem) for problem in problems]
    return problems[0].line, problems[0].key, problems[0].reason


# --- What is wrong, one by one ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "learning_rate = 0.01",
            "learning_rat = 0.01",
            (2, "training.learning_rat", "unknown key; did you mean `learning_rate`?"),
        ),
        (
            "learning_rate = 0.01",
            "learning_rate = nan",
            (2, "training.learning_rate", "is nan, but must be a finite number"),
        ),
        (
            "learning_rate = 0.01",
            "learning_rate = -inf",
            (2, "training.learning_rate", "is -inf, but must be a finite number"),
        ),
        (
            "learning_rate = 0.01",
            "momentum = 1.5",
            (2, "training.momentum", "is 1.5, but must be at least 0 and below 1"),
        ),
        (
            "learning_rate = 0.01",
            'learning_rate = "0.01"',
            (2, "training.learning_rate", 'is "0.01", but must be a number'),
        ),
        (
            "learning_rate = 0.01",
            "learning_rate = 2024-01-01",
            (
                2,
                "training.learning_rate",
                "is the date or time 2024-01-01, but must be a number",
            ),
        ),
        (
            "epochs = 2",
            "epochs = true",
            (3, "training.epochs", "is true, but must be a whole number"),
        ),
        (
            "epochs = 2",
            "epochs = 2.0",
            (3, "training.epochs", "is 2.0, but must be a whole number"),
        ),
        (
            "epochs = 2",
            'optimizer = "adam"',
            (3, "training.optimizer", 'is "adam", but must be "sgd"'),
        ),
        (
            "seeds = [0, 1]",
            "seeds = [0, 1180591620717411303424]",
            (
                4,
                "training.seeds[1]",
                "is 1180591620717411303424, but must be between 0 and 4294967295",
            ),
        ),
        ("seeds = [0, 1]", "seeds = [1, 0, 1]", (4, "training.seeds", "1 is given twice")),
        (
            "seeds = [0, 1]",
            "seeds = []",
            (4, "training.seeds", "has no entries, but must have 1 to 100"),
        ),
        (
            "neurons = 16",
            "neurons = 1000000000",
            (
                8,
                "models.mlp.neurons",
                (
                    "makes a model of 1,000,000,796,000,000,010 parameters; "
                    "at most 200,000,000 are allowed"
                ),
            ),
        ),
        (
            "neurons = 16",
            "neurons = 16\nlayers = [8]",
            (
                9,
                "models.mlp.layers",
                "already says what `neurons` would say: give one or the other",
            ),
        ),
        (
            "neurons = 16",
            "kernel_size = 3",
            (
                8,
                "models.mlp.kernel_size",
                (
                    "unknown key; known here: batch_size, dropout, epochs, hidden_layers, kind, "
                    "layer_norm, layers, learning_rate, momentum, neurons, optimizer, weight_decay"
                ),
            ),
        ),
        (
            'kind = "mlp"',
            'kind = "mpl"',
            (7, "models.mlp.kind", 'is "mpl", but must be "mlp" or "cnn"'),
        ),
        ('kind = "mlp"', "", (6, "models.mlp.kind", "is missing")),
        ('kind = "mlp"', "kind = 3", (7, "models.mlp.kind", 'is 3, but must be "mlp" or "cnn"')),
        (
            "[models.mlp]",
            "[models.mpl]",
            (12, "studies[0].model", 'there is no model "mlp"; did you mean `mpl`?'),
        ),
        ("[models.mlp]", "[model.mlp]", (6, "model", "unknown key; did you mean `models`?")),
        ("[[studies]]", "[[studys]]", (10, "studys", "unknown key; did you mean `studies`?")),
        ('name = "rate"', "", (10, "studies[0].name", "is missing")),
        (
            'name = "rate"',
            'nam = "rate"',
            (11, "studies[0].nam", "unknown key; did you mean `name`?"),
        ),
        (
            'name = "rate"',
            'name = " "',
            (11, "studies[0].name", 'is " ", but must be text of at least one visible character'),
        ),
        (
            'name = "rate"',
            'name = "a\\nb"',
            (11, "studies[0].name", r'is "a\nb", but must be one line without control characters'),
        ),
        (
            'factor = "learning_rate"',
            'factor = "learningrate"',
            (
                13,
                "studies[0].factor",
                'is "learningrate", which models.mlp does not have; did you mean `learning_rate`?',
            ),
        ),
        (
            'factor = "learning_rate"',
            'factor = "layers"',
            (
                13,
                "studies[0].factor",
                "`layers` is a list; vary it with `variants = [{ label, … }]`",
            ),
        ),
        ('factor = "learning_rate"', "", (10, "studies[0].factor", "is missing")),
        ("levels = [0.1, 0.01]", "", (10, "studies[0].levels", "is missing")),
        (
            "levels = [0.1, 0.01]",
            "level = [0.1, 0.01]",
            (14, "studies[0].level", "unknown key; did you mean `levels`?"),
        ),
        (
            'factor = "learning_rate"\nlevels = [0.1, 0.01]',
            "",
            (10, "studies[0]", "needs `factor` and `levels`, or `variants`"),
        ),
        (
            "levels = [0.1, 0.01]",
            'variants = [{ label = "a" }, { label = "b", dropout = 0.1 }]',
            (
                14,
                "studies[0].variants",
                "a study has either `factor` and `levels`, or `variants`, but not both",
            ),
        ),
        (
            "levels = [0.1, 0.01]",
            "levels = [0.1]",
            (14, "studies[0].levels", "has one entry, but must have 2 to 100"),
        ),
        (
            "levels = [0.1, 0.01]",
            "levels = [\n  0.1,\n  0.01, # as above\n  0.10,\n]",
            (17, "studies[0].levels[2]", "0.1 is the same setting as studies[0].levels[0]"),
        ),
        (
            "levels = [0.1, 0.01]",
            "levels = [\n  0.1,\n  0.01,\n  0,\n]",
            (17, "studies[0].levels[2]", "is 0, but must be above 0 and at most 1000000000"),
        ),
    ],
)
def test_each_mistake_is_one_problem(
    complain: Complain, old: str, new: str, expected: Parts
) -> None:
    """Line, key and reason in plain words, and nothing else that follows from it."""
    assert expected == complain_once(complain, change(old, new))


@pytest.mark.parametrize(
    ("variants", "key", "words"),
    [
        ('{ label = "a" }, { label = "b" }', "[1]", '"b" is the same setting as'),
        ('{ label = "a" }, { label = "A", dropout = 0.1 }', "[1].label", "already the label of"),
        ('{ label = "a" }, { label = "b", dropuot = 0.1 }', "[1].dropuot", "mean `dropout`?"),
        ('{ label = "a" }, { labl = "b", dropout = 0.1 }', "[1].labl", "mean `label`?"),
        ('{ label = "a" }, { dropout = 0.1 }', "[1].label", "is missing"),
        ('{ label = "a" }, { label = "b", dropout = 1 }', "[1].dropout", "below 1"),
        ('{ label = "a" }, { label = "b", kind = "cnn" }', "[1].kind", "another kind"),
        ('{ label = "a" }, { label = "b", neurons = 100000 }', "[1].neurons", "parameters"),
        ('{ label = "a" }, { label = "b", layers = [0] }', "[1].layers[0]", "between 1 and"),
        (
            '{ label = "a" }, { label = "b", layers = [4], hidden_layers = 1 }',
            "[1].layers",
            "one or the other",
        ),
        (
            '{ label = "baseline", dropout = 0.1 }, { label = "b", dropout = 0.2 }',
            "[0].label",
            "kept for the baseline",
        ),
        ('{ label = "a" }, 3', "[1]", "must be a table"),
        ('{ label = "a" }', "", "has one entry, but must have 2 to 100"),
    ],
)
def test_mistakes_in_variants(complain: Complain, variants: str, key: str, words: str) -> None:
    """Named variants are checked as strictly as levels."""
    line, found, reason = complain_once(complain, with_variants(variants))
    assert (13, f"studies[0].variants{key}") == (line, found)
    assert words in reason


def test_neurons_cannot_vary_where_layers_are_given(complain: Complain) -> None:
    """There is no one number of neurons to depart from."""
    text = change("neurons = 16", "layers = [8, 4]").replace('"learning_rate"', '"neurons"')
    line, key, reason = complain_once(complain, text.replace("[0.1, 0.01]", "[8, 16]"))
    assert (13, "studies[0].factor") == (line, key)
    assert "vary `layers`" in reason


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A", "A"),
        ("A", "a"),
        ("\u00e9", "e\u0301"),
        ("Straße", "STRASSE"),
        ("a b", "a/b"),
        ("x" * 79, "x" * 80),
    ],
)
def test_names_that_could_be_confused_are_named_both(
    complain: Complain, one: str, other: str
) -> None:
    """Two studies must not share a name, nor the files that are named after it."""
    text = with_study(other, "epochs", "[1, 2]", text=change('"rate"', f'"{one}"'))
    line, key, reason = complain_once(complain, text)
    assert (17, "studies[1].name") == (line, key)
    assert "(line 10)" in reason
    assert "(line 16)" in reason


def test_unknown_model_is_one_mistake_of_all_its_studies(complain: Complain) -> None:
    """Whoever misspells the model's own name is told so once."""
    text = change("[models.mlp]", "[models.mlpp]")
    text = with_study("other", "epochs", "[1, 2]", text=text)
    _, _, reason = complain_once(complain, text)
    assert 'there is no model "mlp"; did you mean `mlpp`? (also in line 18)' == reason


@pytest.mark.parametrize(
    ("extra", "key", "words"),
    [
        ("[data]\nseed = 1180591620717411303424", "data.seed", "between 0 and 4294967295"),
        ("[data.split]\ntest = 0.3", "data.split", "add up to 1.1, but must add up to 1"),
        ("[data.split]\ntest = 0", "data.split.test", "above 0 and below 1"),
        ('[data]\nsource = ""', "data.source", "visible character"),
        ('[submission]\nids = ["12_3"]', "submission.ids[0]", "digits 0 to 9"),
        ('[submission]\nids = ["../1"]', "submission.ids[0]", "digits 0 to 9"),
        ('[submission]\nids = ["\u0661\u0662"]', "submission.ids[0]", "digits 0 to 9"),
        ('[submission]\nids = ["12", "12"]', "submission.ids", '"12" is given twice'),
        (
            '[submission]\nscheme = "id2_id1"',
            "submission.scheme",
            "id1, id2 and so on in this order",
        ),
        ('[submission]\nscheme = "../id1"', "submission.scheme", 'such as "id1_id2_id3"'),
        ('[submission]\ninclude = ["../x"]', "submission.include[0]", "inside the output folder"),
        ('[submission]\ninclude = ["/x"]', "submission.include[0]", "inside the output folder"),
        ('[submission]\ninclude = ["a/.env"]', "submission.include[0]", "inside the output folder"),
        ('[report]\nlanguage = "englisch!"', "report.language", "a language tag"),
        ('[report]\nauthors = [{ name = "A" }]', "report.authors[0].id", "is missing"),
        ("[report]\ntitle = 3", "report.title", "is 3, but must be text of at most 200"),
        ("[final]\ncombine = 1", "final.combine", "is 1, but must be true or false"),
        ("[models.MLP]\nkind = 'mlp'", "models.MLP", "only in upper and lower case"),
        ("[models.'a b']\nkind = 'mlp'", 'models."a b"', "letters a to z"),
        (
            "[[rubric]]\nrequirement = 'r'\ncheck = 'insight'",
            "rubric[0].check",
            "did you mean `insights`?",
        ),
        ("[rubric]\ncheck = 'insights'", "rubric", "a list of tables, each under [[ ]]"),
    ],
)
def test_mistakes_elsewhere(complain: Complain, extra: str, key: str, words: str) -> None:
    """Every table is checked; what is not said has its default."""
    _, found, reason = complain_once(complain, f"{SMALL_MANIFEST}\n{extra}\n")
    assert key == found
    assert words in reason


@pytest.mark.parametrize("studies", ["", "studies = []\n"])
def test_a_manifest_without_studies_is_refused(complain: Complain, studies: str) -> None:
    """There is nothing to report without a question."""
    (problem,) = complain(studies + SMALL_MANIFEST.split("[[studies]]")[0])
    assert "studies" == problem.key
    assert problem.next_step
    assert "[[studies]]" in problem.next_step


def test_joined_levels_are_estimated_before_anything_is_trained(complain: Complain) -> None:
    """It is not after hours of training that the joined model turns out too large."""
    text = with_study("wide", "neurons", "[16, 10_000]")
    text = with_study("deep", "hidden_layers", "[2, 10]", text=text)
    _, key, reason = complain_once(complain, f"{text}[final]\ncombine = true")
    assert "final.combine" == key
    # 785 * 10,000 + 9 * 10,001 * 10,000 + 10,001 * 10
    assert "908,040,010 parameters" in reason


# --- What is wrong, all at once ---------------------------------------------------------------


def test_six_independent_mistakes_are_six_problems(complain: Complain, default_text: str) -> None:
    """Everything is reported together, in the order of lines, each mistake once."""
    text = default_text
    for old, new in {
        'language = "en"': "language = 3",
        "test = 0.2": "test = 0.3",
        "weight_decay = 0.0": "weight_decy = 0.0",
        'kind = "cnn"': 'kind = "cnn"\nweight_decay = true',
        'factor = "batch_size"\nlevels = [': 'factor = "batch_size"\nlevels = [0, ',
        'check = "insights"': 'check = "insigths"',
    }.items():
        text = replace_once(text, old, new)
    problems = complain(text)
    assert [
        "report.language",
        "data.split",
        "training.weight_decy",
        "models.cnn.weight_decay",
        "studies[1].levels[0]",
        "rubric[15].check",
    ] == [problem.key for problem in problems]
    lines = [problem.line or 0 for problem in problems]
    assert sorted(set(lines)) == lines


def test_several_mistakes_of_one_study_are_all_told(complain: Complain) -> None:
    """A wrong title does not hide a wrong level, nor one level another."""
    problems = complain(
        change("levels = [0.1, 0.01]", 'title = 3\nlevels = [0.1, "x", true, 0.1, nan, 0.01]')
    )
    assert [
        *(f"studies[0].levels[{index}]" for index in (1, 2, 3, 4)),
        "studies[0].title",
    ] == sorted(str(problem.key) for problem in problems)


def test_every_problem_is_one_short_line(complain: Complain) -> None:
    """Long values are cut, control characters escaped."""
    (problem,) = complain(change('name = "rate"', f'name = "{"x" * 50_000}\\u001b[2J\\n"'))
    assert len(problem.reason) < 200
    assert str(problem).isprintable()
