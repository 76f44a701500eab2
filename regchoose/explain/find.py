"""From a word to its page: `pages/NAME.md` for a topic, a section of `pages/errors.md` for an error."""

import re
from difflib import get_close_matches
from pathlib import Path

from regchoose.errors import CODES, UsageError

PAGES = Path(__file__).with_name("pages")
ALSO = re.compile(r"<!-- also: (.+) -->")  # a page's second line: other words for its subject
SECTION = re.compile(r"^## (?=E\d{3}: )", re.MULTILINE)
LINK = re.compile(r"\[([^]]+)\]\([^)]+\.md\)")
MIN_SIMILARITY = (
    0.75  # of a topic that may have been meant: about one wrong letter in four; other guesses confuse
)


def topics() -> list[str]:
    """Return the names of all topics."""
    return sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "README")


def find_page(name: str) -> str:
    """Return what a topic's or an error code's page says, in Markdown.

    Raises
    ------
    UsageError
        E202 where there is no such page.
    """
    word = name.strip().casefold().replace(" ", "-")
    if word.upper() in CODES:
        return _error_pages()[word.upper()]
    known = {topic: topic for topic in topics()} | _other_words()
    if word in known:
        return _introduction() if known[word] == "errors" else _read(known[word])
    names = {other.casefold(): other for other in (*known, *CODES)}
    if re.fullmatch(r"e\d{3}", word):
        fix = "regchoose explain lists the codes"
        raise UsageError("E202", f"there is no error code {name!r}", where="explain", fix=fix)
    near = get_close_matches(word, names, n=1, cutoff=MIN_SIMILARITY)
    fix = f"regchoose explain {names[near[0]]}" if near else "regchoose explain lists the topics"
    raise UsageError("E202", f"there is no topic {name!r}", where="explain", fix=fix)


def contents_page() -> str:
    """Return the list of all topics and error codes, in Markdown."""
    codes = "\n".join(f"| {code} | {means} |" for code, means in CODES.items())
    listed = LINK.sub(r"\1", _read("README"))
    return f"{listed}\n## Error codes\n\n| | |\n|---|---|\n{codes}\n"


def _read(topic: str) -> str:
    return (PAGES / f"{topic}.md").read_text(encoding="utf-8")


def _introduction() -> str:
    """Return what is said of errors before the first code."""
    return SECTION.split(_read("errors"))[0]


def _error_pages() -> dict[str, str]:
    _, *sections = SECTION.split(_read("errors"))
    return {
        section[:4]: f"# {section.rstrip()}\n\nThe command exits with status {section[1]}.\n"
        for section in sections
    }


def _other_words() -> dict[str, str]:
    """Return the topics by the other words for them."""
    found = {topic: ALSO.search(_read(topic)) for topic in topics()}
    return {word: topic for topic, also in found.items() if also for word in also[1].split(", ")}
