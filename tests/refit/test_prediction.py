"""Predictions against what the files of a model say by hand, and of tables that are not as the fit's."""

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, log_loss, r2_score, root_mean_squared_error

from regchoose.errors import DataError, RegchooseError, UsageError
from regchoose.records.words import Task
from regchoose.refit.prediction import PredictionSummary, predict_file
from regchoose.settings.options import Settings
from regchoose.table import file_set
from regchoose.table.large import batches
from tests.refit.fits import HEADER, Diary, layers, lines, model_in, request, settings, table
from tests.table.writing import nobody, write

TASKS: tuple[Task, ...] = ("regression", "binary", "multiclass")
ASKED = request("elastic_net", l1=0.0005, l2=0.001)


def predicted(
    folder: Path, path: str, *, name: str = "out.csv", network: str | None = None, **own: Any
) -> tuple[pd.DataFrame, PredictionSummary]:
    """Predict; return what was written, and what was said."""
    target = folder.parent / name
    found = predict_file(
        folder,
        path,
        settings(**own),
        network=network,
        target=target,
        form="parquet" if name.endswith("parquet") else "csv",
        ask=nobody,
        listener=Diary(),
    )
    if name.endswith("parquet"):
        with duckdb.connect() as connection:
            return connection.execute("SELECT * FROM read_parquet(?)", [str(target)]).df(), found
    return pd.read_csv(target, dtype={"prediction": str}), found


def by_hand(folder: Path, path: str) -> np.ndarray[Any, Any]:
    """The forward pass (n, k), from the model's own files and nothing of the package."""
    said = json.loads((folder / "preprocessing.json").read_text())
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    columns, flags = [], []
    for number in said["numbers"]:
        if number["part"]:
            day = pd.to_datetime(rows[number["column"]])
            first = pd.Timestamp(said["dates"][0]["first"], unit="s")
            values = {
                "year": day.dt.year,
                "month": day.dt.month,
                "day": day.dt.day,
                "weekday": day.dt.day_of_week,
                "elapsed": (day - first).dt.days,
            }[number["part"]].to_numpy(float)
        else:
            values = np.array([float(text or "nan") for text in rows[number["column"]]])
        away = (values / 4 - number["center"]) / number["spread"]
        clipped = away / np.hypot(1, away / 3)
        columns.append((np.where(np.isnan(values), 0, clipped) - number["mean"]) / number["scale"])
        if number["flagged"]:
            flags.append(np.isnan(values).astype(float))
    for category in said["categories"]:
        texts = rows[category["column"]]
        levels = category["levels"][1:] if len(category["levels"]) == 2 else category["levels"]
        flags += [(texts == level).to_numpy(float) for level in levels]
    x = np.column_stack([*columns, *flags]).astype(np.float32)
    stack = list(layers(folder))
    for place, (weight, bias) in enumerate(stack):
        x = x @ weight.T + bias
        x = np.maximum(x, 0) if place < len(stack) - 1 else x
    return x.astype(np.float64)


@pytest.mark.parametrize("task", TASKS)
def test_predictions_are_those_of_a_forward_pass_by_hand(task: Task, tmp_path: Path) -> None:
    path = table(tmp_path, task=task)
    folder = model_in(tmp_path / "m", path, settings(), asked=ASKED)
    written, found = predicted(folder, path)
    outputs = by_hand(folder, path)
    target = json.loads((folder / "preprocessing.json").read_text())["target"]
    truth = pd.read_csv(path)["y"]
    if task == "regression":
        wanted = outputs[:, 0] * target["scale"] + target["mean"]
        np.testing.assert_allclose(written["prediction"].astype(float), wanted, atol=1e-5)
        rmse = root_mean_squared_error(truth, written["prediction"].astype(float))
        assert found.metrics["rmse"] == pytest.approx(rmse)
        assert found.metrics["r2"] == pytest.approx(r2_score(truth, written["prediction"].astype(float)))
        assert found.loss == pytest.approx(rmse**2 / target["scale"] ** 2)
        return
    shares = softmax(outputs, 1) if task == "multiclass" else np.hstack([1 - expit(outputs), expit(outputs)])
    columns = [f"probability of {label}" for label in target["classes"]]
    np.testing.assert_allclose(written[columns], shares, atol=1e-6)
    assert written["prediction"].tolist() == [target["classes"][code] for code in shares.argmax(1)]
    assert found.loss == pytest.approx(log_loss(truth, shares, labels=target["classes"]), rel=1e-5)
    assert found.metrics["accuracy"] == pytest.approx(accuracy_score(truth, written["prediction"]))


