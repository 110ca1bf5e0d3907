"""From an experiment manifest to a finished, truthful report on handwritten-digit models.

For a notebook or a script of one's own::

    from mnistreport import Manifest, build, load_results

Each name is loaded when it is first asked for.
"""

TYPE_CHECKING = False  # as in typing, which takes longer to load than all of this
if TYPE_CHECKING:
    from mnistreport.errors import MnistReportError
    from mnistreport.interface import (
        BuiltReport,
        MnistReportWarning,
        ResultTables,
        build,
        load_results,
    )
    from mnistreport.options import Listener
    from mnistreport.study.manifest import Manifest

__all__ = [
    "BuiltReport",
    "Listener",
    "Manifest",
    "MnistReportError",
    "MnistReportWarning",
    "ResultTables",
    "build",
    "load_results",
]

_ELSEWHERE = {
    "Listener": "mnistreport.options",
    "Manifest": "mnistreport.study.manifest",
    "MnistReportError": "mnistreport.errors",
}
"""Where names are that ``mnistreport.interface`` does not define."""


if not TYPE_CHECKING:  # which knows the names, and finds misspelt ones

    def __getattr__(name: str) -> object:
        if name not in __all__:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module

        return getattr(import_module(_ELSEWHERE.get(name, "mnistreport.interface")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
