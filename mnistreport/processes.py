"""How processes behave: towards who started them, and towards memory."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager


def obey_parent() -> None:
    """Leave interrupts to the parent, and end with it, also when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt ends
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


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


@contextmanager
def interrupts_held() -> Generator[None]:
    """Have an interrupt wait for the end of something short.

    Raised while a weak reference is cleared, as happens all the time in drawing, it would be lost.
    """
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if before in {signal.SIG_IGN, None} or not is_main:
        yield
        return
    noted: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if noted:
        signal.raise_signal(signal.SIGINT)
