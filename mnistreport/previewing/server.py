"""The server of the live page: on this machine alone, a handful of names, all of them in memory.

Any page in the same browser can send requests here, and a name of its owner's can be made to lead
here. So a request has to name this host as we do (against DNS rebinding), must not come from
another site, and no file is ever opened for one.
"""

import errno
import socketserver
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTP_PORT
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from mnistreport.errors import EnvironmentFault
from mnistreport.previewing.board import Board
from mnistreport.previewing.shell import SHELL
from mnistreport.report.html import digest_source, read_script

LOOPBACK: Final = "127.0.0.1"
EVENTS: Final = "/events"
METHODS: Final = "GET, HEAD"
_BREATH_SECONDS: Final = 10.0
"""After so long in silence something is sent, to notice who has gone."""
_COMMON: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_SHELL_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE_POLICY: Final = (
    # A project's own template may have left out the page's policy: its script is still not run.
    "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
    f"script-src '{digest_source(read_script())}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_HTML: Final = "text/html; charset=utf-8"


class PreviewServer:
    """Serves a board until it is closed."""

    def __init__(self, board: Board, port: int) -> None:
        """Listen on a port of this machine's own; 0 takes one that is free.

        Raises:
            EnvironmentFault: The port cannot be had.
        """
        self._board = board
        try:
            self._server = _Server(board, port)
        except (OSError, OverflowError) as error:
            raise _explain(error, port) from error

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{LOOPBACK}:{self._server.server_port}/"

    def __enter__(self) -> Self:
        """Answer from now on."""
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Answer no longer; whoever is connected is not waited for."""
        self._board.close()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, board: Board, port: int) -> None:
        self.board = board
        super().__init__((LOOPBACK, port), _Handler)
        names = (LOOPBACK, "localhost", "[::1]")
        usual = names if self.server_port == HTTP_PORT else ()  # which browsers leave out
        self.hosts = frozenset((*usual, *(f"{name}:{self.server_port}" for name in names)))

    def server_bind(self) -> None:
        """Bind without asking anybody what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that goes away in the midst of an answer: that is no fault."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType]


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - no other makes one
    protocol_version = "HTTP/1.1"
    timeout = 30
    server_version, sys_version = "mnistreport", ""

    def do_GET(self) -> None:
        """Answer with what has that name."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer likewise, without the content."""
        self._answer()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse in a line; another method than these two is refused here, too."""
        del explain
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._refuse(self._find_fault() or HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            self._refuse(HTTPStatus(code), message)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as in its parent
        """Keep quiet."""

    @property
    def _name(self) -> str:
        """What is asked for, as it was sent: nothing is decoded, joined or taken away."""
        return self.requestline.split()[1]

    def _answer(self) -> None:
        if fault := self._find_fault():
            self._refuse(fault)
        elif self._name == EVENTS:
            self._send_events()
        elif self._name in SHELL:
            content, kind = SHELL[self._name]
            self._send(content, kind, {"Content-Security-Policy": _SHELL_POLICY})
        elif (page := self.server.board.find_page(self._name)) is not None:
            self._send(page, _HTML, {"Content-Security-Policy": _PAGE_POLICY})
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def _find_fault(self) -> HTTPStatus | None:
        """Return what speaks against answering at all: another host's name, another site."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].strip().lower() not in self.server.hosts:
            return HTTPStatus.FORBIDDEN
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{each}" for each in self.server.hosts}:
            return HTTPStatus.FORBIDDEN
        site = self.headers.get("Sec-Fetch-Site", "none")
        is_visit = self._name == "/" and self.headers.get("Sec-Fetch-Dest") == "document"
        if site not in {"none", "same-origin"} and not is_visit:  # a link that leads here is none
            return HTTPStatus.FORBIDDEN
        return None

    def _send(self, content: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self._begin(HTTPStatus.OK, {"Content-Type": kind, "Content-Length": str(len(content))})
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_events(self) -> None:
        """Tell what is shown, and each time that it changes, as server-sent events."""
        self.close_connection = True
        self._begin(HTTPStatus.OK, {"Content-Type": "text/event-stream", "Connection": "close"})
        self.end_headers()
        if self.command == "HEAD":
            return
        seen = -1
        try:
            while True:
                seen, state = self.server.board.wait(seen, _BREATH_SECONDS)
                self.wfile.write(f"data: {state}\n\n".encode() if state else b":\n\n")
        except (EOFError, OSError):
            return

    def _refuse(self, status: HTTPStatus, message: str | None = None) -> None:
        del message  # it may repeat what was sent
        self.close_connection = True
        content = f"{status.value} {status.phrase}\n".encode()
        headers = {"Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = METHODS
        self._begin(status, headers | {"Content-Length": str(len(content))})
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _begin(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_COMMON, **headers}.items():
            self.send_header(name, value)


def _explain(error: OSError | OverflowError, port: int) -> EnvironmentFault:
    step = "choose another with --port N; --port 0 takes one that is free"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        msg = f"port {port} of {LOOPBACK} is in use"
        return EnvironmentFault(msg, next_step=f"is a preview open already? If not, {step}")
    msg = f"port {port} of {LOOPBACK} cannot be had: {error}"
    return EnvironmentFault(msg, next_step=step)
