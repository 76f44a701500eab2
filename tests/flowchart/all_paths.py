"""Every way through a chart, found without walking it."""

from collections.abc import Iterator

from regchoose.flowchart.nodes import Chart, Outcome, Question, arrows_of


def list_paths(chart: Chart, start: str | None = None) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the answers (question's key → answer) of every way from a node, and the outcome's key."""
    key = start or chart.start
    node = chart.nodes[key]
    if isinstance(node, Outcome):
        yield {}, key
    for answer, following in arrows_of(node).items():
        given = {key: answer} if isinstance(node, Question) else {}
        for answers, end in list_paths(chart, following):
            yield given | answers, end


def questions_of(chart: Chart) -> list[Question]:
    return [node for node in chart.nodes.values() if isinstance(node, Question)]
