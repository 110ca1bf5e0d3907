"""Text in the cells of a CSV file that people open in a spreadsheet.

A spreadsheet computes what begins with ``=``, ``+``, ``-`` or ``@``. An apostrophe before it makes
it plain text, and is taken away again when this program reads the file.
"""

import re
from typing import Final

_AT_FORMULA: Final = re.compile(r"(?<![^;\t\r\n])(?='*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
"""Where a formula could begin: at the start of a text, or after what separates cells elsewhere."""
_GUARD: Final = re.compile(_AT_FORMULA.pattern.replace("(?=", "'(?="))


def guard_text(text: str) -> str:
    """Return ``text`` as it is written into a cell; ``unguard_text`` undoes it."""
    return _AT_FORMULA.sub("'", text)


def unguard_text(text: str) -> str:
    """Return the text that a cell stands for."""
    return _GUARD.sub("", text)
