"""The notebook as it is before it is run: the assignment's steps, in order.

Code cells come from this package alone, never from a project: its cells, and the source of the
modules that trained the runs. What a manifest says reaches them through tables they read.
"""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

from mnistreport.data.dataset import MNIST_SHA256
from mnistreport.data.sources import DIGITS
from mnistreport.report.dates import format_date
from mnistreport.report.document import has_final_section, outline_document, render_all_prose
from mnistreport.report.material import Material
from mnistreport.report.notebook import words
from mnistreport.report.notebook.execution import ALT
from mnistreport.report.notebook.file import RESULTS
from mnistreport.report.notebook.listing import LIVE, VARIANTS, Listing, list_shown
from mnistreport.report.notebook.literals import write_settings
from mnistreport.report.notebook.live import LiveRun, find_live_run
from mnistreport.report.notebook.prose import read_words, write_prose, write_text
from mnistreport.report.notebook.sources import Code, gather_imports, quote_cell, read_cell
from mnistreport.report.passage import Passage
from mnistreport.report.templating import Templates
from mnistreport.report.views import ReportContext, StudyView
from mnistreport.report.wording import capitalise, count_things, join_words
from mnistreport.study.cells import guard_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

_KERNEL: Final = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {
        "name": "python",
        "version": platform.python_version(),
        "mimetype": "text/x-python",
        "file_extension": ".py",
        "pygments_lexer": "ipython3",
    },
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: Markdown, or code if ``code`` is given.

    Attributes:
        tag: ``results`` for a cell whose numbers are the report's.
        alt: What its figure shows, for who cannot see it.
    """

    text: str = ""
    code: Code | None = None
    tag: str = ""
    alt: str = ""


def compose_notebook(
    context: ReportContext, material: Material, templates: Templates
) -> "NotebookNode":
    """Return the notebook of a report, its code not run yet.

    Raises:
        TemplateError: A template is missing, malformed, or names what does not exist.
    """
    from nbformat import v4

    live = find_live_run(material)
    listing = list_shown(context, outline_document(context), is_live=live is not None)
    passages = render_all_prose(context, templates, listing.refer).passages
    cells = list(_Writer(context, material, listing, passages, live).write())
    imports = gather_imports([cell.code for cell in cells if cell.code])
    cells.insert(1, Cell(code=Code(imports)))
    notebook = v4.new_notebook()
    notebook.metadata |= _KERNEL
    for number, cell in enumerate(cells, 1):
        name = f"cell-{number}"
        code = cell.code.text if cell.code else ""
        for claim, fact in words.OF_REPORT.items() if context.imported else ():
            code = code.replace(claim, fact)
        made: NotebookNode = (
            v4.new_code_cell(code, id=name) if code else v4.new_markdown_cell(cell.text, id=name)
        )
        if cell.tag:
            made["metadata"]["tags"] = [cell.tag]
        if cell.alt:
            made["metadata"][ALT] = cell.alt
        notebook["cells"].append(made)
    return notebook


class _Writer:
    """Writes the cells, section by section."""

    def __init__(
        self,
        context: ReportContext,
        material: Material,
        listing: Listing,
        passages: Mapping[str, Passage],
        live: LiveRun | None,
    ) -> None:
        self._context, self._material = context, material
        self._listing, self._passages = listing, passages
        self._is_embedded = material.digits.name == DIGITS
        self._is_on_kaggle = material.digits.sha256 == MNIST_SHA256
        self._titles = {model.name: model.title for model in context.models}
        self._live = live
        self._sections = count(1)

    def write(self) -> Iterator[Cell]:
        """Yield all cells but the imports."""
        yield self._write_title()
        yield from self._write_data()
        yield from self._write_training()
        yield from self._write_baseline()
        for study in self._context.studies:
            yield from self._write_study(study)
        yield self._head("All variants compared", self._prose("comparison"))
        yield self._caption(VARIANTS, words.ALL_VARIANTS)
        yield Cell(code=Code("show_variants()"))
        if has_final_section(self._context):
            yield from self._write_test()
        made_with = ", ".join(f"{name} {number}" for name, number in self._context.made_with)
        yield self._head(
            "Conclusion", self._prose("conclusion"), words.MADE_WITH.format(versions=made_with)
        )

    def _write_title(self) -> Cell:
        context = self._context
        people = [f"{write_text(each.name)} ({write_text(each.id)})" for each in context.authors]
        packages = ["torch", "scikit-learn", "pandas", "matplotlib"]
        packages += ["safetensors"] if context.finals else []
        live = self._titles[self._live.variant.model] if self._live else ""
        imported = context.imported.runs if context.imported else 0
        no_live = words.ABOUT_NO_TWIN if imported else words.ABOUT_NO_LIVE
        about = words.ABOUT.format(
            live=words.ABOUT_LIVE.format(model=live) if live else no_live,
            others=count_things(len(context.runs) - imported, "stored run"),
            networks=words.ABOUT_NETWORKS if context.finals else "",
            packages=join_words([*packages, *(["Pillow"] if self._is_embedded else [])]),
            digits=words.DIGITS_EMBEDDED if self._is_embedded else self._say_where(),
        )
        return _text(
            f"# {write_text(context.title)}",
            f"*{write_text(context.subtitle)}*" if context.subtitle else "",
            ", ".join(people),
            ", ".join(filter(None, (write_text(context.course), format_date(context.date)))),
            *(f"> {write_text(notice)}" for notice in context.notices),
            about,
            words.ABOUT_IMPORTED.format(runs=count_things(imported, "run")) if imported else "",
            "## Summary",
            self._prose("summary"),
        )

    def _say_where(self) -> str:
        return words.DIGITS_IN_FILES + (words.OR_FROM_KAGGLE if self._is_on_kaggle else "")

    def _write_data(self) -> Iterator[Cell]:
        settings = self._material.manifest.data
        yield self._head("Data preparation", self._prose("data"))
        yield _set(
            SPLIT=(settings.split.train, settings.split.validation, settings.split.test),
            SPLIT_SEED=settings.seed,
            DATA_SHA256=self._context.data.sha256,
            SPLIT_SHA256=self._context.data.split_sha256,
            **({} if self._is_embedded else {"IS_ON_KAGGLE": self._is_on_kaggle}),
        )
        yield _quote("digits")
        if self._is_embedded:
            yield _quote("embedded", then="embedded_digits")
        else:
            yield _quote("kaggle", then="mnist_files")
        yield _own("same_digits")
        yield _quote("split", then="split")
        yield self._caption("splits", words.SPLITS)
        yield _own("split_table")
        yield from self._figure("samples", read_cell("samples"), words.SAMPLES)
        yield _text(words.LOADER)
        yield _quote("loader", then="tensors")

    def _write_training(self) -> Iterator[Cell]:
        yield self._head("Models and training", self._prose("method"))
        yield _text(words.NETWORKS)
        yield _quote("settings")
        yield _quote("networks")
        yield _text(words.LOSS)
        yield _quote("loss", then="same_loss")
        yield _text(words.DESCENT)
        yield _quote("descent", then="same_descent")
        yield _text(words.LOOP)
        yield _quote("loop")

    def _write_baseline(self) -> Iterator[Cell]:
        yield self._head("The baseline", self._prose("baseline"))
        yield _text(words.SHOWING)
        yield _quote("numbers")
        yield _own("results_imported" if self._context.imported else "results")
        if self._has_guarded_names():
            yield _quote("cells", then="unguarded")
        yield _own("tables_and_figures")
        if self._live:
            yield from self._write_live(self._live)
        for model in self._context.models:
            of, imported = model.baseline.planned, model.baseline.imported
            head, title = words.ALL_IMPORTED if imported else words.ALL_SEEDS, model.title
            yield _text(head.format(model=capitalise(title), runs=of, imported=imported))
            said = words.BASELINE_CURVES.format(model=model.title)
            code = Code(f'plot_variant("{model.baseline.key}")')
            yield from self._figure(f"{model.name}-baseline", code, said)

    def _has_guarded_names(self) -> bool:
        """Tell whether a name that is shown stands in a CSV file otherwise than it is."""
        labels = (level.label for study in self._context.studies for level in study.levels)
        return any(guard_text(name) != name for name in (*labels, *self._titles))

    def _write_live(self, live: LiveRun) -> Iterator[Cell]:
        epochs, title = live.variant.training.epochs, self._titles[live.variant.model]
        trained = words.ALL_EPOCHS if live.epochs == epochs else words.FIRST_EPOCHS
        trained = trained.format(here=live.epochs, epochs=count_things(epochs, "epoch"))
        yield _text(words.LIVE.format(model=title, seed=live.seed, epochs=trained))
        yield _set(BASELINE=live.variant, SEED=live.seed, EPOCHS_HERE=live.epochs)
        yield _own("live")
        yield _own("same_run")
        said = words.LIVE_CURVES.format(model=title, seed=live.seed)
        yield from self._figure(LIVE, read_cell("live_curves"), said)

    def _write_study(self, study: StudyView) -> Iterator[Cell]:
        slug, title = study.slug, write_text(study.title)
        proofs = [each.sentence for each in self._context.proofs if each.slug == slug]
        asked = words.FACTOR if study.factor else words.VARIANTS
        if study.imported:
            asked = words.FACTOR_IMPORTED if study.factor else words.VARIANTS_IMPORTED
            proofs.insert(0, study.imported)
        question = asked.format(
            model=self._titles[study.model],
            levels=len(study.levels),
            factor=study.factor_name,
            baseline=write_text(study.baseline.label),
        )
        yield self._head(study.title, " ".join((question, *map(write_text, proofs))))
        code, said = Code(f'plot_study("{slug}")'), words.CURVES.format(title=title)
        yield from self._figure(f"{slug}-curves", code, said)
        yield self._caption(
            f"{slug}-levels", self._over_seeds(words.LEVELS, words.LEVELS_OF_ONE, title)
        )
        yield Cell(code=Code(f'show_levels("{slug}")'), tag=RESULTS)
        code, said = (
            Code(f'plot_accuracies("{slug}")'),
            self._over_seeds(words.ACCURACIES, words.ACCURACIES_OF_ONE, title),
        )
        yield from self._figure(f"{slug}-factor", code, said)
        yield _text("### Insight", self._prose(f"study-{slug}"))

    def _write_test(self) -> Iterator[Cell]:
        context = self._context
        statement = write_text(context.untested_statement)
        yield self._head("Final test", words.say_test(context), statement)
        if context.finals:
            yield _own("final_test")
        for final in context.finals:
            name, said = final.model, {"model": final.title, "seed": final.seed}
            yield _text(f"### {capitalise(final.title)}", self._prose(f"final-{name}"))
            code = Code(f'predicted, sure = test_model("{name}")')
            yield Cell(code=code, tag=RESULTS)
            code = Code("plot_confusion(predicted)")
            yield from self._figure(f"{name}-confusion", code, words.CONFUSION.format(**said))
            yield self._caption(f"{name}-digits", words.DIGITS.format(**said))
            yield Cell(code=Code("show_digits(predicted)"), tag=RESULTS)
            code = Code("plot_mistakes(predicted, sure)")
            yield from self._figure(f"{name}-mistakes", code, words.MISTAKES.format(**said))

    def _over_seeds(self, several: str, one: str, title: str) -> str:
        """Choose the words for several seeds or for one, which has no mean and no spread."""
        return (one if len(self._context.seeds) == 1 else several).format(title=title)

    def _prose(self, name: str) -> str:
        return write_prose(self._passages[name].draft)

    def _head(self, title: str, *paragraphs: str) -> Cell:
        return _text(f"## {next(self._sections)} {write_text(title)}", *paragraphs)

    def _figure(self, name: str, code: Code, words: str) -> Iterator[Cell]:
        """Yield the cell that draws a figure, and its caption."""
        yield Cell(code=code, alt=read_words(words))
        yield self._caption(name, words)

    def _caption(self, name: str, words: str) -> Cell:
        return _text(f"**{self._listing.number(name)}.** {words}")


def _text(*paragraphs: str) -> Cell:
    return Cell("\n\n".join(filter(None, paragraphs)))


def _set(**values: object) -> Cell:
    return Cell(code=Code(write_settings(values)))


def _own(name: str) -> Cell:
    return Cell(code=read_cell(name))


def _quote(name: str, *, then: str = "") -> Cell:
    return Cell(code=quote_cell(name, then=then))
