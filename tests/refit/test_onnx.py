"""The ONNX of a model, run by the real onnxruntime, against `predict`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from regchoose.records.words import Task
from regchoose.refit.model_folder import read_model
from regchoose.refit.onnx_graph import as_onnx, category_input
from tests.refit.fits import HEADER, lines, model_in, request, settings, table
from tests.refit.test_prediction import predicted
from tests.table.writing import write

HARD = ["1e300,,2021-03-03,new,YES,same,0", "-1e30,7,2020-01-01,,no,same,0", "0.5,,2023-12-31,c d,No,same,0"]


def inputs_of(folder: Path, path: str) -> dict[str, Any]:
    """What a caller makes of the columns: numbers, the parts of dates, texts."""
    _, encoder, _ = read_model(folder)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    columns: list[Any] = []
    for number in encoder.numbers:
        texts = rows[number.column]
        if not number.part:
            columns.append([float(text or "nan") for text in texts])
            continue
        day = pd.to_datetime(texts)
        (first,) = [pd.Timestamp(reading.first, unit="s") for reading in encoder.dates]
        columns.append(
            (day - first).dt.days if number.part == "elapsed" else getattr(day.dt, PARTS[number.part])
        )
    made: dict[str, Any] = {"numbers": np.column_stack(columns).astype(np.float64)}
    for place, category in enumerate(encoder.categories):
        made[category_input(place)] = rows[category.column].to_numpy(dtype=object)
    return made


PARTS = {"year": "year", "month": "month", "day": "day", "weekday": "day_of_week"}


@pytest.mark.parametrize("network", ["mlp", "linear"])
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_onnxruntime_answers_as_predict_does(network: str, task: Task, tmp_path: Path) -> None:
    path = table(tmp_path, task=task)
    own = settings(network=network)
    folder = model_in(tmp_path / "m", path, own, asked=request("elastic_net", l1=0.0005, l2=0.001))
    content = as_onnx(*read_model(folder))
    hard = write(tmp_path, "\n".join([HEADER, *lines(40, task=task, seed=3), *HARD, ""]), "hard.csv")
    written, _ = (
        predicted(folder, hard, name="o.csv")
        if task == "regression"
        else predicted(folder, without_target(hard), name="o.csv")
    )
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, inputs_of(folder, hard))
    if task == "regression":
        np.testing.assert_allclose(found, written["prediction"].astype(float), rtol=1e-4, atol=1e-4)
        return
    columns = list(written)[1:]
    np.testing.assert_allclose(found, written[columns], atol=2e-6)
    said = json.loads(onnx.load_from_string(content).metadata_props[0].value)
    assert columns == [f"probability of {label}" for label in said["classes"]]


def test_an_infinite_number_is_missing_as_it_is_for_predict(tmp_path: Path) -> None:
    path = table(tmp_path)
    folder = model_in(tmp_path / "m", path, settings(), asked=request("l2", l2=0.001))
    model, encoder, tensors = read_model(folder)
    session = onnxruntime.InferenceSession(
        as_onnx(model, encoder, tensors), providers=["CPUExecutionProvider"]
    )
    inputs = inputs_of(folder, path)
    answers = []
    for odd in (np.nan, np.inf, -np.inf):
        inputs["numbers"][0] = odd
        answers.append(session.run(None, inputs)[0])
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


def without_target(path: str) -> str:
    rows = pd.read_csv(path, dtype=str, keep_default_na=False).drop(columns="y")
    rows.to_csv(path, index=False)
    return path


def test_a_file_is_the_same_each_time(tmp_path: Path) -> None:
    path = table(tmp_path)
    folder = model_in(tmp_path / "m", path, settings(), asked=request("l2", l2=0.001))
    assert as_onnx(*read_model(folder)) == as_onnx(*read_model(folder))
