"""`regchoose explain`: a topic or an error code in a screen."""

from regchoose.cli import output
from regchoose.explain.find import contents, explained


def explain(topic: str | None) -> int:
    """Print the page of a topic or code, or the list of all; return the exit status.

    Raises
    ------
    UsageError
        E202 where there is no such topic.
    """
    text = contents(width=output.width()) if topic is None else explained(topic, width=output.width())
    output.write(text)
    return 0
