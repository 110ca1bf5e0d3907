"""What is wrong with a manifest, gathered until all of it is known."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mnistreport.errors import ManifestError, Problem
from mnistreport.study.document import Document
from mnistreport.study.positions import KeyPath, find_line
from mnistreport.study.schema import manifest_schema
from mnistreport.study.settings import MODEL_TABLES
from mnistreport.study.wording import (
    Schema,
    explain_error,
    find_nearest,
    format_key,
    suggest,
)

MOST_PROBLEMS: Final = 100
"""Problems that are told one by one; what else there is, is counted."""
_MOST_ERRORS: Final = 1000


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that is wrong at a place of the manifest."""

    path: KeyPath
    reason: str
    next_step: str | None = None
    is_missing: bool = False


class Complaints:
    """Everything that is wrong with one document, each mistake once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._complaints: list[Complaint] = []
        self._troubled: set[KeyPath] = set()  # every place with a complaint at it or inside it
        self._uncounted = 0
        self._meant: set[KeyPath] = set()  # keys that are there, but misspelt

    def add(self, path: KeyPath, reason: str, *, next_step: str | None = None) -> None:
        """Complain about the value at ``path``."""
        self._add(Complaint(path, reason, next_step))

    def add_missing(self, path: KeyPath, next_step: str | None = None) -> None:
        """Complain that there is nothing at ``path``."""
        self._add(Complaint(path, "is missing", next_step, is_missing=True))

    def add_errors(self, error: ValidationError) -> None:
        """Complain about everything that pydantic found in the whole manifest.

        Raises:
            ManifestError: At once, if that is so much that nobody wrote it by hand.
        """
        errors = error.errors(include_url=False)
        for found in errors[:_MOST_ERRORS]:
            self._add_error(found, _follow("ManifestTable", found))
        if len(errors) > _MOST_ERRORS:
            self._uncounted = len(errors) - _MOST_ERRORS
            self.raise_if_any()

    def add_level_errors(
        self, error: ValidationError, kind: str, places: Mapping[str, KeyPath]
    ) -> None:
        """Complain about what pydantic found in a baseline overridden by a study's level.

        Args:
            error: What it found.
            kind: The kind of the model.
            places: Where the overriding fields stand in the manifest.
        """
        for found in error.errors(include_url=False):
            spot = _follow(MODEL_TABLES[kind].__name__, found)
            path = (*places[str(spot.path[0])], *spot.path[1:])
            known = spot.known - {"kind"} | {"label"}
            self._add_error(found, Spot(path, spot.node, known))

    def touch(self, path: KeyPath) -> bool:
        """Tell whether there is a complaint at ``path`` or inside it."""
        return path in self._troubled

    def is_given(self, table: Mapping[str, Any], path: KeyPath) -> bool:
        """Tell whether ``table`` has the last key of ``path``, maybe misspelt."""
        return path[-1] in table or path in self._meant

    def raise_if_any(self) -> None:
        """Raise everything at once, in the order of lines.

        Raises:
            ManifestError: If there was a complaint.
        """
        if not self._complaints:
            return
        told = [each for each in self._complaints if not self._is_explained(each)]
        problems = sorted(map(self._locate, told), key=lambda problem: problem.line or 0)
        if len(problems) > MOST_PROBLEMS:
            more = len(problems) - MOST_PROBLEMS + self._uncounted
            problems = problems[:MOST_PROBLEMS]
            problems.append(Problem(f"{more} more problems follow", self._document.path))
        raise ManifestError.of(problems)

    def _add(self, complaint: Complaint) -> None:
        self._complaints.append(complaint)
        path = complaint.path
        self._troubled.update(path[:length] for length in range(len(path) + 1))

    def _add_error(self, error: ErrorDetails, spot: "Spot") -> None:
        path, next_step = spot.path, _NEXT_STEPS.get(spot.path)
        match error["type"]:
            case "missing" | "union_tag_not_found":
                self.add_missing(path, next_step)
            case "extra_forbidden":
                self._add_unknown(path, spot.known)
            case "too_short" if len(error["input"]) >= error.get("ctx", {})["min_length"]:
                pass  # pydantic counts right entries only, and the others have their complaints
            case "too_long":
                self.add(path, explain_error(error, spot.node))
            case _:
                self.add(path, explain_error(error, spot.node), next_step=next_step)

    def _add_unknown(self, path: KeyPath, known: AbstractSet[str]) -> None:
        if len(self._complaints) >= MOST_PROBLEMS:
            self.add(path, "unknown key")  # looking for near names a million times takes hours
            return
        name = str(path[-1])
        self.add(path, f"unknown key{suggest(name, known)}")
        if nearest := find_nearest(name, known):
            self._meant.add((*path[:-1], nearest))

    def _is_explained(self, complaint: Complaint) -> bool:
        return complaint.is_missing and complaint.path in self._meant

    def _locate(self, complaint: Complaint) -> Problem:
        return Problem(
            complaint.reason,
            file=self._document.path,
            line=find_line(self._document.lines, complaint.path),
            key=format_key(complaint.path) or None,
            next_step=complaint.next_step,
        )


_ANYTHING: Final[Schema] = {}
_NEXT_STEPS: Final[Mapping[KeyPath, str]] = {
    ("models",): 'add a model, such as [models.mlp] with kind = "mlp"',
    ("studies",): "add a study: [[studies]] with name, model, factor and levels",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of the manifest, and what the JSON schema says of it.

    Attributes:
        path: The place.
        node: Schema of the value there.
        known: Keys that the table around it may have.
    """

    path: KeyPath
    node: Schema
    known: AbstractSet[str]


def _follow(table: str, error: ErrorDetails) -> Spot:
    """Follow pydantic's location through the JSON schema of one of the tables."""
    root = manifest_schema()
    node: Schema = root if table == root["title"] else root["$defs"][table]
    around, path = node, list[str | int]()
    for part in error["loc"]:
        if part == "[key]":  # what is wrong is the key itself
            node = {}
        elif choices := node.get("discriminator"):
            # Pydantic names the kind that it compared with; the manifest has no such level.
            node = _resolve({"$ref": choices["mapping"][part]})
        else:
            path.append(part)
            around, node = node, _resolve(_step(node, part))
    if error["type"].startswith("union_tag"):
        path.append("kind")
    return Spot(tuple(path), node, around.get("properties", {}).keys())


def _step(node: Schema, part: str | int) -> Schema:
    if isinstance(part, int):
        return node.get("items", _ANYTHING)
    properties: Mapping[str, Schema] = node.get("properties", _ANYTHING)
    by_pattern: Mapping[str, Schema] = node.get("patternProperties", _ANYTHING)
    return properties.get(part) or next(iter(by_pattern.values()), _ANYTHING)


def _resolve(node: Schema) -> Schema:
    if reference := node.get("$ref"):
        return manifest_schema()["$defs"][reference.rsplit("/", 1)[-1]]
    return node
