import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from safetensors import safe_open
from safetensors.torch import load_file
from sklearn import metrics

ARCHITECTURES = {"mlp": MlpArchitecture, "cnn": CnnArchitecture}


def load_best(model: str) -> nn.Module:
    """Return the stored network of the run that was chosen on the validation split."""
    with safe_open(f"best_{model}.safetensors", "pt") as file:
        setting = json.loads(file.metadata()["mnistreport"])["architecture"]
    lists = {name: tuple(value) for name, value in setting.items() if isinstance(value, list)}
    network = make_model(ARCHITECTURES[setting["kind"]](**(setting | lists)))
    network.load_state_dict(load_file(f"best_{model}.safetensors"))
    return network


def test_model(model: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what the stored network takes each test image for, and how sure it is."""
    evaluation = evaluate_model(load_best(model), test_digits)
    sure, predicted = evaluation.probabilities.max(dim=1)
    right = int((predicted == test_digits.labels).sum())
    print(
        f"{format_count(right)} of {format_count(len(test_digits))} test images right: "
        f"{format_percent(evaluation.accuracy)}"
    )
    return predicted.numpy(), sure.numpy()


def show_digits(predicted: np.ndarray) -> pd.DataFrame:
    """Return precision, recall and F1 of each digit."""
    precision, recall, f1, images = metrics.precision_recall_fscore_support(
        test_digits.labels, predicted, labels=range(CLASSES), zero_division=0
    )
    return pd.DataFrame(
        {
            "precision": map(format_percent, precision),
            "recall": map(format_percent, recall),
            "F1": map(format_percent, f1),
            "test images": map(format_count, images),
        },
        index=pd.Index(range(CLASSES), name="digit"),
    )


def plot_confusion(predicted: np.ndarray) -> None:
    """Plot the confusion matrix: rows are the true digits, columns what they were taken for."""
    metrics.ConfusionMatrixDisplay.from_predictions(
        test_digits.labels, predicted, labels=range(CLASSES), cmap="Blues", colorbar=False
    )
    plt.gcf().set_size_inches(4.6, 4.6)
    plt.show()


def plot_mistakes(predicted: np.ndarray, sure: np.ndarray) -> None:
    """Plot the ten mistakes that the network was surest of."""
    wrong = np.flatnonzero(predicted != test_digits.labels.numpy())
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")][:10]
    _, axes = plt.subplots(1, 10, figsize=(8.5, 1.4))
    for ax in axes:
        ax.axis("off")
    for ax, index in zip(axes, wrong, strict=False):
        ax.imshow(images[split["test"][index]], cmap="gray_r")
        ax.set_title(f"{labels[split['test'][index]]} as {predicted[index]}", fontsize=9)
    plt.show()
