"""Loading matplotlib without the settings that lie in the working folder."""

import os
import threading
from importlib import import_module
from typing import Any, Final

_SETTINGS: Final = "matplotlibrc"
"""What matplotlib looks for first, as it is loaded: a file that has this name where one works."""
_loading: Final = threading.Lock()


def load_matplotlib() -> None:
    """Load matplotlib, which is to come before whatever needs it.

    It has no option for leaving out that file. Other threads may go on meanwhile: nothing else
    asks for a path of this name.
    """
    with _loading:
        exists = os.path.exists

        def exists_elsewhere(path: Any) -> bool:  # noqa: ANN401 - whatever it takes
            return path != _SETTINGS and exists(path)

        os.path.exists = exists_elsewhere
        try:
            import_module("matplotlib")
        finally:
            os.path.exists = exists
