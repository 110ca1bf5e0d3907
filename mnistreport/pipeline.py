"""The whole program, read from top to bottom: from a manifest to documents."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from mnistreport.analysis.first_layer import read_first_layer
from mnistreport.analysis.fitted import compare_fitted_models
from mnistreport.analysis.results import Results, summarise_results
from mnistreport.analysis.selection import choose_testable, join_levels
from mnistreport.budgeting import Reckoner, apply_trim, choose_trim, refuse_trim
from mnistreport.data.dataset import DigitSet
from mnistreport.data.sources import SOURCES, load_digit_set
from mnistreport.data.split import Split, split_digits
from mnistreport.errors import EnvironmentFault
from mnistreport.files import remove_leftovers
from mnistreport.final_test import describe_read, read_winner
from mnistreport.holding import hold_folder
from mnistreport.options import Listener, Options
from mnistreport.places import find_output, find_place
from mnistreport.report.dates import find_given_date
from mnistreport.report.figures.folder import FOLDER
from mnistreport.report.insights import check_prose
from mnistreport.report.keeping import refuse_strangers
from mnistreport.report.material import Material, Tested
from mnistreport.report.notices import remark_imports
from mnistreport.report.publication import Publication, publish_report
from mnistreport.report.standing import refuse_gaps
from mnistreport.report.templating import Templates
from mnistreport.report.untested import tell_unread
from mnistreport.report.wording import describe_budget
from mnistreport.study.batches import check_batches
from mnistreport.study.expansion import expand_experiments, expand_variants
from mnistreport.study.experiment import Experiment, Variant
from mnistreport.study.loading import load_manifest
from mnistreport.study.manifest import Manifest
from mnistreport.study.trim_file import keep_trim, load_trim
from mnistreport.study.trimming import Trim
from mnistreport.training.cost import ROUGH_COSTS
from mnistreport.training.crew import WorkPlace
from mnistreport.training.events import Ended
from mnistreport.training.executors import train_experiments
from mnistreport.training.grouping import name_settled, pick_missing
from mnistreport.training.imports import import_histories, place_histories
from mnistreport.training.ledger import Ledger
from mnistreport.training.result import ImportedRun, Run, RunResult
from mnistreport.training.store import RunStore
from mnistreport.training.timings import fit_stored_costs


@dataclass(frozen=True, slots=True)
class Project:
    """A manifest with its data: everything that is known before training.

    ``trim`` says what ``manifest`` lacks of what its file asks for, if anything; ``imported`` are
    the runs that are not trained here, by fingerprint.
    """

    manifest: Manifest
    folder: Path
    cache: Path
    output: Path
    digits: DigitSet
    split: Split
    trim: Trim | None = None
    imported: Mapping[str, ImportedRun] = field(default_factory=dict[str, ImportedRun])

    @property
    def store(self) -> RunStore:
        """Where its runs are kept."""
        return RunStore(self.cache)

    def expand(self, variants: Sequence[Variant]) -> tuple[Experiment, ...]:
        """Return each variant with each seed, on this split."""
        return expand_experiments(variants, self.manifest.seeds, self.split.sha256)


@dataclass(frozen=True, slots=True)
class Built:
    """What a build ended with: results, documents, and what the test split said of the winners."""

    results: Results
    publication: Publication
    tested: tuple[Tested, ...]


RunSource = Callable[[Sequence[Experiment]], Mapping[str, RunResult]]
"""Returns the runs of experiments, by fingerprint, as far as they can be had."""


def build(options: Options, listener: Listener) -> Built:
    """Train what is missing, test the winners, and write the documents.

    Raises:
        MnistReportError: As the parts do; with ``strict`` a ``ReviewError`` where words are not
            borne out, and no document is written.
    """
    project = open_project(options, listener, anew=True)
    refuse_strangers(project.output, project.folder, force=options.force)
    with hold_folder(project.output):
        listener.on_project(project.manifest, project.digits, project.split)
        if trimmed := project.manifest.trimmed:
            listener.on_stage(describe_budget(trimmed))
        project.store.make_ready()
        for folder in (project.cache, project.digits.folder.parent, project.split.folder.parent):
            remove_leftovers(folder)
        results = collect_results(project, lambda each: _train(each, project, options, listener))
        if options.test:
            _test_winners(project, results, listener)
        # From here on, all that it asks for is there.
        keep_trim(project.output, project.trim, listener.on_warning)
        listener.on_stage("writing the report")
        material = gather_material(project, results)
        return Built(results, _publish(material, project, options, listener), material.tested)


def render(options: Options, listener: Listener) -> Built:
    """Write the documents from stored runs: nothing is trained or tested, torch is not loaded.

    Only the notebook, if it is to be made and was not before, trains a baseline once more.

    Raises:
        UsageError: Not every run that the manifest asks for is stored.
    """
    project = open_project(options, listener)
    refuse_strangers(project.output, project.folder, force=options.force)
    with hold_folder(project.output):
        results = collect_results(project, lambda each: look_up(each, project, listener))
        refuse_gaps(project.manifest, results)
        listener.on_stage("writing the report")
        material = gather_material(project, results)
        return Built(results, _publish(material, project, options, listener), material.tested)


def _publish(
    material: Material, project: Project, options: Options, listener: Listener
) -> Publication:
    if unread := tell_unread(material):
        listener.on_stage(unread)
    return publish_report(
        material,
        project.folder,
        project.output,
        strict=options.strict,
        pdf=options.pdf,
        notebook=options.notebook,
        on_stage=listener.on_stage,
        on_warning=listener.on_warning,
    )


def open_project(options: Options, listener: Listener, *, anew: bool = False) -> Project:
    """Read the manifest, fetch and check the data, split it, and trim it to a time budget.

    Args:
        options: What the command line decides.
        listener: Is told what was substituted.
        anew: Whether to choose by the budget of now what is trained, not to keep to what the
            documents were made with.

    Raises:
        ManifestError: The manifest is not usable.
        DataError: The data set, or an imported run, cannot be had, or is not what it should be.
        UsageError: The budget is too short for anything, that of the documents no longer fits, or
            runs are imported, which no budget trims.
        EnvironmentFault: The date that the environment gives is none, or ``budget.json`` is not
            as it was written.
    """
    manifest = load_manifest(options.manifest, known=options.known)
    find_given_date(manifest.report)  # or else a wrong one would be told after all the training
    refuse_trim(manifest, options.budget)
    histories = import_histories(manifest)
    folder = options.manifest.resolve().parent
    cache = find_place(options.cache, folder, ".mnistreport", option="--cache")
    source = options.data or manifest.data.source
    if options.data and options.data not in SOURCES and Path(options.data).exists():
        source = str(Path(options.data).resolve())  # a path on the command line starts where we are
    digits = load_digit_set(source, project=folder, cache=cache)
    split = split_digits(digits, manifest.data.split, manifest.data.seed, cache=cache)
    check_batches(manifest, len(split.train))
    for remark in (digits.notice, options.overload, *remark_imports(histories)):
        if remark:
            listener.on_warning(remark)
    output = find_output(options.output, folder, digits.name, digits.sha256, pictures=FOLDER)
    if output.name != digits.name and not options.output:
        listener.on_warning(
            f"output/{digits.name} is of other images with the same name; the documents on these "
            f"go to output/{output.name}, --output names another place"
        )
    imported = place_histories(histories, split.sha256)
    project = Project(manifest, folder, cache, output, digits, split, imported=imported)
    return _trim(project, options, listener, anew=anew)


def make_reckoner(project: Project, options: Options) -> Reckoner:
    """Return what estimates how long a build of the project would train."""

    def join(manifest: Manifest) -> tuple[Variant, ...]:
        as_asked = replace(project, manifest=manifest)
        results = collect_results(as_asked, lambda each: look_up(each, as_asked, Listener()))
        return tuple(results.variants[key].variant for key in results.combined.values())

    stored = tuple(project.store.list_runs())
    ours = [each for each, _ in stored if each.split_sha256 == project.split.sha256]
    runs = {} if options.force else look_up(ours, project, Listener())
    return Reckoner(
        fit_stored_costs(stored, options.device),
        project.split.learning_sizes,
        project.split.sha256,
        name_settled({**runs, **project.imported}),
        options.jobs_at_once,
        join,
    )


def _trim(project: Project, options: Options, listener: Listener, *, anew: bool) -> Project:
    """Return the project with what a time budget leaves: that of now, or of its documents."""
    if not anew:
        trim = load_trim(project.output)
        refuse_trim(project.manifest, trim and trim.budget_seconds)
    elif options.budget is None:
        return project
    else:
        estimate = make_reckoner(project, options).estimate_seconds
        kept: Trim | None = None
        with suppress(EnvironmentFault):  # damaged: what is chosen now takes its place
            kept = load_trim(project.output)
        trim = choose_trim(project.manifest, options.budget, estimate, kept)
    manifest = apply_trim(project.manifest, trim, project.output)
    if manifest.trimmed and not anew:
        listener.on_stage(f"as it was built, {describe_budget(manifest.trimmed)}")
    return replace(project, manifest=manifest, trim=trim)


def collect_results(project: Project, get_runs: RunSource) -> Results:
    """Get the runs of the manifest's variants, then of those that join each study's best levels."""
    manifest, imported = project.manifest, project.imported

    def get(experiments: Sequence[Experiment]) -> Mapping[str, Run]:
        return get_runs([each for each in experiments if each.fingerprint not in imported])

    planned = project.expand(expand_variants(manifest))
    runs = {**imported, **get(planned)}
    results = summarise_results(manifest, planned, runs, combined={})
    combined = join_levels(manifest, results) if manifest.combine else {}
    if not combined:
        return results
    joined = project.expand(tuple(combined.values()))
    runs |= get(joined)
    keys = {model: variant.key for model, variant in combined.items()}
    return summarise_results(manifest, (*planned, *joined), runs, combined=keys)


def look_up(
    experiments: Sequence[Experiment], project: Project, listener: Listener
) -> dict[str, RunResult]:
    """Return the stored runs of ``experiments``, and warn of those that cannot be trusted."""
    found = project.store.find_results(experiments)
    for sentence in found.warnings:
        listener.on_warning(sentence)
    return found.results


def _train(
    experiments: Sequence[Experiment], project: Project, options: Options, listener: Listener
) -> dict[str, RunResult]:
    """Return every run: stored ones as they are, the others trained and stored one by one."""
    runs = {} if options.force else look_up(experiments, project, listener)
    missing = pick_missing(experiments, name_settled(runs))
    if missing:  # what can be told now need not wait until all is trained
        check_prose(Templates(project.folder), project.manifest)
    sizes = project.split.learning_sizes
    costs = fit_stored_costs(project.store.list_runs(), options.device) if missing else ROUGH_COSTS
    listener.on_costs(costs)
    wanted = len({each.fingerprint for each in experiments})
    listener.on_plan(missing, wanted - len(missing))
    place = WorkPlace(project.digits.folder, project.split.folder, sizes, options.device)
    training = train_experiments(
        missing,
        place,
        options.executor,
        estimate=lambda each: costs.estimate_seconds(each.variant, sizes),
        on_warning=listener.on_warning,
    )
    with closing(training) as events:
        for event in events:
            if isinstance(event, Ended):
                project.store.save_run(event.experiment, event.result, event.tensors)
                runs[event.result.fingerprint] = event.result
            listener.on_event(event)
    return runs


def _test_winners(project: Project, results: Results, listener: Listener) -> None:
    """Read the test split for the winners that can be read, as far as that was not done."""
    for winner in choose_testable(results):
        read_winner(
            describe_read(winner, project.digits, project.split, project.store),
            project.expand((winner.summary.variant,)),
            store=project.store,
            ledger=Ledger(project.cache),
            digits=project.digits,
            split=project.split,
            on_stage=listener.on_stage,
        )


def gather_material(project: Project, results: Results) -> Material:
    """Join the results with what the test split said of the winners, as far as it was asked."""
    tested: list[Tested] = []
    ledger = Ledger(project.cache)
    for winner in choose_testable(results):
        runs = winner.summary.runs.items()
        found = {seed: project.store.find_outcome(run.fingerprint) for seed, run in runs}
        outcomes = {seed: outcome for seed, outcome in found.items() if outcome}
        if len(outcomes) == len(found):
            weights = project.store.load_weights(winner.fingerprint)
            read = describe_read(winner, project.digits, project.split, project.store)
            tested.append(Tested(winner, outcomes, read_first_layer(weights), weights, read))
    return Material(
        project.manifest,
        project.digits,
        project.split,
        results,
        tuple(tested),
        ledger.entries(project.split.sha256),
        compare_fitted_models(
            results,
            project.manifest.seeds,
            project.digits.labels[project.split.validation],
            project.store.load_predictions,
        ),
        ledger.find_elsewhere(project.digits.sha256, project.split.sha256),
    )
