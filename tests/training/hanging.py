"""A worker that hangs in the middle of a word; in a file of its own, which loads fast."""

import os
import signal
import struct
from multiprocessing.connection import Connection

from mnistreport.processes import obey_parent


def tell_half(connection: Connection, _place: object) -> None:
    """Announce a million bytes, send four of them, and stop."""
    obey_parent()
    connection.recv()
    os.write(connection.fileno(), struct.pack("!i", 10**6) + b"half")
    os.kill(os.getpid(), signal.SIGSTOP)
