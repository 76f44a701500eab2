"""The final fit against what others compute, streamed against held, and gone on against uninterrupted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

from regchoose.encoding.encoder import Encoder
from regchoose.errors import DataError, TrainingError
from regchoose.records.model import TriedStrength
from regchoose.records.words import Task
from regchoose.refit import row_file, train_final
from regchoose.refit.model_folder import unpack
from regchoose.refit.unfinished import Unfinished, begin_fit
from regchoose.settings import options
from regchoose.settings.options import Settings
from regchoose.table import file_set
from regchoose.table.large import batches, held_rows
from regchoose.table.load import load
from tests.refit.fits import Diary, fitted, request, settings, table
from tests.table.writing import nobody

LINEAR = {"network": "linear"}


def encoded(path: str, own: Settings) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    found = load(path, own, choose=nobody)
    rows = np.arange(found.n_rows)
    x, y = Encoder.fit(found, rows).transform(found, rows)
    return x, y


def begun(folder: Path) -> Unfinished:
    return begin_fit(folder, "key", force=False)


@pytest.fixture
def streaming_from_now_on(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Take every file for a large one from now on, of which so many rows are held."""

    def now(rows: int) -> None:
        monkeypatch.setattr(file_set, "LARGE", 0)
        monkeypatch.setattr(options, "FIRST_ROWS", rows)
        monkeypatch.setattr(held_rows, "LEAST", rows)
        monkeypatch.setattr(held_rows, "TIMES", 1)
        monkeypatch.setattr(batches, "CELLS", 50 * 6)

    return now


def test_ridge_is_that_of_scikit_learn(tmp_path: Path) -> None:
    path, own = table(tmp_path, task="regression"), settings(**LINEAR)
    tensors, _ = unpack(fitted(path, begun(tmp_path / "m"), own, asked=request("l2", l2=0.05)).weights)
    x, y = encoded(path, own)
    # Ridge minimizes the sum of squares plus alpha·Σw².
    peer = Ridge(alpha=0.05 * len(y)).fit(x, y)
    np.testing.assert_allclose(tensors["weight"][0], peer.coef_, atol=1e-7)
    np.testing.assert_allclose(tensors["bias"], peer.intercept_, atol=1e-7)


def test_lasso_is_that_of_scikit_learn(tmp_path: Path) -> None:
    path, own = table(tmp_path, task="regression"), settings(**LINEAR)
    tensors, _ = unpack(fitted(path, begun(tmp_path / "m"), own, asked=request("l1", l1=0.1)).weights)
    x, y = encoded(path, own)
    # Lasso minimizes half the mean of squares plus alpha·Σ|w|.
    peer = Lasso(alpha=0.05, tol=1e-12, max_iter=100_000).fit(x, y)
    np.testing.assert_allclose(tensors["weight"][0], peer.coef_, atol=1e-7)
    assert (tensors["weight"][0] == 0).sum() == (peer.coef_ == 0).sum() > 0


def test_logistic_regression_is_that_of_scikit_learn(tmp_path: Path) -> None:
    path, own = table(tmp_path), settings(**LINEAR)
    tensors, _ = unpack(fitted(path, begun(tmp_path / "m"), own, asked=request("l2", l2=0.01)).weights)
    x, y = encoded(path, own)
    peer = LogisticRegression(C=1 / (2 * 0.01 * len(y)), tol=1e-10, max_iter=10_000).fit(x, y)
    np.testing.assert_allclose(tensors["weight"][0], peer.coef_[0], atol=1e-5)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize("network", ["linear", "mlp"])
def test_a_streamed_table_gives_the_model_of_a_held_one(
    network: str, task: Task, tmp_path: Path, streaming_from_now_on: Any
) -> None:
    path, own = table(tmp_path, task=task, count=260), settings(network=network)
    asked = request("elastic_net", l1=0.001, l2=0.002)
    held = fitted(path, begun(tmp_path / "held"), own, asked=asked)
    streaming_from_now_on(260)
    streamed = fitted(path, begun(tmp_path / "streamed"), own, asked=asked)
    assert streamed.encoder == held.encoder
    assert streamed.weights == held.weights
    assert streamed.model.train_loss == held.model.train_loss


