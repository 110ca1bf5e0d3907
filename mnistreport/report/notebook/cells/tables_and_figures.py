import warnings
from statistics import fmean, stdev

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib_inline.backend_inline import set_matplotlib_formats

set_matplotlib_formats("retina")
warnings.filterwarnings("ignore", "Glyph .* missing")  # a name may hold letters the font lacks
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "font.size": 9})
pd.set_option("display.max_colwidth", None, "display.width", 200)
METRICS = ["train_loss", "validation_loss", "train_accuracy", "validation_accuracy"]


def find_variant(variant: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return a variant's finished runs, a row each, and their histories."""
    finished = runs[(runs.variant == variant) & (runs.status == "finished")]
    return finished, [epochs[epochs.fingerprint == name] for name in finished.fingerprint]


def find_levels(study: str) -> list:
    """Return the levels of a study, in order."""
    return list(levels[levels.study == study].itertuples())


def format_measure(shares: list[float]) -> str:
    """Return mean ± standard deviation over the seeds; one seed has no spread."""
    mean = format_percent(fmean(shares))
    return f"{mean}{SPACE}±{SPACE}{_format_spread(stdev(shares), 2)}" if len(shares) > 1 else mean


def show_levels(study: str) -> pd.DataFrame:
    """Return a table of where the levels of a study ended: means over the seeds that finished."""
    rows, names = [], []
    for level in find_levels(study):
        finished, _ = find_variant(level.variant)
        names.append(level.label + " (baseline)" * level.is_baseline)
        rows.append(
            [
                *(format_loss(fmean(finished[metric])) for metric in METRICS[:2]),
                format_percent(fmean(finished.train_accuracy)),
                format_measure([*finished.validation_accuracy]),
                format_count(finished.updates.iloc[0]),
            ]
            if len(finished)
            else [UNKNOWN] * 5
        )
    columns = ["train loss", "val. loss", "train accuracy", "val. accuracy", "updates"]
    return pd.DataFrame(rows, index=pd.Index(names, name="level"), columns=columns)


def show_variants() -> pd.DataFrame:
    """Return a table of all variants with a finished run, the highest mean accuracy first."""
    setting = ["layers", "dropout", "layer_norm", "learning_rate", "batch_size"]
    rare = ("momentum", "weight_decay", "epochs")
    setting += [name for name in rare if len(set(runs[name])) > 1]
    finished = runs[runs.status == "finished"].groupby("variant", sort=False)
    ranked = finished.validation_accuracy.agg(fmean).sort_values(ascending=False, kind="stable")
    rows = finished[["model", *setting]].first().loc[ranked.index]
    for name in rows.select_dtypes("float"):
        rows[name] = rows[name].map(str)  # all digits: pandas would round them
    if rows.duplicated().any():  # they differ in the size of kernels
        rows["variant"] = rows.index
    accuracies = [
        format_measure([*finished.get_group(key).validation_accuracy]) for key in rows.index
    ]
    return rows.assign(**{"val. accuracy": accuracies}).set_index("model")


def escape(name: str) -> str:
    """Return a name as matplotlib prints it as it is: a dollar sign begins no formula."""
    return name.replace("$", r"\$")


def plot_curves(named: dict[str, list[pd.DataFrame]]) -> None:
    """Plot loss and accuracy, epoch by epoch: for each name the mean of several histories.

    Training is dashed, validation solid; the band reaches from the lowest to the highest seed.
    """
    fig, axes = plt.subplots(1, 2, figsize=(8.5, 2.9), layout="constrained")
    colours = plt.colormaps["viridis"](np.linspace(0, 0.85, len(named)))
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=True):
        for colour, histories in zip(colours, named.values(), strict=True):
            if not histories:
                continue
            at, dot = histories[0].epoch, "o" if len(histories[0]) == 1 else ""
            for split, style in (("train", "--"), ("validation", "-")):
                curves = [history[f"{split}_{metric}"] for history in histories]
                ax.plot(at, np.mean(curves, axis=0), style, color=colour, marker=dot)
            low, high = np.min(curves, axis=0), np.max(curves, axis=0)
            ax.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
        ax.set(xlabel="epoch", ylabel=metric)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(alpha=0.3)
    axes[1].yaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
    keys = [plt.Line2D([], [], color=colour) for colour in colours]
    keys += [plt.Line2D([], [], color="gray", linestyle=style) for style in ("--", "-")]
    names = [*map(escape, named), "training", "validation"]
    fig.legend(keys, names, loc="outside right upper", frameon=False)
    plt.show()


def plot_variant(variant: str) -> None:
    """Plot the curves of one variant."""
    plot_curves({"mean over the seeds": find_variant(variant)[1]})


def plot_study(study: str) -> None:
    """Plot the curves of a study's levels."""
    plot_curves({each.label: find_variant(each.variant)[1] for each in find_levels(study)})


def plot_accuracies(study: str) -> None:
    """Plot where the levels of a study ended on the validation split: each seed, and the mean."""
    shown = find_levels(study)
    _, ax = plt.subplots(figsize=(6.5, 0.8 + 0.32 * len(shown)), layout="constrained")
    for place, level in enumerate(shown):
        shares = find_variant(level.variant)[0].validation_accuracy
        colour = "tab:orange" if level.is_baseline else "tab:blue"
        ax.plot(shares, [place] * len(shares), "o", color=colour, alpha=0.5)
        if len(shares):
            ax.vlines(shares.mean(), place - 0.25, place + 0.25, color=colour)
    names = [escape(each.label) + " (baseline)" * each.is_baseline for each in shown]
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="validation accuracy", ylim=(len(names) - 0.5, -0.5))
    ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
    ax.grid(axis="x", alpha=0.3)
    plt.show()
