"""Where the files are that a new project starts from: manifest, its schema, templates.

They lie at the repository's root, where people look for them. A wheel carries a copy inside
the package (``pyproject.toml``, ``force-include``), an editable install does not.
"""

from pathlib import Path

PACKAGE: Path = Path(__file__).resolve().parent
"""The folder of the program's own modules."""
_PACKAGED = PACKAGE / "project_files"

PROJECT_FILES: Path = _PACKAGED if _PACKAGED.is_dir() else PACKAGE.parent
"""The folder with ``experiments.toml``, ``experiments.schema.json`` and ``templates/``."""


def find_resource(name: str) -> Path:
    """Return the path of one of the project files.

    Args:
        name: Path inside ``PROJECT_FILES``, such as ``templates/insights``.

    Raises:
        FileNotFoundError: There is no such file or folder; the installation is damaged.
    """
    path = PROJECT_FILES / name
    if not path.exists():
        msg = f"{path}: not found; install mnistreport again"
        raise FileNotFoundError(msg)
    return path
