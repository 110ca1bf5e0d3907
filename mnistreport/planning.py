"""Looking before leaping: what a build would do, and whether the project is in order."""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from mnistreport.errors import Problem, TemplateError
from mnistreport.options import Listener, Options
from mnistreport.pipeline import (
    Project,
    collect_results,
    gather_material,
    look_up,
    make_reckoner,
    name_settled,
    open_project,
)
from mnistreport.report.complaint import Complaint
from mnistreport.report.document import render_all_prose
from mnistreport.report.insights import INSIGHTS, RESERVED, name_insight, read_own_words
from mnistreport.report.making import list_documents
from mnistreport.report.material import Material
from mnistreport.report.numbers import format_count, format_percent, format_seconds
from mnistreport.report.records import RubricVerdict
from mnistreport.report.review import list_unmet, review_context, review_prose
from mnistreport.report.staleness import review_words
from mnistreport.report.stamp import is_current, load_stamp
from mnistreport.report.submission import describe_zip
from mnistreport.report.templating import Templates
from mnistreport.report.wording import (
    count_things,
    describe_budget,
    describe_variant,
    join_words,
)
from mnistreport.study.expansion import expand_variants
from mnistreport.study.experiment import Variant
from mnistreport.study.manifest import Manifest, Study, Trimmed
from mnistreport.study.naming import is_placeholder
from mnistreport.training.cost import ROUGH_COSTS, CostModel
from mnistreport.training.grouping import pick_missing


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """A variant, and how much of it is left to train.

    Attributes:
        names: The study levels that it is, or ``baseline``.
        variant: The setting.
        runs: How many runs it asks for.
        missing: How many of them a build would train: not stored, failed or timed out.
        seconds: What a missing run takes on one core, roughly.
    """

    names: tuple[str, ...]
    variant: Variant
    runs: int
    missing: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build would train.

    Attributes:
        variants: In the manifest's order.
        runs: How many runs they ask for; what two models share counts once.
        missing: How many of them a build would train.
        combines: Whether one more variant per model may follow from what is to be trained.
        jobs: Worker processes that the time is reckoned for.
        seconds: What training takes in all, roughly; what follows from the results is in it.
        costs: What the times are reckoned from; fitted if anything is to be trained.
        trimmed: What a time budget left of the manifest, if it took anything.
    """

    variants: tuple[PlannedVariant, ...]
    runs: int
    missing: int
    combines: bool
    jobs: int
    seconds: float
    costs: CostModel
    trimmed: Trimmed | None

    def as_text(self) -> str:
        """Return the plan for a person."""
        lines = [
            f"{each.missing:>3} of {each.runs} to train  {', '.join(each.names)}: "
            f"{describe_variant(each.variant)}"
            for each in self.variants
        ]
        said = (
            f"{format_count(self.runs)} runs, {format_count(self.runs - self.missing)} stored, "
            f"{format_count(self.missing)} to train"
        )
        if self.missing:
            said += (
                f": about {format_seconds(self.seconds)} with {count_things(self.jobs, 'worker')}; "
                f"{self._describe_error()}"
            )
        lines.append(said)
        if self.combines:
            lines.append(
                "included: up to one more variant per model, which joins each study's best level"
            )
        if self.trimmed:
            lines.append(describe_budget(self.trimmed))
        return "\n".join(lines)

    def _describe_error(self) -> str:
        """Say how far the time can be trusted."""
        costs = self.costs
        if not costs.runs:
            return "a rough guess: no run is stored yet that this processor trained"
        runs = count_things(sum(costs.runs.values()), "stored run")
        if costs.error is None:
            said = f"estimated from {runs}, of too few settings to tell how far it is off"
        else:
            error = f"{format_percent(costs.error, 0)} (median)"
            left_out = format_count(costs.tried)
            said = f"estimated from {runs}; for {left_out} left out, updates were off by {error}"
        kinds = {each.variant.architecture.kind for each in self.variants if each.missing}
        unknown = sorted(kinds - costs.runs.keys())
        return f"{said}, none of a {join_words(unknown)}" if unknown else said

    def as_json(self) -> Mapping[str, object]:
        """Return the plan for a program."""
        return {
            "variants": [
                {
                    "key": each.variant.key,
                    "names": list(each.names),
                    "settings": each.variant.settings,
                    "runs": each.runs,
                    "missing": each.missing,
                    "seconds_per_run": round(each.seconds, 3),
                }
                for each in self.variants
            ],
            "combines": self.combines,
            "jobs": self.jobs,
            "seconds": round(self.seconds, 3),
            "estimate": {"stored_runs": self.costs.runs, "median_relative_error": self.costs.error},
            "trimmed": asdict(self.trimmed) if self.trimmed else None,
        }


def make_plan(options: Options, listener: Listener) -> Plan:
    """Find out what a build would train."""
    project = open_project(options, listener, anew=True)
    results = collect_results(project, lambda each: look_up(each, project, listener))
    missing = pick_missing(results.experiments, name_settled(results.runs))
    costs, seconds = ROUGH_COSTS, 0.0
    if missing:  # only then are the stored runs' costs worth fitting
        reckoner = make_reckoner(project, options)
        costs, seconds = reckoner.costs, reckoner.estimate_seconds(project.manifest)
    names: dict[str, list[str]] = {}
    for baseline in project.manifest.baselines.values():
        names.setdefault(baseline.variant.key, []).append(f"{baseline.model} baseline")
    for study in project.manifest.studies:
        for level in study.levels:
            if not level.is_baseline:
                names.setdefault(level.variant.key, []).append(f"{study.name} {level.label}")
    return Plan(
        tuple(
            PlannedVariant(
                tuple(names.get(key, [f"{summary.variant.model}, best levels joined"])),
                summary.variant,
                summary.planned,
                summary.planned - sum(run.is_settled for run in summary.runs.values()),
                costs.estimate_seconds(summary.variant, project.split.learning_sizes),
            )
            for key, summary in results.variants.items()
        ),
        len({each.fingerprint for each in results.experiments}),
        len(missing),
        project.manifest.combine and not results.combined and bool(missing),
        options.jobs_at_once,
        seconds,
        costs,
        project.manifest.trimmed,
    )


@dataclass(frozen=True, slots=True)
class Checkup:
    """What looking a project over gave.

    Attributes:
        lines: What is in order, or to be done, a line each.
        rubric: What was asked for, and whether it is met.
        complaints: What is not in order, the gravest first.
    """

    lines: tuple[str, ...]
    rubric: tuple[RubricVerdict, ...]
    complaints: tuple[Complaint, ...]


def check_project(options: Options, listener: Listener) -> Checkup:
    """Check manifest, data, templates, words and rubric against the stored runs; writes nothing.

    Raises:
        ManifestError: The manifest is not usable.
        DataError: The data set cannot be had, or is not what it should be.
        TemplateError: A template cannot be rendered, or an insight belongs to no study.
        EnvironmentFault: What words were written beside cannot be read.
    """
    project = open_project(options, listener)
    manifest = project.manifest
    results = collect_results(project, lambda each: look_up(each, project, listener))
    material = gather_material(project, results)
    templates = Templates(project.folder)
    _refuse_orphans(templates, manifest)
    context = review_context(material, templates, project.output)
    if results.untrained:
        _check_all_syntax(templates)
        said = "well-formed; what they say can be tried once every run is stored"
        complaints = tuple(list_unmet(context, manifest.path))
    else:
        claims = render_all_prose(context, templates).claims
        said = f"in order, {count_things(len(claims), 'claim')}"
        stale = review_words(templates, context)
        complaints = review_prose(material, context, templates, claims, stale)
    finished = len(results.experiments) - len(results.incomplete)
    lines = [
        f"{manifest.path}: {_count_contents(manifest)}",
        f"data: {project.digits.title}, {format_count(len(project.digits.labels))} images",
        f"runs: {finished} of {len(results.experiments)} finished",
        *(f"{study.name}: {_describe_words(templates, study)}" for study in manifest.studies),
        f"templates: {said}",
        _describe_documents(project, material),
        describe_zip(project.output, manifest.submission),
    ]
    placeholders = [a.name for a in manifest.report.authors if is_placeholder(a.name)]
    if placeholders or manifest.submission.placeholders:
        lines.append("to do: put your names and ids into [report] authors and [submission] ids")
    return Checkup(tuple(lines), context.rubric, complaints)


def _describe_documents(project: Project, material: Material) -> str:
    """Say on a line whether the documents are made of what there is now."""
    stamp = load_stamp(project.output)
    if stamp is None:
        return "documents: none yet; mnistreport build makes them"
    documents = list_documents(material)
    if is_current(stamp, material, project.folder, project.output, documents):
        return "documents: made of the manifest, templates and results of now"
    return "documents: the manifest, templates or results have changed since; mnistreport render"


def _count_contents(manifest: Manifest) -> str:
    variants = len(expand_variants(manifest))
    counts = (
        (len(manifest.studies), "study"),
        (variants, "variant"),
        (len(manifest.seeds), "seed"),
    )
    return f"{', '.join(count_things(*each) for each in counts)} each"


def _describe_words(templates: Templates, study: Study) -> str:
    """Return where a study's insight stands, and whose it is."""
    name = name_insight(study.slug)
    if not templates.is_own(name):
        return "no insight yet: mnistreport insights starts one"
    is_own = read_own_words(templates, study.slug) is not None
    return f"{templates.find(name)}{'' if is_own else ' (as it came with the program)'}"


def _check_all_syntax(templates: Templates) -> None:
    """Parse every template that makes prose, the project's own and the packaged ones."""
    for folder in templates.folders:
        for path in sorted(folder.glob("*/*.md.j2")):
            templates.check_syntax(path.relative_to(folder).as_posix())


def _refuse_orphans(templates: Templates, manifest: Manifest) -> None:
    """Raise for every insight file of the project's own that no study reads."""
    slugs = [study.slug for study in manifest.studies]
    problems: list[Problem] = []
    for path in sorted((templates.folders[0] / INSIGHTS).glob("*.md.j2")):
        slug = path.name.removesuffix(".md.j2")
        if slug not in {*slugs, *RESERVED}:
            near = difflib.get_close_matches(slug, slugs, n=1)
            msg = "no study has this name, so nobody will read it"
            step = f"rename it to {near[0]}.md.j2" if near else f"studies: {', '.join(slugs)}"
            problems.append(Problem(msg, file=path, next_step=f"{step}, or delete it"))
    if problems:
        raise TemplateError.of(problems)
