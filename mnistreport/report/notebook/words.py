"""What the notebook's own Markdown cells say; all other words are the report's."""

from typing import Final

from mnistreport.report.views import ReportContext

ABOUT: Final = """\
`mnistreport` wrote this notebook and ran it, from the same runs and templates as the report. The
networks, the loss, gradient descent and the training loop stand in its cells as the program's own
source; of the {others}, feedforward networks may have been trained by a faster form of the loop,
which tests hold to this one. {live}
Other numbers come from `levels.csv`, `runs.csv` and `epochs.csv`{networks}\
, which lie beside this notebook.

To run it again, *Restart and run all* needs {packages}, and the digits: {digits}."""

ABOUT_NETWORKS: Final = ", and the best networks from\n`best_*.safetensors`"
ABOUT_LIVE: Final = "Here it trains the baseline of the {model} once more."
ABOUT_NO_LIVE: Final = (
    "No baseline is trained here: none finished with the first seed, or one epoch takes too long."
)
ABOUT_NO_TWIN: Final = (
    "No baseline is trained here: of none there is a run that this program trained with the first "
    "seed, or one epoch takes too long."
)
ABOUT_IMPORTED: Final = (
    "{runs} were not trained by this program, but imported from files, and not checked; for these "
    "the column `imported` of `runs.csv` names the file."
)
DIGITS_IN_FILES: Final = (
    "in the folder that the environment variable `MNISTREPORT_DATA` names, or else in a folder "
    "`data`, beside the notebook or two folders further up"
)
OR_FROM_KAGGLE: Final = "; otherwise `kagglehub` fetches MNIST from Kaggle"
DIGITS_EMBEDDED: Final = "those that come with scikit-learn"

SAMPLES: Final = "Two images of each digit, from the training split."
SPLITS: Final = "Images of each digit in the three splits."

LOADER: Final = """\
### The data loader

Pixels are normalised with the mean and standard deviation of the training split; a torch
`DataLoader` serves whole batches."""

NETWORKS: Final = """\
### The networks in PyTorch

First the settings that decide a run, then the two networks."""

LOSS: Final = r"""### The loss

For an image with the digit $y$ and the outputs $z$ of the network, cross-entropy is

$$-\log \frac{e^{z_y}}{\sum_k e^{z_k}} = \log \sum_k e^{z_k} - z_y .$$

The loss $L$ of a batch is its mean."""

DESCENT: Final = r"""### Gradient descent

With the learning rate $\eta$, momentum $\mu$ and weight decay $\lambda$, a step moves each
weight $w$ by

$$v \leftarrow \mu v + \frac{\partial L}{\partial w} + \lambda w, \qquad w \leftarrow w - \eta v .$$

With $\mu = \lambda = 0$ that is plain gradient descent."""

LOOP: Final = "### The training loop"

SHOWING: Final = """\
### How results are shown

Numbers are rounded as in the report. In curves, training is dashed and validation solid; lines are
means over the seeds that finished, and the band reaches from the lowest to the highest of them on
validation."""

LIVE: Final = """\
### Trained here

The baseline of the {model} with seed {seed}: {epochs}. The stored run of the same settings, seed
and split goes by the same fingerprint. It may have been computed by a faster form of this loop,
which adds the same numbers in another order, so the two agree but for rounding, whose traces can
grow from epoch to epoch."""
ALL_EPOCHS: Final = "all of its {epochs}"
FIRST_EPOCHS: Final = "the first {here} of its {epochs}, as all of them would take long"
LIVE_CURVES: Final = (
    "Loss and accuracy of the {model}’s baseline, as trained here with seed {seed}."
)

ALL_SEEDS: Final = "### {model}: the stored runs of its baseline"
ALL_IMPORTED: Final = "### {model}: the runs of its baseline, {imported} of {runs} imported"

CURVES: Final = "{title}: loss (nats) and accuracy after each epoch."
BASELINE_CURVES: Final = "The baseline of the {model}: loss (nats) and accuracy after each epoch."
LEVELS: Final = (
    "{title}: means over the seeds that finished, at the last epoch, ± standard deviation."
)
ACCURACIES: Final = (
    "{title}: validation accuracy at the last epoch, a dot for each seed that finished and a line "
    "for their mean."
)

LEVELS_OF_ONE: Final = "{title}: the one seed at the last epoch."
ACCURACIES_OF_ONE: Final = "{title}: validation accuracy at the last epoch, of the one seed."
ALL_VARIANTS: Final = (
    "Every variant with a run that finished, the highest mean validation accuracy first."
)

FACTOR: Final = (
    "The {model} is trained from scratch with {levels} values of one factor, {factor}; everything "
    "else stays at the baseline, whose own value is {baseline}."
)
VARIANTS: Final = (
    "The {model} is trained from scratch in {levels} variants; the baseline is “{baseline}”."
)

FACTOR_IMPORTED: Final = (
    "This study asks what {levels} values of one factor, {factor}, change for the {model}; by the "
    "manifest everything else stays at the baseline, whose own value is {baseline}."
)
VARIANTS_IMPORTED: Final = (
    "This study asks how {levels} variants of the {model} differ; the baseline is “{baseline}”."
)
OF_REPORT: Final = {
    "those that the runs were trained on": "those of the report",
    "the one that the runs were trained on": "that of the report",
    "the same as in the runs": "the same as in the report",
}
"""What the code itself says otherwise where runs were imported: of these nobody knows it."""

TEST: Final = (
    "{aside}{each} model is tested with {rule}. The stored "
    "network of each is loaded and classifies the test split here."
)
ASIDE: Final = "The test split was kept aside until here. "
NO_TEST: Final = "This notebook has no test result yet. A model is tested with {rule}."
CONFUSION: Final = "Test images by true digit and answer: {model}, seed {seed}."
DIGITS: Final = "Precision, recall and F1 of each digit: {model}, seed {seed}, test split."
MISTAKES: Final = "The mistakes that the {model} was surest of, the true digit first."

MADE_WITH: Final = "Made with {versions}."


def say_test(context: ReportContext) -> str:
    """Say by which rule models are tested, and what is done here."""
    if not context.finals:
        return NO_TEST.format(rule=context.rule)
    return TEST.format(
        aside="" if context.read_otherwise else ASIDE,
        each="A" if context.untested_models else "Each",
        rule=context.rule,
    )
