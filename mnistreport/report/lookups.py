"""What templates may call: it finds something by its name, or says which names there are."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mnistreport.report.missing import Missing, explain_unfinished
from mnistreport.report.views import LevelView
from mnistreport.report.wording import Prose

_OF_COMPLETENESS: Final = {"unfinished", "imported"}
"""Findings that say themselves where runs are missing."""


@dataclass(frozen=True, slots=True)
class References:
    """Turns a figure's or table's name into a link with its number, in Markdown."""

    figures: tuple[str, ...]
    tables: tuple[str, ...]

    def __call__(self, name: str) -> Prose:
        """Return the link."""
        for word, names in (("Figure", self.figures), ("Table", self.tables)):
            if name in names:
                number = names.index(name) + 1
                return Prose(f"[{word}\u00a0{number}](#{word.lower()}-{name})")
        raise unknown_name(name, (*self.figures, *self.tables), "figure or table")


@dataclass(frozen=True, slots=True)
class Findings:
    """Says a study's finding by its kind.

    Attributes:
        kinds: All that there are.
        sentences: By kind, of those that the study has.
        unfinished: The study's levels that did not finish: a sentence about one may be lacking.
    """

    kinds: tuple[str, ...]
    sentences: Mapping[str, str]
    unfinished: tuple[LevelView, ...] = ()

    def __call__(self, kind: str) -> str:
        """Return the sentence; nothing if the study has none of that kind."""
        return self.sentences.get(_known(kind, self.kinds, "finding"), "")

    def list_lacking(self, kind: str) -> tuple[Missing, ...]:
        """Return for want of which levels there may be no finding of that kind."""
        if kind in _OF_COMPLETENESS:
            return ()
        said = f"finding {kind}"
        return tuple(explain_unfinished(e.name, e.variant, said) for e in self.unfinished)


@dataclass(frozen=True, slots=True)
class Levels:
    """Finds a study's level by its label."""

    levels: Mapping[str, LevelView]

    def __call__(self, label: object) -> LevelView:
        """Return the level."""
        return self.levels[_known(str(label), list(self.levels), "level")]


def mark_mine(text: object) -> str:
    """Return the words of a person who knows where the number in them comes from.

    Raises:
        ValueError: There is nothing to print.
    """
    if isinstance(text, str | int | float) and not isinstance(text, bool) and str(text).strip():
        return str(text)
    msg = f'mine() needs the words to print, as in mine("97.3 %"), not {text!r:.40}'
    raise ValueError(msg)


def unknown_name(name: str, known: Sequence[str], what: str) -> LookupError:
    """Return the error for a ``name`` that is none of ``known``, with the nearest one."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    return LookupError(f"there is no {what} {name!r}; {hint}")


def _known(name: str, known: Sequence[str], what: str) -> str:
    if name in known:
        return name
    raise unknown_name(name, known, what)
