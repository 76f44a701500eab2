"""`regchoose explain`: the page of a topic or an error code."""

from regchoose.cli import output
from regchoose.explain.find import contents_page, find_page
from regchoose.report.render_markdown import render_markdown


def explain(topic: str | None) -> int:
    """Print the page of a topic or code, or the list of all; return the exit status.

    Raises
    ------
    UsageError
        E202 where there is no such topic.
    """
    output.show(render_markdown(contents_page() if topic is None else find_page(topic)))
    return 0
