"""The walker: one step a node, in order, and no answer that is no arrow."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regchoose.flowchart.charts import CHARTS, WHICH_REGULARIZER
from regchoose.flowchart.nodes import Action, Outcome, Question
from regchoose.flowchart.walk import find_outcome, walk
from regchoose.records.answers import Answer
from tests.flowchart.all_paths import list_paths

CHART_NAMES = st.sampled_from(sorted(CHARTS))


@settings(deadline=None)  # a busy machine is no failure
@given(name=CHART_NAMES, data=st.data())
def test_random_answers_end_in_an_outcome(name: str, data: st.DataObject) -> None:
    chart = CHARTS[name]

    def respond(node: Question | Action) -> Answer:
        if isinstance(node, Action):
            return Answer("done", by="trained", evidence=node.key)
        return Answer(data.draw(st.sampled_from(sorted(node.arrows))), by="user")

    *steps, last = walk(chart, respond)

    assert isinstance(last.node, Outcome)
    assert last.answer is None
    assert all(step.answer is not None for step in steps)
    keys = [step.node.key for step in steps]
    assert len(set(keys)) == len(keys)
    answers = {
        step.node.key: step.answer.value for step in steps if step.answer and isinstance(step.node, Question)
    }
    assert (answers, last.node.key) in list(list_paths(chart))
    assert find_outcome(chart, answers) == last.node.key


@settings(deadline=None)
@given(name=CHART_NAMES, answer=st.text())
def test_an_answer_is_an_arrow_or_refused_with_the_legal_ones(name: str, answer: str) -> None:
    chart = CHARTS[name]
    start = chart.nodes[chart.start]
    assert isinstance(start, Question)

    steps = walk(chart, lambda _: Answer(answer, by="user"))

    if answer in start.arrows:
        assert next(steps).node is start
    else:
        legal = ", ".join(start.arrows)
        with pytest.raises(ValueError, match=re.escape(f"got {answer!r}; its answers are {legal}")):
            next(steps)


@pytest.mark.parametrize("answer", ["auto", "unsure", "Yes", ""])
def test_what_a_prompt_hands_over_is_no_arrow(answer: str) -> None:
    with pytest.raises(ValueError, match=r"^subsample_possible: got"):
        find_outcome(WHICH_REGULARIZER, {"subsample_possible": answer})


def test_a_question_on_the_way_without_an_answer_is_named() -> None:
    with pytest.raises(ValueError, match=r"^resources: no answer given; its answers are yes, no$"):
        find_outcome(WHICH_REGULARIZER, {"subsample_possible": "yes"})


def test_a_node_is_answered_only_when_its_step_is_asked_for() -> None:
    asked: list[str] = []

    def respond(node: Question | Action) -> Answer:
        asked.append(node.key)
        return Answer("yes", by="default")

    steps = walk(WHICH_REGULARIZER, respond)
    assert asked == []
    next(steps)
    assert asked == ["subsample_possible"]
    next(steps)
    assert asked == ["subsample_possible", "draw_subsample"]


def test_steps_of_a_whole_walk() -> None:
    answers = {
        "subsample_possible": "no",
        "prior_knowledge": "yes",
        "correlated": "no",
        "entire_picture": "yes",
    }

    steps = walk(WHICH_REGULARIZER, lambda node: Answer(answers[node.key], by="flag", evidence="said"))

    assert [(step.node.key, step.answer and step.answer.value) for step in steps] == [
        *answers.items(),
        ("start_l2", None),
    ]
