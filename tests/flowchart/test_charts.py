"""The two charts, held against the articles and the settings."""

from dataclasses import fields
from itertools import product
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from regchoose.flowchart.charts import CHARTS, THREE_QUESTIONS, WHICH_REGULARIZER
from regchoose.flowchart.nodes import Chart, Outcome, Question, find_shared_nodes, group_arrows
from regchoose.flowchart.walk import find_outcome
from regchoose.records.words import ARMS
from regchoose.settings.options import Settings
from tests.flowchart.all_paths import list_paths, questions_of

EACH_CHART = pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
EACH_QUESTION = pytest.mark.parametrize(
    "question",
    [question for chart in CHARTS.values() for question in questions_of(chart)],
    ids=[f"{chart.name}:{question.key}" for chart in CHARTS.values() for question in questions_of(chart)],
)
COMPARISONS = {"elastic_net_vs_baseline", "l1_vs_elastic_net", "l2_vs_baseline"}


def ends(chart: Chart) -> set[str]:
    return {end for _, end in list_paths(chart)}


# Arrow by arrow, written a second time by hand.
FIRST = {
    "subsample_possible": "yes draw_subsample, no prior_knowledge",
    "draw_subsample": "then resources",
    "resources": "yes train_baseline, no prior_knowledge",
    "train_baseline": "then train_elastic_net",
    "train_elastic_net": "then elastic_net_vs_baseline",
    "elastic_net_vs_baseline": "better train_l1, worse train_l2",
    "train_l1": "then l1_vs_elastic_net",
    "l1_vs_elastic_net": "better start_l1, worse start_elastic_net",
    "train_l2": "then l2_vs_baseline",
    "l2_vs_baseline": "better start_l2, worse start_none",
    "prior_knowledge": "yes correlated, no start_elastic_net",
    "correlated": "yes start_l2, no entire_picture",
    "entire_picture": "yes start_l2, no start_l1",
}
EXPERIMENT = [key for key in FIRST if key.startswith("train") or "_vs_" in key]
SECOND = {
    "regularization_needed": "yes sparse, unsure sparse, no start_none",
    "sparse": "yes start_l2, no many_correlations, unsure validation",
    "many_correlations": "yes start_l2, no start_l1, unsure validation",
    "validation": "yes draw_subsample, no at_limit",
    "draw_subsample": "then train_baseline",
    **{key: FIRST[key] for key in EXPERIMENT},
    "at_limit": "yes additional_knowledge, no start_elastic_net",
    "additional_knowledge": "yes start_l2, no start_l1",
}


@pytest.mark.parametrize(("chart", "expected"), [(WHICH_REGULARIZER, FIRST), (THREE_QUESTIONS, SECOND)])
def test_every_arrow(chart: Chart, expected: dict[str, str]) -> None:
    drawn = {
        key: ", ".join(
            f"{answer or 'then'} {end}" for end, answers in group_arrows(node).items() for answer in answers
        )
        for key, node in chart.nodes.items()
        if not isinstance(node, Outcome)
    }

    assert drawn == expected


@EACH_CHART
def test_every_combination_of_answers_ends_in_an_outcome(chart: Chart) -> None:
    keys = [question.key for question in questions_of(chart)]
    found = {
        find_outcome(chart, dict(zip(keys, answers, strict=True)))
        for answers in product(*(question.arrows for question in questions_of(chart)))
    }

    assert all(isinstance(chart.nodes[key], Outcome) for key in found)
    assert found == ends(chart)


@EACH_CHART
def test_every_outcome_is_reachable_and_each_regularizer_has_one(chart: Chart) -> None:
    outcomes = [node for node in chart.nodes.values() if isinstance(node, Outcome)]

    assert ends(chart) == {node.key for node in outcomes}
    assert sorted(node.regularizer for node in outcomes) == sorted(ARMS)
    assert all(node.key == f"start_{node.regularizer}" for node in outcomes)


@EACH_CHART
def test_every_path_is_walked_to_its_own_outcome(chart: Chart) -> None:
    walked = [(answers, find_outcome(chart, answers)) for answers, _ in list_paths(chart)]

    assert walked == list(list_paths(chart))
    assert len({tuple(answers.items()) for answers, _ in walked}) == len(walked)


@EACH_CHART
@pytest.mark.parametrize("signs", [*product(["better", "worse"], repeat=3)], ids="-".join)
def test_the_signs_of_three_differences_decide(chart: Chart, signs: tuple[str, str, str]) -> None:
    elastic_net, l1, l2 = signs
    answers = {"subsample_possible": "yes", "resources": "yes", "sparse": "unsure", "validation": "yes"}
    answers |= {"regularization_needed": "yes", "elastic_net_vs_baseline": elastic_net}
    if elastic_net == "better":
        expected = "start_l1" if l1 == "better" else "start_elastic_net"
    else:
        expected = "start_l2" if l2 == "better" else "start_none"

    assert find_outcome(chart, answers | {"l1_vs_elastic_net": l1, "l2_vs_baseline": l2}) == expected


@EACH_CHART
def test_text_why_and_source_stand_at_each_node(chart: Chart) -> None:
    for key, node in chart.nodes.items():
        assert key == node.key
        assert node.text.endswith("?") == isinstance(node, Question), key
        assert node.why.endswith("."), key
        assert "MachineCurve, 2020" in node.source, key


@EACH_QUESTION
def test_answers_agree_with_the_arrows_and_with_the_setting(question: Question) -> None:
    assert set(question.arrows) <= set(question.answers)
    assert all(question.answers.values())
    if question.setting is None:
        assert question.key in COMPARISONS
        assert set(question.answers) == {"better", "worse"}
    else:
        assert question.setting in {field.name for field in fields(Settings)}
        choices = get_type_hints(Settings)[question.setting]
        assert get_origin(choices) is Literal
        assert set(question.answers) == set(get_args(choices))
        assert set(question.answers) - set(question.arrows) <= {"auto", "unsure"}


def test_charts_go_by_the_names_of_the_setting() -> None:
    assert list(CHARTS) == list(get_args(get_type_hints(Settings)["chart"]))
    assert all(name == chart.name for name, chart in CHARTS.items())


def test_the_experiment_is_the_same_in_both_charts() -> None:
    for key in [*EXPERIMENT, *ends(WHICH_REGULARIZER)]:
        assert WHICH_REGULARIZER.nodes[key] is THREE_QUESTIONS.nodes[key]


def test_where_we_depart_from_the_article_the_node_says_so() -> None:
    nodes = WHICH_REGULARIZER.nodes

    assert '"L1+L2"' in nodes["l2_vs_baseline"].why
    assert "our decision" in nodes["l2_vs_baseline"].source
    assert "Zou & Hastie (2005)" in nodes["correlated"].why
    assert "only in its picture" in nodes["prior_knowledge"].source


def test_what_several_nodes_lead_to() -> None:
    assert find_shared_nodes(WHICH_REGULARIZER) == ("prior_knowledge",)
    assert find_shared_nodes(THREE_QUESTIONS) == ("validation",)