@pytest.mark.parametrize("network", ["linear", "mlp"])
def test_of_a_table_that_is_not_held_all_rows_are_trained_on(
    network: str, tmp_path: Path, streaming_from_now_on: Any
) -> None:
    path, own = table(tmp_path, count=1500), settings(network=network)
    whole = fitted(path, begun(tmp_path / "held"), own, asked=request("l2", l2=0.001))
    streaming_from_now_on(400)
    part = fitted(path, begun(tmp_path / "streamed"), own, asked=request("l2", l2=0.001, trial=True))
    assert part.model.rows == whole.model.rows == 1500
    assert 225 < part.model.held_out < 375
    # The scales come from 400 rows rather than from 1,500; the optimum hardly moves.
    assert part.model.train_loss == pytest.approx(whole.model.train_loss, rel=0.03)


class Stopping(Diary):
    """Stops a fit when a step has begun for the nth time, or after so many epochs are kept."""

    def __init__(self, work: Unfinished, name: str, epoch: int) -> None:
        super().__init__()
        self._work, self._name, self._epoch = work, name, epoch

    def advanced(self, key: str, done: int) -> None:
        state = self._work.read_state(self._name)
        if state is not None and state[1].get("epoch", 99) >= self._epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("network", "name", "epoch"),
    [("mlp", "trial", 2), ("mlp", "final", 3), ("linear", "trial", 0), ("linear", "final", 0)],
)
def test_a_fit_that_was_broken_off_ends_in_the_same_bytes(
    network: str, name: str, epoch: int, tmp_path: Path
) -> None:
    path, own = table(tmp_path), settings(network=network)
    asked = request("elastic_net", l1=0.001, l2=0.001, trial=True)
    whole = fitted(path, begun(tmp_path / "a"), own, asked=asked)
    work = begun(tmp_path / "b")
    with pytest.raises(KeyboardInterrupt):
        fitted(path, work, own, asked=asked, diary=Stopping(work, name, epoch))
    diary = Diary()
    again = fitted(path, begun(tmp_path / "b"), own, asked=asked, diary=diary)
    assert again == whole
    assert any("this fit goes on" in said for said in diary.said)
    assert not any(said.startswith("started encode") for said in diary.said)


def test_the_best_of_three_strengths_is_trained(tmp_path: Path) -> None:
    path = table(tmp_path, task="regression", count=400)
    strong = fitted(path, begun(tmp_path / "m"), settings(**LINEAR), asked=request("l2", l2=2.0, trial=True))
    tried = strong.model.tried
    assert [one.factor for one in tried] == list(train_final.FACTORS)
    losses = [one.loss for one in tried]
    assert min(losses) == losses[0]  # type: ignore[type-var]  # none diverged
    assert strong.model.l1 == 0.0
    assert strong.model.l2 == pytest.approx(2.0 / 3)
    assert strong.model.held_out == 80


CHOICES: dict[str, tuple[tuple[float | None, ...], int]] = {
    "better by more than two errors": ((0.40, 0.50, 0.60), 0),
    "better by less": ((0.49, 0.50, 0.485), 1),
    "the recommended one diverged": ((0.7, None, 0.6), 2),
    "only one is left": ((None, 0.5, None), 1),
}


@pytest.mark.parametrize("case", CHOICES)
def test_the_recommended_strength_gives_way_to_a_surely_better_one(case: str) -> None:
    losses, best = CHOICES[case]
    tried = [
        TriedStrength(factor, 0.0, factor, loss, None if loss is None else 0.01)
        for factor, loss in zip(train_final.FACTORS, losses, strict=True)
    ]
    assert train_final.choose_strength(tried) is tried[best]
    assert train_final.choose_strength([replace(one, loss=None) for one in tried]) is None


