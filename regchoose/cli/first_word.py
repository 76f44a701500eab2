"""The first word of a command that reads a table, before anything heavy is loaded."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regchoose.report.safe_text import fit_encoding, is_drawn, plain


@contextmanager
def say_what_is_read(data: str, *, quiet: bool = False) -> Iterator[None]:
    """Show at a terminal what is read, while the block loads what it needs; then it is gone."""
    if quiet or not is_drawn(sys.stderr, os.environ):
        yield
        return
    name = plain(Path(data).name or data, longest=40)
    sys.stderr.write(fit_encoding(f"Reading {name} …", sys.stderr.encoding))
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()
