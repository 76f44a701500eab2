"""A process that does pieces of work: orders come by its standard input, answers leave by its output.

Run as `python -m regchoose.workers.worker_main`; see `regchoose.workers.processes`.
"""

import os
import queue
import struct
import sys
import threading
from typing import IO

from regchoose.workers.perform import perform

HEAD = struct.Struct("!IIQ")  # bytes of the version, of the name, and of the data
LENGTH = struct.Struct("!Q")


def write_order(stream: IO[bytes], version: str, name: str, *, data: bytes) -> None:
    """Write an order."""
    stream.write(HEAD.pack(len(version), len(name), len(data)) + version.encode() + name.encode())
    stream.write(data)
    stream.flush()


def read_order(stream: IO[bytes]) -> tuple[str, str, bytes] | None:
    """Read an order; None at the end."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    version, name, data = HEAD.unpack(head)
    return stream.read(version).decode(), stream.read(name).decode(), stream.read(data)


def write_answer(stream: IO[bytes], data: bytes) -> None:
    """Write an answer."""
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_answer(stream: IO[bytes]) -> bytes | None:
    """Read an answer; None where the child ended before it was written."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def main() -> None:
    """Do what is asked for, until nobody is there to ask."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a user's network prints is no answer
    orders: queue.SimpleQueue[tuple[str, str, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    while True:
        version, name, data = orders.get()
        write_answer(answers, perform(version, name, data))


def _listen(orders: queue.SimpleQueue[tuple[str, str, bytes]]) -> None:
    """Take orders; once whoever gave them is gone, end at once, in the midst of a piece too."""
    while (order := read_order(sys.stdin.buffer)) is not None:
        orders.put(order)
    os._exit(0)


if __name__ == "__main__":
    main()
