"""Packing what is handed in: the zip, unless something speaks against it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mnistreport.data.sources import DIGITS
from mnistreport.errors import Problem, ReviewError, UsageError
from mnistreport.files import remove_leftovers, replacing
from mnistreport.holding import hold_folder
from mnistreport.options import Listener, Options
from mnistreport.pipeline import (
    Project,
    collect_results,
    gather_material,
    look_up,
    open_project,
)
from mnistreport.report.complaint import Complaint
from mnistreport.report.document import render_all_prose
from mnistreport.report.keeping import describe_kept, find_kept, refuse_strangers
from mnistreport.report.making import list_documents
from mnistreport.report.material import Material
from mnistreport.report.members import ALLOWED, LARGEST_CONTENTS, explain_kind
from mnistreport.report.review import review_context, review_prose
from mnistreport.report.staleness import review_words
from mnistreport.report.stamp import digest_content, load_stamp, save_stamp
from mnistreport.report.standing import Standing, find_gap, look_at_documents, name_next_step
from mnistreport.report.submission import (
    explain_ids,
    explain_unfit,
    find_obstacle,
    find_oversized,
    find_zip_name,
    is_made,
    list_files,
    list_members,
    make_zip,
    name_listing,
    read_file,
)
from mnistreport.report.templating import Templates
from mnistreport.report.untested import tell_unread
from mnistreport.report.wording import join_words
from mnistreport.study.manifest import Manifest
from mnistreport.study.naming import PLACEHOLDER, follows_scheme, is_placeholder, name_weights

FLAGS: Final[Mapping[str, str]] = {
    "placeholders": "--allow-placeholders",
    "outdated": "--allow-outdated",
    "digits": "--allow-digits",
    "claim": "--allow-false-claims",
    "unread": "--allow-unread",
    "stale": "--allow-stale",
    "number": "--allow-unsourced",
    "rubric": "--allow-unmet",
    "unverified": "--allow-unverified",
}
"""What the user may override, by its kind, and with which option."""
_ABOUT_THE_REPORT: Final = {"claim", "unread", "stale", "number", "rubric", "unverified"}
_LEFT_OUT: Final = "take it out of [submission] include"
_AGAIN: Final = "make it again: mnistreport render"
_BY_HAND: Final = (
    "put what you wrote into templates/insights/<study>.md.j2, and make it again, which keeps the "
    "changed one under another name: mnistreport render"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that speaks against handing in.

    Attributes:
        kind: What sort of thing: one of ``FLAGS``, or ``must`` if nobody can override it.
        problem: What exactly, where, and the next step.
    """

    kind: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Packed:
    """What was packed.

    Attributes:
        path: The zip.
        listing: What is in it, a line for each file: SHA-256, size in bytes, name.
        overridden: What spoke against it.
        others: Zips of the same scheme, with other ids, that lie beside it.
    """

    path: Path
    listing: str
    overridden: tuple[Refusal, ...]
    others: tuple[Path, ...]


def pack_submission(options: Options, allowed: Collection[str], listener: Listener) -> Packed:
    """Write the zip and the list of what is in it, from the documents of the last build.

    Args:
        options: Where manifest, data, stored runs and documents are.
        allowed: The kinds of refusals that the user overrides.
        listener: Is told what could not be trusted.

    Raises:
        ManifestError: The manifest is not usable.
        DataError: The data set cannot be had, or is not what it should be.
        UsageError: Ids, files or documents are not as they must be.
        ReviewError: The report's words are not borne out, its rubric is not met, or the zip does
            not pass what ``verify`` checks.
        TemplateError: A template of a report that is to be made again cannot be rendered.
        LockedError: Another build holds the output.
        EnvironmentFault: The disk refuses.
    """
    project = open_project(options, listener)
    _warn_of_strangers(project.manifest, listener)
    refuse_strangers(project.output, project.folder)
    with hold_folder(project.output):
        remove_leftovers(project.output)
        files, gaps = _read_files(project)
        content = make_zip(files)
        refusals = [
            *_check_ids(project.manifest),
            *gaps,
            *_check_sizes(project.output, content),
            *_check_data(project),
            *_check_documents(project, files, allowed, listener),
        ]
        against = [each for each in refusals if each.kind not in allowed]
        zip_name = find_zip_name(project.manifest.submission)
        if against or zip_name is None:
            raise _join(against)
        if "unverified" not in allowed and (failing := [*_verify(content, zip_name, project)]):
            raise _join(failing)
        listing = list_files(files)
        packed = {zip_name: content, name_listing(zip_name): listing.encode()}
        _write(project.output, packed, listener)
    scheme = project.manifest.submission.scheme
    others = [
        path
        for path in sorted(project.output.iterdir())
        if follows_scheme(scheme, path.name) and path.name != zip_name
    ]
    return Packed(project.output / zip_name, listing, tuple(refusals), tuple(others))


