"""Reports of results that nobody trained: their material, and what stands in their HTML."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from mnistreport.analysis.results import Results, StudySummary
from mnistreport.analysis.selection import RULE, choose_winners
from mnistreport.data.dataset import DigitSet
from mnistreport.data.split import Split
from mnistreport.report.context import make_context
from mnistreport.report.document import render_all_prose
from mnistreport.report.material import Material, Tested
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext, StudyView
from mnistreport.resources import PROJECT_FILES
from mnistreport.study.manifest import Author, FieldValue, ReportInfo
from mnistreport.training.ledger import TestRead
from tests.fake_results import ERRORS, make_digits, make_manifest, make_outcome, make_results

NOTICE = "This report was made with something else."
INFO = ReportInfo(
    "A report", "Its subtitle", "A course", (Author("Ada Lovelace", "1815"), Author("Alan", "1")),
    "en",
)  # fmt: skip
EVERY_LEVEL: tuple[FieldValue, ...] = tuple(level for levels in ERRORS.values() for level in levels)

# A made-up run that diverged says so: "the loss was nan in epoch 3".
UNPRINTED = re.compile(r"\b(None|(?<!the loss was )nan|inf|Undefined|True|False)\b|\{\{|\}\}|\{%")
LONG_FLOAT = re.compile(r"\d\.\d{5,}")

Make = Callable[[str], StudyView]


def make_material(
    results: Results | None = None,
    *,
    info: ReportInfo = INFO,
    title: str = "Digits",
    seeds: Sequence[int] = (0, 1, 2),
    epochs: int | None = None,
    tested: bool = True,
) -> Material:
    """Make what a report is made of.

    Args:
        results: As from ``make_results``, with the same ``seeds`` and ``epochs``.
        info: What the title page says.
        title: The data set's title.
        seeds: Seeds of the manifest.
        epochs: Epochs of every run, if not as in the assignment.
        tested: Whether the winners were tested and the ledger has it.
    """
    results = results or make_results(seeds)
    images, labels = make_digits(600)
    digits = DigitSet(
        "digits", title, "Drawn by a test.", images, labels, "a" * 64, Path("digits"), NOTICE
    )
    train, validation, test = np.split(np.arange(600), [360, 480])
    winners = choose_winners(results) if tested else ()
    return Material(
        replace(make_manifest(seeds, epochs=epochs), report=info),
        digits,
        Split(train, validation, test, "5" * 64, Path("split")),
        results,
        tuple(
            Tested(winner, {seed: make_outcome(120, accuracy=0.9) for seed in winner.summary.runs})
            for winner in winners
        ),
        tuple(
            TestRead(
                "5" * 64,
                winner.model,
                winner.summary.variant.key,
                "a setting",
                tuple(run.fingerprint for run in winner.summary.runs.values()),
                RULE,
                "2026-01-01T00:00:00+00:00",
            )
            for winner in winners
        ),
    )


def make_small_material(**values: object) -> Material:
    """Make material of two seeds and one study, for tests that draw figures again and again."""
    results = make_results((0, 1), epochs=3, combined=False)
    study = results.studies[-1]
    keys = {level.level.variant.key for level in study.levels}
    keys |= {each.baseline.level.variant.key for each in results.studies}
    experiments = tuple(each for each in results.experiments if each.variant.key in keys)
    names = {each.fingerprint for each in experiments}
    small = replace(
        results,
        experiments=experiments,
        runs={name: run for name, run in results.runs.items() if name in names},
        variants={key: each for key, each in results.variants.items() if key in keys},
        studies=(study,),
    )
    return make_material(small, seeds=(0, 1), epochs=3, **values)  # type: ignore[arg-type]


def rename_study(study: StudySummary, title: str, labels: Sequence[str]) -> StudySummary:
    """Give a study another title and its levels other labels."""
    levels = tuple(
        replace(each, level=replace(each.level, label=label))
        for each, label in zip(study.levels, labels, strict=True)
    )
    return replace(study, study=replace(study.study, title=title), levels=levels)


def find_view(context: ReportContext, slug: str) -> StudyView:
    """Return a study's view by its slug."""
    return next(study for study in context.studies if study.slug == slug)


def render_texts(material: Material, project: Path = PROJECT_FILES) -> dict[str, str]:
    """Return every insight and every part around them as plain text, by name."""
    prose = render_all_prose(make_context(material), Templates(project)).html
    return {name: read_page(html).text for name, html in prose.items()}


@dataclass
class Page(HTMLParser):
    """What stands in a piece of HTML.

    Attributes:
        inventory: How often each element occurs with each set of attribute names; what is inside
            a drawing is left out.
        drawn: The elements and attributes of drawings.
        ids: Values of ``id``, in order, outside drawings.
        drawn_ids: Those inside.
        addresses: Values of ``src``, ``href`` and their like, as (element, attribute, value).
        words: Texts, in order, style sheets and scripts left out.
        rows: Texts of each table's cells, row by row.
    """

    inventory: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)
    drawn: set[tuple[str, tuple[str, ...]]] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    drawn_ids: list[str] = field(default_factory=list)
    addresses: list[tuple[str, str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Prepare the parser."""
        super().__init__()
        self._in_style = self._in_cell = self._in_drawing = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        kind = tag, tuple(sorted(name for name, _ in attrs))
        if self._in_drawing:
            self.drawn.add(kind)
        else:
            self.inventory[kind] += 1
        ids = self.drawn_ids if self._in_drawing else self.ids
        self._in_drawing |= tag == "svg"
        self._in_style = tag in {"style", "script"}
        for name, value in attrs:
            if name == "id":
                ids.append(value or "")
            elif name in {"src", "href", "srcset", "action", "data", "poster", "background"}:
                self.addresses.append((tag, name, value or ""))
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        """Note that a drawing, a style sheet or a cell is over."""
        if tag == "svg":
            self._in_drawing = False
        elif tag in {"style", "script"}:
            self._in_style = False
        elif tag in {"td", "th"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self._in_style:
            return
        self.words.append(data)
        if self._in_cell:
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        """All texts, on one line."""
        return " ".join("".join(self.words).split())


def read_page(html: str) -> Page:
    """Read a piece of HTML."""
    page = Page()
    page.feed(html)
    page.close()
    return page


def write_templates(project: Path, templates: Mapping[str, str]) -> Path:
    """Write templates of a project's own, and return ``project``."""
    for name, text in templates.items():
        path = project / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return project


def leave_seeds_out(
    levels: Collection[FieldValue], seeds: Collection[int]
) -> dict[FieldValue, Collection[int]]:
    """Return which seeds of which levels were never run."""
    return dict.fromkeys(levels, seeds)
