"""Running a notebook: in a kernel of its own, with nothing of the user's around it."""

import os
import signal
import site
import sys
import tempfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from mnistreport.errors import EnvironmentFault, RenderingError
from mnistreport.files import ANOTHER_PLACE, NEW

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

NOTEBOOK_SECONDS: Final = 900.0
"""Wall-clock time that all cells of a notebook may take together."""
START_SECONDS: Final = 120
"""Wall-clock time that a kernel may take to answer for the first time."""
KEPT: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""What a kernel sees of the environment: where programs and libraries lie, no tokens."""
MODULE: Final = "ipykernel_launcher"
HOME: Final = ".home"
"""The kernel's home, in the folder it works in."""
NOBODY: Final = {"PYTHONNOUSERSITE": "1"}
LONGEST_SOCKET: Final = 90
"""Bytes of a socket's path, below what every system takes, with room for a number."""
WITHOUT: Final = "--no-notebook goes without it"


def run_notebook(
    notebook: "NotebookNode",
    files: Mapping[str, bytes],
    data: Path,
    *,
    place: Path,
    limit_seconds: float = NOTEBOOK_SECONDS,
) -> None:
    """Run every cell of ``notebook``, in order, and put its outputs into it.

    The kernel works in a temporary folder; however this ends, its processes end with it.

    Args:
        notebook: Of nbformat 4.
        files: What lies beside the notebook while it runs, by name.
        data: The folder with the digits.
        place: Where the temporary folder is made; ``files.remove_leftovers`` knows its name.
        limit_seconds: Wall-clock time for all cells together.

    Raises:
        RenderingError: A cell fails, ends the kernel, or takes too long; with its number, from 1.
        EnvironmentFault: No kernel answers, or the disk refuses.
    """
    with ExitStack() as stack:
        try:
            made = tempfile.TemporaryDirectory(
                prefix=f"{NEW}notebook-", dir=place.resolve(), ignore_cleanup_errors=True
            )
            folder = Path(stack.enter_context(made))
            for file, content in files.items():
                (folder / file).write_bytes(content)
            (folder / HOME).mkdir()
        except OSError as error:
            msg = f"cannot be written: {error.strerror or error}"
            raise EnvironmentFault(msg, file=place, next_step=ANOTHER_PLACE) from error
        with _start_kernel(notebook, folder, data) as client:
            _run_cells(notebook, client, monotonic() + limit_seconds)
        _forget_places(notebook, (str(folder), sys.prefix, sys.base_prefix))


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
    try:
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
    except ImportError as error:
        msg = f"{error.name} is not installed, and without it no notebook can be run"
        raise EnvironmentFault(msg, next_step=f"pip install {error.name}; {WITHOUT}") from error
    command = [sys.executable, "-m", MODULE, "-f", "{connection_file}"]
    spec = KernelSpec(argv=[*command, "--HistoryManager.enabled=False"], language="python")

    class OwnPython(AsyncKernelManager):
        kernel_spec: Any = spec

    # Sockets in the folder, where the system has them: nobody else on this machine can reach those.
    socket = str(folder / ".kernel")
    is_local = os.name == "posix" and len(os.fsencode(socket)) <= LONGEST_SOCKET
    transport = {"transport": "ipc", "ip": socket} if is_local else {}
    manager = OwnPython(connection_file=str(folder / ".connection.json"), **transport)
    client = NotebookClient(
        notebook,
        km=manager,
        startup_timeout=START_SECONDS,
        shutdown_kernel="immediate",
        record_timing=False,
        coalesce_streams=True,
    )
    where = {"cwd": str(folder), "env": _scrub(folder, data)}
    started = False
    try:
        with (
            (folder / ".stderr").open("wb") as said,
            client.setup_kernel(**where, stdout=DEVNULL, stderr=said, cleanup_kc=True),
        ):
            started = True
            yield client
    except (RuntimeError, OSError) as error:
        if started:
            raise
        lines = (folder / ".stderr").read_text("utf-8", "replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), str(error))
        msg = f"no notebook kernel answers: {' '.join(said.split())[:200]}"
        raise EnvironmentFault(msg, next_step=f"is ipykernel installed? {WITHOUT}") from error
    finally:
        _kill(manager)


def _forget_places(notebook: "NotebookNode", places: Iterable[str]) -> None:
    """Take from what was printed where on this machine it was: warnings name their file."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                for place in places:
                    output["text"] = output["text"].replace(place, "…")


def _kill(manager: Any) -> None:  # noqa: ANN401 - jupyter_client declares no types here
    """Kill the kernel, if it is there still, and whatever it started."""
    pid = getattr(manager.provisioner, "pid", None)
    if pid and os.name == "posix":
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)  # it leads a group of its own


def _scrub(folder: Path, data: Path) -> dict[str, str]:
    """Return an environment without anything of the user's: settings, tokens, proxies."""
    home = folder / HOME
    homes = ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_CONFIG_DIR")
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        **dict.fromkeys(homes, str(home)),
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **({"PYTHONUSERBASE": site.getuserbase()} if site.ENABLE_USER_SITE else NOBODY),
        "PYTHONSAFEPATH": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MNISTREPORT_DATA": str(data),
    }
