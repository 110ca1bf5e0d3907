"""Requests as no browser would send them: the server is asked through bare sockets."""

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnistreport.errors import EnvironmentFault, ExitCode
from mnistreport.previewing.board import Board
from mnistreport.previewing.server import PreviewServer
from tests.commands import call_command
from tests.previewing.projects import Project

PAGE = "<title>A page</title>"
SHORT = 0.5
"""Seconds in which an answer from memory is there."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that shows a page."""
    board = Board()
    board.show({"status": "good"}, PAGE)
    with PreviewServer(board, 0) as server:
        yield int(server.address.rstrip("/").rpartition(":")[2])


def name_page(page: str) -> str:
    """Return what a page is asked for with."""
    return f"/report-{hashlib.sha256(page.encode()).hexdigest()[:16]}.html"


def ask(port: int, path: str, method: str = "GET", *lines: str, host: str | None = None) -> str:
    """Return the whole answer to a request that is sent as it is."""
    host = f"127.0.0.1:{port}" if host is None else host
    head = [f"{method} {path} HTTP/1.1", *([f"Host: {host}"] if host else []), *lines]
    with socket.create_connection(("127.0.0.1", port), SHORT) as connection:
        connection.sendall("\r\n".join([*head, "Connection: close", "", ""]).encode("latin-1"))
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    return answer.decode("latin-1")


def status_of(answer: str) -> int:
    """Return an answer's status."""
    return int(answer.split(" ", 2)[1])


def test_it_serves_the_shell_and_the_page(port: int) -> None:
    """What the browser needs is there, and a page has a policy, whatever its template says."""
    names = ("/", "/shell.css", "/shell.js", "/frames.js", "/icon.svg", "/sans.woff2")
    assert [200] * len(names) == [status_of(ask(port, name)) for name in names]
    answer = ask(port, name_page(PAGE))
    assert answer.endswith(f"\r\n\r\n{PAGE}")
    assert "script-src 'sha256-" in answer
    assert "frame-ancestors 'none'" in ask(port, "/")


@pytest.mark.parametrize(
    "path",
    [
        "/../",
        "/..",
        "/shell.css/../shell.js",
        "/../../experiments.toml",
        "/%2e%2e%2f",
        "/%2e%2e%2fexperiments.toml",
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/shell.css%00",
        "/shell.css\x00",
        "//",
        "//shell.css",
        "/./shell.css",
        "/shell.css/",
        "/shell.css?x",
        "/shell.css.bak",
        "/shell-secrets/key",
        "/shell/shell.css",
        "/link",
        "/templates/insights/rate.md.j2",
        "/report.html",
        "/report-1.html",
        "/report-0123456789abcdef.html",
        "/C:/windows/win.ini",
        "/\\..\\..\\etc\\passwd",
        "http://127.0.0.1/shell.css",
        "*",
        "shell.css",
        "/" + "a" * 5_000,
    ],
)
def test_no_other_name_is_served(port: int, path: str) -> None:
    """Whatever a path says, no file is looked for: up, encoded, a sibling folder, a link."""
    assert 404 == status_of(ask(port, path))


def test_a_link_in_the_project_is_not_followed(
    trained: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A link beside the templates, to a file or to a folder, is no name either."""
    folder = tmp_path_factory.mktemp("linked")
    project = trained.copy(folder / "project")
    secret = folder / "project-secret"
    secret.mkdir()
    (secret / "key").write_text("secret", encoding="utf-8")
    (project.folder / "link").symlink_to(secret)
    (project.templates / "key").symlink_to(secret / "key")
    board = Board()
    with PreviewServer(board, 0) as server:
        port = int(server.address.rstrip("/").rpartition(":")[2])
        for path in ("/link/key", "/templates/key", "/key", "/../project-secret/key", "/link"):
            answer = ask(port, path)
            assert 404 == status_of(answer)
            assert "secret" not in answer


@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.test:{port}",
     "localhost:{port}.evil.test", "0.0.0.0:{port}", "127.0.0.1:{port}@evil.test", ""],
)  # fmt: skip
def test_another_host_is_refused(port: int, host: str) -> None:
    """A name that was made to lead here, and a request without any, get nothing."""
    for method in ("GET", "HEAD", "POST"):
        answer = ask(port, "/", method, host=host.format(port=port))
        assert 403 == status_of(answer)
        assert "shell" not in answer


def test_two_hosts_are_refused(port: int) -> None:
    """Of two names one might be checked and the other meant."""
    assert 403 == status_of(ask(port, "/", "GET", "Host: evil.test"))


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}"])
def test_this_host_is_served(port: int, host: str) -> None:
    """Each of the names of this machine's own does."""
    assert 200 == status_of(ask(port, "/", host=host.format(port=port)))


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "BREW"]
)
def test_only_reading_is_allowed(port: int, method: str) -> None:
    """Every other method is refused, and told which are not."""
    answer = ask(port, "/", method)
    assert 405 == status_of(answer)
    assert "\r\nAllow: GET, HEAD\r\n" in answer


