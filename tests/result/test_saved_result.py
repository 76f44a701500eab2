"""Results of earlier versions are still read, shown and compared."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regchoose.errors import UsageError
from regchoose.refit.fit_request import request_from_result
from regchoose.report.terminal import render_as_text
from regchoose.result.comparison import compare_results
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import parse_result, read_result
from regchoose.settings.options import Settings

FIRST = Path(__file__).parent / "first_schema.json"
SECOND = Path(__file__).parents[1] / "report" / "diabetes.json"


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


ODD: tuple[Any, ...] = (None, -1, 0, 1e308, "x", [], {}, True, 2.5, 10**12, float("nan"), float("inf"))
EDITED: dict[
    str, tuple[Any, str]
] = {  # the place of a key, what somebody wrote there, and what is said of it
    "recommendation.l2": (None, "l2 is null, and only an answer from prior knowledge has no strength"),
    "recommendation.l1": (-1.0, "recommendation.l1: input should be greater than or equal to 0"),
    "recommendation.safe": (1.5, "recommendation.safe: input should be less than or equal to 1"),
    "recommendation.training.lr": (0.0, "recommendation.training.lr: input should be greater than 0"),
    "recommendation.training.batch": (0, "recommendation.training.batch: input should be greater"),
    "recommendation.training.stop_epoch": (10_000, "recommendation.training: stop_epoch is 10000, and the"),
    "recommendation.training.schedule_epochs": (10**9, "recommendation.training.schedule_epochs: input"),
    "recommendation.certainty": ("sure", "recommendation.certainty: input should be 'firm'"),
    "recommendation.nonzero_share": ("all", "recommendation.nonzero_share: input should be a valid number"),
    "data.rows": (0, "data.rows: input should be greater than or equal to 1"),
    "arms": ({}, "arms.elastic_net is missing, and it is the arm that is recommended"),
}


@pytest.mark.parametrize("place", EDITED)
def test_what_somebody_edited_is_refused_with_its_place(place: str) -> None:
    value, said = EDITED[place]
    with pytest.raises(UsageError) as caught:
        parse_result(edited(place.split("."), value), SECOND)
    assert caught.value.code == "E214"
    assert said in caught.value.message


def edited(path: Sequence[str], value: object) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SECOND.read_text(encoding="utf-8"))
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return document


def test_whatever_is_edited_a_fit_gets_strengths_and_a_length_that_it_can_train_with() -> None:
    advice = json.loads(SECOND.read_text(encoding="utf-8"))["recommendation"]
    paths = [["recommendation", key] for key in advice]
    paths += [["recommendation", "training", key] for key in advice["training"]]
    for path in [*paths, ["data", "rows"]]:
        for value in ODD:
            try:
                result = parse_result(edited(path, value), SECOND)
                request = request_from_result(result, Settings(), given=frozenset(), where="", trial=None)
            except UsageError:
                continue
            strengths, length = request.strengths(10_000), request.length
            assert np.isfinite([strengths.l1, strengths.l2]).all()
            assert min(strengths.l1[0], strengths.l2[0]) >= 0
            assert length is None or 1 <= length.stop_epoch <= length.schedule_epochs
            assert length is None or (0 < length.lr <= 1 and length.batch >= 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_result_is_read_as_windows_writes_it(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "r.json"
    file.write_bytes(SECOND.read_text(encoding="utf-8").encode(encoding))
    assert read_result(file) == read_result(SECOND)
