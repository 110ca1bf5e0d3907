"""Letters that figures cannot show, as the fonts that come with the program lack them."""

from collections.abc import Iterable
from typing import Final

from mnistreport.analysis.results import Results
from mnistreport.report.figures.loading import load_matplotlib

_FAMILIAR: Final = 0x250
"""Below it lie the letters of Latin scripts, which the fonts have."""


def tell_unknown_letters(results: Results) -> str:
    """Say which letters of models and levels figures show as boxes; empty if there are none."""
    names = [level.label for study in results.studies for level in study.levels]
    unknown = _find_unknown([*names, *(each.variant.model for each in results.variants.values())])
    if not unknown:
        return ""
    return f"Figures show a box in place of what their fonts lack: {' '.join(unknown)}."


def _find_unknown(texts: Iterable[str]) -> list[str]:
    strange = {letter for text in texts for letter in text if ord(letter) >= _FAMILIAR}
    if not strange:
        return []
    load_matplotlib()
    from mnistreport.report.figures.style import list_letters

    return sorted(strange - list_letters())
