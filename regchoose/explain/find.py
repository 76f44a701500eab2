"""From a word to its page."""

from regchoose.errors import CODES, ExitCode, UsageError
from regchoose.explain.codes import TROUBLES
from regchoose.explain.page import Page, drawn, listed, nearest, page_of
from regchoose.explain.topics import ALIASES, TOPICS


def explained(name: str, *, width: int) -> str:
    """Return the screen of a topic or an error code.

    Raises
    ------
    UsageError
        E202 where there is no such thing.
    """
    return drawn(_page(name), width=width)


def contents(*, width: int) -> str:
    """Return the list of all topics and codes."""
    topics = listed([(name, page.title) for name, page in TOPICS.items()], width=width)
    codes = listed(list(CODES.items()), width=width)
    return f"regchoose explain TOPIC\n\n{topics}\n\nregchoose explain CODE\n\n{codes}\n"


def _page(name: str) -> Page:
    word = name.strip().casefold().replace(" ", "-")
    word = ALIASES.get(word, word)
    if word in TOPICS:
        return TOPICS[word]
    code = word.upper()
    if code in TROUBLES:
        status = int(ExitCode(int(code[1])))
        return page_of(code, TROUBLES[code], short=CODES[code], status=status)
    near = nearest(word, [*TOPICS, *ALIASES, *TROUBLES])
    fix = f"regchoose explain {near}" if near else "regchoose explain lists all topics"
    raise UsageError("E202", f"there is no topic {name!r}", where="explain", fix=fix)
