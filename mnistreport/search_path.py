"""Where Python looks for modules: never in a folder that somebody works in.

Python puts the folder of a script, or the one that a command is started in, before its own. What
lies there is data: an ``array.py`` in it is not Python's ``array``.

Only ``os`` and ``sys`` are imported here, which Python loads before it looks into such a folder.
"""

import os
import sys

TYPE_CHECKING = False  # as in typing, which is not loaded yet
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_OWN = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 - see above
"""The folder that this package lies in."""
_projects: set[str] = set()


def distrust_folder(folder: "str | os.PathLike[str]") -> None:
    """Let no child process import anything from ``folder``, which holds a project."""
    _projects.add(os.path.realpath(folder))


def list_trusted(entries: "Iterable[str]") -> list[str]:
    """Return the entries of a search path that are no folder that somebody works in.

    Left out are relative entries, the working folder, and what ``distrust_folder`` was given.
    """
    distrusted = {*_projects, _find_working_folder(), *_list_relative()}
    absolute = [each for each in entries if os.path.isabs(each)]  # noqa: PTH117 - see above
    return [each for each in absolute if os.path.realpath(each) not in distrusted]


def list_for_children() -> list[str]:
    """Return what ``sys.path`` is in child processes: trusted, and without the script's folder.

    This package's folder is always there: last, if somebody works in it, as in a checkout.
    """
    entries = [*sys.path]
    script = _find_script_folder()
    for index, entry in enumerate(entries):
        if script and os.path.realpath(entry) == script:
            del entries[index]  # the first only: libraries may lie in that folder, too
            break
    trusted = list_trusted(entries)
    return trusted if _OWN in map(os.path.realpath, trusted) else [*trusted, _OWN]


def list_environment() -> "Mapping[str, str | None]":
    """Return the variables that keep Python's children to that; ``None`` for no variable.

    Programs are not looked for there either: matplotlib starts ``fc-list``, which may not be
    installed, and a ``PATH`` may end with the working folder.
    """
    return {
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": _trust("PYTHONPATH"),
        "PATH": _trust("PATH"),
        "PYTHONSTARTUP": None,
        "PYTHONINSPECT": None,
    }


def _trust(variable: str) -> str | None:
    """Return the folders that an environment variable lists, as far as they are trusted."""
    given = os.environ.get(variable, "")
    return os.pathsep.join(list_trusted(given.split(os.pathsep))) or None


def clean_process() -> None:
    """Let this process and its children import nothing from a folder that somebody works in.

    It is for good, and therefore only for a process that is the program's own.
    """
    sys.path[:] = list_for_children()
    change_environment(list_environment())


def change_environment(variables: "Mapping[str, str | None]") -> None:
    """Have this process's environment say what ``variables`` do; ``None`` for no variable."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _find_working_folder() -> str:
    try:
        return os.path.realpath(os.getcwd())  # noqa: PTH109 - see above
    except OSError:  # it was removed
        return ""


def _list_relative() -> list[str]:
    """Return the folders that ``PYTHONPATH`` has as relative: Python makes them absolute."""
    working = _find_working_folder()
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep) if working else []
    relative = [each for each in given if not os.path.isabs(each)]  # noqa: PTH117 - see above
    return [os.path.realpath(os.path.join(working, each)) for each in relative]  # noqa: PTH118


def _find_script_folder() -> str | None:
    """Return the folder of the script that this process runs; none if it runs a module."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if file is None or getattr(main, "__spec__", None) is not None:
        return None
    return os.path.dirname(os.path.realpath(file))  # noqa: PTH120 - see above
