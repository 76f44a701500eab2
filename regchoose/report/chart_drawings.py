"""Charts as text, as Mermaid and as JSON.

Questions are blue, actions yellow and outcomes green, as in the article. A taken arrow or node is told by its
weight, not by colour alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from textwrap import wrap

from regchoose.flowchart.nodes import Action, Chart, Node, Outcome, Question, find_shared_nodes, group_arrows
from regchoose.flowchart.walk import Step

WIDTH = 80  # columns
KINDS: dict[type[Node], str] = {Question: "question", Action: "action", Outcome: "outcome"}
SHAPES = {"question": '{{"%s"}}', "action": '["%s"]', "outcome": '(["%s"])'}
COLOURS = {  # fill, stroke, text
    "question": ("#cfe2ff", "#2f5f9e", "#10233f"),
    "action": ("#fff3bf", "#a67c00", "#3d2e00"),
    "outcome": ("#d3f2d6", "#2e7d32", "#12330f"),
}
# Mermaid reads these as its syntax or as HTML. A number sign starts an entity, so it is one itself.
ENTITIES = str.maketrans(
    {"#": "#35;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "`": "#96;", "|": "#124;", "\n": " "}
)

Arrow = tuple[str, str]


def find_taken_arrows(path: Sequence[Step]) -> frozenset[Arrow]:
    """Return the arrows that a walk went along, as pairs of keys."""
    return frozenset(pairwise(step.node.key for step in path))


# ---- text -------------------------------------------------------------------------------------------


def draw_tree(chart: Chart, path: Sequence[Step] = ()) -> str:
    """Draw the chart as an indented tree of at most 80 columns, in ASCII.

    Questions are numbered in the order of the drawing. What several arrows lead to is drawn once, after the
    rest, and referred to by its number. The lines of a walk are marked with > in the margin.
    """
    roots = tuple(dict.fromkeys((chart.start, *find_shared_nodes(chart))))
    order = [key for root in roots for key in _in_order(chart, root, roots)]
    numbered = [key for key in order if key in roots or isinstance(chart.nodes[key], Question)]
    tree = _Tree(
        chart,
        roots,
        numbers={key: number for number, key in enumerate(numbered, start=1)},
        visited=frozenset(step.node.key for step in path),
        taken=find_taken_arrows(path),
    )
    lines = [chart.title, *wrap(f"After: {chart.source}", WIDTH)]
    for root in roots:
        lines += ["", *(line for drawn in _draw(tree, root, indent=0) for line in drawn.folded())]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Tree:
    """What the drawing of every node looks at."""

    chart: Chart
    roots: tuple[str, ...]  # drawn from the left margin, referred to elsewhere
    numbers: Mapping[str, int]
    visited: frozenset[str]
    taken: frozenset[Arrow]


@dataclass(frozen=True)
class _Line:
    marked: bool
    indent: int
    lead: str  # continued lines are indented past it
    text: str

    def folded(self) -> list[str]:
        margin = ("> " if self.marked else "  ") + " " * self.indent
        first, rest = margin + self.lead, "  " + " " * (self.indent + len(self.lead))
        folded = wrap(self.text, WIDTH, initial_indent=first, subsequent_indent=rest)
        return folded or [first.rstrip()]


def _in_order(chart: Chart, key: str, roots: Sequence[str]) -> Iterator[str]:
    """Keys of questions and actions below a root, in the order of the drawing."""
    yield key
    for following in group_arrows(chart.nodes[key]):
        if following not in roots and not isinstance(chart.nodes[following], Outcome):
            yield from _in_order(chart, following, roots)


def _draw(tree: _Tree, key: str, *, indent: int) -> Iterator[_Line]:
    """Lines of a question or action, and of what follows it."""
    node = tree.chart.nodes[key]
    lead = f"{tree.numbers[key]}. " if key in tree.numbers else "- "
    yield _Line(key in tree.visited, indent, lead, node.text)
    if isinstance(node, Question):
        for following, answers in group_arrows(node).items():
            answer = " or ".join(answers)
            yield from _draw_arrow(tree, (key, following), answer=answer, indent=indent + len(lead))
    elif isinstance(node, Action):
        yield from _draw_arrow(tree, (key, node.then), answer="", indent=indent)


def _draw_arrow(tree: _Tree, arrow: Arrow, *, answer: str, indent: int) -> Iterator[_Line]:
    """Lines of an arrow: its answer with where it ends, or with all that follows below it."""
    _, following = arrow
    node, marked = tree.chart.nodes[following], arrow in tree.taken
    if isinstance(node, Outcome):
        yield _Line(marked, indent, f"{answer} => ".lstrip(), node.text)
    elif following in tree.roots:
        yield _Line(marked, indent, f"{answer} -> ".lstrip(), f"see {tree.numbers[following]}")
    elif answer:
        yield _Line(marked, indent, answer, "")
        yield from _draw(tree, following, indent=indent + 2)
    else:
        yield from _draw(tree, following, indent=indent)


# ---- Mermaid ----------------------------------------------------------------------------------------


def draw_mermaid(chart: Chart, path: Sequence[Step] = ()) -> str:
    """Draw the chart in Mermaid's language, from top to bottom, with the way of a walk thicker."""
    taken = find_taken_arrows(path)
    arrows = [
        ((key, following), " or ".join(answers))
        for key, node in chart.nodes.items()
        for following, answers in group_arrows(node).items()
    ]
    thick = [str(number) for number, (arrow, _) in enumerate(arrows) if arrow in taken]
    lines = ["---", f"title: {json.dumps(chart.title, ensure_ascii=False)}", "---", "flowchart TD"]
    lines += [f"    {key}{_label(node)}:::{KINDS[type(node)]}" for key, node in chart.nodes.items()]
    for (start, end), answer in arrows:
        label = f'|"{_escaped(answer)}"|' if answer else ""
        lines += [f"    {start} -->{label} {end}"]
    lines += [
        f"    classDef {kind} fill:{fill},stroke:{stroke},color:{color}"
        for kind, (fill, stroke, color) in COLOURS.items()
    ]
    lines += ["    classDef taken stroke-width:4px"]
    if path:
        lines += [f"    class {','.join(step.node.key for step in path)} taken"]
    if thick:
        lines += [f"    linkStyle {','.join(thick)} stroke-width:4px"]
    return "\n".join(lines)


def _label(node: Node) -> str:
    return SHAPES[KINDS[type(node)]] % _escaped(node.text)


def _escaped(text: str) -> str:
    return text.translate(ENTITIES)


# ---- JSON -------------------------------------------------------------------------------------------


def dump_chart(chart: Chart) -> str:
    """Return the chart as JSON: all but the places of the drawing, in order, each node with its kind."""
    nodes = [{"kind": KINDS[type(node)], **asdict(node)} for node in chart.nodes.values()]
    document = {
        "name": chart.name,
        "title": chart.title,
        "source": chart.source,
        "start": chart.start,
        "nodes": nodes,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
