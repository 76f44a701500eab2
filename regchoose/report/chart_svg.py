"""A chart as SVG: layers by the longest way to a node, ordered so that few arrows cross.

After Sugiyama, Tagawa and Toda, 1981 (IEEE Transactions on Systems, Man and Cybernetics 11: 109–125): long
arrows pass a bend in each layer, and each layer is sorted by the mean place of its neighbours.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from markupsafe import Markup

from regchoose.flowchart.nodes import Action, Chart, Node, Outcome, Question, arrows_of
from regchoose.report.plots import at, element

BOX, GAP, DROP, LINE, LETTERS = 162, 14, 48, 14, 22  # pixels, but for the letters in a line
STRAIGHT = 20  # pixels of an arrow with an answer on it
SWEEPS = 12
KINDS: dict[type[Node], tuple[str, str, str]] = {  # kind, fill, stroke
    Question: ("question", "#cfe2ff", "#2f5f9e"),
    Action: ("action", "#fff3bf", "#a67c00"),
    Outcome: ("outcome", "#d3f2d6", "#2e7d32"),
}
Way = tuple[str, str, str]  # from, answer, to


@dataclass(frozen=True)
class _Layout:
    layers: Sequence[Sequence[str]]
    chains: Mapping[Way, Sequence[str]]  # the nodes and bends along an arrow
    x: Mapping[str, float]  # middle
    y: Mapping[str, float]  # top
    height: Mapping[str, float]


def as_svg(chart: Chart, keys: Sequence[str] = ()) -> Markup:
    """Draw a chart whole; what the walk did not come by is paler.

    Parameters
    ----------
    keys : sequence of str, optional
        Keys of the nodes that a walk came by, in its order.
    """
    layout = _laid_out(chart)
    taken = frozenset(pairwise(keys))
    width = max(layout.x.values()) + BOX / 2 + GAP
    height = max(layout.y[key] + layout.height[key] for key in chart.nodes) + GAP
    arrows = [_arrow(layout, way, lit=(way[0], way[2]) in taken, faint=bool(keys)) for way in layout.chains]
    boxes = [_box(layout, node, lit=node.key in keys, faint=bool(keys)) for node in chart.nodes.values()]
    return element(
        "svg",
        element("title", f"{chart.title}", id="chart-title"),
        *arrows,
        *boxes,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {at(width)} {at(height)}",
        role="img",
        aria_labelledby="chart-title",
        class_="chart",
        font_family="system-ui, sans-serif",
        font_size=12,
    )


# ---- layout ----------------------------------------------------------------------------------------


def _laid_out(chart: Chart) -> _Layout:
    depth = _depths(chart)
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for key in chart.nodes:
        layers[depth[key]].append(key)
    chains: dict[Way, list[str]] = {}
    for key, node in chart.nodes.items():
        for answer, end in arrows_of(node).items():
            bends = [f"{key}/{answer}/{level}" for level in range(depth[key] + 1, depth[end])]
            for level, bend in enumerate(bends, start=depth[key] + 1):
                layers[level].append(bend)
            chains[key, answer, end] = [key, *bends, end]
    beside: dict[str, list[str]] = {key: [] for layer in layers for key in layer}
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            beside[upper].append(lower)
            beside[lower].append(upper)
    x = _across(layers, beside)
    heights = {key: LINE * len(_lines(node)) + 16.0 for key, node in chart.nodes.items()}
    y, top = {}, float(GAP)
    for layer in layers:
        tallest = max((heights.get(key, 0.0) for key in layer), default=0.0)
        for key in layer:
            heights.setdefault(key, tallest)
            y[key] = top + (tallest - heights[key]) / 2
        top += tallest + DROP
    return _Layout(layers, chains, x, y, heights)


def _depths(chart: Chart) -> dict[str, int]:
    """Return the length of the longest way from the start to each node."""
    depth, changed = dict.fromkeys(chart.nodes, 0), True
    while changed:
        changed = False
        for key, node in chart.nodes.items():
            for end in arrows_of(node).values():
                if depth[end] <= depth[key]:
                    depth[end], changed = depth[key] + 1, True
    return depth


def _across(layers: list[list[str]], beside: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return the middle of each node and bend."""
    x = {key: float(place) for layer in layers for place, key in enumerate(layer)}
    for sweep in range(SWEEPS):
        numbered = range(len(layers)) if sweep % 2 == 0 else range(len(layers) - 1, -1, -1)
        level = {key: place for place, layer in enumerate(layers) for key in layer}
        for place in numbered:
            back = -1 if sweep % 2 == 0 else 1
            near = {
                key: [x[other] for other in beside[key] if level[other] == place + back]
                for key in layers[place]
            }
            wish = {key: sum(xs) / len(xs) if xs else x[key] for key, xs in near.items()}
            layers[place].sort(key=lambda key, wish=wish: wish[key])  # type: ignore[misc]
            x |= _apart(layers[place], wish if sweep >= 2 else {})
    left = min(at - _room(key) / 2 for key, at in x.items())
    return {key: at - left + GAP for key, at in x.items()}