def test_the_trial_judges_on_rows_that_it_did_not_train_on(tmp_path: Path) -> None:
    path, own = table(tmp_path, task="regression", count=200), settings(**LINEAR)
    found = fitted(path, work := begun(tmp_path / "m"), own, asked=request("l2", l2=0.02, trial=True))
    x, y = encoded(path, own)
    held = row_file.RowFile(work.folder, 200, x.shape[1], "float64").held_out
    assert held.sum() == 40
    # As many rows are trained on as are not held out, and the strength is moved to their number.
    peer = Ridge(alpha=0.02 * len(y)).fit(x[~held], y[~held])
    loss = np.square(peer.predict(x[held]) - y[held]).mean()
    assert found.model.tried[1].loss == pytest.approx(loss, rel=1e-6)


def test_groups_are_held_out_whole_and_time_holds_out_the_last(tmp_path: Path) -> None:
    rows = [f"{i * 7 % 100},g{i % 25},{i},{i * 3 % 11}" for i in range(200)]
    path = tmp_path / "g.csv"
    path.write_text("\n".join(["x,group,time,y", *rows, ""]))
    usual = {"task": "regression", **LINEAR}
    for name in ("group", "time"):
        work = begun(tmp_path / name)
        fitted(str(path), work, settings(**usual, **{name: name}), asked=request("l2", l2=0.1, trial=True))
        held = np.fromfile(work.folder / row_file.HELD_OUT, dtype=bool)
        if name == "group":
            by_group = [{bool(flag) for flag in held[j::25]} for j in range(25)]
            assert all(len(flags) == 1 for flags in by_group)
            assert sum(True in flags for flags in by_group) == 5
        else:
            assert held[160:].all()
            assert not held[:160].any()


def test_too_few_rows_take_the_strength_as_it_is(tmp_path: Path) -> None:
    asked = request("l2", l2=0.1, trial=True)
    found = fitted(table(tmp_path, count=30), begun(tmp_path / "m"), settings(), asked=asked)
    assert found.model.tried == ()
    assert any("too few rows (30)" in note for note in found.model.notes)


def test_a_model_that_diverges_is_trained_again_and_else_refused(tmp_path: Path) -> None:
    path = table(tmp_path, task="regression")
    own = settings(hidden=(30, 30), lr=1.0, epochs=6)
    with pytest.raises(TrainingError) as caught:
        fitted(path, begun(tmp_path / "m"), own, asked=request("l2", l2=3e38))
    assert caught.value.code == "E501"


def test_an_output_that_is_too_small_is_refused_before_the_rows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000})())
    with pytest.raises(Exception, match=r"encoded rows take .* bytes"):
        fitted(table(tmp_path), begun(tmp_path / "m"), settings(), asked=request("l2", l2=0.1))


def test_a_table_that_changes_between_the_passes_is_refused(
    tmp_path: Path, streaming_from_now_on: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path, count=900)
    streaming_from_now_on(300)
    opened = batches.open_rows

    def later(*arguments: Any, **options: Any) -> Any:
        with Path(path).open("a") as file:
            file.write("0.5,0.5,2021-05-05,a,yes,same,hi\n")
        return opened(*arguments, **options)

    monkeypatch.setattr("regchoose.refit.encoded_rows.open_rows", later)
    with pytest.raises(DataError) as caught:
        fitted(path, begun(tmp_path / "m"), settings(), asked=request("l2", l2=0.1))
    assert caught.value.code == "E311"


def test_a_table_of_arrays_is_fitted(tmp_path: Path) -> None:
    rng, own = np.random.default_rng(0), settings(target=None)
    np.savez(tmp_path / "flat.npz", X=rng.normal(size=(60, 3)), y=np.arange(60) % 2)
    flat = fitted(str(tmp_path / "flat.npz"), begun(tmp_path / "f"), own, asked=request("none"))
    assert (flat.model.rows, len(flat.encoder.columns)) == (60, 3)
