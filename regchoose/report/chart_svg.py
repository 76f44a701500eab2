"""A chart as SVG, with each node in the place that the chart's data names.

An arrow to the next row is one curve; one that passes other rows runs down the lane that the data gives it.
"""

from collections.abc import Container, Sequence
from itertools import pairwise
from textwrap import wrap

from markupsafe import Markup

from regchoose.flowchart.nodes import Chart, Node, arrows_of
from regchoose.report.chart_drawings import COLOURS, KINDS
from regchoose.report.plots import element, px, svg_image

COLUMN, ROW = 180, 118  # pixels from the middle of one box to the middle of the next
HALF_BOX, LINE_HEIGHT, PADDING, MARGIN = 85, 16, 14, 12  # pixels
ROOM_ABOVE, ROOM_BELOW = 34, 22  # pixels, for a title and the source
LETTERS = 20  # in a line
ANSWERED = 20  # pixels that an arrow goes straight down beside its answer
HALO = {"paint_order": "stroke", "stroke": "#fff", "stroke_width": 5, "stroke_linejoin": "round"}
CORNERS = {"question": 4, "action": 0, "outcome": 18}


def draw_svg(
    chart: Chart,
    keys: Sequence[str] = (),
    *,
    alike: Container[str] = (),
    is_followed: bool = True,
    alone: bool = False,
) -> Markup:
    """Draw a whole chart; what a walk did not pass is paler.

    Parameters
    ----------
    keys : sequence of str, optional
        Keys of the nodes that a walk passed, in its order.
    alike : container of str, optional
        Keys of the questions that found no difference: the chart has no arrow for that, so the one that was
        taken says it.
    is_followed : bool
        Whether the outcome at which the walk ended is recommended; its box is dashed, and says so, if not.
    alone : bool
        Whether it stands on a page that we do not know: it then has a background, its title and its source.
    """
    taken = frozenset(pairwise(keys))
    ways = [(key, answer, end) for key in chart.nodes for answer, end in arrows_of(chart.nodes[key]).items()]
    ways.sort(key=lambda way: (way[0], way[2]) in taken)  # the way that was taken lies above the others
    middles = [COLUMN * place.column for place in chart.places.values()]
    edges = [x + side for x in middles for side in (-HALF_BOX, HALF_BOX)]
    edges += [COLUMN * lane for lane in chart.lanes.values()]
    left, right = min(edges) - MARGIN, max(edges) + MARGIN
    top = min(_top(chart, node) for node in chart.nodes.values()) - MARGIN
    bottom = max(_bottom(chart, node) for node in chart.nodes.values()) + MARGIN
    left_aside = None if is_followed or not keys else keys[-1]
    if left_aside:
        bottom += LINE_HEIGHT
    around: list[Markup] = []
    if alone:
        top, bottom = top - ROOM_ABOVE, bottom + ROOM_BELOW
        middle = {"x": px((left + right) / 2), "text_anchor": "middle"}
        around = [
            element(
                "rect", x=px(left), y=px(top), width=px(right - left), height=px(bottom - top), fill="#fff"
            ),
            element(
                "text", chart.title, y=px(top + 30), font_size=19, font_weight=600, fill="#1a1a1a", **middle
            ),
            element("text", f"After: {chart.source}", y=px(bottom - 16), fill="#59626d", **middle),
        ]
    walked = bool(keys)
    arrows = [
        _draw_arrow(
            chart, *way, state=_state((way[0], way[2]) in taken, walked=walked), alike=way[0] in alike
        )
        for way in ways
    ]
    boxes = [
        _draw_box(chart, node, state=_state(key in keys, walked=walked), left_aside=key == left_aside)
        for key, node in chart.nodes.items()
    ]
    return svg_image(
        *around,
        *arrows,
        *boxes,
        title=chart.title,
        key="chart-title",
        view_box=f"{px(left)} {px(top)} {px(right - left)} {px(bottom - top)}",
        class_="chart",
        font_family="system-ui, sans-serif",
        font_size=14,
    )


def _state(passed: bool, *, walked: bool) -> str:
    return "lit" if passed else "faint" if walked else "open"


# ---- boxes -----------------------------------------------------------------------------------------


def _wrap_text(node: Node) -> list[str]:
    return wrap(node.text, LETTERS)


