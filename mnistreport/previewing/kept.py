"""What is kept from one page to the next: whatever is made of the same need not be made again.

A save mostly changes one text among dozens, and none of the runs. Each thing is kept with all that
it was made of, and is used again only beside the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mnistreport.errors import TemplateError
from mnistreport.report.constants import Constant
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.folder import FigureFolder
from mnistreport.report.figures.plan import PlannedFigure
from mnistreport.report.material import Material
from mnistreport.report.passage import Passage
from mnistreport.report.template_engine import Source
from mnistreport.report.template_process import NOTHING, PROCESS
from mnistreport.report.templating import Templates
from mnistreport.study.experiment import Experiment
from mnistreport.training.result import RunResult
from mnistreport.training.store import RunStore

Pieces = Sequence[tuple[int, str, str]]
Look = Callable[[Sequence[Experiment]], Mapping[str, RunResult]]
"""Returns the stored runs of experiments, by fingerprint."""
_MOST_PASSAGES: Final = 16
"""Passages kept of one template; that of the final test makes one for each model."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A passage, and everything that it was made of; a source that there is not is ``None``."""

    values: Mapping[str, object]
    common: Mapping[str, object]
    sources: Mapping[str, Source | None]
    passage: Passage


@dataclass(slots=True)
class _Made:
    """What was made of templates, by their names, and what they last shared."""

    drafts: dict[str, list[_Draft]] = field(default_factory=dict[str, list[_Draft]])
    pieces: dict[str, tuple[Source | None, Pieces]] = field(
        default_factory=dict[str, tuple[Source | None, Pieces]]
    )
    referenced: dict[str, tuple[Source | None, tuple[str, ...]]] = field(
        default_factory=dict[str, tuple[Source | None, tuple[str, ...]]]
    )
    constants: dict[str, tuple[Source | None, tuple[Constant, ...]]] = field(
        default_factory=dict[str, tuple[Source | None, tuple[Constant, ...]]]
    )
    common: Mapping[str, object] = field(default_factory=dict[str, object])


class KeptTemplates(Templates):
    """The templates of a project, read anew, and run only where that could give something else."""

    def __init__(self, project: Path, before: "KeptTemplates | None" = None) -> None:
        """Be about to read them; what those ``before`` made of the same is not made again."""
        super().__init__(project)
        self._made = before._made if before else _Made()  # noqa: SLF001 - of its own kind

    def draft(
        self, name: str, values: Mapping[str, object], common: Mapping[str, object] = NOTHING
    ) -> Passage:
        """Return what ``Templates.draft`` does."""
        if self._made.common == common:
            common = self._made.common  # the very object, which need not be sent again
        self._made.common = common
        drafts = self._made.drafts.setdefault(name, [])
        for each in drafts:
            is_same = each.common is common and each.values == values
            if is_same and self._stand(each.sources):
                return each.passage
        sources: dict[str, Source | None] = {}

        def find_source(name: str) -> Source | None:
            sources[name] = self._find_source(name)
            return sources[name]

        with self._file_told(name):
            passage = PROCESS.draft(name, values, find_source, common)
        others = (each for each in drafts if each.common is common and each.values != values)
        drafts[:] = [_Draft(values, common, sources, passage), *others][:_MOST_PASSAGES]
        return passage

    def split_source(self, name: str) -> Pieces:
        """Return what ``Templates.split_source`` does."""
        source = self._find_source(name)
        if name not in self._made.pieces or self._made.pieces[name][0] != source:
            self._made.pieces[name] = source, super().split_source(name)
        return self._made.pieces[name][1]

    def list_constants(self, name: str) -> tuple[Constant, ...]:
        """Return what ``Templates.list_constants`` does."""
        source = self._find_source(name)
        if name not in self._made.constants or self._made.constants[name][0] != source:
            self._made.constants[name] = source, super().list_constants(name)
        return self._made.constants[name][1]

    def list_referenced(self, name: str) -> tuple[str, ...]:
        """Return what ``Templates.list_referenced`` does."""
        source = self._find_source(name)
        if name not in self._made.referenced or self._made.referenced[name][0] != source:
            self._made.referenced[name] = source, self._engine.list_referenced(name)
        return tuple(each for each in self._made.referenced[name][1] if self.find(each))

    def _stand(self, sources: Mapping[str, Source | None]) -> bool:
        try:
            return all(self._find_source(name) == source for name, source in sources.items())
        except TemplateError:  # as whoever runs it is told
            return False


class KeptFigures:
    """Figures as they stand beside a report, or else drawn once; none is written."""

    def __init__(self, folder: FigureFolder, on_drawing: Callable[[], None]) -> None:
        """Look in ``folder``; ``on_drawing`` is told before any is looked for or drawn."""
        self._folder, self._on_drawing = folder, on_drawing
        self._kept: dict[tuple[str, str], Figure] = {}
        self._drawn: dict[str, Figure] = {}
        self._material: Material | None = None

    def draw(self, material: Material, planned: Sequence[PlannedFigure]) -> Mapping[str, Figure]:
        """Return the figures of what a report is made of, by name, in their order."""
        if material is not self._material:
            self._drawn, self._material = self._find(planned), material
        return self._drawn

    def _find(self, planned: Sequence[PlannedFigure]) -> dict[str, Figure]:
        found = {each.name: self._kept.get((each.name, each.digest)) for each in planned}
        if missing := [each for each in planned if found[each.name] is None]:
            self._on_drawing()
            found |= self._folder.draw(missing)
        figures = {name: figure for name, figure in found.items() if figure is not None}
        self._kept = {(each.name, each.digest): figures[each.name] for each in planned}
        return figures


class KeptRuns:
    """Stored runs, each read once as long as its files stay as they are."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, RunResult]] = {}

    def look_up(
        self, experiments: Sequence[Experiment], store: RunStore, look: Look
    ) -> dict[str, RunResult]:
        """Return the stored runs of ``experiments``; ``look`` finds those that are not kept."""
        marks = {each.fingerprint: store.mark_run(each.fingerprint) for each in experiments}
        known = {
            name: self._kept[name][1]
            for name, mark in marks.items()
            if mark and name in self._kept and self._kept[name][0] == mark
        }
        found = dict(look([each for each in experiments if each.fingerprint not in known]))
        self._kept |= {name: (marks[name], run) for name, run in found.items()}
        return found | known
