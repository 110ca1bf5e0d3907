"""The process that runs templates: without files, without a network, limited in memory and time.

Whatever a template does, it does there. Texts of templates and the values for them are sent to it,
and what comes back is plain text. It is started when it is first needed, serves every template of
the program, and is replaced after it had to be ended.
"""

import gc
import os
import signal
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Final

from mnistreport.errors import EnvironmentFault, Problem, TemplateError
from mnistreport.isolation import (
    GONE,
    LimitedProcess,
    Limits,
    pack_problem,
    tell,
    unpack_problem,
)
from mnistreport.report.passage import Passage, pack_passage, unpack_passage
from mnistreport.report.template_engine import Engine, FindSource, OutOfTimeError, Source

SECONDS: Final = 5
"""Of the processor's time for one template with all that it includes; a report of 1,000 runs takes
half of one."""
PATIENCE: Final = 8
"""Seconds on the clock after which the process is ended, if it cannot stop by itself."""
STARTING: Final = 120
"""Seconds in which it must have started; without other work it takes a third of one."""
MEMORY: Final = 3 * 2**28
"""Bytes beyond those of the process as it starts."""
_LONGEST: Final = 2**28
"""Bytes of a page."""
_LIMITS: Final = Limits(
    MEMORY,
    # Once limited, the process can open no file: what values are made of, and what Jinja and Python
    # load when they first need it, is there before.
    modules=(
        "encodings.unicode_escape",
        "jinja2.constants",
        "jinja2.debug",
        "textwrap",
        "mnistreport.analysis.findings",  # whose classes are among the values of a finding
        "mnistreport.report.lookups",
        "mnistreport.report.notebook.listing",
        "mnistreport.report.notebook.paper.printed",
        "mnistreport.report.page",
    ),
)
NOTHING: Final[Mapping[str, object]] = {}
_READY: Final = {"ready": True}
_RENDER, _DRAFT, _CHECK = "render", "draft", "check"


class TemplateProcess:
    """Our side of it; can be asked from any thread."""

    def __init__(self, *, seconds: float = SECONDS, patience: float = PATIENCE) -> None:
        """Be about to start it; ``seconds`` and ``patience`` are those of one template."""
        self._seconds, self._patience = seconds, patience
        self._process: LimitedProcess | None = None
        self._is_ready = False
        self._held: Mapping[str, object] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start it, if it is not there yet; it is not waited for."""
        with self._lock:
            self._reach()

    def render(self, name: str, values: Mapping[str, object], find_source: FindSource) -> str:
        """Run a template, as ``Engine.render`` does."""
        return str(self._ask(_RENDER, name, values, find_source)["text"])

    def draft(
        self,
        name: str,
        values: Mapping[str, object],
        find_source: FindSource,
        common: Mapping[str, object] = NOTHING,
    ) -> Passage:
        """Run a template that makes Markdown, as ``Engine.draft`` does.

        It sees ``common``, too, which is sent only if the process was not given that very object.
        """
        return unpack_passage(self._ask(_DRAFT, name, values, find_source, common))

    def check(self, name: str, find_source: FindSource) -> None:
        """Compile a template, as ``Engine.check`` does."""
        self._ask(_CHECK, name, {}, find_source)

    def close(self) -> None:
        """End it; the next template starts another."""
        with self._lock:
            self._end()

    def forget(self) -> None:
        """Leave it to the process that this one is a copy of."""
        self._process = None
        self._lock = threading.Lock()

    def _ask(
        self,
        what: str,
        name: str,
        values: Mapping[str, object],
        find_source: FindSource,
        common: Mapping[str, object] | None = None,
    ) -> Mapping[str, Any]:
        with self._lock:
            process = self._reach()
            try:
                self._await_start(process)
                with process.within(self._patience):
                    news = None if common is self._held else common
                    process.connection.send((what, name, values, news))
                    answer = _await_answer(process, find_source)
            except GONE as error:
                self._end()
                msg = (
                    f"takes more than {self._patience:g} s or {MEMORY // 2**20} MiB, and was ended"
                )
                step = "is a text repeated, or a loop run, far too often?"
                raise TemplateError(msg, next_step=step) from error
            except BaseException:  # interrupted in the midst of an answer
                self._end()
                raise
            if news is not None:
                self._held = None if "problem" in answer else news  # which may not have arrived
        if "problem" in answer:
            raise TemplateError.of([unpack_problem(answer["problem"])])
        return answer

    def _reach(self) -> LimitedProcess:
        if self._process is not None and not self._process.is_alive:  # killed while it had no work
            self._end()
        if self._process is None:
            self._is_ready, self._held = False, None
            try:
                self._process = LimitedProcess(_serve, _LIMITS, self._seconds)
            except OSError as error:
                msg = f"the process for templates cannot be started: {error.strerror or error}"
                raise EnvironmentFault(msg, next_step="close other programs") from error
        return self._process

    def _await_start(self, process: LimitedProcess) -> None:
        if self._is_ready:
            return
        try:
            with process.within(STARTING):
                self._is_ready = process.receive() == _READY
        except GONE as error:
            msg = f"the process for templates ended before it began, or took {STARTING:g} s for it"
            raise EnvironmentFault(msg, next_step="is there enough memory?") from error

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None


def _await_answer(process: LimitedProcess, find_source: FindSource) -> Mapping[str, Any]:
    """Return what the process says in the end, and tell it the templates that it needs for that."""
    while True:
        message = process.receive(_LONGEST)
        if "read" not in message:
            return message
        process.connection.send(find_source(str(message["read"])))


PROCESS: Final = TemplateProcess()
"""The one that serves the program."""
if hasattr(os, "register_at_fork"):  # a copy of this process needs one of its own
    os.register_at_fork(after_in_child=PROCESS.forget)


def _serve(connection: Connection, seconds: float) -> None:
    """Run templates until the pipe closes."""

    def find_source(name: str) -> Source | None:
        tell(connection, {"read": name})
        return connection.recv()

    engine = Engine(find_source)
    common = NOTHING
    tell(connection, _READY)
    while True:
        gc.enable()  # time may be over in the midst of a pause
        try:
            what, name, values, news = connection.recv()
            common = common if news is None else news
            with _limited_time(seconds):
                answer = _answer(engine, what, name, values, common)
        except TemplateError as error:
            answer = {"problem": pack_problem(error.problems[0])}
        except EOFError:
            return
        except (ImportError, AttributeError, OSError) as error:  # of values, as they arrive
            answer = {"problem": pack_problem(Problem(f"its values cannot be loaded: {error}"))}
        tell(connection, answer)


def _answer(
    engine: Engine,
    what: str,
    name: str,
    values: Mapping[str, object],
    common: Mapping[str, object],
) -> Mapping[str, object]:
    if what == _RENDER:
        return {"text": engine.render(name, values)}
    if what == _DRAFT:
        return pack_passage(engine.draft(name, {**common, **values}))
    engine.check(name)
    return {}


@contextmanager
def _limited_time(seconds: float) -> Generator[None]:
    """Raise ``OutOfTimeError`` in what takes too much of the processor's time.

    What takes twice as much, in a step that Python cannot interrupt, is ended by the system: the
    program, which would do it sooner, may be dead.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise OutOfTimeError

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_VIRTUAL, 2 * seconds)  # nothing answers its signal
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
