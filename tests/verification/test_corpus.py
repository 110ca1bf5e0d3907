"""One change each to a submission that is as it should be: each is caught, for its own reason."""

import functools
import io
import pickle
import re
from collections.abc import Iterator

import pytest

from mnistreport.verification import inspection
from mnistreport.verification.inspection import INSPECTED, Inspection
from mnistreport.verification.verdict import Check
from tests.verification.changes import (
    Change,
    added,
    between,
    doubled,
    doubled_pdf,
    encrypted,
    extended,
    linked,
    make_device,
    miscounted,
    noted,
    out_of_order,
    overlapped,
    printed_otherwise,
    printed_with_more,
    promised,
    protected,
    rename_elsewhere,
    renamed,
    replaced,
    reweighed,
    rewritten,
    said_otherwise,
    silenced,
    tampered,
    two_directories,
    unexecuted,
    unlisted,
    untagged,
    with_error,
    with_number,
    without,
    without_pages,
)
from tests.verification.submissions import Members, make_pdf, write_zip

NOTEBOOK_OUT = {"notebook", "execution", "numbers", "printed numbers"}
REPORT_OUT = {"report", "numbers"}
PRINT_OUT = {"printed notebook", "printed numbers"}
ALL_OUT = set(INSPECTED)
UNICODE_PATH = rename_elsewhere("notes.txt", "notebook.ipynb")
LARGE = bytes((1, 0, 16, 0, *[0] * 16))


def inspect(content: bytes) -> dict[str, Check]:
    """Return every check of a zip, made in this process, by name."""
    checks = Inspection(io.BytesIO(content), len(content)).run_checks()
    return {check.name: check for check in checks}


