"""The one walker. Terminal, drawings, tests and the statistics all go through it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from regchoose.flowchart.nodes import Action, Chart, Node, Outcome, Question
from regchoose.records.answers import Answer


@dataclass(frozen=True)
class Step:
    """A node that the walk has been at, with its answer (an action's: its report; an outcome's: None)."""

    node: Node
    answer: Answer | None


def walk(chart: Chart, respond: Callable[[Question | Action], Answer]) -> Iterator[Step]:
    """Walk the chart from its start to an outcome, a step a node.

    Parameters
    ----------
    respond : callable
        Answers a question with one of its arrows; does an action and reports. Called once a node, in the
        order of the walk, and not before the step is asked for.

    Yields
    ------
    Step
        Each node after it was answered or done; last the outcome, without an answer.

    Raises
    ------
    ValueError
        If an answer is none of the question's arrows.
    """
    node = chart.nodes[chart.start]
    while not isinstance(node, Outcome):
        answer = respond(node)
        following = _following(node, answer.value)
        yield Step(node, answer)
        node = chart.nodes[following]
    yield Step(node, None)


def _following(node: Question | Action, answer: str) -> str:
    """Key of the node that an answer leads to; an action leads on whatever it reports."""
    if isinstance(node, Action):
        return node.then
    if answer not in node.arrows:
        raise ValueError(f"{node.key}: got {answer!r}; its answers are {', '.join(node.arrows)}")
    return node.arrows[answer]


def find_outcome(chart: Chart, answers: Mapping[str, str]) -> str:
    """Return the key of the outcome that fixed answers lead to; actions are passed over.

    Parameters
    ----------
    answers : mapping of str to str
        Question's key → answer; questions off the way need none.

    Raises
    ------
    ValueError
        If a question on the way has no answer, or one that is no arrow.
    """

    def respond(node: Question | Action) -> Answer:
        if isinstance(node, Question) and node.key not in answers:
            raise ValueError(f"{node.key}: no answer given; its answers are {', '.join(node.arrows)}")
        return Answer(answers.get(node.key, ""), by="default")

    *_, last = walk(chart, respond)
    return last.node.key
