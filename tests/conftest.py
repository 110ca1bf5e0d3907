"""The same circumstances for every test: one thread, no window, no network, no caches of the user.

They are set in the environment, so that they hold for the processes that tests start as well.
"""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:  # only tests with a browser load it
    from playwright.sync_api import Browser

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NOWHERE = "http://127.0.0.1:9"  # a proxy that does not exist: every download fails at once

os.environ |= {
    # Before numpy and torch are loaded: later they would not listen.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
    "https_proxy": NOWHERE,
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
    # What commands print is compared: no colours, lines of one width.
    "NO_COLOR": "1",
    "COLUMNS": "100",
}
for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN"):
    os.environ.pop(name, None)

# Where the user's MNIST lies is moved out of the program's sight: a test that wants it asks for
# `mnist_folder`. In the environment it also reaches the processes that pytest-xdist starts.
if "MNISTREPORT_DATA" in os.environ:
    os.environ["MNISTREPORT_TEST_DATA"] = os.environ.pop("MNISTREPORT_DATA")

# Modules are compiled once, as for everybody, and not by each of the processes that tests start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A shell's job in the background ignores interrupts, and so would what tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples each time, however slow the machine: a test that fails, fails for everybody.
settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")


@pytest.fixture(scope="session", autouse=True)
def _user_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's key, Kaggle's cache and the user's Kaggle account out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("KAGGLEHUB_CACHE", str(tmp_path_factory.mktemp("kagglehub")))
        patch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path_factory.mktemp("kaggle")))
        yield


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder that MNISTREPORT_DATA named; tests on the real images are skipped without it."""
    folder = os.environ.get("MNISTREPORT_TEST_DATA")
    if folder is None:
        pytest.skip("MNISTREPORT_DATA does not say where MNIST is")
    return Path(folder)


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Chromium as the machine has it; none is fetched."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("chromium is not installed (Debian: chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
