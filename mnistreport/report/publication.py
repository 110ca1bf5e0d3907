"""Writing the documents: all of them, or those of the last good build stay."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mnistreport.errors import ReviewError
from mnistreport.files import remove_leftovers, replace_file
from mnistreport.report.complaint import Complaint
from mnistreport.report.material import Material
from mnistreport.report.stamp import (
    Stamp,
    digest_beside,
    digest_content,
    digest_inputs,
    find_standing,
    save_stamp,
)

if TYPE_CHECKING:  # heavy to import, and a build with nothing to do needs neither
    from mnistreport.report.templating import Templates
    from mnistreport.report.views import ReportContext

DOCUMENTS = ("report.html", "report.pdf", "results.json", "runs.csv", "epochs.csv")


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


def publish_report(
    material: Material, project: Path, output: Path, *, strict: bool = False
) -> Publication:
    """Write report, numbers and tables into ``output``, unless they stand there already.

    Everything is made before anything is written: an error leaves the old documents as they were.

    Args:
        material: What the report is made of.
        project: Folder of the manifest.
        output: Folder of the documents.
        strict: Whether to write nothing if a person's words are not borne out.

    Raises:
        TemplateError: A template cannot be rendered.
        RenderingError: The PDF cannot be made.
        ReviewError: With ``strict``: a claim is false, words are stale, or a number has no source.
        EnvironmentFault: The disk refuses.
    """
    inputs = digest_inputs(material, project, output, DOCUMENTS)
    standing = find_standing(output, inputs, digest_beside(project))
    if standing:
        _refuse(standing.complaints, strict=strict)
        paths = tuple(output / name for name in standing.documents)
        return Publication(paths, fresh=False, complaints=standing.complaints)
    from mnistreport.report.review import review_context  # heavy, and not needed until here
    from mnistreport.report.staleness import keep_words
    from mnistreport.report.templating import Templates

    templates = Templates(project)
    context = review_context(material, templates, output, written=DOCUMENTS)
    documents, complaints = _make_documents(material, context, templates, strict=strict)
    remove_leftovers(output)
    for name, content in documents.items():
        replace_file(output / name, content)
    keep_words(templates, context)
    digests = {name: digest_content(content) for name, content in documents.items()}
    save_stamp(output, Stamp(inputs, digest_beside(project), digests, complaints))
    paths = tuple(output / name for name in documents)
    return Publication(paths, fresh=True, complaints=complaints)


def _make_documents(
    material: Material, context: "ReportContext", templates: "Templates", *, strict: bool
) -> tuple[dict[str, bytes], tuple[Complaint, ...]]:
    from mnistreport.analysis.frames import make_epochs_frame, make_runs_frame
    from mnistreport.report.context import dump_context
    from mnistreport.report.document import compose_document
    from mnistreport.report.html import render_html
    from mnistreport.report.pdf import render_pdf
    from mnistreport.report.review import review_prose
    from mnistreport.report.staleness import review_words

    stale = review_words(templates, context)
    document = compose_document(context, material, templates, stale=stale)
    complaints = review_prose(material, context, templates, document.claims, stale)
    _refuse(complaints, strict=strict)
    contents = (
        render_html(document, templates).encode(),
        render_pdf(render_html(document, templates, skin="print")),
        dump_context(context),
        make_runs_frame(material.results).to_csv(index=False).encode(),
        make_epochs_frame(material.results).to_csv(index=False).encode(),
    )
    return dict(zip(DOCUMENTS, contents, strict=True)), complaints


def _refuse(complaints: tuple[Complaint, ...], *, strict: bool) -> None:
    """Refuse to hand on words that are not borne out, if that was asked for."""
    problems = [complaint.problem for complaint in complaints if complaint.is_about_words]
    if strict and problems:
        raise ReviewError.of(problems)
