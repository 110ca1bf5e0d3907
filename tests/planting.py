"""Folders that set traps: a module of every name, and settings that libraries look for.

Each module that is imported, and each setting that is executed, notes itself in a file.
"""

import ast
import importlib.metadata
import json
import os
import re
import signal
import site
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from tests.commands import Told

COMMAND: Final = Path(sys.executable).with_name("mnistreport")
"""The program as it is installed."""

MANIFEST: Final = """\
[data]
source = "digits"

[training]
epochs = 1
seeds = [0, 1]

[models.mlp]
kind = "mlp"
neurons = 8

[[studies]]
name = "rate"
title = "Learning rate"
model = "mlp"
factor = "learning_rate"
levels = [0.01, 0.1]

[submission]
ids = ["1", "2", "3"]
"""
WORDS: Final = """\
The rates differ. $x_1 = 1$

{{ finding("best") }}
"""
ALLOWED: Final = ("--allow-digits", "--allow-unread")
"""What `pack` has to overlook: the digits, and a style sheet that is a trap."""
AFTER_A_BUILD: Final[Mapping[str, tuple[str, ...]]] = {
    "plan": ("plan",),
    "check": ("check",),
    "data": ("data",),
    "insights": ("insights",),
    "accept": ("insights", "accept", "rate"),
    "render": ("render", "--no-notebook", "--output", "rendered"),
}
"""Commands that leave a built project as it is."""
FOLDERS: Final = (
    "", "data", "output", "output/digits", "output/digits/figures", "templates",
    "templates/insights", "templates/sections", ".mnistreport", ".mnistreport/runs",
)  # fmt: skip
"""Where traps lie in a project."""

# What Python and its libraries take up by themselves, or look for where somebody works.
_EXECUTED: Final = (
    "sitecustomize", "usercustomize", "conftest", "startup", "setup", "planted_entry",
    "jupyter_config", "jupyter_server_config", "jupyter_notebook_config",
    "jupyter_nbconvert_config", "ipython_config", "ipython_kernel_config", "matplotlibrc",
    "__main__", "__init__",
)  # fmt: skip
_OPTIONAL: Final = (
    "IPython", "apport_python_hook", "bokeh", "bottleneck", "brotlicffi", "cchardet", "chardet",
    "colorama", "cupy", "cython", "gmpy2", "html5lib", "huggingface_hub", "jax", "keras", "lz4",
    "numba", "numexpr", "odf", "onnx", "openpyxl", "orjson", "polars", "pyarrow", "readline",
    "simplejson", "snappy", "tensorflow", "torchvision", "triton", "ujson", "uvloop", "winloop",
    "xarray", "zstandard",
)  # fmt: skip
"""Packages that libraries use if they are installed, and that are not among those of a test."""
_GROUPS: Final = (
    "console_scripts", "distributed.preload", "dask.sizeof", "jupyter_client.kernel_provisioners",
    "matplotlib.backend", "mlflow.tracking_store", "nbconvert.exporters",
    "pandas_plotting_backends", "pygments.lexers", "pytest11", "torch.backends",
)  # fmt: skip
_SETTINGS: Final[Mapping[str, str]] = {
    "matplotlibrc": "lines.linewidth: 9\naxes.facecolor: red\nbackend: module://planted_entry\n",
    ".env": "PYTHONPATH=.\n",
    ".matplotlib/matplotlibrc": "lines.linewidth: 9\n",
    "style.css": "body { display: none }\n",
    "fonts.conf": "<fontconfig/>\n",
    "jupyter_config.json": '{"NotebookApp": {}}',
    "jupyter_nbconvert_config.json": '{"NbConvertApp": {}}',
    "dask.yaml": "distributed: {worker: {preload: [planted_entry]}}\n",
    "distributed.yaml": "distributed: {scheduler: {preload: [planted_entry]}}\n",
    "kaggle.json": '{"username": "planted", "key": "planted"}',
    "pyvenv.cfg": "home = .\n",
    "python311._pth": ".\nimport planted_entry\n",
    "planted.pth": "import planted_entry\n",
    "setup.cfg": "[options]\n",
    "planted-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n",
    "planted-1.0.dist-info/entry_points.txt": "".join(
        f"[{group}]\nlocal-provisioner = planted_entry:main\nagg = planted_entry\n"
        for group in _GROUPS
    ),
}
_TRAP: Final = """\
import posix, sys
_file = posix.open({canary!r}, posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT, 0o644)
_line = globals().get("__file__") or __name__, posix.getpid(), sys.orig_argv
posix.write(_file, repr(_line).encode() + b"\\n")
posix.close(_file)
raise ImportError("this module was planted")
"""


