"""How the documents in a folder compare with what there is now: one answer for every command."""

import os
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnistreport.analysis.results import Results
from mnistreport.errors import Problem, UsageError
from mnistreport.report.making import list_documents
from mnistreport.report.material import Material
from mnistreport.report.stamp import Stamp, digest_beside, digest_inputs, load_stamp, read_stamped
from mnistreport.report.wording import join_words, name_files
from mnistreport.study.manifest import Manifest

State = Literal["none", "current", "outdated", "edited", "incomplete"]
"""Of documents. If several are true, ``edited`` goes before ``outdated``: words may be lost."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the documents in a folder compare with what there is now.

    Attributes:
        inputs: Digest of what they would be made of now.
        stamp: That of the last build; ``None`` if this user's program made none of them.
        is_of_now: Whether the last build made them of the same.
        edited: Names of those that were changed since the last build.
        gone: Names of those that are no longer there.
        unmade: Names of documents that the last build did not make, such as the notebook.
        strangers: Names of documents that are there without any such build.
    """

    inputs: str
    stamp: Stamp | None
    is_of_now: bool
    edited: tuple[str, ...]
    gone: tuple[str, ...]
    unmade: tuple[str, ...]
    strangers: tuple[str, ...]

    @property
    def state(self) -> State:
        """All of it in one word."""
        if self.stamp is None or len(self.gone) == len(self.stamp.documents):
            return "none"
        if self.edited:
            return "edited"
        if not self.is_of_now:
            return "outdated"
        return "incomplete" if self.gone or self.unmade else "current"

    def holds(self, wanted: Collection[str]) -> bool:
        """Tell whether a build of the ``wanted`` documents has nothing to do."""
        is_whole = self.is_of_now and not self.edited and not self.gone
        return is_whole and self.stamp is not None and set(wanted) <= set(self.stamp.documents)

    def describe(self, step: str) -> str:
        """Say it on a line; ``step`` is the command that makes them again."""
        if self.state == "none" and self.strangers:
            others = f"what stands there ({name_files(self.strangers)}) is kept under other names"
            return f"none that a build of yours made; {step} makes them, and {others}"
        if self.state == "none":
            return f"none yet; {step} makes them"
        if self.state == "current":
            return "made of the manifest, templates and results of now"
        faults: list[str] = []
        if not self.is_of_now:
            faults.append("the manifest, templates or results have changed since")
        if self.edited:
            faults.append(f"{name_files(self.edited)} {_be(self.edited)} changed by hand")
        if self.gone:
            faults.append(f"{name_files(self.gone)} {_be(self.gone)} removed")
        if self.unmade and self.is_of_now:
            faults.append(f"{name_files(self.unmade)} {_be(self.unmade)} not made with them")
        said = join_words(faults)
        if self.is_of_now:
            said = f"made of the manifest, templates and results of now, but {said}"
        it = "it" if len(self.edited) == 1 else "them"
        keeps = f", and keeps {it} under another name" if self.edited else ""
        return f"{said}; {step} makes all again{keeps}"


def look_at_documents(material: Material, project: Path, output: Path) -> Standing:
    """Compare the documents in a folder with what there is now; writes nothing.

    Args:
        material: Results, data, tests.
        project: Folder of the manifest.
        output: Folder of the documents.
    """
    documents = list_documents(material)
    inputs = digest_inputs(material, project, output, documents)
    stamp = load_stamp(output)
    if stamp is None:
        strangers = tuple(name for name in documents if os.path.lexists(output / name))
        return Standing(inputs, None, False, (), (), documents, strangers)  # noqa: FBT003
    gone = tuple(name for name in stamp.documents if not os.path.lexists(output / name))
    edited = tuple(
        name
        for name in stamp.documents
        if name not in gone and read_stamped(output, name, stamp) is None
    )
    unmade = tuple(name for name in documents if name not in stamp.documents)
    is_of_now = (stamp.inputs, stamp.beside) == (inputs, digest_beside(project))
    return Standing(inputs, stamp, is_of_now, edited, gone, unmade, ())


def refuse_gaps(manifest: Manifest, results: Results) -> None:
    """Refuse to go on without runs that the manifest asks for and nobody has begun.

    Raises:
        UsageError: There are such runs.
    """
    if gap := find_gap(manifest, results):
        raise UsageError.of([gap])


def find_gap(manifest: Manifest, results: Results) -> Problem | None:
    """Return what is to be said of runs that are not stored; ``None`` if there are none."""
    if not results.untrained:
        return None
    reason = f"{len(results.untrained)} of {len(results.distinct)} runs are not stored"
    step = f"train them: {name_next_step(manifest, results)}"
    return Problem(reason, manifest.path, next_step=step)


def name_next_step(manifest: Manifest, results: Results) -> str:
    """Return the command that makes the documents: a build if runs are missing, else a render."""
    return spell_build(manifest) if results.untrained else "mnistreport render"


def spell_build(manifest: Manifest, given: Sequence[str] = ()) -> str:
    """Return the command that trains what is missing, within the budget of the documents.

    Args:
        manifest: As it was trimmed.
        given: Options that it needs besides.
    """
    trimmed = manifest.trimmed
    budget = ("--budget", f"{trimmed.budget_seconds}s") if trimmed else ()
    return shlex.join(("mnistreport", "build", *given, *budget))


def _be(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"
