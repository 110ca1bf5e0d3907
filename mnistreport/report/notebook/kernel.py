"""Running a notebook: in a kernel of its own, with nothing of the user's around it."""

import os
import signal
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from mnistreport.errors import EnvironmentFault, RenderingError

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

NOTEBOOK_SECONDS: Final = 900.0
"""Wall-clock time that all cells of a notebook may take together."""
START_SECONDS: Final = 120
"""Wall-clock time that a kernel may take to answer for the first time."""
KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""What a kernel sees of the environment: where programs and libraries lie, no tokens."""
WITHOUT: Final = "run it with Jupyter to see more; --no-notebook writes the rest without it"


def run_notebook(
    notebook: "NotebookNode",
    files: Mapping[str, bytes],
    data: Path,
    *,
    limit_seconds: float = NOTEBOOK_SECONDS,
) -> None:
    """Run every cell of ``notebook``, in order, and put its outputs into it.

    The kernel works in a temporary folder; however this ends, its processes end with it.

    Args:
        notebook: Of nbformat 4.
        files: What lies beside the notebook while it runs, by name.
        data: The folder with the digits.
        limit_seconds: Wall-clock time for all cells together.

    Raises:
        RenderingError: A cell fails, ends the kernel, or takes too long; with its number, from 1.
        EnvironmentFault: No kernel answers.
    """
    with tempfile.TemporaryDirectory(prefix="mnistreport-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        with _start_kernel(notebook, folder, data) as client:
            _run_cells(notebook, client, monotonic() + limit_seconds)


def _run_cells(notebook: "NotebookNode", client: "NotebookClient", deadline: float) -> None:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    def remain(_cell: object) -> int:
        return max(1, round(deadline - monotonic()))

    client.timeout_func = remain
    count = 0
    for index, cell in enumerate(notebook.cells):
        is_code = cell.cell_type == "code"
        count += is_code
        try:
            client.execute_cell(cell, index, execution_count=count if is_code else None)
        except CellExecutionError as error:
            reason = " ".join(f"{error.ename}: {error.evalue}".split())[:300]
        except CellTimeoutError:
            reason = "took longer than the notebook may"
        except DeadKernelError:
            reason = "ended the kernel"
        else:
            continue
        key = f"cell {index + 1} ([{count}])"
        raise RenderingError(reason, file=Path("notebook.ipynb"), key=key, next_step=WITHOUT)


@contextmanager
def _start_kernel(
    notebook: "NotebookNode", folder: Path, data: Path
) -> Generator["NotebookClient"]:
    """Start a kernel of the Python that runs this program, whatever kernels a user may have."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = KernelSpec(argv=[*command, "--HistoryManager.enabled=False"], language="python")

    class OwnPython(AsyncKernelManager):
        kernel_spec: Any = spec

    # Sockets in the folder, where the system has them: nobody else on this machine can reach those.
    transport = {"transport": "ipc", "ip": str(folder / ".kernel")} if os.name == "posix" else {}
    manager = OwnPython(connection_file=str(folder / ".connection.json"), **transport)
    client = NotebookClient(
        notebook,
        km=manager,
        startup_timeout=START_SECONDS,
        shutdown_kernel="immediate",
        record_timing=False,
        coalesce_streams=True,
    )
    environment = _scrub(folder, data)
    started = False
    try:
        with client.setup_kernel(
            cwd=str(folder), env=environment, stdout=DEVNULL, stderr=DEVNULL, cleanup_kc=True
        ):
            started = True
            yield client
    except (RuntimeError, OSError, ImportError) as error:
        if started:
            raise
        msg = f"no notebook kernel answers: {' '.join(str(error).split())[:200]}"
        raise EnvironmentFault(msg, next_step=WITHOUT) from error
    finally:
        _kill(manager)


def _kill(manager: Any) -> None:  # noqa: ANN401 - jupyter_client declares no types here
    """Kill the kernel, if it is there still, and whatever it started."""
    pid = getattr(manager.provisioner, "pid", None)
    if pid and os.name == "posix":
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)  # it leads a group of its own


def _scrub(folder: Path, data: Path) -> dict[str, str]:
    """Return an environment without anything of the user's: settings, tokens, proxies."""
    home = folder / ".home"
    home.mkdir()
    homes = ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_CONFIG_DIR")
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        **dict.fromkeys(homes, str(home)),
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONNOUSERSITE": "1",
        "PYTHONSAFEPATH": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MNISTREPORT_DATA": str(data),
    }
