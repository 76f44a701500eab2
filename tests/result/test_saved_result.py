"""Results of earlier versions are still read, shown and compared."""

import json
from pathlib import Path

import pytest

from regchoose.errors import UsageError
from regchoose.report.terminal import render_as_text
from regchoose.result.comparison import compare_results
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import parse_result, read_result

FIRST = Path(__file__).parent / "first_schema.json"


def test_a_result_of_the_first_schema_is_one_of_the_second() -> None:
    old, result = json.loads(FIRST.read_text(encoding="utf-8")), read_result(FIRST)
    assert (old["schema_version"], result.schema_version) == ("1", "2")
    advice = result.recommendation
    assert (advice.chart_outcome, advice.follows_chart) == (old["recommendation"]["outcome"], True)
    assert (advice.as_good, advice.worse, advice.caution) == (["elastic_net"], [], "")
    for arm, figures in result.arms.items():
        assert figures.safe == old["audit"]["safe"][arm]
        assert (figures.loss, figures.optimism) == (old["arms"][arm]["loss"], 0.0)
        points = result.curves.loss_by_strength
        assert points is not None
        shown = points.get(arm)
        assert shown is not None
        assert shown.criterion == old["curves"]["loss_by_strength"][arm]["inner_loss"]


def test_it_is_shown_compared_and_written_as_one_of_the_second() -> None:
    result = read_result(FIRST)
    assert "Elastic Net does as well" in render_as_text(result, width=80).splitlines()[0]
    again = parse_result(json.loads(dump_model(result)), FIRST)
    assert compare_results(result, again).changed is False


@pytest.mark.parametrize("part", ["recommendation", "arms", "curves", "audit"])
def test_a_broken_one_is_refused_in_words(part: str) -> None:
    broken = {**json.loads(FIRST.read_text(encoding="utf-8")), part: "nothing"}
    with pytest.raises(UsageError, match=part) as caught:
        parse_result(broken, FIRST)
    assert caught.value.code == "E214"
