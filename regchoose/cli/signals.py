"""Ctrl-C and SIGTERM: the first ends a run in order, the second leaves at once."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType

from regchoose.errors import ExitCode, Terminated

SIGNALS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
WORDS = {ExitCode.INTERRUPTED: "interrupted", ExitCode.TERMINATED: "terminated"}
SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def handle_signals() -> Iterator[None]:
    """Let a first signal raise KeyboardInterrupt or Terminated in the block; a second ends the process."""
    before = {number: signal.signal(number, _end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def signal_status() -> ExitCode | None:
    """Return the exit status of the signal that came, if one did."""
    handler = signal.getsignal(signal.SIGINT)
    if isinstance(handler, partial) and handler.func is _leave:
        status: ExitCode = handler.args[0]
        return status
    return None


def stop_status(error: BaseException) -> ExitCode | None:
    """Return the exit status if an error was caused by a signal, else None.

    An import or a call into C that a signal stops may raise an error of its own.
    """
    match error:
        case KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case Terminated():
            return ExitCode.TERMINATED
        case Exception():
            return signal_status()
    return None


def _end(number: int, _frame: FrameType | None) -> None:
    status = SIGNALS[signal.Signals(number)]
    for other in SIGNALS:
        signal.signal(other, partial(_leave, status))
    _tell(f"\n{WORDS[status]}: stopping in order; once more leaves at once\n")
    raise Terminated if status == ExitCode.TERMINATED else KeyboardInterrupt


def _leave(status: ExitCode, _number: int, _frame: FrameType | None) -> None:
    if sys.stderr.isatty():
        _tell(f"{SHOW_CURSOR}\n")
    os._exit(status)


def _tell(text: str) -> None:
    """Write past all buffers, one of which may be just at work."""
    with suppress(OSError):
        os.write(2, text.encode())
