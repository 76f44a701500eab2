"""`regchoose flowchart`: draws a chart."""

from collections.abc import Callable

from regchoose.cli import output
from regchoose.errors import UsageError, setting
from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.nodes import Chart
from regchoose.report.chart_drawings import as_json, as_mermaid, as_text
from regchoose.report.chart_svg import as_svg

DRAWN: dict[str, Callable[[Chart], str]] = {
    "text": as_text,
    "mermaid": as_mermaid,
    "svg": as_svg,
    "json": as_json,
}


def flowchart(chart: str, *, form: str) -> int:
    """Draw a chart on stdout; return the exit status.

    Raises
    ------
    UsageError
        E202 if there is no such chart or format.
    """
    for name, got, legal in (("chart", chart, list(CHARTS)), ("format", form, list(DRAWN))):
        if got not in legal:
            message = f"{name} got {got!r}, wanted {', '.join(legal[:-1])} or {legal[-1]}"
            raise UsageError("E202", message, where=setting(name), fix=setting(**{name: legal[0]}))
    drawing = DRAWN[form](CHARTS[chart])
    output.write(drawing if drawing.endswith("\n") else f"{drawing}\n")
    return 0
