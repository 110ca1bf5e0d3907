"""Writing the documents: all of them, or those of the last good build stay.

Only a program that is killed while names change, file by file, can leave some of either.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mnistreport.errors import (
    EnvironmentFault,
    MnistReportError,
    NoPdfError,
    RenderingError,
    ReviewError,
)
from mnistreport.files import remove_leftovers, replacing
from mnistreport.report.complaint import Complaint
from mnistreport.report.keeping import carry_over, describe_kept, find_kept, holds
from mnistreport.report.making import (
    NOTEBOOK,
    NOTEBOOK_PDF,
    PDF,
    TABLES,
    Making,
    list_documents,
)
from mnistreport.report.material import Material
from mnistreport.report.stamp import (
    Stamp,
    digest_beside,
    digest_content,
    digest_program,
    digest_runs,
    read_stamped,
    save_stamp,
)
from mnistreport.report.standing import look_at_documents


@dataclass(frozen=True, slots=True)
class Publication:
    """The documents of a build.

    Attributes:
        documents: Paths, the HTML and PDF report first.
        fresh: Whether they were written now; otherwise nothing they depend on had changed.
        complaints: What a reader has to be told: false claims, stale words, and the like.
    """

    documents: tuple[Path, ...]
    fresh: bool
    complaints: tuple[Complaint, ...]

    @property
    def reports(self) -> tuple[Path, ...]:
        """The documents that people read."""
        return tuple(path for path in self.documents if path.suffix in {".html", ".pdf", ".ipynb"})

    @property
    def left_alone(self) -> tuple[Path, ...]:
        """What stands there, but was not made with the page."""
        paths = (self.documents[0].with_name(name) for name in (PDF, NOTEBOOK, NOTEBOOK_PDF))
        return tuple(path for path in paths if path not in self.documents and path.exists())


def publish_report(
    material: Material,
    project: Path,
    output: Path,
    *,
    strict: bool = False,
    pdf: bool = True,
    notebook: bool = True,
    on_stage: Callable[[str], None] = lambda _stage: None,
    on_warning: Callable[[str], None] = lambda _warning: None,
) -> Publication:
    """Write report, numbers and tables into ``output``, unless they stand there already.

    What is not there as the last build left it is a person's, and is kept under another name.

    Everything is made before anything is written: an error leaves the old documents as they were.
    But if it is only the notebook that cannot be made, or a PDF that cannot be made here, all
    others are written before that is told; the last good ones of these stay as they were.

    Args:
        material: What the report is made of.
        project: Folder of the manifest.
        output: Folder of the documents.
        strict: Whether to write nothing if a person's words are not borne out.
        pdf: Whether to make more than the page and what is made at once.
        notebook: Whether to make the notebook, too. What is not made is left as it stands.
        on_stage: Is told what takes long.
        on_warning: Is told which letters are shown as a box, and what was kept under which name.

    Raises:
        TemplateError: A template cannot be rendered.
        RenderingError: A PDF or the notebook cannot be made.
        ReviewError: With ``strict``: a claim is false, words are stale, or a number has no source.
        EnvironmentFault: The disk refuses.
    """
    wanted = list_documents(material, pdf=pdf, notebook=notebook)
    standing = look_at_documents(material, project, output)
    stamp = standing.stamp
    if stamp and standing.holds(wanted):
        _refuse(stamp.complaints, strict=strict)
        paths = tuple(output / name for name in stamp.documents)
        for place in {path.parent for path in paths}:
            remove_leftovers(place)
        return Publication(paths, fresh=False, complaints=stamp.complaints)
    from mnistreport.report.document import compose_document
    from mnistreport.report.figures.folder import FOLDER, FigureFolder
    from mnistreport.report.missing_letters import warn_of_letters
    from mnistreport.report.review import review_context, review_prose
    from mnistreport.report.staleness import keep_words, review_words
    from mnistreport.report.templating import Templates

    templates = Templates(project)
    context = review_context(material, templates, output, written=wanted)
    folder = FigureFolder(output / FOLDER, digest_program())
    stale = review_words(templates, context)
    document = compose_document(context, material, templates, folder.draw, stale=stale)
    complaints = review_prose(material, context, templates, document.claims, stale)
    _refuse(complaints, strict=strict)
    for warning in warn_of_letters(material, project, output, pdf=pdf):
        on_warning(warning)
    runs = digest_runs(material.results)
    making = Making(document, material, templates, output, on_stage)
    making.made |= _find_tables(output, stamp, runs)
    failures = _make_all(making, wanted)
    documents = {name: making.made[name] for name in wanted if name in making.made}
    pictures = folder.list_files(document.planned, document.figures)
    documents |= {f"{FOLDER}/{name}": content for name, content in pictures.items()}
    outdated = tuple(folder.list_outdated(document.planned))
    changed = _find_changed(output, documents)
    kept = find_kept(output, changed, stamp)
    with replacing(changed, outdated, kept):
        keep_words(templates, context)
        digests = {name: digest_content(content) for name, content in documents.items()}
        earlier = carry_over(output, stamp, documents)
        beside = digest_beside(project)
        save_stamp(output, Stamp(standing.inputs, runs, beside, digests, complaints, earlier))
    if kept:
        on_warning(describe_kept(output, kept, stamp))
    if failures:
        raise type(failures[-1]).of([each for error in failures for each in error.problems])
    paths = tuple(output / name for name in documents)
    return Publication(paths, fresh=True, complaints=complaints)


def _make_all(making: Making, wanted: Sequence[str]) -> list[MnistReportError]:
    """Make documents; return why there is no PDF or notebook, which keeps the page from nobody.

    Raises:
        MnistReportError: Another document cannot be made, or a PDF because of what is on its page.
    """
    failures: list[MnistReportError] = []
    for name in sorted(wanted, key=[PDF, NOTEBOOK, NOTEBOOK_PDF].__contains__):
        try:
            making.make(name)
        except NoPdfError as error:
            failures.append(_name_paper(error, making.output / name))
        except (RenderingError, EnvironmentFault) as error:
            if name not in {NOTEBOOK, NOTEBOOK_PDF}:
                raise
            making.made.pop(NOTEBOOK, None)
            return [*failures, error]
    return failures


def _name_paper(error: NoPdfError, path: Path) -> NoPdfError:
    """Say which PDF there is none of, and that one of an earlier build is none of this."""
    stands = "what stands there is of an earlier build" if path.exists() else ""
    return NoPdfError.of(
        [
            replace(each, file=path, next_step="; ".join(filter(None, (each.next_step, stands))))
            for each in error.problems
        ]
    )


def _find_tables(output: Path, stamp: Stamp | None, runs: str) -> dict[str, bytes]:
    """Return the tables of runs that stand in ``output`` and are made of the same runs."""
    if stamp is None or stamp.runs != runs:
        return {}
    found = {name: read_stamped(output, name, stamp) for name in TABLES}
    return {name: content for name, content in found.items() if content is not None}


def _find_changed(output: Path, documents: Mapping[str, bytes]) -> dict[Path, bytes]:
    """Return what does not stand there already, by its path."""
    paths = {output / name: content for name, content in documents.items()}
    for folder in {path.parent for path in paths}:
        remove_leftovers(folder)
    return {path: content for path, content in paths.items() if not holds(path, content)}


def _refuse(complaints: tuple[Complaint, ...], *, strict: bool) -> None:
    """Refuse to hand on words that are not borne out, if that was asked for."""
    problems = [complaint.problem for complaint in complaints if complaint.is_about_words]
    if strict and problems:
        raise ReviewError.of(problems)