@pytest.mark.parametrize("network", ["mlp", "linear"])
def test_a_streamed_table_is_predicted_as_a_held_one(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path, 700)
    folder = model_in(tmp_path / "m", path, settings(network=network), asked=ASKED)
    held, said = predicted(folder, path)
    monkeypatch.setattr(file_set, "LARGE", 0)
    monkeypatch.setattr(batches, "CELLS", 60 * 6)
    streamed, again = predicted(folder, path, name="out.parquet")
    assert streamed["prediction"].tolist() == held["prediction"].tolist()
    np.testing.assert_allclose(streamed["probability of hi"], held["probability of hi"], rtol=1e-6)
    assert again.loss == pytest.approx(said.loss)
    assert again.rows == 700


def test_levels_gaps_and_columns_that_the_fit_has_not_seen_are_counted(tmp_path: Path) -> None:
    path = table(tmp_path)
    folder = model_in(tmp_path / "m", path, settings(), asked=ASKED)
    odd = [
        "0.1,,2021-03-03,new,yes,same,hi,1",
        ",0.5,2021-03-03,other new,NO,same,lo,1",
        "1,inf,2021-03-03,,no,x,?,1",
    ]
    usual = [f"{row},1" for row in lines(20, seed=5)]
    other = write(tmp_path, "\n".join([f"{HEADER},more", *usual, *odd, ""]), "o.csv")
    written, found = predicted(folder, other)
    assert len(written) == found.rows == 23
    assert not written.isna().any().any()
    said = "\n".join(found.notes)
    assert "column 'cat': 2 of 23 rows hold 2 levels that were not seen ('new', 'other new')" in said
    assert "column 'n': 1 of 23 cells are missing, and none was" in said
    assert "column 'cat': 1 of 23 cells are missing" in said
    assert "column 'gap': 1 infinite cells are taken as missing" in said
    assert found.judged == 22
    assert "1 rows have no target" in said
    assert set(found.ignored) == {"note", "more"}


def test_a_new_level_counts_as_the_average_of_the_levels(tmp_path: Path) -> None:
    path = table(tmp_path, task="regression")
    own = settings(network="linear")
    folder = model_in(tmp_path / "m", path, own, asked=request("l2", l2=0.01))
    rows = [f"0.1,0.5,2021-03-03,{cat},yes,same,0" for cat in ("a", "b", "c d", "new")]
    written, _ = predicted(folder, write(tmp_path, "\n".join([HEADER, *rows, ""]), "o.csv"))
    answers = written["prediction"].astype(float)
    (shares,) = [
        c["shares"]
        for c in json.loads((folder / "preprocessing.json").read_text())["categories"]
        if c["column"] == "cat"
    ]
    assert answers[3] == pytest.approx(float(np.dot(shares, answers[:3])))


def test_the_target_may_be_absent_and_columns_stand_in_any_order(tmp_path: Path) -> None:
    path = table(tmp_path)
    folder = model_in(tmp_path / "m", path, settings(), asked=ASKED)
    whole, _ = predicted(folder, path)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows[["flag", "cat", "when", "gap", "n"]].to_csv(tmp_path / "o.csv", index=False)
    written, found = predicted(folder, str(tmp_path / "o.csv"), name="p.csv")
    pd.testing.assert_frame_equal(written, whole)
    assert (found.loss, found.judged, found.metrics) == (None, 0, {})


def refused(folder: Path, path: str, **own: Any) -> RegchooseError:
    with pytest.raises(RegchooseError) as caught:
        predicted(folder, path, **own)
    assert not (folder.parent / "out.csv").exists()
    return caught.value


@pytest.mark.parametrize("large", [False, True])
def test_missing_columns_and_texts_among_numbers_are_refused(
    large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path)
    folder = model_in(tmp_path / "m", path, settings(), asked=ASKED)
    if large:
        monkeypatch.setattr(file_set, "LARGE", 0)
        monkeypatch.setattr(batches, "CELLS", 30)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.drop(columns=["n", "cat"]).to_csv(tmp_path / "few.csv", index=False)
    few = refused(folder, str(tmp_path / "few.csv"))
    assert few.code == "E333"
    assert "2 of 5 columns" in few.message
    assert "'n', 'cat'" in few.message
    for column, text, wish in (("n", "much", "numbers"), ("when", "03/04/2021", "ISO 8601")):
        odd = rows.copy()
        odd.loc[70, column] = text
        odd.to_csv(tmp_path / "odd.csv", index=False)
        error = refused(folder, str(tmp_path / "odd.csv"))
        assert error.code == "E326"
        assert f"column {column!r} holds {text!r}" in error.message
        assert wish in error.message
        assert error.where == f"{tmp_path / 'odd.csv'}:72"
        assert f"--na {text}" in error.fix.replace("'", "")
        na = predicted(folder, str(tmp_path / "odd.csv"), na=(text,))[1]
        assert na.rows == 300
        (tmp_path / "out.csv").unlink()


