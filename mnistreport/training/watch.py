"""Whether a worker still works, or hangs: stopped, or waiting for what never comes.

A slow machine is no reason to end a run, so time on the clock says nothing by itself. Whoever works
uses time of the processor, however little; whoever hangs uses none.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker may seem to do nothing before it counts as hung.

    Only time counts in which the parent itself was there to see it: not what passed while the
    machine slept, or while all of the program was stopped.

    Attributes:
        still_seconds: Without any time of the processor.
        silent_seconds: Without a word, where the system does not tell what processes use (as only
            Linux does, below ``/proc``).
        silent_times: The same, in multiples of what all its work takes by estimate; the longer of
            the two counts.
    """

    still_seconds: float = 60.0
    silent_seconds: float = 3600.0
    silent_times: float = 10.0

    @property
    def look_seconds(self) -> float:
        """How often to look."""
        return min(1.0, self.still_seconds / 4)


PATIENCE: Final = Patience()


class Watch:
    """Looks at one worker from time to time while it has something to do."""

    def __init__(self, process: int, patience: Patience) -> None:
        self._process = process
        self._patience = patience
        self._used: int | None = None
        self._waited = self._silent_limit = 0.0

    def begin(self, estimated_seconds: float) -> None:
        """The worker was given work that takes about so long."""
        patience = self._patience
        self._silent_limit = max(patience.silent_seconds, patience.silent_times * estimated_seconds)
        self._waited = 0.0

    def hear(self) -> None:
        """The worker has said something."""
        self._waited = 0.0

    def look(self, elapsed_seconds: float) -> str:
        """Return why the worker counts as hung; empty if it does not.

        Args:
            elapsed_seconds: Since the last look; more than twice the time between looks was not
                spent looking, and does not count.
        """
        self._waited += min(elapsed_seconds, 2 * self._patience.look_seconds)
        used, before = read_processor_time(self._process), self._used
        self._used = used
        if used is None:
            what, limit = "said nothing", self._silent_limit
        elif used != before:
            self._waited = 0.0
            return ""
        else:
            what, limit = "used no processor time", self._patience.still_seconds
        if self._waited < limit:
            return ""
        return f"its worker process {what} for {limit:.0f} s (stopped, or waiting in vain)"


def read_processor_time(process: int) -> int | None:
    """Return what a process has used so far, in ticks; ``None`` where the system does not tell."""
    try:
        stat = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()  # the name before it may hold anything
    return int(fields[11]) + int(fields[12])
