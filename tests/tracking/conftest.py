"""Projects whose builds are logged, and a server of MLflow's."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from mnistreport import pipeline
from mnistreport.files import replace_file
from mnistreport.options import Options
from mnistreport.report.context import dump_context, make_context
from mnistreport.report.material import Material
from mnistreport.report.publication import Publication
from tests.tracking.projects import Logged, Recorded, log_once, record_build


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    """A project that was built by a command, and logged to everything there is."""
    return log_once(tmp_path_factory.mktemp("logged"))


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's server out of the tests."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@contextmanager
def _numbers_only() -> Iterator[None]:
    """Have builds write ``results.json`` alone."""

    def publish(material: Material, _project: Path, output: Path, **_: bool) -> Publication:
        replace_file(output / "results.json", dump_context(make_context(material)))
        return Publication((output / "results.json",), fresh=True, complaints=())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "publish_report", publish)
        yield


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A small project that was built, and what the build told."""
    with _numbers_only():
        return record_build(tmp_path_factory.mktemp("recorded") / "small")


@pytest.fixture
def small(recorded: Recorded, tmp_path: Path) -> Iterator[Options]:
    """A copy of it, with its runs, whose builds write ``results.json`` alone."""
    shutil.copytree(recorded.options.manifest.parent, tmp_path / "small")
    with _numbers_only():
        yield replace(recorded.options, manifest=tmp_path / "small" / "experiments.toml")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that keeps runs in a database, and artifacts in a folder."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    words = f"--host 127.0.0.1 --port {port} --workers 1 --artifacts-destination {folder / 'files'}"
    environment = os.environ | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mlflow", "server"),
                *("--backend-store-uri", f"sqlite:///{folder / 'server.db'}", *words.split()),
            ],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it starts others
        )
    try:
        _wait_for(process, address, folder / "log")
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310 - http
            if answer.status == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"no server: {log.read_text('utf-8')}")
