"""`python -m regchoose`, and the command `regchoose`."""

import atexit
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from regchoose.cli.app import main as run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status, with which the process then ends at once.

    Python would take apart the million objects of the libraries first, which keeps a person waiting for up to
    a second after the answer. Threads are still waited for, and what is registered at exit still runs.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    ended: list[int] = []
    atexit.register(lambda: _end(*ended))  # first, so that it is the last to run
    ended.append(run(arguments))
    return ended[0]


def _end(*status: int) -> None:
    """End the process with a status; leave it to Python where there is none, or a stream takes no more."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        for number in status:
            os._exit(number)


if __name__ == "__main__":
    sys.exit(main())
