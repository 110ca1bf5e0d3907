"""Names in words: factors, levels, settings, as a reader calls them."""

import re
from collections.abc import Sequence

from mnistreport.analysis.joined import JoinedLevel
from mnistreport.analysis.results import LevelSummary, StudySummary
from mnistreport.report.numbers import UNKNOWN, format_count, format_percent
from mnistreport.study.experiment import CnnArchitecture, Experiment, Variant
from mnistreport.study.manifest import FieldValue, Trimmed
from mnistreport.study.spelling import format_label, spell_fields

_FACTORS = {
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "neurons": "neurons per hidden layer",
    "hidden_layers": "hidden layers",
    "layer_norm": "layer normalisation",
    "weight_decay": "weight decay",
    "kernel_size": "kernel size",
    "dense": "neurons of the dense layer",
}

_BRIEF = {
    "learning_rate": "lr",
    "batch_size": "batch",
    "kernel_size": "kernel",
    "layer_norm": "layer norm",
}
"""What a field is called where there is little room."""
_ALWAYS_NAMED = {"kind", "layers", "channels", "dense", "learning_rate", "batch_size"}
"""Fields that are in every experiment's name, in words or as sizes."""

_FILES = 4
"""More of them are counted, not named."""

COUNTED = {"neurons", "hidden_layers", "dense", "epochs"}
"""Factors whose levels count something: ``128 neurons``, not ``neurons 128``."""


class Prose(str):
    """Text that is Markdown already; any other text is escaped where a template makes Markdown."""

    __slots__ = ()


def escape_markdown(text: str) -> str:
    """Return Markdown that shows ``text`` as it stands: a name may hold stars and brackets."""
    text = re.sub(r"[\\`*\[\]<>!#|~&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\\g<0>", text)
    return re.sub(r"^(\s*)([-+=])|^(\s*\d+)([.)])(?=\s|$)", r"\1\3\\\2\4", text)


def capitalise(text: str) -> str:
    """Return ``text`` with its first letter in upper case and the others as they are."""
    return text[:1].upper() + text[1:]


def end_sentence(text: str) -> str:
    """Return ``text`` with a full stop, unless it ends a sentence already."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def name_factor(factor: str) -> str:
    """Return a field of the manifest as a reader calls it."""
    return _FACTORS.get(factor, factor.replace("_", " "))


def name_level(study: StudySummary, level: LevelSummary) -> str:
    """Return a level in words: ``learning rate 0.1``, ``128 neurons per hidden layer``."""
    factor = study.study.factor
    if factor is None:
        return f"“{level.label}”"
    if factor in COUNTED:
        counted = name_factor(factor)
        if level.label == "1":
            for many in ("neurons", "layers", "epochs"):
                counted = counted.replace(many, many[:-1])
        return f"{level.label} {counted}"
    return f"{name_factor(factor)} {level.label}"


def name_joined(joined: JoinedLevel) -> str:
    """Return a level in words as far as a joined variant holds it: ``“both” without its dropout``.

    Fields that another study's level overrides are taken from it.
    """
    level = name_level(joined.study, joined.level)
    if not joined.lost:
        return level
    return f"{level} without its {join_words([name_factor(field) for field in joined.lost])}"


def name_levels(study: StudySummary, levels: Sequence[LevelSummary]) -> str:
    """Return several levels in words: ``learning rate 0.01 and 0.1``, ``every level``."""
    if len(levels) == len(study.levels) > 1:
        return "every level"
    factor = study.study.factor
    if factor is None:
        return join_words([name_level(study, level) for level in levels])
    labels = join_words([level.label for level in levels])
    if factor in COUNTED:
        return f"{labels} {name_factor(factor)}"
    return f"{name_factor(factor)} {labels}"


def join_words(words: Sequence[str]) -> str:
    """Join as in a sentence: ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def count_things(count: int, what: str) -> str:
    """Return a number of things: ``1 study``, ``3 studies``, ``1,020 runs``."""
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{format_count(count)} {what if count == 1 else plural}"


def name_files(names: Sequence[str]) -> str:
    """Return files by their names, of very many the first: ``a.csv, b.csv and 7 more files``."""
    if len(names) <= _FILES:
        return join_words(names)
    shown = names[: _FILES - 1]
    return join_words([*shown, count_things(len(names) - len(shown), "more file")])


