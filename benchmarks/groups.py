"""What is measured, group by group; each function is one repeat, and returns a number for each key.

Whatever is compared is measured in turns. Samples are seconds unless their group says otherwise.
"""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import Final

from benchmarks.bench import Bench, run_peer, train_ours
from benchmarks.commands import loads_torch, time_command
from benchmarks.products import SQUARE, count_multiply_adds, list_products, measure_products
from benchmarks.size import REPEATS, SIZES, fit_growth, measure_sizes
from mnistreport.options import Listener, Options, count_cores
from mnistreport.pipeline import collect_results, look_up, open_project
from mnistreport.study.expansion import expand_variants
from mnistreport.study.experiment import Variant

PEERS: Final = ("usual", "skorch", "lightning")
OUR_EPOCHS: Final = 5
"""Of each run of ours, where a peer trains one: our time has the start of the workers in it, which
a build pays once for twenty epochs."""
ROOFLINE_EPOCHS: Final = 2
CNN_SHARE: Final = 1 / 3
"""Share of the images that the usual script trains a convolutional network on, to save time."""
ACCURACY_EPOCHS: Final = {"mlp": 3, "cnn": 1}
LEARNING_RATE: Final = 0.01
"""At which accuracies are compared. With 0.1, an early epoch of one way to train and one order of
the images ends anywhere between 92 % and 97 %, and every comparison would be one of luck."""
ROOFLINE_BATCH: Final = 64
"""The smallest batch whose products count for the roofline."""
GPU_SHARE: Final = 10
"""On a GPU, each run is trained for this part of its epochs."""


def find_missing_peers() -> dict[str, str]:
    """Return the peers that are not installed, and that they are not."""
    libraries = [name for name in PEERS if name != "usual"]
    return {name: "not installed" for name in libraries if find_spec(name) is None}


def measure_mlp(bench: Bench, repeat: int) -> dict[str, float]:
    """Measure seconds per epoch of a feedforward network, over all variants and of each."""
    variants, names = bench.pick_variants("mlp"), bench.name_variants()
    ours = train_ours(variants, bench, lambda _: OUR_EPOCHS)
    measured = {"ours": ours.seconds_per_epoch}
    for variant in variants:
        runs = [run for each, run in ours.runs if _is_like(each.variant, variant) and run.history]
        if runs:
            updates = mean(run.duration_seconds / len(run.history) for run in runs)
            measured[f"ours, {names[variant.key]}"] = updates
    missing = find_missing_peers()
    for peer in (*PEERS[repeat % len(PEERS) :], *PEERS[: repeat % len(PEERS)]):
        if peer not in missing:
            seconds = [each for each, _ in run_peer(peer, variants, bench, seed=repeat)]
            measured[peer] = mean(seconds)
            for variant, each in zip(variants, seconds, strict=True):
                measured[f"{peer}, {names[variant.key]}"] = each
    return measured


def measure_cnn(bench: Bench, repeat: int) -> dict[str, float]:
    """Measure seconds per epoch of a convolutional network, over all variants."""
    variants = bench.pick_variants("cnn")
    usual = run_peer("usual", variants, bench, share=CNN_SHARE, seed=repeat)
    ours = train_ours(variants, bench, lambda _: 1)
    return {"usual": mean(each for each, _ in usual), "ours": ours.seconds_per_epoch}


def measure_build(bench: Bench, repeat: int) -> dict[str, float]:
    """Measure a whole build, documents included, and the usual script's training of its runs."""
    options = bench.choose_options(f"build {repeat}")
    words = _spell_options(options, "build")
    build, again = time_command(*words), time_command(*words)
    plan = time_command(*_spell_options(options, "plan"))
    project = open_project(options, Listener())
    results = collect_results(project, lambda each: look_up(each, project, Listener()))
    usual = 0.0
    for kind, share in (("mlp", 1.0), ("cnn", CNN_SHARE)):
        summaries = [
            each for each in results.variants.values() if each.variant.architecture.kind == kind
        ]
        variants = [each.variant for each in summaries]
        timed = run_peer("usual", variants, bench, share=share, seed=repeat)
        for summary, (seconds, _) in zip(summaries, timed, strict=True):
            usual += seconds * sum(len(run.history) for run in summary.runs.values())
    return {"ours": build, "usual": usual, "again": again, "plan": plan, "runs": len(results.runs)}


