import multiprocessing
import time
from pathlib import Path

import pytest

from mnistreport.training import watch
from mnistreport.training.watch import Patience, Watch, read_processor_time

PATIENCE = Patience(still_seconds=8, silent_seconds=20, silent_times=3)
LOOK = PATIENCE.look_seconds


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """What the worker has used of the processor: the only element, to be changed."""
    ticks: list[int | None] = [0]
    monkeypatch.setattr(watch, "read_processor_time", lambda _process: ticks[0])
    return ticks


def _count_looks(one: Watch) -> int:
    """Return how many looks it takes until the worker counts as hung."""
    return next(looks for looks in range(1000) if one.look(LOOK))


def test_whoever_uses_the_processor_is_never_hung(used: list[int | None]) -> None:
    """However little that is, and however long nothing is heard."""
    one = Watch(1, PATIENCE)
    one.begin(estimated_seconds=0.1)
    for tick in range(1000):
        used[0] = tick // 7
        assert not one.look(LOOK)


@pytest.mark.usefixtures("used")
def test_whoever_uses_none_is_hung() -> None:
    """After so many seconds of looking, and not of what was to be expected of the work."""
    one = Watch(1, PATIENCE)
    one.begin(estimated_seconds=1000)
    one.look(LOOK)
    assert PATIENCE.still_seconds / LOOK == 1 + _count_looks(one)


@pytest.mark.usefixtures("used")
def test_time_that_nobody_saw_does_not_count() -> None:
    """A machine that slept, or a program that was stopped, does not find its workers hung."""
    one = Watch(1, PATIENCE)
    one.begin(estimated_seconds=1)
    assert not one.look(LOOK)
    assert not one.look(10 * PATIENCE.still_seconds)
    assert one.look(LOOK) == ""


def test_where_the_system_does_not_tell_only_silence_counts(used: list[int | None]) -> None:
    """The limit is far larger, grows with the work, and begins anew with every word."""
    used[0] = None
    one = Watch(1, PATIENCE)
    one.begin(estimated_seconds=1)
    assert 20 == 1 + _count_looks(one)
    one.begin(estimated_seconds=10)
    assert 30 == 1 + _count_looks(one)
    one.hear()
    assert 30 == 1 + _count_looks(one)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not tell")
def test_what_a_process_has_used_is_read() -> None:
    """It is the processor's time, in ticks, of all its threads; not that of the clock."""
    pid = multiprocessing.current_process().pid or 0
    before, used = read_processor_time(pid), time.process_time()
    while time.process_time() < used + 0.2:
        pass
    middle = read_processor_time(pid)
    time.sleep(0.3)
    after = read_processor_time(pid)
    assert before is not None
    assert middle is not None
    assert after is not None
    assert 15 <= middle - before <= 40
    assert after - middle <= 2


def test_a_process_that_is_gone_has_no_time() -> None:
    """It is not mistaken for one that uses none."""
    assert read_processor_time(2**22 + 1) is None