def _room(key: str) -> float:
    return 26.0 if "/" in key else float(BOX)


def _apart(layer: Sequence[str], wish: Mapping[str, float]) -> dict[str, float]:
    """Place a layer near the wishes, in its order, nothing overlapping; its mean is that of the wishes."""
    placed: dict[str, float] = {}
    edge = float("-inf")
    for key in layer:
        half = _room(key) / 2
        wanted = wish.get(key, 0.0)
        placed[key] = max(wanted, edge + half) if edge > float("-inf") else wanted
        edge = placed[key] + half + GAP
    wanted = sum(wish.get(key, 0.0) for key in layer) / len(layer)
    shift = wanted - sum(placed.values()) / len(layer)
    return {key: place + shift for key, place in placed.items()}


# ---- drawing ---------------------------------------------------------------------------------------


def _lines(node: Node) -> list[str]:
    return wrap(node.text, LETTERS)


def _box(layout: _Layout, node: Node, *, lit: bool, faint: bool) -> Markup:
    kind, fill, stroke = KINDS[type(node)]
    x, y, high = layout.x[node.key], layout.y[node.key], layout.height[node.key]
    state = "lit" if lit else "faint" if faint else "open"
    frame = element(
        "rect",
        x=at(x - BOX / 2),
        y=at(y),
        width=BOX,
        height=at(high),
        rx={"question": 4, "action": 0, "outcome": 18}[kind],
        fill=fill,
        stroke=stroke,
        stroke_width=3 if lit else 1,
    )
    words = [
        element("tspan", line, x=at(x), y=at(y + 21 + LINE * place))
        for place, line in enumerate(_lines(node))
    ]
    text = element("text", *words, text_anchor="middle", fill="#1a1a1a")
    told = element("title", f"{kind}: {node.text}")
    faded = 0.5 if state == "faint" else None
    return element("g", told, frame, text, class_=f"node {kind} {state}", opacity=faded)


def _arrow(layout: _Layout, way: Way, *, lit: bool, faint: bool) -> Markup:
    start, answer, end = way
    chain = layout.chains[way]
    x, y = layout.x, layout.y
    out = _port(layout, way)
    here = (out, y[start] + layout.height[start])
    path = f"M{at(here[0])} {at(here[1])}"
    if answer:
        here = (here[0], here[1] + STRAIGHT)  # beside the answer, which stands on the line
        path += f"V{at(here[1])}"
    for key in chain[1:]:
        there = (x[key], y[key] - (6 if key == end else 0))
        middle = (here[1] + there[1]) / 2
        path += f"C{at(here[0])} {at(middle)} {at(there[0])} {at(middle)} {at(there[0])} {at(there[1])}"
        here = there
        if key != end:
            here = (x[key], y[key] + layout.height[key])
            path += f"L{at(here[0])} {at(here[1])}"
    colour = "#1a1a1a" if lit else "#8a8f98"
    line = element("path", d=path, fill="none", stroke=colour, stroke_width=3.5 if lit else 1.2)
    tip = f"M{at(x[end] - 5)} {at(y[end] - 8)}L{at(x[end] + 5)} {at(y[end] - 8)}L{at(x[end])} {at(y[end])}z"
    parts = [line, element("path", d=tip, fill=colour, class_="tip")]
    if answer:
        halo = {"paint_order": "stroke", "stroke": "#fff", "stroke_width": 5, "stroke_linejoin": "round"}
        place = {"x": at(out), "y": at(y[start] + layout.height[start] + 15), "text_anchor": "middle"}
        parts.append(element("text", answer, **place, **halo, font_size=11, fill=colour, class_="answer"))
    return element("g", *parts, class_=f"arrow {'lit' if lit else 'faint' if faint else 'open'}")


def _port(layout: _Layout, way: Way) -> float:
    """Return where an arrow leaves its box: side by side, in the order of where they lead."""
    ways: Set[Way] = {other for other in layout.chains if other[0] == way[0]}
    ordered = sorted(ways, key=lambda other: (layout.x[layout.chains[other][1]], other[1]))
    share = (ordered.index(way) + 1) / (len(ordered) + 1)
    return layout.x[way[0]] + (share - 0.5) * BOX * 0.9