def _write(output: Path, packed: Mapping[str, bytes], listener: Listener) -> None:
    """Write zip and list: both or neither, unless it is killed between the two.

    What no pack has written is kept under another name.
    """
    stamp = load_stamp(output)
    files = {output / name: content for name, content in packed.items()}
    kept = find_kept(output, files, stamp)
    with replacing(files, kept_as=kept):
        if stamp:  # without one, nothing is packed
            digests = {name: digest_content(content) for name, content in packed.items()}
            save_stamp(output, replace(stamp, earlier={**stamp.earlier, **digests}))
    if kept:
        listener.on_warning(describe_kept(output, kept, stamp))


def _verify(content: bytes, zip_name: str, project: Project) -> Iterator[Refusal]:
    """Yield what fails of a zip that would be written, as ``verify`` checks it."""
    from mnistreport.verification.submission import NAME, verify_submission

    with TemporaryDirectory(prefix="mnistreport-") as folder:
        path = Path(folder, zip_name)
        path.write_bytes(content)
        verdict = verify_submission(path, project.manifest.submission.scheme)
    for check in verdict.failing:
        if check.name != NAME:  # of ids there was told before
            reason = f"would not pass mnistreport verify: {check.name}: {check.reason}"
            step = "make the documents again: mnistreport build"
            problem = Problem(reason, project.output / zip_name, next_step=step)
            yield Refusal("unverified", problem)


def _join(refusals: Collection[Refusal]) -> UsageError | ReviewError:
    """Make one error of everything; what is wrong with a report alone is the lesser."""
    problems = [_add_flag(each) for each in refusals]
    if all(each.kind in _ABOUT_THE_REPORT for each in refusals):
        return ReviewError.of(problems)
    return UsageError.of(problems)


def _add_flag(refusal: Refusal) -> Problem:
    flag = FLAGS.get(refusal.kind)
    if flag is None:
        return refusal.problem
    step = refusal.problem.next_step
    anyway = f"pack it even so: {flag}"
    return replace(refusal.problem, next_step=f"{step}, or {anyway}" if step else anyway)


def _check_ids(manifest: Manifest) -> Iterator[Refusal]:
    """Yield what is wrong with the ids: too few or many, or not anybody's."""
    submission = manifest.submission
    if fault := explain_ids(submission):
        step = "put the ids of your team there, or change submission.scheme"
        yield Refusal("must", Problem(fault, manifest.path, key="submission.ids", next_step=step))
    on_title_page = [each.id for each in manifest.report.authors if each.id.startswith(PLACEHOLDER)]
    for key, ids in (
        ("submission.ids", submission.placeholders),
        ("report.authors", on_title_page),
    ):
        if ids:
            what = "is a placeholder, not an id" if len(ids) == 1 else "are placeholders, not ids"
            step = "put the ids of your team there"
            problem = Problem(f"{join_words(ids)} {what}", manifest.path, key=key, next_step=step)
            yield Refusal("placeholders", problem)
    if names := [each.name for each in manifest.report.authors if is_placeholder(each.name)]:
        step = "put the names of your team there"
        reason = f"{join_words(names)}: placeholders, not names"
        problem = Problem(reason, manifest.path, key="report.authors", next_step=step)
        yield Refusal("placeholders", problem)


def _warn_of_strangers(manifest: Manifest, listener: Listener) -> None:
    """Tell which ids name the zip and are not on the title page."""
    known = {each.id for each in manifest.report.authors}
    strangers = [each for each in manifest.submission.ids if each not in known]
    if known and strangers:
        who = (
            f"the id {strangers[0]}" if len(strangers) == 1 else f"the ids {join_words(strangers)}"
        )
        listener.on_warning(f"the title page lacks {who}, which the zip is named after")


def _read_files(project: Project) -> tuple[dict[str, bytes], list[Refusal]]:
    """Read what goes into the zip; return it, and what cannot go in, with what to do about it."""
    manifest, output = project.manifest, project.output
    files: dict[str, bytes] = {}
    refusals: list[Refusal] = []
    room = LARGEST_CONTENTS
    for name in list_members(manifest.submission):
        obstacle, content = find_obstacle(output, name, manifest.submission), b""
        if obstacle is None:
            try:
                content = read_file(output, name)
            except OSError as error:
                obstacle = f"cannot be read: {error.strerror or error}"
        room -= len(content)
        if obstacle is None and room >= 0:
            files[name] = content
            continue
        reason = obstacle or f"makes all files larger than {LARGEST_CONTENTS // 2**20} MiB"
        step = _say_next(name, manifest) if obstacle else _LEFT_OUT
        refusals.append(Refusal("must", Problem(reason, output / name, next_step=step)))
    return files, refusals


