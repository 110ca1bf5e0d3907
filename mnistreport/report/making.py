"""The documents of a report by their names: each is made when it is asked for, and once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mnistreport.report.figures.loading import load_matplotlib
from mnistreport.report.material import Material
from mnistreport.report.weights import pack_weights
from mnistreport.study.naming import EPOCHS, LEVELS, RUNS, TABLES, name_weights

if TYPE_CHECKING:  # heavy to import, and a build with nothing to do needs neither
    from mnistreport.report.document import Document
    from mnistreport.report.templating import Templates

HTML, PDF = "report.html", "report.pdf"
NOTEBOOK, NOTEBOOK_PDF = "notebook.ipynb", "notebook.pdf"


def list_documents(
    material: Material, *, pdf: bool = True, notebook: bool = True
) -> tuple[str, ...]:
    """Return the names of what a build writes, besides pictures of the figures; the report first.

    Args:
        material: What the report is made of.
        pdf: Whether there is to be anything but the page and what is made at once.
        notebook: Whether there is to be a notebook.
    """
    papers = (PDF,) if pdf else ()
    notebooks = (NOTEBOOK, NOTEBOOK_PDF) if pdf and notebook else ()
    weights = (name_weights(each.winner.model) for each in material.tested)
    return (HTML, *papers, *notebooks, "results.json", *TABLES, *weights)


class Making:
    """Makes the documents of one report."""

    def __init__(
        self,
        document: "Document",
        material: Material,
        templates: "Templates",
        output: Path,
        on_stage: Callable[[str], None],
    ) -> None:
        self.document, self.material, self.templates = document, material, templates
        self.output, self.on_stage = output, on_stage
        self.made: dict[str, bytes] = {}
        self._weights = {name_weights(each.winner.model): each for each in material.tested}

    def make(self, name: str) -> bytes:
        """Return a document's bytes.

        Raises:
            TemplateError: A template cannot be rendered.
            RenderingError: A PDF or the notebook cannot be made.
            EnvironmentFault: A kernel is missing, or the disk refuses.
        """
        if name not in self.made:
            tested = self._weights.get(name)
            self.made[name] = pack_weights(tested, self.material) if tested else _MAKERS[name](self)
        return self.made[name]

    @property
    def files(self) -> Mapping[str, bytes]:
        """What lies beside the notebook and is read by it."""
        return {name: self.make(name) for name in (*TABLES, *self._weights)}


def _make_html(making: Making) -> bytes:
    from mnistreport.report.html import render_html

    return render_html(making.document, making.templates).encode()


def _make_pdf(making: Making) -> bytes:
    from mnistreport.report.html import render_html
    from mnistreport.report.pdf import render_pdf

    page = render_html(making.document, making.templates, skin="print")
    return render_pdf(page, place=making.output)


def _make_numbers(making: Making) -> bytes:
    from mnistreport.report.context import dump_context

    return dump_context(making.document.context)


def _make_runs(making: Making) -> bytes:
    from mnistreport.analysis.frames import make_runs_frame, write_frame

    return write_frame(make_runs_frame(making.material.results))


def _make_epochs(making: Making) -> bytes:
    from mnistreport.analysis.frames import make_epochs_frame, write_frame

    return write_frame(make_epochs_frame(making.material.results))


def _make_levels(making: Making) -> bytes:
    from mnistreport.analysis.frames import make_levels_frame, write_frame

    return write_frame(make_levels_frame(making.material.results))


def _make_notebook(making: Making) -> bytes:
    from mnistreport.report.notebook.composition import compose_notebook
    from mnistreport.report.notebook.execution import fill_outputs
    from mnistreport.report.notebook.file import write_notebook
    from mnistreport.report.stamp import load_stamp, read_stamped

    context, material = making.document.context, making.material
    notebook = compose_notebook(context, material, making.templates)
    standing = read_stamped(making.output, NOTEBOOK, load_stamp(making.output))
    fill_outputs(
        notebook,
        making.files,
        material.digits,
        place=making.output,
        standing=standing,
        on_stage=making.on_stage,
    )
    return write_notebook(notebook)


def _make_notebook_pdf(making: Making) -> bytes:
    from mnistreport.report.notebook.file import read_notebook

    load_matplotlib()
    from mnistreport.report.notebook.paper.pdf import render_notebook_pdf

    context = making.document.context
    notebook = read_notebook(making.make(NOTEBOOK))
    return render_notebook_pdf(
        notebook,
        making.templates,
        title=context.title,
        language=context.language,
        place=making.output,
    )


_MAKERS: Final[Mapping[str, Callable[[Making], bytes]]] = {
    HTML: _make_html,
    PDF: _make_pdf,
    NOTEBOOK: _make_notebook,
    NOTEBOOK_PDF: _make_notebook_pdf,
    "results.json": _make_numbers,
    RUNS: _make_runs,
    EPOCHS: _make_epochs,
    LEVELS: _make_levels,
}
MADE: Final = frozenset(_MAKERS)
"""Names of the documents that there are whatever the models, weights being named after those."""
