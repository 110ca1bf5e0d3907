"""See to what pip cannot install: Python's venv module, Pango for the PDF, what tests look with.

    python3 scripts/prepare_machine.py [venv] [pango] [poppler] [chromium] [strace]

Where nothing is missing, this only looks. What is missing is installed with apt-get if that is
possible without asking anybody (as root, or with passwordless sudo); otherwise one line says how
to get it. The exit status is 1 if something is missing that the program cannot do without.

Only the standard library: this runs before anything is installed.
"""

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple


class Need(NamedTuple):
    """Something that the machine has to have.

    Attributes:
        purpose: What it is for, in a few words.
        is_there: Tells whether it is there.
        packages: The Debian packages that bring it.
        elsewhere: How to get it where there is no Debian.
        required: Whether nothing works without it.
    """

    purpose: str
    is_there: Callable[[], bool]
    packages: tuple[str, ...]
    elsewhere: str
    required: bool


def has_venv() -> bool:
    """Tell whether ``python -m venv`` works; Debian keeps the half of it in its own package."""
    return all(importlib.util.find_spec(name) is not None for name in ("venv", "ensurepip"))


def has_pango() -> bool:
    """Tell whether the linker finds what WeasyPrint draws text with; Pango brings the rest."""
    return (
        _can_load("pango-1.0", "libpango-1.0.so.0")
        and _can_load("pangoft2-1.0", "libpangoft2-1.0.so.0")
        and _can_load("harfbuzz-subset", "libharfbuzz-subset.so.0")
    )


def has_poppler() -> bool:
    """Tell whether the commands are there with which tests read a PDF."""
    return all(shutil.which(command) is not None for command in ("pdftotext", "pdftoppm"))


def has_chromium() -> bool:
    """Tell whether there is a browser in which tests open the HTML report."""
    return any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))


def has_strace() -> bool:
    """Tell whether the command is there that shows tests which files a command opens."""
    return shutil.which("strace") is not None


def _can_load(name: str, file_on_linux: str) -> bool:
    # The file's name first: find_library starts a compiler to find its answer, and is slow.
    for find in (lambda: file_on_linux, lambda: ctypes.util.find_library(name)):
        file = find()
        if file is None:
            continue
        try:
            ctypes.CDLL(file)
        except OSError:
            continue
        return True
    return False


NEEDS = {
    "venv": Need(
        purpose="Python's venv module",
        is_there=has_venv,
        packages=(f"python{sys.version_info.major}.{sys.version_info.minor}-venv",),
        elsewhere="a complete Python from python.org",
        required=True,
    ),
    "pango": Need(
        purpose="Pango and HarfBuzz, which draw the PDF",
        is_there=has_pango,
        packages=("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
        elsewhere="brew install pango",
        required=True,
    ),
    "poppler": Need(
        purpose="poppler, without which the tests that read a PDF are skipped",
        is_there=has_poppler,
        packages=("poppler-utils",),
        elsewhere="brew install poppler",
        required=False,
    ),
    "chromium": Need(
        purpose="Chromium, without which the tests that open the HTML report are skipped",
        is_there=has_chromium,
        packages=("chromium",),
        elsewhere="put chromium or google-chrome on the PATH",
        required=False,
    ),
    "strace": Need(
        purpose="strace, without which the tests of which files are opened are skipped",
        is_there=has_strace,
        packages=("strace",),
        elsewhere="only Linux has it",
        required=False,
    ),
}


def find_apt() -> list[str] | None:
    """Return the command that runs apt-get without asking anybody, if there is one."""
    apt = shutil.which("apt-get")
    if apt is None:
        return None
    command = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "-qq", "-o", "DPkg::Lock::Timeout=120"]
    if os.geteuid() == 0:
        return command
    sudo = shutil.which("sudo")
    if sudo is not None and _run([sudo, "-n", "true"]) is None:
        return [sudo, "-n", *command]
    return None


def install(apt: list[str], packages: list[str]) -> str | None:
    """Install Debian packages; return what went wrong, in one line, or ``None``.

    The package lists are fetched only if they turn out to be missing or out of date.
    """
    print(f"Installing {' '.join(packages)} with apt-get.", flush=True)
    command = [*apt, "install", "--yes", "--no-install-recommends", *packages]
    if _run(command) is None:
        return None
    _run([*apt, "update"])  # one unreachable source fails it, and need not matter
    return _run(command)


def see_to(needs: list[Need]) -> bool:
    """Have what is needed, or say how to get it, a line for each; return whether work can go on."""
    missing = [need for need in needs if not need.is_there()]
    apt = find_apt() if missing else None
    reason = "missing"
    if apt is not None:
        failure = install(apt, [package for need in missing for package in need.packages])
        reason += "" if failure is None else f", and apt-get failed ({failure})"
        missing = [need for need in missing if not need.is_there()]
    for need in missing:
        print(
            f"{'error' if need.required else 'notice'}: {need.purpose}: {reason}; "
            f"on Debian: sudo apt-get install {' '.join(need.packages)}; "
            f"elsewhere: {need.elsewhere}",
            file=sys.stderr,
        )
    return not any(need.required for need in missing)


def _run(command: list[str]) -> str | None:
    """Run a command silently; return the last line that it said if it failed, else ``None``."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    return (done.stdout.strip() or f"exit status {done.returncode}").splitlines()[-1]


if __name__ == "__main__":
    sys.exit(0 if see_to([NEEDS[name] for name in sys.argv[1:]]) else 1)