def _say_next(name: str, manifest: Manifest) -> str:
    """Return what to do about a file that cannot go in."""
    if explain_kind(name):
        return f"{_LEFT_OUT}; what ends in {join_words(sorted(ALLOWED))} is taken"
    if explain_unfit(name, manifest.submission):
        return f"rename it, or {_LEFT_OUT}"
    if manifest.imports and name in map(name_weights, manifest.baselines):
        step = "list what there is in [submission] include, if its best has imported runs"
        return f"make it with: mnistreport build, or {step}"
    if is_made(name, manifest.baselines):
        return "make it with: mnistreport build"
    return f"put the file itself there, or {_LEFT_OUT}"


def _check_sizes(output: Path, content: bytes) -> Iterator[Refusal]:
    """Yield what unpacks to so much that nobody takes it, of the zip with this ``content``."""
    for name, why in find_oversized(content).items():
        yield Refusal("must", Problem(why, output / name, next_step=_LEFT_OUT))


def _check_data(project: Project) -> Iterator[Refusal]:
    if project.digits.name == DIGITS:
        reason = f"the report is on {project.digits.title}, not on MNIST"
        step = "put MNIST into the folder data beside the manifest, or: "
        step += "mnistreport build --data kaggle"
        problem = Problem(reason, project.output, next_step=step)
        yield Refusal("digits", problem)


def _check_documents(
    project: Project, files: Mapping[str, bytes], allowed: Collection[str], listener: Listener
) -> Iterator[Refusal]:
    """Yield why the documents are not those of now, and what is wrong with what they say."""
    results = collect_results(project, lambda each: look_up(each, project, listener))
    material = gather_material(project, results)
    if not results.untrained and (unread := tell_unread(material)):
        listener.on_warning(unread)
    standing = look_at_documents(material, project.folder, project.output)
    stamp = standing.stamp
    if stamp is None:
        reason = "no documents of a build stand here"
        step = f"make them: {name_next_step(project.manifest, results)}"
        yield Refusal("must", Problem(reason, project.output, next_step=step))
        outdated = []
    elif gap := find_gap(project.manifest, results):
        outdated = [gap]
    else:
        outdated = [*_find_outdated(project, standing, list_documents(material), files)]
    for problem in outdated:
        yield Refusal("outdated", problem)
    if stamp and (not outdated or "outdated" in allowed):
        complaints = stamp.complaints  # of the very documents that go in
    elif results.untrained:
        return  # which was told; there is nothing to hold the words against
    else:
        complaints = _review_anew(project, material)
    for each in complaints:
        if not each.is_amiss:
            listener.on_warning(str(each.problem))
            continue
        # Ids and files have their own refusals, with more to say.
        if (each.kind, each.problem.key) != ("rubric", "submission"):
            yield Refusal(each.kind, each.problem)


def _find_outdated(
    project: Project, standing: Standing, documents: Collection[str], files: Mapping[str, bytes]
) -> Iterator[Problem]:
    """Yield which documents were not made of what there is now, or changed since."""
    output, manifest = project.output, project.manifest
    made: Mapping[str, str] = standing.stamp.documents if standing.stamp else {}
    if not standing.is_of_now:
        reason = "the documents were made of another manifest, other templates or other results"
        yield Problem(reason, output, next_step="make them again: mnistreport render")
    members = list_members(manifest.submission)  # those that are not there were told already
    for name in (*files, *(name for name in documents if name not in members)):
        if name not in made:
            if is_made(name, manifest.baselines):
                reason = "was not made together with the other documents"
                yield Problem(reason, output / name, next_step=_AGAIN)
        elif name in files and digest_content(files[name]) != made[name]:
            yield Problem("was changed after it was made", output / name, next_step=_BY_HAND)
        elif name not in files and name in (*standing.edited, *standing.gone):
            reason = "is not as it was made"
            yield Problem(reason, output / name, next_step=_AGAIN)


def _review_anew(project: Project, material: Material) -> tuple[Complaint, ...]:
    """Return what would be wrong with a report that was made now."""
    templates = Templates(project.folder)
    written = list_documents(material)
    context = review_context(material, templates, project.output, written=written)
    claims = render_all_prose(context, templates).claims
    return review_prose(material, context, templates, claims, review_words(templates, context))
