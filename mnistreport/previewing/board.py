"""What is shown now, for whoever asks: the last pages, and what is said beside them."""

import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Final

_KEPT: Final = 4
"""Pages that can still be had: a browser may ask for one just as the next is there."""


class Board:
    """Written to by one thread, read by many; each of them sees one state of it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._state: dict[str, object] = {
            "status": "starting",
            "page": None,
            "problems": [],
            "untrained": None,
            "complaints": [],
            "unfinished": [],
            "notes": [],
        }
        self._pages: dict[str, bytes] = {}
        self._number = 0
        self._is_closed = False

    def show(self, said: Mapping[str, object], page: str | None = None) -> None:
        """Show a page, or keep the last one, and say something beside it."""
        with self._changed:
            if page is not None:
                self._state["page"] = self._keep(page.encode())
            self._state |= {"stage": "", **said}
            self._tell()

    def tell_stage(self, text: str) -> None:
        """Say what takes long."""
        with self._changed:
            self._state["stage"] = text
            self._tell()

    def find_page(self, name: str) -> bytes | None:
        """Return a page by the path that it is asked for with."""
        with self._changed:
            return self._pages.get(name)

    def wait(self, seen: int, seconds: float) -> tuple[int, str | None]:
        """Return the number of what is said now, and that as JSON, once it is not that ``seen``.

        After so many seconds in which nothing is said, nothing: ``None``.

        Raises:
            EOFError: Nothing will be said any more.
        """
        with self._changed:
            is_new = self._changed.wait_for(
                lambda: self._is_closed or self._number != seen, seconds
            )
            if self._is_closed:
                raise EOFError
            if not is_new:
                return seen, None
            return self._number, json.dumps(self._state, allow_nan=False)

    def close(self) -> None:
        """Say nothing any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _keep(self, content: bytes) -> str:
        """Keep a page as the latest; return what it is called: another page is called otherwise."""
        name = f"/report-{hashlib.sha256(content).hexdigest()[:16]}.html"
        others = [(each, kept) for each, kept in self._pages.items() if each != name]
        self._pages = dict([*others[1 - _KEPT :], (name, content)])
        return name

    def _tell(self) -> None:
        self._number += 1
        self._changed.notify_all()
