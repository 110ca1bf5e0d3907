"""The shape of ``experiments.toml``: every key, its type, its range and what it means.

Each model is one table of the file and checks one key at a time; what concerns several keys or
several tables is checked by ``loading``. The descriptions end up in ``experiments.schema.json``,
which editors show while the file is written.
"""

import json
from functools import cache
from math import isclose
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Discriminator, Field, model_validator

from mnistreport.study.naming import DEFAULT_SCHEME
from mnistreport.study.rules import (
    Day,
    Distinct,
    ImportedFiles,
    IncludedFile,
    Language,
    Line,
    NamingScheme,
    Seed,
    Several,
    Share,
    StudentId,
    Table,
    Title,
    sentence_error,
)
from mnistreport.study.settings import (
    MODEL_TABLES,
    MOST_MODELS,
    ModelTable,
    TrainingTable,
    list_factors,
)

MOST_STUDIES: Final = 100
"""Studies of one manifest."""

MOST_LEVELS: Final = 100
"""Levels, or named variants, of one study."""

MOST_IMPORTS: Final = 100
"""Tables of runs that are imported."""

Check = Literal[
    "mnist_data",
    "stratified_split",
    "torch_data_loader",
    "own_training_loop",
    "sgd_cross_entropy",
    "own_network",
    "at_least_two_hidden_layers",
    "relu_between_layers",
    "loss_curves",
    "accuracy_curves",
    "learning_rate_levels",
    "batch_size_levels",
    "neurons_levels",
    "hidden_layers_levels",
    "one_factor_at_a_time",
    "insights",
    "test_accuracy",
    "confusion_matrix",
    "cnn_dropout_layer_norm",
    "submission",
]
"""What a line of the rubric can have checked."""


class AuthorTable(Table):
    """One of the people who hand the report in."""

    name: Title = Field(max_length=100, description="Name, as the title page prints it.")
    id: Title = Field(max_length=40, description="Student number, as the title page prints it.")


class ReportTable(Table):
    """What stands on the title page."""

    title: Title = Field(
        default="Recognising handwritten digits", max_length=200, description="Title of the report."
    )
    subtitle: Line = Field(default="", max_length=300, description="Line below the title.")
    course: Line = Field(default="", max_length=200, description="Course and assignment.")
    authors: Several[AuthorTable] = Field(
        default=(), max_length=20, description="Who hands the report in: tables of `name` and `id`."
    )
    language: Language = Field(
        default="en",
        max_length=35,
        description="Language of the report, as a tag such as `en` or `pt-BR`.",
    )
    date: Day = Field(
        default="",
        description="Date of the report, as `2026-11-30`; else the day on which it is written.",
    )


class SplitTable(Table):
    """Shares of the images; together they make 1."""

    train: Share = Field(default=0.6, description="Share that the models learn from.")
    validation: Share = Field(default=0.2, description="Share that the models are compared on.")
    test: Share = Field(default=0.2, description="Share that only the best model is read on, once.")

    @model_validator(mode="after")
    def _check_sum(self) -> "SplitTable":
        total = self.train + self.validation + self.test
        if not isclose(total, 1, rel_tol=1e-9):
            sentence = f"train, validation and test add up to {total:.10g}, but must add up to 1"
            raise sentence_error(sentence)
        return self


class DataTable(Table):
    """Where the digits come from, and how they are split."""

    source: Title = Field(
        default="auto",
        max_length=1000,
        description="`auto`, `kaggle`, `digits`, or the path of a folder or file, relative to "
        "the manifest.",
    )
    split: SplitTable = Field(default_factory=SplitTable, description="Shares of the images.")
    seed: Seed = Field(default=0, description="Decides which image goes into which split.")


ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


def _describe_fields(schema: dict[str, Any]) -> None:
    schema["properties"] |= {
        name: {"description": f"As in a model: {field.description}"}
        for table in MODEL_TABLES.values()
        for name, field in table.model_fields.items()
        if name != "kind"
    }


def _leave_out_default(schema: dict[str, Any]) -> None:
    del schema["default"]  # only stands for a key that is not given


class VariantTable(Table):
    """A named variant: its label, and the fields in which it departs from the baseline."""

    # The fields are checked by the model's own table, once they are joined with its baseline.
    model_config = ConfigDict(extra="allow", json_schema_extra=_describe_fields)

    label: Title = Field(max_length=40, description="How tables and figures name the variant.")


