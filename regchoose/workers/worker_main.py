"""What a worker does, here or on another machine: run the function that a task names on the bytes with it.

`python -m regchoose.workers.worker_main` is a worker process of this machine (see `processes.py`): it reads
tasks from standard input and writes results to standard output. It imports the modules that its command line
names, and says that it is ready; nothing else that is heavy: the module of a function brings what it needs.
"""

import os
import queue
import struct
import sys
import threading
from importlib import import_module
from typing import IO

from regchoose.errors import RegchooseError, ResourceError
from regchoose.version import __version__
from regchoose.workers.tasks import WITHOUT_CLUSTER
from regchoose.workers.wire_format import pack_error

OUR_MODULES = "regchoose."
LENGTH = struct.Struct("!Q")
READY = b"ready"


def perform(version: str, name: str, data: bytes) -> bytes:
    """Do a task; an error that a person can act on is a result too.

    Parameters
    ----------
    version : str
        The regchoose that sends the task.
    name : str
        `module:function`, one of ours.
    """
    assert name.startswith(OUR_MODULES), name
    try:
        if version != __version__:
            raise other_version(f"a worker has regchoose {__version__}", version)
        module, _, function = name.partition(":")
        result: bytes = getattr(import_module(module), function)(data)
    except RegchooseError as error:
        return pack_error(error)
    return result


def other_version(what: str, version: str) -> ResourceError:
    """Return E405 for a worker whose release might compute other numbers."""
    return ResourceError(
        "E405",
        f"{what}, and regchoose {version} asks it for work",
        detail=["all workers must have the same releases, or they may come to other numbers"],
        fix=f"pip install regchoose=={version} on the workers" | WITHOUT_CLUSTER,
    )


# ---- over pipes ------------------------------------------------------------------------------------


def write_messages(stream: IO[bytes], *messages: bytes) -> None:
    """Write messages, each after its length."""
    for message in messages:
        stream.write(LENGTH.pack(len(message)))
        stream.write(message)
    stream.flush()


def read_message(stream: IO[bytes]) -> bytes | None:
    """Read a message; None if the other side ended before it was whole."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    message = stream.read(length)
    return message if len(message) == length else None


def main() -> None:
    """Do tasks until the parent is gone."""
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a user's network prints must not mix with results
    tasks: queue.SimpleQueue[tuple[bytes, bytes, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
    for module in sys.argv[1:]:
        import_module(module)
    write_messages(results, READY)
    while True:
        version, name, data = tasks.get()
        write_messages(results, perform(version.decode(), name.decode(), data))


def _listen(tasks: queue.SimpleQueue[tuple[bytes, bytes, bytes]]) -> None:
    """Receive tasks; end the process at once when the parent is gone, even in the middle of a task."""
    while True:
        version, name, data = (read_message(sys.stdin.buffer) for _ in range(3))
        if version is None or name is None or data is None:
            os._exit(0)
        tasks.put((version, name, data))


if __name__ == "__main__":
    main()
