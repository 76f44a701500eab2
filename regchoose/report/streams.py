"""What a stream can show."""

from typing import TextIO


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal; a closed one is not."""
    return stream is not None and not stream.closed and stream.isatty()