class StudyTable(Table):
    """One question: a model and one factor at several levels, or several named variants."""

    name: Title = Field(
        max_length=80, description="Names the study, its files and its insight template."
    )
    title: Line = Field(
        default="", max_length=200, description="Heading of its section; else the name."
    )
    model: str = Field(description="Name of the model that is varied, as in `[models.NAME]`.")
    factor: str = Field(
        default="",
        description="The one field that differs, with `levels`.",
        json_schema_extra={"enum": [*dict.fromkeys(list_factors("mlp") + list_factors("cnn"))]},
    )
    levels: Several[Any] = Field(
        default=(),
        min_length=2,
        max_length=MOST_LEVELS,
        description="Values of the factor; the baseline's own is added if it is not among them.",
        json_schema_extra={"items": {"type": ["number", "boolean"]}},
    )
    variants: Several[VariantTable] = Field(
        default=(),
        min_length=2,
        max_length=MOST_LEVELS,
        description="Named variants, instead of `factor` and `levels`: tables of a `label` and "
        "the fields that differ from the baseline, which is added if it is not among them.",
    )


class RunsTable(Table):
    """Runs that were trained elsewhere: their histories, and what those do not say of them."""

    # The fields are checked by the tables of the models that have them: see imports.
    model_config = ConfigDict(extra="allow", json_schema_extra=_describe_fields)

    files: ImportedFiles = Field(
        alias="import",
        description="CSV files, a row per epoch, relative to the manifest: a path, or a pattern "
        "such as `histories/*.csv`.",
    )
    model: str = Field(
        default="", description="Model of the runs, where a file has no column `model`."
    )
    seed: Seed = Field(
        default=0,  # not given means none
        description="Seed of the runs, where a file has no column `seed`.",
        json_schema_extra=_leave_out_default,
    )


class FinalTable(Table):
    """What is trained after the studies."""

    combine: bool = Field(
        default=False,
        description="Whether one more variant per model joins the best level of each study.",
    )


class SubmissionTable(Table):
    """The zip that `mnistreport pack` writes."""

    ids: Distinct[StudentId] = Field(
        default=(),
        max_length=10,
        description="Student numbers that name the zip; placeholders begin with six zeros.",
    )
    scheme: NamingScheme = Field(
        default=DEFAULT_SCHEME,
        max_length=60,  # with ten ids of twenty digits still a file name
        description="How the ids make the zip's name: `id1`, `id2` and so on stand for them.",
    )
    include: Distinct[IncludedFile] = Field(
        default=(),  # not given means another list, which depends on the models: see loading
        max_length=50,
        description="Files of the output folder that go into the zip besides `notebook.ipynb`, "
        "`notebook.pdf` and `report.pdf`; else all that the notebook reads when somebody runs it "
        "again: `runs.csv`, `epochs.csv`, `levels.csv` and each model's `best_NAME.safetensors`.",
    )


class RubricTable(Table):
    """A requirement that the report must cover."""

    requirement: Title = Field(max_length=300, description="What is required, in its own words.")
    points: int = Field(default=0, ge=0, le=1000, description="What it is worth.")
    check: Check = Field(description="The check that tells whether the report covers it.")


class ManifestTable(Table):
    """An experiment manifest of mnistreport: what to train, and what to report."""

    report: ReportTable = Field(default_factory=ReportTable, description="The title page.")
    data: DataTable = Field(default_factory=DataTable, description="The digits and their split.")
    training: TrainingTable = Field(
        default_factory=TrainingTable, description="How all models are trained."
    )
    models: dict[ModelName, Annotated[ModelTable, Discriminator("kind")]] = Field(
        min_length=1,
        max_length=MOST_MODELS,
        description="Baselines: the setting that every study of a model departs from, by name.",
    )
    studies: Several[StudyTable] = Field(
        min_length=1, max_length=MOST_STUDIES, description="The questions, in the report's order."
    )
    runs: Several[RunsTable] = Field(
        default=(),
        max_length=MOST_IMPORTS,
        description="Runs that were trained elsewhere, and are imported instead of trained.",
    )
    final: FinalTable = Field(default_factory=FinalTable, description="What follows the studies.")
    submission: SubmissionTable = Field(
        default_factory=SubmissionTable, description="The zip that is handed in."
    )
    rubric: Several[RubricTable] = Field(
        default=(),
        max_length=200,
        description="What the report must cover, and how that is checked.",
    )


@cache
def manifest_schema() -> dict[str, Any]:
    """Return the JSON schema of ``experiments.toml`` (draft 2020-12)."""
    schema = ManifestTable.model_json_schema()
    for table in (schema, *schema["$defs"].values()):
        for node in table["properties"].values():
            node.pop("title", None)  # the key again
            if node.get("default") in ("", []):
                del node["default"]  # only stands for a key that is not given
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def write_schema(path: Path) -> None:
    """Write the JSON schema to ``path``, for editors to complete and check the manifest with."""
    path.write_text(format_schema(), encoding="utf-8")


def format_schema() -> str:
    """Return the JSON schema as the text of ``experiments.schema.json``."""
    return json.dumps(manifest_schema(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
