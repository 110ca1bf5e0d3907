"""A notebook's outputs: those that stand already if nothing they depend on has changed."""

import hashlib
import json
import platform
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mnistreport.data.dataset import DigitSet
from mnistreport.errors import EnvironmentFault
from mnistreport.report.notebook.file import read_notebook
from mnistreport.report.notebook.kernel import WITHOUT, run_notebook

if TYPE_CHECKING:
    from nbformat import NotebookNode

ALT: Final = "alt"
"""Key of what a figure shows, in its cell's metadata and in its own."""
METADATA: Final = "mnistreport"
"""Key of what this program keeps in a notebook's metadata."""
FORMAT: Final = 1
STAGE: Final = "running the notebook"
TRAINING: Final = f"{STAGE}, which trains a baseline once more"
_TRAINS: Final = "EPOCHS_HERE"
"""A name that is only in the code of such a notebook."""
NO_NOTEBOOK: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading something raises that is no notebook of ours."""
_LIBRARIES: Final = (
    *("torch", "numpy", "pandas", "matplotlib", "scikit-learn", "safetensors"),
    *("ipykernel", "ipython", "matplotlib-inline"),
)
_PICTURE: Final = "image/png"
_OUTCOME: Final = ("execution_count", "outputs")


def fill_outputs(
    notebook: "NotebookNode",
    files: Mapping[str, bytes],
    digits: DigitSet,
    *,
    place: Path,
    standing: bytes | None,
    on_stage: Callable[[str], None],
) -> None:
    """Put its outputs into ``notebook``: taken from the one that stands, or computed.

    Args:
        notebook: Its code not run yet.
        files: What its cells read, by name.
        digits: The data set.
        place: A folder in which the kernel may work.
        standing: An earlier notebook, if there is one; it counts only if its outputs are as they
            were written, and the same code ran on the same files, data and libraries. Digests tell
            that, and they detect rot, not forgery: that this user's program wrote it, the caller
            has to know.
        on_stage: Is told if the notebook is run.

    Raises:
        RenderingError: A cell fails or takes too long.
        EnvironmentFault: No kernel answers.
    """
    execution = _digest_execution(notebook, files, digits)
    earlier = _read(standing)
    if earlier and _is_as_written(earlier, execution):
        for cell, known in zip(_list_code(notebook), _list_code(earlier), strict=True):
            cell.update({name: known[name] for name in _OUTCOME})
    else:
        trains = any(_TRAINS in cell["source"] for cell in _list_code(notebook))
        on_stage(TRAINING if trains else STAGE)
        run_notebook(notebook, files, digits.folder, place=place)
    _tell_alternatives(notebook)
    notebook["metadata"][METADATA] = {
        "format": FORMAT,
        "execution": execution,
        "outputs": _digest_outputs(notebook),
    }


def _read(content: bytes | None) -> "NotebookNode | None":
    try:
        return None if content is None else read_notebook(content)
    except NO_NOTEBOOK:
        return None


def _is_as_written(notebook: "NotebookNode", execution: str) -> bool:
    try:
        return _tell(notebook) == (execution, _digest_outputs(notebook))
    except ValueError:  # it holds NaN, which is no JSON
        return False


def _tell(notebook: "NotebookNode") -> tuple[object, object]:
    kept: Mapping[str, Any] = notebook["metadata"].get(METADATA, {})
    return kept.get("execution"), kept.get("outputs")


def _tell_alternatives(notebook: "NotebookNode") -> None:
    """Give each picture the words that its cell has for who cannot see it."""
    for cell in _list_code(notebook):
        for output in cell["outputs"]:
            if _PICTURE in output.get("data", {}) and ALT in cell["metadata"]:
                output["metadata"].setdefault(_PICTURE, {})[ALT] = cell["metadata"][ALT]


def _list_code(notebook: "NotebookNode") -> Iterator[Any]:
    return (cell for cell in notebook["cells"] if cell["cell_type"] == "code")


def _digest_execution(
    notebook: "NotebookNode", files: Mapping[str, bytes], digits: DigitSet
) -> str:
    """Digest everything that decides the outputs."""
    digest = hashlib.sha256(f"{platform.python_version()} {digits.sha256}\0".encode())
    for name in _LIBRARIES:
        digest.update(f"{name} {_find_version(name)}\0".encode())
    for name, content in files.items():
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\0".encode())
    for cell in _list_code(notebook):
        digest.update(f"{cell['source']}\0".encode())
    return digest.hexdigest()


def _find_version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError as error:
        msg = f"{library} is not installed, and without it no notebook can be run"
        raise EnvironmentFault(msg, next_step=f"pip install {library}; {WITHOUT}") from error


def _digest_outputs(notebook: "NotebookNode") -> str:
    outcomes = [[cell[name] for name in _OUTCOME] for cell in _list_code(notebook)]
    text = json.dumps(outcomes, allow_nan=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
