"""How processes behave: towards who started them, who wants them to end, and memory."""

import _thread
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from multiprocessing import util
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final, NoReturn

from mnistreport import search_path
from mnistreport.errors import ExitCode

GRACE_SECONDS: Final = 3.0
"""What tidying up may take, once the program was asked to end."""
_ASKING: Final = (signal.SIGINT, signal.SIGTERM)
"""How a program is asked to end: by Ctrl-C, and by whoever else manages it."""
_BELLS: Final = {bytes([number]) for number in _ASKING}
"""What Python writes at such a signal, to where it was told to."""
_LOST_SECONDS: Final = 0.01
_SAYING_SECONDS: Final = 0.5
"""What another thread may need to write what it took to say."""
_PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>
_NO_NEWS: Final = "ignore:resource_tracker:UserWarning"
_MAIN: Final = "__main__"
_SPELL_FLAGS: Final = "_args_from_interpreter_flags"
"""What ``multiprocessing`` calls its function for the options on a child's command line."""
_SWAPPING: Final = threading.Lock()


# --- Children -------------------------------------------------------------------------------------


def obey_parent(*, even_stopped: bool = False) -> None:
    """Leave interrupts to the parent, and end with it, also when it is killed.

    The folder is left, too, that the parent works in: libraries read settings there unasked.

    Args:
        even_stopped: Whether the kernel is to see to it, as Linux can, since this process cannot
            while it is stopped. Then it ends with the thread that started it, too.
    """
    os.chdir(Path(__file__).parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt ends
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if even_stopped and sys.platform == "linux":
        import ctypes

        control = ctypes.CDLL(None).prctl
        control.argtypes = (ctypes.c_int, ctypes.c_ulong)
        control(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # For other systems, and for a parent that was gone before.
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def starting_children() -> Generator[None]:
    """Start processes meanwhile: none is forgotten, or has something to say, over an interrupt.

    This process is interrupted after it, and they are not before ``obey_parent``: Ctrl-C reaches
    every process of a terminal, also while they load what they need.
    They import nothing from the folders of ``search_path``, and do not run the script again.
    """
    with interrupts_held(), _SWAPPING, _search_path_trusted(), _script_left_out():
        if not hasattr(signal, "pthread_sigmask"):
            yield
            return
        _start_tracker()  # it would be started meanwhile, and unblock signals
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _script_left_out() -> Generator[None]:
    """Have children that are started meanwhile not run this process's own script again.

    They need nothing of it, and one that calls ``build`` without asking whether it is
    ``__main__`` would build in each of them.
    """
    script = sys.modules[_MAIN]
    sys.modules[_MAIN] = ModuleType(_MAIN)
    try:
        yield
    finally:
        sys.modules[_MAIN] = script


@contextmanager
def _search_path_trusted() -> Generator[None]:
    """Have children that are started meanwhile look for modules where they can be trusted.

    A child looks for its first modules before it is told where: its environment says it, or,
    where Python is to ignore that, its command line.
    """
    path, spell = sys.path, getattr(util, _SPELL_FLAGS)
    sys.path = search_path.list_for_children()
    if sys.flags.ignore_environment and not sys.flags.safe_path:
        setattr(util, _SPELL_FLAGS, lambda: [*spell(), "-P"])
    try:
        with environment_changed(search_path.list_environment()):
            yield
    finally:
        sys.path = path
        setattr(util, _SPELL_FLAGS, spell)


@contextmanager
def environment_changed(variables: Mapping[str, str | None]) -> Generator[None]:
    """Have this process's environment say meanwhile what ``variables`` do; ``None`` for nothing."""
    before = {name: os.environ.get(name) for name in variables}
    try:
        search_path.change_environment(variables)
        yield
    finally:
        search_path.change_environment(before)


def _start_tracker() -> None:
    """Start what removes locks that are left behind: after an end at once, that is no news."""
    from multiprocessing import resource_tracker

    sys.warnoptions.append(_NO_NEWS)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(_NO_NEWS)


# --- Being asked to end ---------------------------------------------------------------------------


class Requests:
    """What comes of requests to end.

    The first raises ``KeyboardInterrupt``, so that everything is tidied up. The second ends this
    process as it is, and so does the first if tidying up takes longer than ``GRACE_SECONDS``; only
    where a step in C lets no other thread run, that has to wait.
    What is written is whole at any moment, and children notice that their parent is gone.

    Attributes:
        came: Whether there was one.
    """

    def __init__(self, words: str | Callable[[], str], *, tidy: bool) -> None:
        """Say ``words`` at the end, or what they return then.

        Without ``tidy``, the first request is like the second.
        """
        self.came = not tidy
        self._words: str | Callable[[], str] = words
        self._is_over = False
        self._number = int(signal.SIGINT)
        self._asks_itself = False
        self._bell: socket.socket | None = None
        self._heard: socket.socket | None = None
        if tidy:
            self._bell, self._heard = socket.socketpair()
            self._bell.settimeout(0)

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal.

        Raises:
            KeyboardInterrupt: It is the first.
        """
        if self.came:
            self.end_at_once()
        self.came, self._number = True, number
        heard, self._heard = self._heard, None
        if heard is not None and self._bell is not None:
            signal.set_wakeup_fd(self._bell.fileno())
            # Not threading.Thread, whose locks the interrupted code may hold.
            _thread.start_new_thread(self._watch, (heard,))
        raise KeyboardInterrupt

    def take_words(self) -> str:
        """Return the line that says that this is the end; empty if it was said."""
        words, self._words = self._words, ""
        said = words() if callable(words) else words
        return f"{said}\n" if said else ""

    def end_at_once(self) -> None:
        """End this process, whatever it is doing."""
        words = self.take_words()
        try:
            if not words:
                time.sleep(_SAYING_SECONDS)
            if os.isatty(2):
                os.write(2, b"\x1b[?25h\n")  # a display may have hidden the cursor
            os.write(2, words.encode())
        finally:
            os._exit(ExitCode.INTERRUPTED)

    def close(self) -> None:
        """Be no longer in charge."""
        self._is_over = True
        if self._heard is not None:
            self._heard.close()
        else:
            signal.set_wakeup_fd(-1)
        if self._bell is not None:
            self._bell.close()

    def take_lost(self, unraisable: "sys.UnraisableHookArgs") -> bool:
        """Ask again if an interrupt was raised where nothing can be; say whether it was.

        Python drops what is raised while a weak reference is cleared, or an object.
        """
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            return False
        _thread.start_new_thread(self._ask_again, ())
        return True

    def _watch(self, heard: socket.socket) -> None:
        """Hear a second request, where the main thread may be busy with what cannot be interrupted.

        That thread learns of a signal only between two steps of Python's, and not at all if it
        begins to wait just then.
        """
        end = time.monotonic() + GRACE_SECONDS
        with heard:
            while not self._is_over and (left := end - time.monotonic()) > 0:
                heard.settimeout(left)
                try:
                    number = heard.recv(1)
                except TimeoutError:
                    break
                if number in _BELLS:
                    if not self._asks_itself:
                        break
                    self._asks_itself = False
            if not self._is_over:
                self.end_at_once()

    def _ask_again(self) -> None:
        time.sleep(_LOST_SECONDS)
        main = threading.main_thread().ident
        if not self._is_over and main is not None:
            self._asks_itself = True
            self.came = False
            signal.pthread_kill(main, self._number)


@contextmanager
def heeding_requests(words: str | Callable[[], str]) -> Generator[Requests]:
    """Have ``Requests`` handle signals meanwhile, and say ``words`` once if one came.

    Signals that are ignored stay so.
    """
    requests = Requests(words, tidy=True)
    before = _list_handlers()
    hook = sys.unraisablehook
    sys.unraisablehook = lambda lost: None if requests.take_lost(lost) else hook(lost)
    for number in before:
        signal.signal(number, requests)
    try:
        yield requests
    finally:
        requests.close()
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = hook


def end_when_asked() -> None:
    """Have requests end this process at once from now on: nothing is begun yet, or left to do."""
    for number in _list_handlers():
        signal.signal(number, Requests("interrupted", tidy=False))


def leave_at_once(code: ExitCode) -> NoReturn:
    """End this process without waiting for what an interrupt may have left in its threads."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _list_handlers() -> dict[int, Any]:
    """Return what handles requests now, by signal, as far as this thread may say what does."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    handlers = {number: signal.getsignal(number) for number in _ASKING}
    return {n: each for n, each in handlers.items() if each not in {signal.SIG_IGN, None}}


@contextmanager
def interrupts_held() -> Generator[None]:
    """Have requests to end wait for the end of something short, unless they are repeated.

    Raised while a weak reference is cleared, as happens all the time in drawing, an interrupt
    would be lost.
    """
    before = _list_handlers()
    noted: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        noted.append(number)
        if len(noted) > 1 and isinstance(before[number], Requests):
            before[number].end_at_once()

    for number in before:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if noted:
        handler = before[noted[0]]
        if callable(handler):
            handler(noted[0], None)  # another signal would count as a second request
        else:
            signal.raise_signal(noted[0])


# --- Memory ---------------------------------------------------------------------------------------


@contextmanager
def collector_paused() -> Generator[None]:
    """Look for no garbage meanwhile: among very many objects in use, that takes long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
