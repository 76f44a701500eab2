"""Text from data, made harmless for a terminal."""

import re
from collections.abc import Mapping
from typing import TextIO

# Escape sequences: CSI (colours, cursor), OSC and its kin up to their end (titles, links), and short ones.
SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]"
)
# Other control characters, marks that turn the writing direction, line separators, lone surrogates.
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
# What the log of a GitHub Action takes for a command: `::error::` where a line begins, `##[error]` anywhere.
COMMAND = re.compile(r":(?=:[A-Za-z-]+(?: .*?)?::)|##(?=\[)")
LONGEST = 200
# fmt: off
ASCII_MARKS = str.maketrans({
    "─": "-", "–": "-", "−": "-", "━": "=", "●": "o", "█": "#", "→": ">", "←": "<", "›": ">", "✓": "+",
    "✗": "x", "▸": ">", "·": "|", "│": "|", "×": "x", "²": "2", "±": "+/-", "≥": ">=", "≤": "<=",
    "…": "...", "’": "'", "“": '"', "”": '"', "λ": "lambda", "Δ": "delta", "δ": "delta", "κ": "kappa",
    "α": "alpha", "σ": "sigma", "∞": "inf",
})
# fmt: on


def plain(text: object, *, longest: int = LONGEST) -> str:
    """Return text as one line without escape sequences and control characters, shortened."""
    line = re.sub(r"[\r\n\t]+", " ", SEQUENCES.sub("", str(text)))
    line = COMMAND.sub(r"\g<0> ", INVISIBLE.sub("", line))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def ascii_only(text: str) -> str:
    """Return text in ASCII: our marks one for one, other letters as escapes."""
    return text.translate(ASCII_MARKS).encode("ascii", "backslashreplace").decode("ascii")


def fit_encoding(text: str, encoding: str | None) -> str:
    """Return text as it is for an encoding that takes all of Unicode, else in ASCII."""
    return text if (encoding or "ascii").lower().startswith("utf") else ascii_only(text)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal; a closed one is not."""
    return stream is not None and not stream.closed and stream.isatty()


def is_drawn(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Tell whether progress is drawn: FORCE_COLOR makes rich redraw in logs, so it is decided here."""
    return is_terminal(stream) and not environ.get("CI") and environ.get("TERM") != "dumb"
