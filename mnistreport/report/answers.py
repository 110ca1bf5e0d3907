"""What the checks of the rubric look at, and what they answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from mnistreport.analysis.results import VariantSummary
from mnistreport.analysis.rigour import OneFactorProof
from mnistreport.report.material import Material
from mnistreport.report.outline import Outline
from mnistreport.report.records import MISSING, NOT_CHECKED
from mnistreport.training.result import RunResult

BUILD = "train with: mnistreport build"
AGAIN = "train again with: mnistreport build --force"
HERE = "train them here: take their [[runs]] out of the manifest, and mnistreport build"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a requirement is met, and where; or what is missing, and the next step."""

    is_met: bool
    where: str


def answer_met(*where: str) -> Answer:
    """Say where a requirement is met: places first, then what stands there."""
    return Answer(is_met=True, where=": ".join(filter(None, where)))


def answer_missing(what: str, next_step: str) -> Answer:
    """Say what is missing, and what to do about it."""
    return Answer(is_met=False, where=f"{MISSING}{what}; {next_step}")


def answer_open(*where: str) -> Answer:
    """Say that no evidence decides it: places first, then what there is."""
    return Answer(is_met=False, where=f"{NOT_CHECKED}{': '.join(filter(None, where))}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a check may look at.

    Attributes:
        material: What the report is made of.
        outline: Where everything stands in it.
        proofs: Whether each study changed one factor at a time.
        own_words: Whether a study, by slug, has an insight of a person's own.
        output: The folder of the documents.
        written: Names of the documents that are about to be written there.
        requirement: What is required, in the manifest's words.
    """

    material: Material
    outline: Outline
    proofs: tuple[OneFactorProof, ...]
    own_words: Mapping[str, bool]
    output: Path
    written: Collection[str]
    requirement: str = ""

    @property
    def unchecked(self) -> str:
        """What is to be added where something holds for all runs but the imported ones."""
        imported = self.material.results.imported
        return f"; of {len(imported)} imported runs it is not known" if imported else ""

    @property
    def how_to_train(self) -> str:
        """The next step where no run was trained here."""
        return HERE if self.material.results.imported else BUILD

    @property
    def trained(self) -> list[VariantSummary]:
        """The variants with a run that finished or diverged, and was trained here."""
        return [
            summary
            for summary in self.material.results.variants.values()
            if any(isinstance(run, RunResult) for run in summary.settled.values())
        ]

    @property
    def finished(self) -> list[tuple[VariantSummary, RunResult]]:
        """Every run that finished and was trained here, each once, with its variant."""
        found: dict[str, tuple[VariantSummary, RunResult]] = {}
        for summary in self.material.results.variants.values():
            for run in summary.finished.values():
                if isinstance(run, RunResult):
                    found.setdefault(run.fingerprint, (summary, run))
        return list(found.values())