def describe_architecture(variant: Variant) -> str:
    """Return the architecture in a phrase."""
    architecture = variant.architecture
    widths = " → ".join(map(str, architecture.sizes))
    if isinstance(architecture, CnnArchitecture):
        blocks = " → ".join(map(str, architecture.channels))
        kernel = architecture.kernel_size
        text = f"{kernel}×{kernel} convolutions with {blocks} channels, dense {architecture.dense}"
    else:
        text = f"hidden layers {widths}"
    if architecture.dropout:
        text += f", dropout {format_label(architecture.dropout)}"
    if architecture.layer_norm:
        text += ", layer normalisation"
    return text


def describe_training(variant: Variant) -> str:
    """Return how a variant is trained in a phrase."""
    training = variant.training
    rate = format_label(training.learning_rate)
    text = f"learning rate {rate}, batch size {training.batch_size}"
    if training.momentum:
        text += f", momentum {format_label(training.momentum)}"
    if training.weight_decay:
        text += f", weight decay {format_label(training.weight_decay)}"
    return f"{text}, {count_things(training.epochs, 'epoch')}"


def describe_variant(variant: Variant) -> str:
    """Return the whole setting in a phrase."""
    return f"{describe_architecture(variant)}; {describe_training(variant)}"


def name_experiment(experiment: Experiment) -> str:
    """Return an experiment on part of a line: ``mlp 128-128, lr 0.1, batch 64, seed 2``.

    Every field that is not at its default is named, so that no two experiments share a name.
    """
    from mnistreport.study.settings import MODEL_TABLES  # pydantic, which no template needs

    variant = experiment.variant
    fields = spell_fields(variant, by_layer=True)
    table = MODEL_TABLES[variant.architecture.kind]
    named = ["learning_rate", "batch_size"]
    named += [
        name
        for name, value in fields.items()
        if name not in _ALWAYS_NAMED and value != table.model_fields[name].default
    ]
    sizes = format_setting(variant.architecture.sizes)
    parts = [_name_briefly(name, fields[name]) for name in named]
    return ", ".join([f"{variant.model} {sizes}", *parts, f"seed {experiment.seed}"])


def _name_briefly(field: str, value: FieldValue) -> str:
    if field == "epochs" and isinstance(value, int):
        return count_things(value, "epoch")
    brief = _BRIEF.get(field, name_factor(field))
    if isinstance(value, bool):
        return brief if value else f"no {brief}"
    return f"{brief} {format_setting(value)}"


def format_setting(value: FieldValue | None) -> str:
    """Return the value of any field: ``0.1``, ``on``, ``128-128`` as in runs.csv."""
    if isinstance(value, bool | int | float):
        return format_label(value)
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return value or UNKNOWN


def name_duration(seconds: int) -> str:
    """Return a time that a person chose: ``10 min``, ``1 h 30 min``, ``90 s`` as ``1 min 30 s``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def describe_budget(trimmed: Trimmed) -> str:
    """Return a budget and what it left: ``to keep within 10 min: 2 of 3 seeds``."""
    return f"to keep within {name_duration(trimmed.budget_seconds)}: {describe_trimmed(trimmed)}"


def describe_trimmed(trimmed: Trimmed) -> str:
    """Return what a time budget left: ``2 of 3 seeds and 12 of 20 epochs``."""
    kept, asked = trimmed.seeds
    seeds = [f"{kept} of {asked} seeds"] if kept < asked else []
    cut = {
        name: f"{kept} of {asked} epochs"
        for name, (kept, asked) in trimmed.epochs.items()
        if kept < asked
    }
    if len(cut) == len(trimmed.epochs) and len(set(cut.values())) == 1:
        epochs = [next(iter(cut.values()))]
    else:
        epochs = [f"{text} ({name})" for name, text in cut.items()]
    if trimmed.others < 1:
        share = format_percent(trimmed.others, 0)
        epochs.append(f"about {share} of the epochs of settings that have their own")
    return (", and " if len(epochs) > 1 else " and ").join(
        join_words(each) for each in (seeds, epochs) if each
    )