def test_all_cells_that_are_written_otherwise_are_counted(tmp_path: Path) -> None:
    path = table(tmp_path)
    folder = model_in(tmp_path / "m", path, settings(), asked=ASKED)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column, of in (("when", "'when'"), ("n", "'n'")):
        odd = rows.copy()
        odd[column] = [f"{1 + i % 28:02d}.{1 + i % 12:02d}.2021" for i in range(len(odd))]
        odd.to_csv(tmp_path / "odd.csv", index=False)
        error = refused(folder, str(tmp_path / "odd.csv"))
        assert "300 such cells among the 300 rows read at a time: '01.01.2021', " in error.detail[0]
        assert error.fix == f"write the column {of} as it was where the model was fitted"
    odd = rows.copy()
    odd.loc[[3, 9], "n"] = ["lost", "n.d."]  # one run tells both words
    odd.to_csv(tmp_path / "odd.csv", index=False)
    assert refused(folder, str(tmp_path / "odd.csv")).fix.startswith("--na 'lost' --na 'n.d.', if")


def test_a_large_table_with_a_ragged_row_is_refused_and_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = model_in(tmp_path / "m", table(tmp_path), settings(), asked=ASKED)
    bad = write(tmp_path, "\n".join([HEADER, *lines(60), "1,2", *lines(20), ""]), "bad.csv")
    monkeypatch.setattr(file_set, "LARGE", 0)
    monkeypatch.setattr("regchoose.table.large.text_file.BEGINNING", 600)
    assert refused(folder, bad).code == "E312"


NAME = "it's"
OWN = """
import torch
def net(n_inputs, n_outputs, width=4):
    return torch.nn.Sequential(
        torch.nn.Linear(n_inputs, width), torch.nn.BatchNorm1d(width), torch.nn.ReLU(),
        torch.nn.Dropout(0.2), torch.nn.Linear(width, n_outputs))
"""


@pytest.mark.slow
def test_a_network_of_the_users_own_is_fitted_and_predicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, code = table(tmp_path), tmp_path / "nets.py"
    code.write_text(OWN)
    own = settings(network="nets.py:net", network_options={"width": 3})
    folder = model_in(tmp_path / "m", path, own, asked=ASKED)
    written, found = predicted(folder, path)
    assert found.notes == ()
    # The same by torch's own layers, from the weights by their names.
    import torch
    from safetensors.torch import load_file

    names: dict[str, Any] = {}
    exec(compile(OWN, "nets", "exec"), names)
    tensors = load_file(folder / "weights.safetensors")
    module = names["net"](tensors["0.weight"].shape[1], 1, 3).eval()
    module.load_state_dict(tensors)
    assert module[1].num_batches_tracked > 0
    # An input of zeros is the average row of numbers without any level.
    assert torch.isfinite(module(torch.zeros(1, tensors["0.weight"].shape[1]))).all()

    code.rename(tmp_path / "elsewhere.py")
    error = refused_own(folder, path)
    assert error.code == "E218"
    assert "nets.py:net" in error.message
    again, _ = predicted(folder, path, name="b.csv", network="elsewhere.py:net")
    pd.testing.assert_frame_equal(again, written)
    code.write_text(OWN.replace("width=4", "width=4, further=1"))
    _, changed = predicted(folder, path, name="c.csv")
    assert any("has changed" in note for note in changed.notes)
    code.write_text(OWN.replace("Linear(width", "Linear(width, 2), torch.nn.Linear(2"))
    assert refused_own(folder, path).code == "E218"


def refused_own(folder: Path, path: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        predicted(folder, path, name="never.csv")
    return caught.value


def test_classes_that_a_spreadsheet_would_run_are_protected(tmp_path: Path) -> None:
    rows = [f"{i % 17},{i % 5},{'=1+1' if i % 3 else NAME}" for i in range(90)]
    path = write(tmp_path, "\n".join(["a,b,y", *rows, ""]))
    folder = model_in(tmp_path / "m", path, settings(), asked=ASKED)
    written, found = predicted(folder, path)
    assert set(written["prediction"]) <= {"'=1+1", "it's"}
    assert found.protected == 1
    plain, found = predicted(folder, path, name="o.parquet")
    assert set(plain["prediction"]) <= {"=1+1", "it's"}
    assert found.protected == 0


def test_na_of_the_fit_is_known_to_the_prediction(tmp_path: Path) -> None:
    rows = [f"{'none yet' if i % 9 == 0 else i % 17},{i % 5},{i * 7 % 13}" for i in range(90)]
    path = write(tmp_path, "\n".join(["a,b,y", *rows, ""]))
    own: Settings = settings(na=("none yet",), task="regression", network="linear")
    folder = model_in(tmp_path / "m", path, own, asked=request("l2", l2=0.1))
    with pytest.raises(DataError):
        predicted(folder, path)  # the settings of the model are handed on by the command
    assert predicted(folder, path, na=("none yet",))[1].rows == 90
