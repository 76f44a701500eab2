"""From the text of an expression to its tree; what is no expression is said with the remedy."""

import ast
import re
import warnings

from regchoose.errors import PhraseLike, setting

LONGEST = 1000  # characters
DEEPEST = 40  # nodes within one another
EXAMPLE = setting(fail_if='certainty != "firm" or safe < 0.9')
# What other languages write, and what is written here.
FOREIGN = {
    r"&&|&": "and",
    r"\|\||\|": "or",
    r"===": "==",
    r"!==|<>": "!=",
    r"!(?!=)": "not",
    r"(?<![=!<>])=(?!=)": "==",
    r"\bAND\b": "and",
    r"\bOR\b": "or",
    r"\bNOT\b": "not",
}


class WrongError(Exception):
    """An expression cannot be decided; `fix` says what could be written."""

    def __init__(self, message: str, fix: PhraseLike) -> None:
        super().__init__(message)
        self.message, self.fix = message, fix


def tree_of(text: str) -> ast.expr:
    """Return the tree of an expression, of any nodes, but not too many.

    Raises
    ------
    WrongError
        If there is none.
    """
    if len(text) > LONGEST:
        raise WrongError(f"it has {len(text):,} characters, at most {LONGEST:,} are read", "make it shorter")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd escapes in a text, which is then what it says
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _not_read(text, error) from error
    layer: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        layer = [child for node in layer for child in ast.iter_child_nodes(node)]
        if not layer:
            return tree
    raise WrongError(f"it is nested more than {DEEPEST} deep", "make it simpler")


def _not_read(text: str, error: Exception) -> WrongError:
    if not text.strip():
        return WrongError("it is empty", EXAMPLE)
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", '""', text)
    for pattern, ours in FOREIGN.items():
        if found := re.search(pattern, bare):
            return WrongError(f"{found[0]} is not known here", f"{ours} in place of {found[0]}")
    at = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
    reason = error.msg if isinstance(error, SyntaxError) else "it is no expression"
    return WrongError(f"{reason}{at}", EXAMPLE)
