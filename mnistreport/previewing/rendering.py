"""The report of now, made in memory as ``render`` would write it: nothing is trained or written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mnistreport.analysis.results import Results
from mnistreport.options import Listener, Options
from mnistreport.pipeline import (
    Project,
    collect_results,
    gather_material,
    look_up,
    open_project,
)
from mnistreport.previewing.kept import KeptFigures, KeptRuns, KeptTemplates
from mnistreport.previewing.watching import Places
from mnistreport.report.complaint import Complaint
from mnistreport.report.context import make_context
from mnistreport.report.dates import date_report
from mnistreport.report.document import compose_document
from mnistreport.report.figures.folder import FOLDER, FigureFolder
from mnistreport.report.figures.letters import tell_unknown_letters
from mnistreport.report.html import render_html
from mnistreport.report.making import list_documents
from mnistreport.report.material import Material
from mnistreport.report.review import answer_rubric, review_prose
from mnistreport.report.staleness import review_words
from mnistreport.report.stamp import digest_program
from mnistreport.report.standing import spell_build
from mnistreport.report.tables import name_run
from mnistreport.report.untested import tell_unread
from mnistreport.report.views import ReportContext
from mnistreport.report.wording import describe_variant
from mnistreport.study.expansion import name_variants
from mnistreport.study.experiment import Experiment
from mnistreport.training.result import RunResult


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was begun and did not finish.

    Attributes:
        run: Its setting and seed.
        reason: What became of it.
        anchor: Of its row in the report.
    """

    run: str
    reason: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Page:
    """A report.

    Attributes:
        html: The whole page, as ``render`` would write it.
        title: The report's.
        complaints: What is wrong with it, the gravest first.
        unfinished: The runs in it that did not finish.
        notes: What was substituted, or is not as it should be.
    """

    html: str
    title: str
    complaints: tuple[Complaint, ...]
    unfinished: tuple[Unfinished, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Untrained:
    """Why there is no report yet.

    Attributes:
        runs: How many runs are missing.
        planned: Of how many.
        variants: What is missing, each with its setting and the number of its missing runs.
        command: What trains them.
        notes: What was substituted, or is not as it should be.
    """

    runs: int
    planned: int
    variants: tuple[tuple[str, str, int], ...]
    command: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a report is made of but for its templates.

    Attributes:
        project: Manifest, data, folders.
        material: With results.
        context: As templates see it, before the rubric is reviewed.
        notes: As in ``Page``.
    """

    project: Project
    material: Material
    context: ReportContext
    notes: tuple[str, ...]


class Renderer:
    """Makes the report of now, and keeps for the next one what does not change."""

    def __init__(self, options: Options, on_stage: Callable[[str], None]) -> None:
        """Be about to open the project; ``on_stage`` is told what takes long."""
        self._options, self._on_stage = options, on_stage
        self._runs = KeptRuns()
        self._project: Project | None = None
        self._opened: _Opened | Untrained | None = None
        self._context: ReportContext | None = None
        self._templates: KeptTemplates | None = None
        self._figures: tuple[Path, KeptFigures] | None = None

    @property
    def folder(self) -> Path:
        """The project's."""
        return self._options.manifest.resolve().parent

    def find_places(self) -> Places:
        """Return what the report is made of, as far as it is known yet."""
        folder, options, project = self.folder, self._options, self._project
        cache = options.cache.resolve() if options.cache else folder / ".mnistreport"
        output = project.output if project else options.output
        source = options.data or (project.manifest.data.source if project else None)
        data = [folder / "data"]
        if source:
            path = (Path.cwd() if options.data else folder) / source
            data += [path] if path.exists() else []
        if project:
            data += sorted({(folder / run.file).parent for run in project.imported.values()})
        results = (cache, cache / "runs", cache / "tests", *([output.resolve()] if output else []))
        manifest = options.manifest.absolute()
        return Places(manifest, folder / "templates", tuple(data), results)

    def render(self, *, anew: bool) -> Page | Untrained:
        """Return the report, or why there is none.

        Args:
            anew: Whether more than templates may have changed since.

        Raises:
            MnistReportError: As the parts do.
        """
        if anew:
            self._opened = None  # what fails is tried again next time
        if self._opened is None:
            self._opened = self._open()
        return self._opened if isinstance(self._opened, Untrained) else self._render(self._opened)

    def _open(self) -> _Opened | Untrained:
        """Read manifest, data and results; what templates made of others is not looked at again."""
        self._templates = self._context = None
        notes: list[str] = []
        listener = Listener(on_warning=notes.append)
        project = self._project = open_project(self._options, listener)

        def look(experiments: Sequence[Experiment]) -> Mapping[str, RunResult]:
            return look_up(experiments, project, listener)

        results = collect_results(
            project, lambda each: self._runs.look_up(each, project.store, look)
        )
        if results.untrained:
            return _tell_untrained(project, results, self._options, tuple(notes))
        if letters := tell_unknown_letters(results):
            notes.append(letters)
        material = gather_material(project, results)
        if unread := tell_unread(material):
            notes.append(unread)
        return _Opened(project, material, make_context(material), tuple(notes))

    def _render(self, opened: _Opened) -> Page:
        project, material = opened.project, opened.material
        templates = self._templates = KeptTemplates(project.folder, self._templates)
        date = date_report(project.manifest.report)  # it may be midnight
        context = answer_rubric(
            replace(opened.context, date=date),
            material,
            templates,
            project.output,
            written=list_documents(material),
        )
        if self._context is not None and context == self._context:
            context = self._context  # the very object, which is quickly compared
        self._context = context
        stale = review_words(templates, context)
        draw = partial(self._find_figures(project.output / FOLDER).draw, material)
        document = compose_document(context, material, templates, draw, stale=stale)
        complaints = review_prose(material, context, templates, document.claims, stale)
        html = render_html(document, templates)
        unfinished = tuple(_list_unfinished(material.results))
        return Page(html, context.title, complaints, unfinished, opened.notes)

    def _find_figures(self, path: Path) -> KeptFigures:
        if self._figures is None or self._figures[0] != path:
            folder = FigureFolder(path, digest_program())
            kept = KeptFigures(folder, lambda: self._on_stage("getting the figures ready"))
            self._figures = path, kept
        return self._figures[1]


def _list_unfinished(results: Results) -> Iterator[Unfinished]:
    for experiment in results.incomplete:
        run = results.runs[experiment.fingerprint]
        said = f"{run.status}: {run.reason}" if run.reason else run.status
        setting = f"{experiment.variant.model}, {describe_variant(experiment.variant)}"
        yield Unfinished(
            f"{setting}, seed {experiment.seed}", said, name_run(experiment.fingerprint)
        )


def _tell_untrained(
    project: Project, results: Results, options: Options, notes: tuple[str, ...]
) -> Untrained:
    missing: dict[str, int] = {}
    for experiment in results.untrained:
        key = experiment.variant.key
        missing[key] = missing.get(key, 0) + 1
    names = name_variants(project.manifest)
    return Untrained(
        len(results.untrained),
        len(results.distinct),
        tuple(
            (
                ", ".join(names.get(key, [f"{summary.variant.model}, best levels joined"])),
                describe_variant(summary.variant),
                missing[key],
            )
            for key, summary in results.variants.items()
            if key in missing
        ),
        _spell_build(project, options),
        notes,
    )


def _spell_build(project: Project, options: Options) -> str:
    """Return the command that trains what is missing, with the options that were given."""
    given: list[str] = []
    if options.manifest != Path("experiments.toml"):
        given += ["--manifest", str(options.manifest)]
    for name in ("data", "output", "cache"):
        if (value := getattr(options, name)) is not None:
            given += [f"--{name}", str(value)]
    return spell_build(project.manifest, given)