def test_head_has_no_content(port: int) -> None:
    """It says what GET would, without the content."""
    for path in ("/", name_page(PAGE), "/events", "/nothing"):
        head, _, content = ask(port, path, "HEAD").partition("\r\n\r\n")
        assert "" == content
        if path != "/events":
            assert head.split("\r\n")[0] == ask(port, path).split("\r\n")[0]


@pytest.mark.parametrize(
    "lines",
    [
        ("Origin: http://evil.test",),
        ("Origin: null",),
        ("Sec-Fetch-Site: cross-site",),
        ("Sec-Fetch-Site: same-site", "Sec-Fetch-Dest: iframe"),
        ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: iframe"),
    ],
)
def test_another_site_is_refused(port: int, lines: tuple[str, ...]) -> None:
    """Another page of the same browser learns nothing, and cannot show it in a frame."""
    paths = ("/", "/events", name_page(PAGE), "/shell.js")
    assert {403} == {status_of(ask(port, path, "GET", *lines)) for path in paths}


def test_a_link_from_elsewhere_leads_to_the_page_alone(port: int) -> None:
    """Who follows a link to it gets the page, and by no link anything else."""
    lines = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document")
    found = [status_of(ask(port, path, "GET", *lines)) for path in ("/", name_page(PAGE))]
    assert [200, 403] == found


def test_answers_are_for_its_own_pages(port: int) -> None:
    """No answer, a refusal among them, may be guessed at, kept, or used by another site."""
    for path in ("/", name_page(PAGE), "/shell.js", "/nothing"):
        answer = ask(port, path)
        for line in (
            "X-Content-Type-Options: nosniff",
            "Cross-Origin-Resource-Policy: same-origin",
            "Cache-Control: no-store",
        ):
            assert f"\r\n{line}\r\n" in answer


def test_a_request_that_is_none_is_refused(port: int) -> None:
    """Noise gets a line, and the next request is served."""
    for noise in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), SHORT) as connection:
            connection.sendall(noise)
            assert b"<" not in connection.recv(4_096)
    assert 200 == status_of(ask(port, "/"))


def test_events_tell_the_state_and_each_change() -> None:
    """Who connects is told at once what is shown, and then of each change; old pages go."""
    board = Board()
    board.show({"status": "good"}, PAGE)
    with PreviewServer(board, 0) as server:
        port = int(server.address.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), SHORT) as connection:
            connection.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            stream = connection.makefile(encoding="utf-8")
            told = (json.loads(line[6:]) for line in stream if line.startswith("data: "))
            assert name_page(PAGE) == next(told)["page"]
            board.show({"status": "error"})
            state = next(told)
            assert ("error", name_page(PAGE)) == (state["status"], state["page"])
            pages = [f"{PAGE}{number}" for number in range(6)]
            for page in (*pages, pages[4]):  # and back to one before
                board.show({"status": "good"}, page)
        found = [status_of(ask(port, name_page(page))) for page in (PAGE, *pages)]
        assert [404, 404, 404, 200, 200, 200, 200] == found


def test_it_is_not_to_be_had_from_elsewhere(port: int) -> None:
    """It listens at the loopback address, and at no other of this machine's."""
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))  # free, as it would not be if all were listened at


def test_a_port_in_use_is_named() -> None:
    """Exit code 6 at once, with the port and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = call_command("preview", "--port", port)
    assert ExitCode.ENVIRONMENT == told.code
    assert f"port {port} of 127.0.0.1 is in use" in told.err
    assert "--port N" in told.err


def test_a_port_that_may_not_be_had_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is one that the system keeps for itself."""

    def refuse(_self: socket.socket, _address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(EnvironmentFault, match="port 80 of"):
        PreviewServer(Board(), 80)


def test_a_manifest_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    """Exit code 2, and no page that waits for what was misspelt."""
    told = call_command("preview", "--manifest", tmp_path / "experimnts.toml", "--port", 0)
    assert ExitCode.USAGE == told.code
    assert "experimnts.toml" in told.err
