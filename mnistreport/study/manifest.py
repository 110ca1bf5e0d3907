"""The manifest as values: what every other room knows of ``experiments.toml``.

``loading`` makes these of a file and reports everything wrong with it at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mnistreport.study.experiment import Variant
from mnistreport.study.naming import DEFAULT_SCHEME, PLACEHOLDER

FieldValue = bool | int | float | str | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Author:
    """One of the people who hand the report in."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class ReportInfo:
    """What stands on the title page; ``date`` is ISO 8601, and empty if none was given."""

    title: str
    subtitle: str
    course: str
    authors: tuple[Author, ...]
    language: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class SplitFractions:
    """Shares of the images; they add up to 1."""

    train: float
    validation: float
    test: float


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where the digits come from, and how they are split.

    Attributes:
        source: ``auto``, ``kaggle``, ``digits``, or a path (relative to the manifest).
        split: Shares of train, validation and test.
        seed: Decides which image goes into which split.
    """

    source: str
    split: SplitFractions
    seed: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """The setting that every study of one model departs from.

    Attributes:
        model: The model's name in the manifest.
        fields: Every field of the setting as the manifest gives it, defaults filled in.
        variant: The same, resolved.
        line: Line of the model's table in the manifest.
    """

    model: str
    fields: Mapping[str, FieldValue]
    variant: Variant
    line: int


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a study's factor, or one named variant of an ablation.

    Attributes:
        label: How tables and figures name it, such as ``0.01`` or ``dropout``.
        value: The factor's value; ``None`` in a study of named variants.
        fields: The fields in which it departs from the baseline.
        variant: The complete setting.
        is_baseline: Whether it is the baseline itself.
        line: Line of the manifest that asks for it: that of the value or the variant, for the
            baseline that of its model's table.
    """

    label: str
    value: bool | int | float | None
    fields: Mapping[str, FieldValue]
    variant: Variant
    is_baseline: bool
    line: int = 1


@dataclass(frozen=True, slots=True)
class Study:
    """One question: a model and one factor at several levels, or several named variants.

    Attributes:
        name: As the manifest says; names files once made safe, see ``slug``.
        slug: Lower-case ASCII letters, digits, ``_`` and ``-`` only; unique in a manifest.
        title: Heading of its section.
        model: Name of the model it varies.
        factor: The field that differs, or ``None`` in a study of named variants.
        levels: In the manifest's order, the baseline's own among them; numeric levels ascend.
        line: Line of its table in the manifest.
    """

    name: str
    slug: str
    title: str
    model: str
    factor: str | None
    levels: tuple[Level, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Import:
    """Runs that were trained elsewhere: where their histories lie.

    Attributes:
        pattern: Of their files, relative to the manifest.
        model: The model's name, where a file does not say it; empty if it is not given here.
        seed: Likewise; ``None`` if it is not given here.
        fields: Fields of the model, where a file does not say them.
        line: Line of the manifest that names them.
    """

    pattern: str
    model: str
    seed: int | None
    fields: Mapping[str, FieldValue]
    line: int


@dataclass(frozen=True, slots=True)
class Submission:
    """What the zip is called after, and what goes into it.

    Attributes:
        ids: Of the team's members.
        include: Files of the output folder that go into it besides those that always do.
        scheme: How the ids make the zip's name, see ``naming``.
    """

    ids: tuple[str, ...]
    include: tuple[str, ...]
    scheme: str = DEFAULT_SCHEME

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Those of the ids that nobody has: they begin with six zeros and are to be replaced."""
        return tuple(number for number in self.ids if number.startswith(PLACEHOLDER))


@dataclass(frozen=True, slots=True)
class RubricLine:
    """A requirement that the report must cover, its points, and the check that tells."""

    requirement: str
    points: int
    check: str


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What of a manifest is left so that its training keeps within a time.

    Attributes:
        budget_seconds: The time.
        seeds: How many are left, and how many the file asks for.
        epochs: The same of each model's baseline, by the model's name.
        others: Share of the epochs of variants that have their own; 1 if nobody has or lost any.
    """

    budget_seconds: int
    seeds: tuple[int, int]
    epochs: Mapping[str, tuple[int, int]]
    others: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parsed ``experiments.toml``.

    Attributes:
        path: The file it was read from.
        sha256: Digest of the file's bytes.
        report: Title page.
        data: Source and split.
        seeds: Each variant is trained once with each.
        baselines: By model name, in the manifest's order.
        studies: In the manifest's order.
        combine: Whether one more variant per model joins each study's best level.
        submission: The zip.
        rubric: What the report must cover.
        trimmed: What seeds and epochs were before a time budget, if it left less of them.
        imports: The runs that are not trained here.
    """

    path: Path
    sha256: str
    report: ReportInfo
    data: DataSettings
    seeds: tuple[int, ...]
    baselines: Mapping[str, Baseline]
    studies: tuple[Study, ...]
    combine: bool
    submission: Submission
    rubric: tuple[RubricLine, ...]
    trimmed: Trimmed | None = None
    imports: tuple[Import, ...] = ()

    @staticmethod
    def load(path: Path | str) -> "Manifest":
        """Read and check a manifest; its ``path`` is the same file wherever this process goes.

        Raises:
            ManifestError: If it cannot be read or anything in it is wrong; every mistake is told.
        """
        from mnistreport.study.loading import load_manifest  # makes these

        return load_manifest(Path(path).absolute())
