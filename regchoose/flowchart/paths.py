"""What one can ask of a chart without walking it."""

from collections import Counter
from collections.abc import Iterator

from regchoose.flowchart.nodes import Chart, Node, Outcome, Question, arrows_of


def paths(chart: Chart) -> Iterator[tuple[dict[str, str], str]]:
    """Yield every way through the chart: its answers (question's key → answer), and the outcome's key."""
    return _paths_from(chart, chart.start)


def _paths_from(chart: Chart, key: str) -> Iterator[tuple[dict[str, str], str]]:
    node = chart.nodes[key]
    if isinstance(node, Outcome):
        yield {}, key
    for answer, following in arrows_of(node).items():
        given = {key: answer} if isinstance(node, Question) else {}
        for answers, end in _paths_from(chart, following):
            yield given | answers, end


def branches(node: Node) -> dict[str, tuple[str, ...]]:
    """Return where a node leads: key → the answers that lead there, which drawings show as one arrow."""
    grouped: dict[str, tuple[str, ...]] = {}
    for answer, key in arrows_of(node).items():
        grouped[key] = (*grouped.get(key, ()), answer)
    return grouped


def shared(chart: Chart) -> tuple[str, ...]:
    """Return the keys of the questions and actions that more than one node leads to, in chart order."""
    arrivals = Counter(key for node in chart.nodes.values() for key in branches(node))
    return tuple(
        key for key, node in chart.nodes.items() if arrivals[key] > 1 and not isinstance(node, Outcome)
    )
