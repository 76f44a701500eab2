"""A chart that does not hold together is refused when it is made."""

from collections.abc import Sequence

import pytest

from regchoose.flowchart.nodes import Action, Chart, Node, Outcome, Question, arrows_of, by_key

END = Outcome("end", "Stop", "It is over.", "here", "none")


def question(key: str, **arrows: str) -> Question:
    return Question(key, "What?", "Why not.", "here", arrows, dict.fromkeys(arrows, "so"))


def action(key: str, then: str) -> Action:
    return Action(key, "Do it", "Why not.", "here", then)


def chart(nodes: Sequence[Node], *, start: str = "a") -> Chart:
    return Chart("small", "Small", "here", start, by_key(*nodes))


@pytest.mark.parametrize(
    ("nodes", "complaint"),
    [
        ([question("a", yes="end", no="b"), END], "chart small: arrows lead to no node: b"),
        ([action("b", "end"), END], "chart small: arrows lead to no node: a"),
        ([action("a", "end"), action("b", "end"), END], "chart small: never reached: b"),
        ([action("a", "a"), END], "chart small: a circle: a → a"),
        (
            [question("a", yes="b", no="end"), action("b", "c"), action("c", "b"), END],
            "chart small: a circle: (b → c → b|c → b → c)",
        ),
        ([action("a", "end"), question("b", no="c"), question("c", no="b"), END], "chart small: a circle"),
    ],
)
def test_a_chart_with_a_hole_or_a_circle_is_refused(nodes: list[Node], complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{complaint}"):
        chart(nodes)


def test_a_circle_is_named_in_the_order_of_the_walk() -> None:
    with pytest.raises(ValueError, match=r"a circle: (a → b → c → a|b → c → a → b|c → a → b → c)$"):
        chart([action("a", "b"), action("b", "c"), question("c", yes="a", no="end"), END])


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^keys given twice: a$"):
        by_key(action("a", "end"), question("a", yes="end"), END)


def test_an_outcome_alone_is_a_chart() -> None:
    assert list(chart([END], start="end").nodes) == ["end"]


@pytest.mark.parametrize(
    ("node", "arrows"),
    [
        (question("a", yes="b", no="c"), {"yes": "b", "no": "c"}),
        (action("a", "b"), {"": "b"}),
        (END, {}),
    ],
)
def test_arrows_of_each_kind(node: Node, arrows: dict[str, str]) -> None:
    assert arrows_of(node) == arrows
