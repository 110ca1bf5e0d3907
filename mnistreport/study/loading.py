"""From a file to a ``Manifest``, or to everything that is wrong with it."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from mnistreport.errors import ManifestError
from mnistreport.search_path import distrust_folder
from mnistreport.study.baselines import build_baselines
from mnistreport.study.complaints import Complaints
from mnistreport.study.document import read_document
from mnistreport.study.imports import build_imports
from mnistreport.study.manifest import (
    Author,
    DataSettings,
    Manifest,
    ReportInfo,
    RubricLine,
    SplitFractions,
    Submission,
)
from mnistreport.study.naming import list_read
from mnistreport.study.schema import DataTable, ManifestTable, ReportTable, SubmissionTable
from mnistreport.study.studies import build_studies, check_combinations


def load_manifest(path: Path, *, known: Manifest | None = None) -> Manifest:
    """Read, check and resolve a manifest; nothing in it is run, opened or allocated.

    Args:
        path: The file.
        known: What it must still say, if it was loaded before.

    Raises:
        ManifestError: If it cannot be read or anything in it is wrong, with every mistake once,
            in the order of lines; or if it does not say what is ``known``.
    """
    distrust_folder(path.parent)
    document = read_document(path)
    if known and known.sha256 != document.sha256:
        reason = "has changed since it was loaded"
        raise ManifestError(reason, file=path, next_step="load it again")
    complaints = Complaints(document)
    try:
        ManifestTable.model_validate(document.values)
    except ValidationError as error:
        complaints.add_errors(error)
    # What no single key tells is checked even so: whoever made one mistake may have made two.
    models = build_baselines(document, complaints)
    studies = build_studies(document, models, complaints)
    imports = build_imports(document, models, complaints)
    complaints.raise_if_any()
    table = ManifestTable.model_validate(document.values)
    if table.final.combine:
        check_combinations(studies, models.baselines, complaints)
        complaints.raise_if_any()
    manifest = Manifest(
        path=path,
        sha256=document.sha256,
        report=_read_report(table.report),
        data=_read_data(table.data),
        seeds=table.training.seeds,
        baselines=models.baselines,
        studies=studies,
        combine=table.final.combine,
        submission=_read_submission(table.submission, models.baselines),
        rubric=tuple(RubricLine(row.requirement, row.points, row.check) for row in table.rubric),
        imports=imports,
    )
    if known and known != manifest:
        reason = "does not say what the given manifest says, which was made of it and changed"
        raise ManifestError(reason, file=path, next_step="change the file, and load it again")
    return manifest


def _read_report(table: ReportTable) -> ReportInfo:
    return ReportInfo(
        title=table.title,
        subtitle=table.subtitle,
        course=table.course,
        authors=tuple(Author(author.name, author.id) for author in table.authors),
        language=table.language,
        date=table.date,
    )


def _read_data(table: DataTable) -> DataSettings:
    split = SplitFractions(table.split.train, table.split.validation, table.split.test)
    return DataSettings(source=table.source, split=split, seed=table.seed)


def _read_submission(table: SubmissionTable, models: Iterable[str]) -> Submission:
    is_given = "include" in table.model_fields_set  # an empty list is one, too
    include = table.include if is_given else list_read(models)
    return Submission(ids=table.ids, include=include, scheme=table.scheme)
