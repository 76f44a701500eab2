"""`regchoose flowchart`: draws a chart."""

from collections.abc import Callable
from functools import partial

from regchoose.cli import output
from regchoose.errors import UsageError, setting
from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.nodes import Chart
from regchoose.report.chart_drawings import draw_mermaid, draw_tree, dump_chart
from regchoose.report.chart_svg import draw_svg

DRAWINGS: dict[str, Callable[[Chart], str]] = {
    "text": draw_tree,
    "mermaid": draw_mermaid,
    "svg": partial(draw_svg, alone=True),
    "json": dump_chart,
}


def flowchart(chart: str, *, format_name: str) -> int:
    """Draw a chart on stdout; return the exit status.

    Raises
    ------
    UsageError
        E202 if there is no such chart or format.
    """
    for name, got, legal in (("chart", chart, list(CHARTS)), ("format", format_name, list(DRAWINGS))):
        if got not in legal:
            message = f"{name} got {got!r}, wanted {', '.join(legal[:-1])} or {legal[-1]}"
            raise UsageError("E202", message, where=setting(name), fix=setting(**{name: legal[0]}))
    drawing = DRAWINGS[format_name](CHARTS[chart])
    output.write(drawing if drawing.endswith("\n") else f"{drawing}\n")
    return 0
