"""A notebook as a file: JSON of nbformat 4."""

from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from nbformat import NotebookNode

RESULTS: Final = "results"
"""Tag of the code cells whose outputs are tables of the report."""


def read_notebook(content: bytes) -> "NotebookNode":
    """Return the notebook that a file holds, of any format that can be read as nbformat 4.

    Raises:
        ValueError: It holds none.
    """
    import nbformat

    try:
        notebook = cast("NotebookNode", nbformat.reads(content.decode(), as_version=4))
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        msg = f"it is no notebook: {error.message}"
        raise ValueError(msg) from error
    return notebook


def write_notebook(notebook: "NotebookNode") -> bytes:
    """Return a notebook as the bytes of a file."""
    import nbformat

    return f"{nbformat.writes(notebook, allow_nan=False)}\n".encode()
