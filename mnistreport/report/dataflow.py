"""What is missing in a template's variables, kept while it runs; ``following`` asks for that.

Each variable that a template sets has a second one, which holds what was missing among the values
it was made of.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, cast

from jinja2 import Environment
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.utils import Namespace

from mnistreport.report.missing import Missing, Notes

_CLAIMING: Final = re.compile(r"\b(?:claim|include|import|extends)\b")
SUFFIX: Final = "__missing"
"""Ends the name of the second variable."""
Lacks = tuple[Missing, ...]


def _read(lacks: object) -> Lacks:
    """Return a second variable's value; nothing if it was not set."""
    return cast("Lacks", lacks) if isinstance(lacks, tuple) else ()


class DataflowExtension(Extension):
    """What the changed tree of a template calls while it runs."""

    def __init__(self, environment: Environment, notes: Notes | None = None) -> None:
        super().__init__(environment)
        self.notes = notes or Notes()
        self._last: Lacks = ()
        self._decisions: dict[str, Lacks] = {}
        self._items: dict[tuple[str, int], Lacks] = {}
        self._spaces: dict[int, Lacks] = {}
        self._count = 0
        self._is_needed = False

    def may_claim(self, source: str) -> bool:
        """Tell whether a template, or one that is run with it, can make a claim."""
        self._is_needed = self._is_needed or bool(_CLAIMING.search(source))
        return self._is_needed

    def look(self, owner: object, attribute: object, value: object) -> None:
        """Note what is missing in a value that a template looks up."""
        self.notes.look(owner, attribute, value)
        if isinstance(owner, TemplateModule):
            self.notes.add(_read(getattr(owner, f"{attribute}{SUFFIX}", ())))

    def opened(self) -> None:
        """Open a frame of notes."""
        self.notes.open()

    def closed(self, _opened: None, value: object) -> object:
        """Close the frame and return the value that was computed in it."""
        self._last = self.notes.close()
        return value

    def last(self, decisions: Iterable[str]) -> Lacks:
        """Return what was missing in the last value, and in what decided that it be computed."""
        return self._join(self._last, decisions)

    def closed_block(self, decisions: Iterable[str]) -> Lacks:
        """Close the frame of a block; return what was missing in it."""
        return self._join(self.notes.close(), decisions)

    def recall(self, value: object, lacks: object) -> object:
        """Return a variable's value, and note what is missing in it."""
        self.notes.add(_read(lacks))
        if isinstance(value, Namespace):
            self.notes.add(self._spaces.get(id(value), ()))
        return value

    def joined(self, lacks: object, decisions: Iterable[str]) -> Lacks:
        """Return what is missing in a variable that decisions could have set."""
        return self._join(_read(lacks), decisions)

    def stained(self, space: object, lacks: Lacks, decisions: Iterable[str]) -> None:
        """Keep what is missing in a namespace."""
        before = self._spaces.get(id(space), ())
        self._spaces[id(space)] = tuple(dict.fromkeys(before + self._join(lacks, decisions)))

    def decided(self, name: str, _opened: None, value: object) -> object:
        """Close the frame of a test, and keep what was missing in it."""
        self._decisions[name] = self.notes.close()
        return value

    def decided_further(self, name: str, _opened: None, value: object) -> object:
        """Do the same for one more test of the same statement."""
        self._decisions[name] = self._decisions.get(name, ()) + self.notes.close()
        return value

    def iterated(
        self,
        name: str,
        at_once: bool,  # noqa: FBT001 - a template gives it by its place
        _opened: None,
        values: Iterable[object],
    ) -> Iterable[object]:
        """Return what a loop goes through; keep what is missing in all of it, and in each item."""
        if at_once:
            values = list(values)
        self._decisions[name] = self.notes.close()
        return values if at_once else self._feed(name, self._decisions[name], values)

    def _feed(self, name: str, shared: Lacks, values: Iterable[object]) -> Iterator[object]:
        left = iter(values)
        while True:
            self.notes.open()
            try:
                value = next(left)
            except StopIteration:
                self._decisions[name] += self.notes.close()
                return
            lacks = self.notes.close()
            self._decisions[name] += lacks
            self._items[name, id(value)] = shared + lacks
            yield value

    def tested(self, name: str, item: object, _opened: None, value: object) -> object:
        """Close the frame of the test of a loop's item."""
        lacks = self.notes.close()
        self._decisions[name] += lacks
        self._items[name, id(item)] = self._items.get((name, id(item)), ()) + lacks
        return value

    def entered(self, name: str, inside: str, item: object, decisions: Iterable[str]) -> Lacks:
        """Return what is missing in the item that a loop's body is about."""
        lacks = self._items.get((name, id(item)), self._decisions[name])
        self._decisions[inside] = lacks
        return self._join(lacks, decisions)

    def name_decision(self) -> str:
        """Return a name for an ``if`` or ``for`` that no other of any template has."""
        self._count += 1
        return str(self._count)

    def _join(self, lacks: Lacks, decisions: Iterable[str]) -> Lacks:
        decided = (each for name in decisions for each in self._decisions.get(name, ()))
        return tuple(dict.fromkeys((*lacks, *decided)))
