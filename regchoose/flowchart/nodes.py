"""What a chart is made of: questions, actions and outcomes. All of it is data; nothing here is called."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from regchoose.records.words import Arm


@dataclass(frozen=True)
class Question:
    """Something to be answered; each answer leads on."""

    key: str  # its name in the chart and in results
    text: str  # the question as it is asked
    why: str  # why it is asked, in one or two sentences for a newcomer
    source: str  # the article it comes from, or our decision
    arrows: Mapping[str, str]  # answer → key of the next node
    # What may be answered → what that means, for a prompt. Answers without an arrow (auto, unsure) hand the
    # question over to a measurement, which then gives one that has.
    answers: Mapping[str, str]
    setting: str | None = None  # the field of `Settings` that answers it; None: training answers it
    short: str = ""  # in a few words, to be answered by yes or no: for the way through the chart


@dataclass(frozen=True)
class Action:
    """Something to be done; then the walk goes on to `then`."""

    key: str
    text: str
    why: str
    source: str
    then: str


@dataclass(frozen=True)
class Outcome:
    """Where a walk ends: the regularizer to start with."""

    key: str
    text: str
    why: str
    source: str
    regularizer: Arm


Node = Question | Action | Outcome


class Place(NamedTuple):
    """Where a drawing puts a node: in columns from the left and rows from the top, halves allowed."""

    column: float
    row: float


@dataclass(frozen=True)
class Chart:
    """A flowchart.

    Raises
    ------
    ValueError
        If an arrow leads nowhere, a node is never reached, or a walk could go round in a circle.
    """

    name: str  # as `--chart` takes it
    title: str  # the heading of drawings
    source: str  # the article
    start: str  # key of the first node
    nodes: Mapping[str, Node]  # each under its key; see `by_key`
    # Only drawings read these: where each node is put; and (key, answer) of an arrow that passes other rows →
    # the column in which it runs down.
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    lanes: Mapping[tuple[str, str], float] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        ahead = {key: frozenset(arrows_of(node).values()) for key, node in self.nodes.items()}
        ends = frozenset({self.start}).union(*ahead.values())
        if lost := ends - ahead.keys():
            raise ValueError(f"chart {self.name}: arrows lead to no node: {', '.join(sorted(lost))}")
        try:
            TopologicalSorter(ahead).prepare()
        except CycleError as error:  # it lists a node after those it leads to
            raise ValueError(f"chart {self.name}: a circle: {' → '.join(error.args[1][::-1])}") from error
        # Without circles, going against the arrows ends at a node that none points to. Where the start is
        # the only such node, everything is reached from it.
        if orphans := ahead.keys() - ends:
            raise ValueError(f"chart {self.name}: never reached: {', '.join(sorted(orphans))}")


def by_key(*nodes: Node) -> dict[str, Node]:
    """Return the nodes under their keys.

    Raises
    ------
    ValueError
        If two nodes have the same key.
    """
    nodes_by_key = {node.key: node for node in nodes}
    if len(nodes_by_key) < len(nodes):
        twice = sorted(key for key, count in Counter(node.key for node in nodes).items() if count > 1)
        raise ValueError(f"keys given twice: {', '.join(twice)}")
    return nodes_by_key


def arrows_of(node: Node) -> dict[str, str]:
    """Return where a node leads: answer → key; an action's only arrow has no answer (""), an outcome none."""
    match node:
        case Question():
            return dict(node.arrows)
        case Action():
            return {"": node.then}
        case Outcome():
            return {}


def group_arrows(node: Node) -> dict[str, tuple[str, ...]]:
    """Return where a node leads: key → the answers that lead there, which drawings show as one arrow."""
    grouped: dict[str, tuple[str, ...]] = {}
    for answer, key in arrows_of(node).items():
        grouped[key] = (*grouped.get(key, ()), answer)
    return grouped


def find_shared_nodes(chart: Chart) -> tuple[str, ...]:
    """Return the keys of the questions and actions that more than one node leads to, in chart order."""
    arrivals = Counter(key for node in chart.nodes.values() for key in group_arrows(node))
    return tuple(
        key for key, node in chart.nodes.items() if arrivals[key] > 1 and not isinstance(node, Outcome)
    )
