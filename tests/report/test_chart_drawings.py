"""Whole drawings, compared with the files in tests/report/charts.

After a change that is meant, `python -m tests.report.test_chart_drawings` writes them anew; read the diff.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from regchoose.flowchart.charts import CHARTS, THREE_QUESTIONS, WHICH_REGULARIZER
from regchoose.flowchart.nodes import Action, Chart, Node, Outcome, Question, by_key
from regchoose.flowchart.walk import Step, walk
from regchoose.records.answers import Answer
from regchoose.report.chart_drawings import WIDTH, draw_mermaid, draw_tree, dump_chart, find_taken_arrows

FOLDER = Path(__file__).parent / "charts"
EACH_CHART = pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
ANSWERS = {
    "subsample_possible": "yes",
    "resources": "yes",
    "elastic_net_vs_baseline": "better",
    "l1_vs_elastic_net": "worse",
    "regularization_needed": "unsure",
    "sparse": "unsure",
    "validation": "no",
    "at_limit": "no",
}


def walked(chart: Chart, answers: Mapping[str, str] = ANSWERS) -> tuple[Step, ...]:
    return tuple(walk(chart, lambda node: Answer(answers.get(node.key, "done"), by="flag")))


DRAWINGS: dict[str, Callable[[], str]] = {
    "which-regularizer.txt": lambda: draw_tree(WHICH_REGULARIZER),
    "which-regularizer-walked.txt": lambda: draw_tree(WHICH_REGULARIZER, walked(WHICH_REGULARIZER)),
    "which-regularizer.mmd": lambda: draw_mermaid(WHICH_REGULARIZER),
    "which-regularizer-walked.mmd": lambda: draw_mermaid(WHICH_REGULARIZER, walked(WHICH_REGULARIZER)),
    "which-regularizer.json": lambda: dump_chart(WHICH_REGULARIZER),
    "three-questions.txt": lambda: draw_tree(THREE_QUESTIONS),
    "three-questions-walked.txt": lambda: draw_tree(THREE_QUESTIONS, walked(THREE_QUESTIONS)),
    "three-questions.mmd": lambda: draw_mermaid(THREE_QUESTIONS),
    "three-questions-walked.mmd": lambda: draw_mermaid(THREE_QUESTIONS, walked(THREE_QUESTIONS)),
    "three-questions.json": lambda: dump_chart(THREE_QUESTIONS),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_whole_drawing(name: str) -> None:
    assert DRAWINGS[name]() + "\n" == (FOLDER / name).read_text(encoding="utf-8")


# ---- text -------------------------------------------------------------------------------------------


@EACH_CHART
def test_text_fits_eighty_columns_of_ascii(chart: Chart) -> None:
    for text in (draw_tree(chart), draw_tree(chart, walked(chart))):
        assert max(len(line) for line in text.splitlines()) <= WIDTH
        assert text.isascii()
        assert all(line == line.rstrip() for line in text.splitlines())


@EACH_CHART
def test_text_draws_every_question_and_action_once(chart: Chart) -> None:
    flat = " ".join(draw_tree(chart).split())

    for node in chart.nodes.values():
        assert flat.count(node.text) == 1 or isinstance(node, Outcome)
        assert node.text in flat


@EACH_CHART
def test_text_marks_the_lines_of_a_walk_alone(chart: Chart) -> None:
    text, path = draw_tree(chart, walked(chart)), walked(chart)

    assert text.replace("\n> ", "\n  ") == draw_tree(chart)
    assert "\n> " not in draw_tree(chart)
    marked = [line for line in text.splitlines() if line.startswith("> ")]
    answered = [step for step in path if isinstance(step.node, Question)]
    # A line for each question or action and one for each answer; the outcome shares its answer's line.
    assert len(marked) == len(path) - 1 + len(answered)


def test_a_part_of_a_walk_is_marked_as_far_as_it_went() -> None:
    text = draw_tree(WHICH_REGULARIZER, walked(WHICH_REGULARIZER)[:2])

    assert [line[2:].split()[0] for line in text.splitlines() if line.startswith("> ")] == ["1.", "yes", "-"]


def test_text_of_actions_that_end_or_share_what_follows() -> None:
    chart = Chart(
        name="short",
        title="Short",
        source="here",
        start="ask",
        nodes=by_key(
            Question("ask", "Which?", "Why.", "here", {"a": "left", "b": "right", "c": "last"}, {}),
            Action("left", "Go left", "Why.", "here", "last"),
            Action("right", "Go right", "Why.", "here", "stop"),
            Action("last", "Wait", "Why.", "here", "stop"),
            Outcome("stop", "Stop", "Why.", "here", "none"),
        ),
    )

    assert draw_tree(chart, walked(chart, {"ask": "a"})).splitlines() == [
        "Short",
        "After: here",
        "",
        "> 1. Which?",
        ">    a",
        ">      - Go left",
        ">      -> see 2",
        "     b",
        "       - Go right",
        "       => Stop",
        "     c -> see 2",
        "",
        "> 2. Wait",
        "> => Stop",
    ]


# ---- Mermaid ----------------------------------------------------------------------------------------

WILD = 'a "b" <script>x</script> #quot; & `c` | d\ne'
SAFE = "a #quot;b#quot; #lt;script#gt;x#lt;/script#gt; #35;quot; #amp; #96;c#96; #124; d e"
WILD_CHART = Chart(
    name="wild",
    title=WILD,
    source=WILD,
    start="ask",
    nodes=by_key(
        Question("ask", WILD, WILD, WILD, {WILD: "stop", "no": "do"}, {}),
        Action("do", WILD, WILD, WILD, "stop"),
        Outcome("stop", WILD, WILD, WILD, "none"),
    ),
)


def test_mermaid_escapes_what_it_would_read_as_syntax_or_html() -> None:
    lines = draw_mermaid(WILD_CHART).splitlines()

    assert lines[:10] == [
        "---",
        f"title: {json.dumps(WILD)}",
        "---",
        "flowchart TD",
        f'    ask{{{{"{SAFE}"}}}}:::question',
        f'    do["{SAFE}"]:::action',
        f'    stop(["{SAFE}"]):::outcome',
        f'    ask -->|"{SAFE}"| stop',
        '    ask -->|"no"| do',
        "    do --> stop",
    ]


@EACH_CHART
def test_mermaid_lights_the_arrows_of_a_walk(chart: Chart) -> None:
    lines = draw_mermaid(chart, walked(chart)).splitlines()
    arrows = [line.split() for line in lines if "-->" in line]
    lit = next(line for line in lines if line.strip().startswith("linkStyle")).split()[1].split(",")

    assert {(arrows[int(i)][0], arrows[int(i)][-1]) for i in lit} == find_taken_arrows(walked(chart))


def test_mermaid_of_a_walk_that_has_not_moved_lights_no_arrow() -> None:
    text = draw_mermaid(WHICH_REGULARIZER, walked(WHICH_REGULARIZER)[:1])

    assert text.endswith("    class subsample_possible taken")


# ---- JSON -------------------------------------------------------------------------------------------

NODES: dict[str, type[Node]] = {"question": Question, "action": Action, "outcome": Outcome}


def node_from(document: dict[str, Any]) -> Node:
    return NODES[document.pop("kind")](**document)


@pytest.mark.parametrize("chart", [*CHARTS.values(), WILD_CHART], ids=[*CHARTS, "wild"])
def test_json_holds_all_of_the_chart(chart: Chart) -> None:
    document = json.loads(dump_chart(chart))

    nodes = by_key(*(node_from(node) for node in document.pop("nodes")))
    assert Chart(**document, nodes=nodes) == chart
    assert list(nodes) == list(chart.nodes)


def write_drawings() -> None:
    for name, draw in DRAWINGS.items():
        (FOLDER / name).write_text(draw() + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_drawings()