CORPUS: dict[str, tuple[Change, str, str, set[str]]] = {
    # The zip itself
    "no zip": (lambda _: b"%PDF-1.7 no zip at all", "archive", "no zip archive", ALL_OUT),
    "truncated": (lambda each: write_zip(each)[:-40], "archive", "was cut off", ALL_OUT),
    "bomb": (added("zeros.txt", bytes(2**24)), "archive", "more than 100 times its size", set()),
    "overlapping": (tampered(overlapped), "archive", "members overlap", ALL_OUT),
    "unlisted": (tampered(unlisted), "archive", "stands before its first", ALL_OUT),
    "between": (tampered(between), "archive", "belongs to none", ALL_OUT),
    "too many": (
        lambda each: write_zip(each | {f"{place}.txt": b"" for place in range(200)}),
        "archive",
        "more than 200 members",
        ALL_OUT,
    ),
    "traversal": (added("../evil.txt"), "archive", "points outside", set()),
    "absolute": (added("/etc/evil.txt"), "archive", "absolute name", set()),
    "backslash": (added("..\\evil.txt"), "archive", "a backslash", set()),
    "drive": (added("C:evil.txt"), "archive", "a drive letter", set()),
    "control": (added("\x1b[2Jevil.txt"), "archive", "control characters", set()),
    "hidden": (added(".evil.txt"), "archive", "is hidden", set()),
    "folder": (added("evil.txt/", b""), "archive", "is a folder", {"contents"}),
    "link": (tampered(linked), "archive", "is a symbolic link", set()),
    "device": (tampered(make_device), "archive", "is no regular file", set()),
    "double": (doubled("a.txt", "a.txt"), "archive", "is in it twice", set()),
    "case": (doubled("Notes.txt", "notes.TXT"), "archive", "the same name to some", set()),
    "unicode": (doubled("\u00e9.txt", "e\u0301.txt"), "archive", "the same name to some", set()),
    "encrypted": (tampered(encrypted), "archive", "is encrypted", set()),
    "two names": (tampered(renamed), "archive", "has another name before", set()),
    "two sums": (tampered(promised), "archive", "is described otherwise", set()),
    "checksum": (rewritten(b"some words", b"sore words"), "archive", "its checksum is", set()),
    "two directories": (two_directories, "archive", "has a second directory", ALL_OUT),
    "two counts": (miscounted, "archive", "another number of members than it says", ALL_OUT),
    "renamed elsewhere": (
        extended("notes.txt", UNICODE_PATH, UNICODE_PATH),
        "archive",
        "notes.txt has an extra field (0x7075) by which others",
        set(),
    ),
    "renamed elsewhere before its content": (
        extended("notes.txt", b"", UNICODE_PATH),
        "archive",
        "notes.txt has an extra field (0x7075) by which others",
        set(),
    ),
    "large elsewhere": (
        extended("notes.txt", LARGE, b""),
        "archive",
        "notes.txt has an extra field (0x0001) by which others",
        set(),
    ),
    "cut field": (
        extended("notes.txt", b"", b"UT\x09\x00\x00"),
        "archive",
        "notes.txt has a damaged extra field",
        set(),
    ),
    "before": (lambda each: b"MZ" + write_zip(each), "archive", "stands before", ALL_OUT),
    "behind": (lambda each: write_zip(each) + b"more", "archive", "stands behind", set()),
    # What is in it
    "no notebook": (
        without("notebook.ipynb"),
        "contents",
        "notebook.ipynb is missing",
        NOTEBOOK_OUT,
    ),
    "no report": (without("report.pdf"), "contents", "report.pdf is missing", REPORT_OUT),
    "executable": (added("setup.exe", b"MZ"), "contents", "setup.exe is of a kind", set()),
    "nested": (added("more.zip", b"PK"), "contents", "more.zip is of a kind", set()),
    # The notebook
    "unexecuted": (
        noted(unexecuted),
        "execution",
        "cell 2 was not run",
        {"numbers", "printed numbers"},
    ),
    "out of order": (noted(out_of_order), "execution", "cell 2 was run as number 2, not 1", set()),
    "error": (noted(with_error), "execution", "ended with an error (KeyError)", set()),
    "no JSON": (replaced("notebook.ipynb", b"{", b"["), "notebook", "no JSON", NOTEBOOK_OUT),
    "format 3": (
        replaced("notebook.ipynb", b'"nbformat": 4', b'"nbformat": 3'),
        "notebook",
        "no notebook of format 4",
        NOTEBOOK_OUT,
    ),
    "invalid": (
        replaced("notebook.ipynb", b'"cell_type": "markdown"', b'"cell_type": "poem"'),
        "notebook",
        "no valid notebook",
        NOTEBOOK_OUT,
    ),
    "deep": (
        added("notebook.ipynb", b"[" * 100_000),
        "notebook",
        "nested too deeply",
        NOTEBOOK_OUT,
    ),
    # Its numbers
    "sentence": (
        said_otherwise("ahead of the baseline by 1.10 pp", "ahead of the baseline by 1.19 pp"),
        "numbers",
        "cell 4: 1.19 is not in report.pdf beside 0.10",
        set(),
    ),
    "row": (
        said_otherwise("<td>0.3089</td>", "<td>0.3088</td>"),
        "numbers",
        "cell 3: 0.3088 is not in report.pdf beside ",
        set(),
    ),
    "swapped": (
        said_otherwise("(97.84 % \\u00b1 0.10 % valid", "(0.10 % \\u00b1 97.84 % valid"),
        "numbers",
        "cell 4: 97.84 is not in report.pdf beside 1.10",
        set(),
    ),
    "sign": (
        said_otherwise("\\u22125.69", "+5.69"),
        "numbers",
        "5.69 is not in report.pdf beside 0.12",
        set(),
    ),
    "words": (
        said_otherwise(
            "is ahead of the baseline by 1.10 pp, and the noise floor, the standard deviation",
            "loses against the other by 1.10 pp, while some random mistake, a measured variance",
        ),
        "numbers",
        "is not in report.pdf",
        set(),
    ),
    "no rows": (
        noted(untagged),
        "numbers",
        "the notebook has no rows of results with numbers",
        set(),
    ),
    "no words": (
        noted(silenced),
        "numbers",
        "the notebook has no sentences with numbers",
        {"printed numbers"},
    ),
    # The PDFs
    "empty PDF": (without_pages, "report", "report.pdf has no pages", REPORT_OUT),
    "blank PDF": (
        lambda each: write_zip(each | {"report.pdf": make_pdf("")}),
        "report",
        "report.pdf has no text",
        REPORT_OUT,
    ),
    "protected PDF": (protected, "report", "report.pdf is encrypted", REPORT_OUT),
    "no PDF": (added("report.pdf", b"GIF89a"), "report", "report.pdf is no PDF", REPORT_OUT),
    "broken PDF": (
        added("report.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 9),
        "report",
        "report.pdf cannot be read as PDF",
        REPORT_OUT,
    ),
    "other print": (
        printed_otherwise,
        "printed notebook",
        "lines of code and headings are not in it",
        PRINT_OUT,
    ),
    "more in print": (
        printed_with_more,
        "printed numbers",
        "99.87 is not in the notebook",
        set(),
    ),
    # Tables and weights
    "other run": (
        with_number("runs.csv", "validation_accuracy", "0.9999"),
        "runs and epochs",
        "validation_accuracy is 0.9999 in runs.csv",
        set(),
    ),
    "other count": (
        with_number("runs.csv", "epochs", "7"),
        "runs and epochs",
        "finished 7 epochs in runs.csv, 2 in epochs.csv",
        set(),
    ),
    "no table": (added("runs.csv", b"\xff\xfe"), "runs and epochs", "no table", {"weights"}),
    "pickle": (
        added("best_mlp.safetensors", pickle.dumps({"a": 1})),
        "weights",
        "it is no safetensors file",
        set(),
    ),
    "forged": (reweighed(test_right=359), "weights", "its test accuracy, 100.00", set()),
    "another model's": (
        reweighed(model="other"),
        "weights",
        "it holds the weights of the model other",
        set(),
    ),
    "one PDF twice": (
        doubled_pdf,
        "printed notebook",
        "notebook.pdf and report.pdf are the same document",
        {"numbers", "weights"},
    ),
    "unknown key": (reweighed(comment="hello"), "weights", "comment", set()),
    "other settings": (reweighed(seed=7), "weights", "its fingerprint is not that", set()),
    "larger": (
        reweighed(architecture={"layers": [9], "dropout": 0.0, "layer_norm": False, "kind": "mlp"}),
        "weights",
        "parameters; its network has 7,165",
        set(),
    ),
    "huge": (
        reweighed(
            architecture={
                "layers": [10**9] * 64,
                "dropout": 0.0,
                "layer_norm": False,
                "kind": "mlp",
            }
        ),
        "weights",
        "more than 200,000,000 parameters",
        set(),
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _read_pdfs_once() -> Iterator[None]:
    """Read a PDF that no change has touched only once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection, "read_pdf", functools.cache(inspection.read_pdf))
        yield


def test_a_good_submission_passes(good: bytes) -> None:
    """Nothing is wrong with what is as it should be."""
    checks = inspect(good)
    assert list(INSPECTED) == list(checks)
    assert {} == {name: each.reason for name, each in checks.items() if each.state != "passed"}


@pytest.mark.parametrize("name", CORPUS)
def test_a_bad_one_is_caught(name: str, members: Members) -> None:
    """The check that must fail does, for its own reason; all that do not depend on it pass."""
    change, failing, reason, dependent = CORPUS[name]
    checks = inspect(change(members))
    assert "failed" == checks[failing].state
    assert reason in re.sub(r"\s", " ", checks[failing].reason)
    others = set(INSPECTED) - {failing} - dependent
    assert {} == {each: checks[each].reason for each in others if checks[each].state != "passed"}
