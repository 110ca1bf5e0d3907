"""Kaggle itself is played by a server on this machine; kagglehub is the real one."""

import io
import socket
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from kagglesdk import kaggle_env

from mnistreport.data import kaggle
from mnistreport.errors import DataError, ExitCode
from tests.data.conftest import Drawn, Load
from tests.digit_files import write_idx_folder, write_zip


class PretendedKaggle(HTTPServer):
    """Answers every request with ``status`` and ``body``."""

    status = 200
    body = b""
    length: int | None = None
    requests = 0


class _Handler(BaseHTTPRequestHandler):
    server: PretendedKaggle

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/zip")
        self.send_header("Content-Length", str(self.server.length or len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def cache_of_kagglehub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that kagglehub has nothing in yet."""
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kagglehub"))
    return tmp_path / "kagglehub"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, cache_of_kagglehub: Path) -> Iterator[PretendedKaggle]:
    """Kaggle, as far as kagglehub can see."""
    assert not cache_of_kagglehub.exists()
    with PretendedKaggle(("127.0.0.1", 0), _Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, address)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def archive(tmp_path: Path, drawn: Drawn) -> bytes:
    """What Kaggle sends: every file twice, one of them in a folder of its name."""
    folder = write_idx_folder(tmp_path / "upload", *drawn, naming="dotted")
    write_idx_folder(folder, *drawn, naming="nested")
    return write_zip(tmp_path / "upload.zip", folder).read_bytes()


def test_download(
    load: Load, server: PretendedKaggle, archive: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """The data set is fetched once, is called MNIST, tells its version, and nothing is printed."""
    server.body = archive
    digits = load("kaggle")
    assert ("mnist", 210, None) == (digits.name, len(digits.labels), digits.notice)
    assert digits.origin.startswith("Kaggle data set hojjatk/mnist-dataset, version 1: IDX files ")
    assert digits.sha256 == load("kaggle").sha256 == load("auto").sha256
    assert 1 == server.requests
    assert ("", "") == capfd.readouterr()


def test_cached_download_needs_no_network(
    load: Load, drawn: Drawn, cache_of_kagglehub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What kagglehub has already is used without any connection."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("a connection was made")

    monkeypatch.setattr(socket, "create_connection", fail)
    monkeypatch.setattr(socket.socket, "connect", fail)
    folder = cache_of_kagglehub / "datasets" / "hojjatk" / "mnist-dataset"
    write_idx_folder(folder / "versions" / "1", *drawn, naming="nested")
    (folder / "1.complete").touch()
    assert "mnist" == load("kaggle").name
    assert load("auto").notice is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "Kaggle refused access to its data set"),
        (403, "Kaggle refused access to its data set"),
        (404, "Kaggle no longer has the data set hojjatk/mnist-dataset, version 1"),
        (500, "Kaggle answered with HTTP status 500"),
    ],
)
def test_refusals(load: Load, server: PretendedKaggle, status: int, reason: str) -> None:
    """Each refusal is one sentence with the next step; ``auto`` repeats it in its notice."""
    server.status = status
    with pytest.raises(DataError) as caught:
        load("kaggle")
    assert ExitCode.DATA == caught.value.exit_code
    assert reason == str(caught.value)
    assert caught.value.problems[0].next_step
    assert f"and {reason}, so the images" in (load("auto").notice or "")


def test_download_that_is_no_archive(load: Load, server: PretendedKaggle) -> None:
    """A page that a network puts in the place of the data is an error, and not kept."""
    server.body = b"<html>Please log in</html>"
    for _ in range(2):
        with pytest.raises(DataError, match="kagglehub could not fetch"):
            load("kaggle")


def test_download_without_digits(load: Load, server: PretendedKaggle) -> None:
    """A data set without digits is an error, for ``auto`` as well."""
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        archive.writestr("README.md", "moved")
    server.body = buffer.getvalue()
    for source in ("kaggle", "auto"):
        with pytest.raises(DataError, match="holds no labelled digits"):
            load(source)


def test_offline_is_told_quickly(load: Load, cache_of_kagglehub: Path) -> None:
    """Without a network the answer comes soon, and leaves nothing in kagglehub's cache."""
    start = time.monotonic()
    with pytest.raises(DataError, match="Kaggle could not be reached") as caught:
        load("kaggle")
    assert time.monotonic() - start < 30  # most of it for importing, on a busy machine
    assert "put it into a folder “data”" in (caught.value.problems[0].next_step or "")
    assert not cache_of_kagglehub.exists()


def test_network_that_does_not_answer(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that hangs, as behind some firewalls, is given up after a few seconds."""
    monkeypatch.setattr(kaggle, "PROBE_SECONDS", 0.2)
    monkeypatch.setattr(socket, "create_connection", lambda *_: time.sleep(60))
    start = time.monotonic()
    with pytest.raises(DataError, match="Kaggle could not be reached"):
        load("kaggle")
    assert time.monotonic() - start < 30  # most of it for importing, on a busy machine


def test_download_that_stalls(
    load: Load, server: PretendedKaggle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that accepts the request, but never delivers, is given up in the end."""
    monkeypatch.setattr(kaggle, "DOWNLOAD_SECONDS", 0.5)
    monkeypatch.setattr(_Handler, "do_POST", lambda _: time.sleep(2))
    assert 200 == server.status
    with pytest.raises(DataError, match="did not deliver"):
        load("kaggle")


def test_download_that_breaks_off(load: Load, server: PretendedKaggle, archive: bytes) -> None:
    """A connection that is lost in the middle is an error; the next try is a new one."""
    server.body = archive
    server.length = 2 * len(archive)
    with pytest.raises(DataError, match="the connection to Kaggle failed"):
        load("kaggle")
    server.length = None
    assert 210 == len(load("kaggle").labels)


def test_without_kagglehub(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where kagglehub is not installed, that is said, and how to get it."""
    monkeypatch.setattr(kaggle, "find_spec", lambda _: None)
    with pytest.raises(DataError, match="kagglehub is not installed") as caught:
        load("kaggle")
    assert "pip install kagglehub" in (caught.value.problems[0].next_step or "")
