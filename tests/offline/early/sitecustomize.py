"""Lets no socket of a Python process leave this machine.

Python imports this by itself, before anything else, in each process that has its folder on PYTHONPATH; the
tests' own process imports it by hand. What audits an interpreter cannot be taken off again, and sees what
libraries do in C with Python's sockets too. Each attempt is written to the file that OFFLINE_LOG names, since
the library that made it may swallow the error.
"""

import errno
import os
import sys
from typing import Any

REACHING = ("socket.connect", "socket.sendto", "socket.sendmsg")  # arguments: socket, address
NAMING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")  # first argument: host
LOCAL = ("", "localhost", "::1", "0.0.0.0", "::", "None")


def is_local(host: object) -> bool:
    """Tell whether a host is this machine; no name stands for nobody else."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return name in LOCAL or name.startswith("127.")


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what leaves this machine, and note it."""
    if event in REACHING:
        address = arguments[1]
        wanted = address[0] if isinstance(address, tuple) else ""  # text and bytes are paths of Unix sockets
    elif event in NAMING:
        wanted = arguments[0]
    else:
        return
    if is_local(wanted):
        return
    if log := os.environ.get("OFFLINE_LOG"):
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{event} {wanted} {sys.argv}\n")
    raise OSError(errno.ENETUNREACH, f"the tests have no network: {event} {wanted}")


sys.addaudithook(guard)
