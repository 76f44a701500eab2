"""What is told of an error in a user's own code: what it says, and the lines of theirs that led to it."""

import traceback
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2]
SHORT = 160  # letters of a message that is passed on


def lines_of(error: BaseException, file: Path) -> dict[str, Any]:
    """Return `where` and `detail` of an error: the lines of the user's own code that led to it.

    Parameters
    ----------
    file : Path
        The network's file; what lies in its folder is the user's too.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return {"where": f"{error.filename}:{error.lineno}", "detail": [(error.text or "").strip()]}
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_own(f.filename, file)]
    if not frames:
        return {"where": str(file)}
    last = frames[-1]
    shown = [f"{frame.lineno}: {frame.line}" for frame in frames[-2:]]
    return {"where": f"{last.filename}:{last.lineno}, in {last.name}", "detail": shown}


def is_own(filename: str, file: Path) -> bool:
    """Tell whether a file is the network's, or lies in its folder and is not installed there."""
    path = Path(filename)
    installed = "site-packages" in path.parts or PACKAGE in path.parents
    return path == file or (file.parent in path.parents and not installed)


def said(error: BaseException) -> str:
    """Return the kind of an error and the first line of what it says."""
    text = (str(error).strip().splitlines() or [""])[0]
    text = text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