def measure_roofline(bench: Bench, repeat: int) -> dict[str, float]:
    """Measure multiply-adds per second: of products alone, and of training."""
    del repeat
    cores, seconds = count_cores(), 0.2 if bench.quick else 3.0
    large = [
        each for each in bench.pick_variants("mlp") if each.training.batch_size >= ROOFLINE_BATCH
    ]
    largest = max(each.training.batch_size for each in large)
    shapes = [  # in proportion to the updates of an epoch
        shape
        for variant in large
        for _ in range(largest // variant.training.batch_size)
        for shape in list_products(variant)
    ]
    measured = {
        "square": measure_products(SQUARE, cores, seconds),
        "square, MKL": measure_products(SQUARE, cores, seconds, by_mkl=True),
        "shapes": measure_products(shapes, cores, seconds),
    }
    runs = train_ours(large, bench, lambda _: ROOFLINE_EPOCHS).runs
    done = sum(
        len(run.history) * bench.place.sizes.train * count_multiply_adds(experiment.variant)
        for experiment, run in runs
    )
    # A worker's rate is all work over all time that workers spent on it; there are `cores` workers.
    return measured | {"ours": cores * done / sum(run.duration_seconds for _, run in runs)}


def measure_accuracy(bench: Bench, repeat: int) -> dict[str, float]:
    """Measure the validation accuracy of the baselines, however they are trained."""
    measured: dict[str, float] = {}
    missing = find_missing_peers()
    for kind, peers in (("mlp", PEERS), ("cnn", PEERS[:1])):
        first = bench.pick_variants(kind)[0]
        variant = replace(first, training=replace(first.training, learning_rate=LEARNING_RATE))
        epochs = ACCURACY_EPOCHS[kind]
        for peer in peers:
            if peer not in missing:
                ((_, accuracy),) = run_peer(peer, [variant], bench, epochs=epochs, seed=repeat)
                measured[f"{kind}, {peer}"] = accuracy
        ((_, run),) = train_ours([variant], bench, lambda _, n=epochs: n, seeds=[repeat]).runs
        measured[f"{kind}, ours"] = run.history[-1].validation_accuracy
    return measured


def measure_commands(bench: Bench, repeat: int) -> dict[str, float]:
    """Measure how soon commands answer once all is built, and which of them load torch."""
    options = bench.choose_options("commands")
    build = _spell_options(options, "build")
    if repeat == 0:
        time_command(*build)
    plan, check = (_spell_options(options, command) for command in ("plan", "check"))
    elsewhere = replace(options, output=bench.folder / f"rendered {repeat}")
    render = (*_spell_options(elsewhere, "render"), "--no-notebook")
    return {
        "--help": time_command("--help"),
        "--version": time_command("--version"),
        "plan": time_command(*plan),
        "build": time_command(*build),
        "torch in plan": loads_torch(*plan),
        "torch in check": loads_torch(*check),
        "torch in render": loads_torch(*render),
    }


def measure_size(bench: Bench, repeat: int) -> dict[str, float]:
    """Measure what commands cost as stored runs grow in number, and the power they grow by.

    Samples are seconds of a processor, or seconds on the clock, megabytes and powers where they
    say so.
    """
    del repeat
    sizes = (30, 60) if bench.quick else SIZES
    costs = measure_sizes(sizes, repeats=1 if bench.quick else REPEATS)
    measured: dict[str, float] = {}
    for cost in costs:
        name = f"{cost.what}, {cost.runs} runs"
        measured |= {name: cost.cpu_seconds, f"{name}, clock": cost.wall_seconds}
        if cost.peak_bytes:
            measured[f"{name}, MB"] = cost.peak_bytes / 1e6
    for growth in fit_growth(costs):
        measured[f"{growth.what}, power"] = growth.whole if growth.added is None else growth.added
    return measured


def measure_gpu(bench: Bench, repeat: int) -> dict[str, float]:
    """Measure seconds of a part of each run's epochs on a GPU: MLPs, and all networks."""
    variants = expand_variants(bench.project.manifest)
    mlps = bench.pick_variants("mlp")
    each_epoch = dict(
        zip(variants, run_peer("usual", variants, bench, seed=repeat, device="cuda"), strict=True)
    )
    measured: dict[str, float] = {}
    for name, part in (("mlp", mlps), ("all", variants)):
        ours = train_ours(part, bench, lambda epochs: max(1, epochs // GPU_SHARE), device="cuda")
        measured[f"{name}, ours"] = ours.seconds
        measured[f"{name}, usual"] = sum(
            seconds * len(run.history)
            for variant, (seconds, _) in each_epoch.items()
            for each, run in ours.runs
            if _is_like(each.variant, variant)
        )
    return measured


GROUPS: Final[dict[str, Callable[[Bench, int], dict[str, float]]]] = {
    "mlp": measure_mlp,
    "cnn": measure_cnn,
    "roofline": measure_roofline,
    "accuracy": measure_accuracy,
    "commands": measure_commands,
    "size": measure_size,
    "build": measure_build,
    "gpu": measure_gpu,
}
MEASURED_ONCE: Final = {"build", "size"}
"""Groups that take too long, or repeat themselves inside."""

ON_EMBEDDED_DIGITS: Final = {"commands", "size"}
"""Groups in which it does not matter what is learned."""


def find_obstacle(group: str) -> str | None:
    """Return why ``group`` cannot be measured here, if it cannot."""
    if group == "gpu":
        import torch

        return None if torch.cuda.is_available() else "no GPU was at hand"
    return None


def _is_like(shortened: Variant, variant: Variant) -> bool:
    """Tell whether two variants differ in nothing but their epochs."""
    training = replace(shortened.training, epochs=variant.training.epochs)
    return replace(shortened, training=training) == variant


def _spell_options(options: Options, command: str) -> tuple[str | Path, ...]:
    """Return the words of a command with its common options."""
    words: list[str | Path] = [command, "--manifest", options.manifest]
    if options.data:
        words += ["--data", options.data]
    words += ["--cache", options.cache or "", "--output", options.output or ""]
    return (*words, *(["--device", options.device] if command == "build" else []))