@cache
def list_names() -> frozenset[str]:
    """Return every name that the program, Python or a library may import."""
    installed = importlib.metadata.packages_distributions()
    names = {*sys.stdlib_module_names, *installed, *_EXECUTED, *_OPTIONAL}
    return frozenset(name for name in names if name.isidentifier())


@cache
def list_imported() -> frozenset[str]:
    """Return what any file of the program's libraries imports, whether it is there or not."""
    line = re.compile(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", re.MULTILINE)
    folders = {sysconfig.get_path("purelib"), *site.getsitepackages(), *sys.path}
    names = set[str]()
    for folder in folders:
        if Path(folder).name in {"site-packages", "dist-packages"}:
            for path in Path(folder).rglob("*.py"):
                names.update(line.findall(path.read_text("utf-8", "replace")))
    return frozenset(names)


@cache
def list_first() -> frozenset[str]:
    """Return what Python itself, or an installed command's script, imports before the program."""
    line = "import importlib.util, pkgutil, re, runpy, sys; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", line], capture_output=True, check=True, text=True)
    names = {name.partition(".")[0] for name in said.stdout.split()}
    return frozenset(names) | {"sitecustomize", "usercustomize"}


@dataclass(frozen=True)
class Trap:
    """What fell into it.

    Attributes:
        canary: The file that planted modules write to.
        names: What is planted.
    """

    canary: Path
    names: frozenset[str]

    def plant(self, folder: Path, *, spared: Iterable[str] = ()) -> Path:
        """Plant everything in a folder, and return it; what is there stays."""
        folder.mkdir(parents=True, exist_ok=True)
        seed = self.canary.with_name("seed.py")
        seed.write_text(_TRAP.format(canary=str(self.canary)), encoding="utf-8")
        for name in self.names - {*spared}:
            if not (folder / f"{name}.py").exists():
                os.link(seed, folder / f"{name}.py")
        for name, text in _SETTINGS.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                path.write_text(text, encoding="utf-8")
        return folder

    def plant_project(self, folder: Path, *, spared: Iterable[str] = ()) -> Path:
        """Make a project with traps in each of its folders, and return its folder."""
        spared = frozenset(spared)
        for name in FOLDERS:
            self.plant(folder / name, spared=spared)
        (folder / "experiments.toml").write_text(MANIFEST, encoding="utf-8")
        (folder / "templates/insights/rate.md.j2").write_text(WORDS, encoding="utf-8")
        return folder

    def read(self) -> list[str]:
        """Return what was imported: the file, and the command line of the process."""
        if not self.canary.exists():
            return []
        lines = self.canary.read_text("utf-8").splitlines()
        return [
            f"{file} by {' '.join(words)}"[:300] for file, _, words in map(ast.literal_eval, lines)
        ]


def set_trap(folder: Path, names: frozenset[str] = frozenset()) -> Trap:
    """Return a trap whose notes lie in ``folder``; it has all names, and ``names`` besides."""
    folder.mkdir(parents=True, exist_ok=True)
    return Trap(folder / "canary.txt", list_names() | names)


def run(*words: object, folder: Path, **environment: str) -> Told:
    """Run a command in a folder, with these variables besides."""
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    return Told(done.returncode, done.stdout, done.stderr)


def fetch_preview(folder: Path, *command: str | Path) -> str:
    """Start a preview in a folder, wait until it shows a page, end it, and return the page."""
    words = [*command, "preview", "--port", "0"]
    with subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[0].rstrip("/")
            with urlopen(f"{address}/events", timeout=60) as events:  # noqa: S310 - http
                deadline = time.monotonic() + 60  # something comes every ten seconds
                lines = takewhile(lambda _: time.monotonic() < deadline, events)
                texts = (line.decode().removeprefix("data: ") for line in lines)
                states = (json.loads(text) for text in texts if text.startswith("{"))
                name = next(state["page"] for state in states if state["page"])
            with urlopen(f"{address}{name}", timeout=60) as page:  # noqa: S310 - http
                return page.read().decode()
        finally:
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does; strace passes nothing on
            process.wait(30)
