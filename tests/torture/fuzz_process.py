"""A process that feeds mutations to one reader.

    python -m tests.torture.fuzz_process READER TOOL RUNS SEED FOLDER

The tool is ``hypothesis`` or ``atheris``, the folder empty.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.torture.fuzz_mutations import Mutate
from tests.torture.fuzz_watch import Outcome, Watch, limit_memory

MEMORY: Final = {"hypothesis": 2**30, "atheris": 4 * 2**30}
"""Bytes that a reader may take, and with it what atheris keeps of the inputs that it has tried."""
LONGEST: Final = 300_000
"""Bytes of an input; a manifest of more than 256 KiB is refused unread."""
INSTRUMENTED: Final = (
    *("mnistreport.study", "mnistreport.data", "mnistreport.verification", "mnistreport.report"),
    *("tomllib", "zipfile", "gzip", "csv"),
)
"""Modules in which atheris sees how far an input reaches."""


_ANEW: Final = 0.25
"""Share of atheris' mutations that start from an input that is as it should be."""


@dataclass(frozen=True)
class Target:
    """A reader of what others wrote.

    Attributes:
        make_seeds: Returns inputs to begin with.
        mutate: Changes one.
        make_check: Returns what reads one, and checks what comes of it.
    """

    make_seeds: Callable[[Path], list[bytes]]
    mutate: Mutate
    make_check: Callable[[Path], Callable[[bytes], Outcome]]


def load_target(name: str) -> Target:
    """Return a target by its name; what it reads with is loaded only now."""
    if name == "manifest":
        from tests.torture import fuzz_manifests as each

        return Target(each.make_seeds, each.mutate, each.make_check)
    if name in {"idx", "csv"}:
        from tests.torture import fuzz_digits

        return (
            Target(fuzz_digits.make_idx_seeds, fuzz_digits.mutate_idx, fuzz_digits.make_idx_check)
            if name == "idx"
            else Target(
                fuzz_digits.make_csv_seeds, fuzz_digits.mutate_csv, fuzz_digits.make_csv_check
            )
        )
    if name == "insight":
        from tests.torture import fuzz_insights

        return Target(fuzz_insights.make_seeds, fuzz_insights.mutate, fuzz_insights.make_check)
    from tests.torture import fuzz_zips

    return Target(fuzz_zips.make_seeds, fuzz_zips.mutate, fuzz_zips.make_check)


def feed_hypothesis(watch: Watch, target: Target, seeds: list[bytes], runs: int, seed: int) -> None:
    """Have hypothesis choose what is changed, and how."""
    import hypothesis
    from hypothesis import strategies as st

    fresh = st.binary(max_size=6) | st.text(max_size=3).map(lambda text: text.encode())

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=runs,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(
        st.sampled_from(seeds),
        st.randoms(use_true_random=False),
        st.lists(fresh, min_size=1, max_size=3),
    )
    def feed(content: bytes, draw: Random, pieces: list[bytes]) -> None:
        for piece in pieces:
            content = target.mutate(content, draw, piece)
        watch.run(content[:LONGEST])

    feed()


def feed_atheris(
    watch: Watch, target: Target, seeds: list[bytes], runs: int, seed: int, folder: Path
) -> None:
    """Have atheris look for inputs that reach further; it ends the process itself."""
    import atheris

    corpus = folder / "corpus"
    corpus.mkdir()
    for number, each in enumerate(seeds):
        (corpus / f"{number}").write_bytes(each)

    def change(content: bytes, most: int, drawn: int) -> bytes:
        draw = Random(drawn)  # noqa: S311 - a seed that libFuzzer gives, for the same again
        if draw.random() < _ANEW:  # changes of changes are soon refused at the first byte
            content = draw.choice(seeds)
        for _ in range(draw.choice((1, 1, 2, 3))):
            if draw.random() < 0.15:
                content = atheris.Mutate(content, max(most, len(content)))
            else:
                fresh = bytes(draw.randrange(256) for _ in range(draw.randrange(5)))
                content = target.mutate(content, draw, fresh)
        return content[:most]

    options = [f"-runs={runs}", f"-seed={seed}", f"-max_len={LONGEST}", "-len_control=0"]
    limits = ["-timeout=30", "-rss_limit_mb=3000", "-print_final_stats=0", "-verbosity=0"]
    places = [f"-artifact_prefix={folder}/", str(corpus)]
    atheris.Setup(["fuzz", *options, *limits, *places], watch.run, custom_mutator=change)
    atheris.Fuzz()


def main() -> None:
    """Do what the command line says."""
    name, tool, runs, seed, place = sys.argv[1:]
    folder = Path(place)
    (folder / "given").mkdir()
    os.chdir(folder / "given")
    sys.dont_write_bytecode = True
    os.fsync = lambda _descriptor: None  # what is kept here need not outlive the machine
    if tool == "atheris":
        import atheris

        with atheris.instrument_imports(include=[*INSTRUMENTED]):
            target = load_target(name)
            seeds, check = target.make_seeds(folder), target.make_check(folder)
    else:
        target = load_target(name)
        seeds, check = target.make_seeds(folder), target.make_check(folder)
    for each in seeds:  # what is loaded when it is first needed is loaded by now
        check(each)
    watch = Watch(folder, seeds, check)
    limit_memory(MEMORY[tool])
    if tool == "atheris":
        feed_atheris(watch, target, seeds, int(runs), int(seed), folder)
    else:
        feed_hypothesis(watch, target, seeds, int(runs), int(seed))


if __name__ == "__main__":
    main()
