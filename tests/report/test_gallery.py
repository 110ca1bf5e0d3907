import os
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import pytest

from mnistreport.processes import interrupts_held
from mnistreport.report.context import make_context
from mnistreport.report.figures import gallery
from mnistreport.report.figures.plan import plan_figures
from tests.commands import is_alive
from tests.report.reports import make_material

ROOT = Path(__file__).resolve().parents[2]
DRAWING = """
import multiprocessing, threading, time
from mnistreport.report.context import make_context
from mnistreport.report.figures import gallery
from mnistreport.report.figures.plan import plan_figures
from tests.report.reports import make_material

def tell():
    while not (children := multiprocessing.active_children()):
        time.sleep(0.01)
    print(children[0].pid, flush=True)

if __name__ == "__main__":
    material = make_material()
    planned = plan_figures(make_context(material), material)
    threading.Thread(target=tell, daemon=True).start()
    gallery.draw_figures([*planned, *(planned * 9)])
"""
WITHOUT_GUARD = """
from mnistreport.report.context import make_context
from mnistreport.report.figures import gallery
from mnistreport.report.figures.plan import plan_figures
from tests.report.reports import make_material
material = make_material()
print(len(gallery.draw_figures(plan_figures(make_context(material), material)[:8])))
"""


@pytest.fixture
def drawing(tmp_path: Path) -> subprocess.Popen[str]:
    """A program that draws for a minute, in a group of its own."""
    script = tmp_path / "drawing.py"
    script.write_text(DRAWING)
    return subprocess.Popen(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_helper_ends_with_its_parent(
    drawing: subprocess.Popen[str], how: signal.Signals
) -> None:
    """Killed or interrupted, the program leaves nobody behind, and ends within seconds."""
    assert drawing.stdout is not None
    helper = int(drawing.stdout.readline())
    time.sleep(1.5)  # it draws by now
    if how is signal.SIGKILL:
        drawing.kill()
    else:
        os.killpg(drawing.pid, how)
    try:
        drawing.communicate(timeout=10)
        end = time.monotonic() + 5
        while is_alive(helper) and time.monotonic() < end:
            time.sleep(0.05)
        assert not is_alive(helper)
    finally:
        if drawing.poll() is None or is_alive(helper):
            os.killpg(drawing.pid, signal.SIGKILL)


def test_without_a_helper_all_is_drawn_here(tmp_path: Path) -> None:
    """A script that cannot be imported again, as a new process would, draws by itself."""
    script = tmp_path / "script.py"
    script.write_text(WITHOUT_GUARD)
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert 8 == int(done.stdout)


def test_two_processes_draw_what_one_draws() -> None:
    """Where a figure is drawn changes no byte, and their order is that of the report."""
    material = make_material()
    planned = plan_figures(make_context(material), material)
    chosen = [each for each in planned if each.name.startswith(("learning", "batch", "class"))]
    assert len(chosen) == 5
    drawn = gallery.draw_figures(chosen)
    assert [each.name for each in chosen] == list(drawn)
    assert [gallery.draw_figure(each) for each in chosen] == list(drawn.values())


def test_an_interrupt_waits_for_the_end_of_a_figure() -> None:
    """It is not lost in what a drawing library does behind the scenes, and comes right after."""
    done: list[str] = []

    class Target:
        pass

    def draw() -> None:
        with interrupts_held():
            target = Target()
            kept = weakref.ref(target, lambda _: signal.raise_signal(signal.SIGINT))
            del target
            assert kept() is None
            done.append("figure")

    with pytest.raises(KeyboardInterrupt):
        draw()
    assert ["figure"] == done
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)
