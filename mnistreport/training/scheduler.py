"""A Dask scheduler: whether its address is one to work with, and the way there.

Whoever reaches a scheduler, or sits on the way to it, can run code on every worker and here. So it
has to be on this machine, or speak TLS, with the certificates that Dask's own configuration names.
"""

import ipaddress
import logging
import re
import socket
import threading
import warnings
from concurrent.futures import Future
from typing import Any, Final

from mnistreport.errors import EnvironmentFault, UsageError

CONNECT_SECONDS: Final = 10
"""Within which a scheduler has to answer."""
OPTION: Final = "--scheduler"
HANDSHAKE_SECONDS: Final = 5
"""What is left, beyond those, to one who takes the call and says nothing."""
_ADDRESS: Final = re.compile(
    r"(?:(?P<scheme>tcp|tls)://)?(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})"
)
_LAST_PORT: Final = 65_535


def check_scheduler(address: str, *, insecure: bool) -> str:
    """Return ``address`` as it is to be used: with its scheme, ``tcp`` if it has none.

    A name that stands for this machine is replaced by the number that was found, as it could
    stand for something else when it is looked up again.

    Raises:
        UsageError: It is no address, or that of another machine without TLS, and not ``insecure``.
    """
    found = _ADDRESS.fullmatch(address)
    if not found or not 0 < int(found["port"]) <= _LAST_PORT:
        msg = f"{address!r} is no scheduler's address"
        raise UsageError(msg, key=OPTION, next_step="it looks like tls://host:8786")
    scheme, host, port = found["scheme"] or "tcp", found["host"], int(found["port"])
    if scheme == "tls":
        return f"tls://{host}:{port}"
    if here := _find_here(host.strip("[]")):
        return f"tcp://{here}:{port}"
    if insecure:
        return f"tcp://{host}:{port}"
    msg = f"{host} is another machine, and neither of you could tell who listens or answers"
    step = "use tls:// with certificates, a tunnel to this machine, or --insecure"
    raise UsageError(msg, key=OPTION, next_step=step)


def _find_here(host: str) -> str:
    """Return the address that ``host`` is on the loopback; empty if it is, or may be, elsewhere."""
    try:
        known = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in known]
    except (OSError, UnicodeError, ValueError):
        return ""
    if not all(each.is_loopback for each in found):
        return ""
    first = min(found, key=lambda each: each.version)
    return f"[{first}]" if isinstance(first, ipaddress.IPv6Address) else str(first)


def connect_client(address: str) -> Any:  # noqa: ANN401 - distributed's client has hardly any types
    """Return a client of the scheduler at ``address``.

    Raises:
        EnvironmentFault: distributed is not installed, nobody answers as a scheduler does, or
            there are no certificates for TLS.
    """
    try:
        import distributed
        from distributed.versions import VersionMismatchWarning
    except ImportError as error:
        msg = "--executor dask needs distributed, which is not installed"
        raise EnvironmentFault(msg, next_step="pip install 'mnistreport[cluster]'") from error
    # What it logs of lost connections is told by us, in a line.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=VersionMismatchWarning)
    if address.startswith("tls:"):
        _refuse_bare_tls()
    connected: Future[Any] = Future()

    def connect() -> None:
        try:
            client = distributed.Client(
                address, timeout=CONNECT_SECONDS, set_as_default=False, name="mnistreport"
            )
        except BaseException as error:  # noqa: BLE001 - raised again below
            connected.set_exception(error)
        else:
            connected.set_result(client)

    # In a thread, as whoever listens there may keep it waiting for ever.
    threading.Thread(target=connect, daemon=True).start()
    try:
        return connected.result(CONNECT_SECONDS + HANDSHAKE_SECONDS)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        why = " ".join(str(error).split())[:200] or "it says nothing that a scheduler says"
        msg = f"no Dask scheduler answers at {address}: {why}"
        step = "is it started, and is that its address, and not its dashboard's?"
        raise EnvironmentFault(msg, key=OPTION, next_step=step) from error


def _refuse_bare_tls() -> None:
    """Raise if Dask knows no certificates to speak TLS with."""
    from distributed.security import Security

    step = "name ca-file, client.key and client.cert under distributed.comm.tls"
    try:
        security: Any = Security()
        context = security.get_connection_args("client").get("ssl_context")
    except (OSError, ValueError) as error:
        msg = f"the certificates that Dask's configuration names cannot be used: {error}"
        raise EnvironmentFault(msg, key=OPTION, next_step=step) from error
    if context is None:
        msg = "TLS needs certificates, and Dask's configuration names none"
        raise EnvironmentFault(msg, key=OPTION, next_step=step)
