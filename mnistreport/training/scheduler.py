"""A Dask scheduler: whether its address is one to work with, and the way there.

Whoever reaches a scheduler, or sits on the way to it, can run code on every worker and here. So it
has to be on this machine, or speak TLS, with the certificates that Dask's own configuration names.
"""

import ipaddress
import logging
import socket
import warnings
from typing import Any, Final
from urllib.parse import urlsplit

from mnistreport.errors import EnvironmentFault, UsageError

CONNECT_SECONDS: Final = 10
"""Within which a scheduler has to answer."""
OPTION: Final = "--scheduler"
_SEALED: Final = {"tls", "wss"}
_OPEN: Final = {"tcp", "ws"}


def check_scheduler(address: str, *, insecure: bool) -> str:
    """Return ``address`` with its scheme; ``tcp`` if it has none.

    Raises:
        UsageError: It is no address, or that of another machine without TLS, and not ``insecure``.
    """
    full = address if "://" in address else f"tcp://{address}"
    try:
        parts = urlsplit(full)
        host, scheme, port = parts.hostname, parts.scheme, parts.port
    except ValueError:
        host, scheme, port = None, "", None
    if not host or not port or scheme not in _SEALED | _OPEN:
        msg = f"{address!r} is no scheduler's address"
        raise UsageError(msg, key=OPTION, next_step="it looks like tls://host:8786")
    if scheme in _OPEN and not insecure and not _is_here(host):
        msg = f"{full} is another machine, and neither of you could tell who listens or answers"
        step = "use tls:// with certificates, a tunnel to this machine, or --insecure"
        raise UsageError(msg, key=OPTION, next_step=step)
    return full


def _is_here(host: str) -> bool:
    """Tell whether all that ``host`` stands for is this machine's loopback."""
    try:
        found = {ipaddress.ip_address(host)}
    except ValueError:
        try:
            known = socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            return False
        found = {ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in known}
    return all(each.is_loopback for each in found)


def connect_client(address: str) -> Any:  # noqa: ANN401 - distributed's client has hardly any types
    """Return a client of the scheduler at ``address``.

    Raises:
        EnvironmentFault: distributed is not installed, or nobody answers.
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
    try:
        return distributed.Client(
            address, timeout=CONNECT_SECONDS, set_as_default=False, name="mnistreport"
        )
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        msg = f"no Dask scheduler answers at {address}: {why}"
        step = "is it started, and is that its address?"
        raise EnvironmentFault(msg, key=OPTION, next_step=step) from error