def _top(chart: Chart, node: Node) -> float:
    return ROW * chart.places[node.key].row - (LINE_HEIGHT * len(_wrap_text(node)) + PADDING) / 2


def _bottom(chart: Chart, node: Node) -> float:
    return 2 * ROW * chart.places[node.key].row - _top(chart, node)


def _draw_box(chart: Chart, node: Node, *, state: str, left_aside: bool) -> Markup:
    kind = KINDS[type(node)]
    fill, stroke, _ = COLOURS[kind]
    x, top = COLUMN * chart.places[node.key].column, _top(chart, node)
    frame = element(
        "rect",
        x=px(x - HALF_BOX),
        y=px(top),
        width=2 * HALF_BOX,
        height=px(_bottom(chart, node) - top),
        rx=CORNERS[kind],
        fill=fill,
        stroke=stroke,
        stroke_width=3 if state == "lit" else 1,
        stroke_dasharray="8 5" if left_aside else None,
    )
    words = [
        element("tspan", line, x=px(x), y=px(top + 19 + LINE_HEIGHT * number))
        for number, line in enumerate(_wrap_text(node))
    ]
    text = element("text", *words, text_anchor="middle", fill="#1a1a1a")
    if left_aside:
        below = {"x": px(x), "y": px(_bottom(chart, node) + LINE_HEIGHT), "text_anchor": "middle"}
        text += element(
            "text", "not followed", **below, **HALO, font_size=13, fill="#1a1a1a", class_="answer"
        )
    tooltip = element("title", f"{kind}: {node.text}")
    opacity = 0.5 if state == "faint" else None
    return element("g", tooltip, frame, text, class_=f"node {kind} {state}", opacity=opacity)


# ---- arrows ----------------------------------------------------------------------------------------


def _draw_arrow(chart: Chart, key: str, answer: str, end: str, *, state: str, alike: bool) -> Markup:
    x, y = _find_port(chart, key, answer), _bottom(chart, chart.nodes[key])
    tip_x, tip_y = COLUMN * chart.places[end].column, _top(chart, chart.nodes[end])
    path = f"M{px(x)} {px(y)}"
    label = Markup("")
    colour = "#1a1a1a" if state == "lit" else "#8a8f98"
    if answer:
        place = {"x": px(x), "y": px(y + 15), "text_anchor": "middle"}
        said = "alike" if alike and state == "lit" else answer
        label = element("text", said, **place, **HALO, font_size=13, fill=colour, class_="answer")
        y += ANSWERED
        path += f"V{px(y)}"
    if (lane := chart.lanes.get((key, answer))) is not None:
        enter, leave = (chart.places[key].row + 0.75) * ROW, (chart.places[end].row - 0.75) * ROW
        path += f"{_draw_curve(x, y, COLUMN * lane, enter)}V{px(leave)}"
        x, y = COLUMN * lane, leave
    path += _draw_curve(x, y, tip_x, tip_y - 6)
    tip = f"M{px(tip_x - 5)} {px(tip_y - 8)}L{px(tip_x + 5)} {px(tip_y - 8)}L{px(tip_x)} {px(tip_y)}z"
    return element(
        "g",
        element("path", d=path, fill="none", stroke=colour, stroke_width=3.5 if state == "lit" else 1.2),
        element("path", d=tip, fill=colour, class_="tip"),
        label,
        class_=f"arrow {state}",
    )


def _draw_curve(x: float, y: float, to_x: float, to_y: float) -> str:
    """Return a curve that leaves and arrives straight down."""
    middle = px((y + to_y) / 2)
    return f"C{px(x)} {middle} {px(to_x)} {middle} {px(to_x)} {px(to_y)}"


def _find_port(chart: Chart, key: str, answer: str) -> float:
    """Return where an arrow leaves its box: side by side, in the order of the columns that they lead to."""
    arrows = arrows_of(chart.nodes[key])
    column = {other: chart.lanes.get((key, other), chart.places[end].column) for other, end in arrows.items()}
    ordered = sorted(arrows, key=lambda other: (column[other], other))
    share = (ordered.index(answer) + 1) / (len(ordered) + 1)
    return COLUMN * chart.places[key].column + (share - 0.5) * 2 * HALF_BOX
