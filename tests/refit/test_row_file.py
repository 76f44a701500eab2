"""Rows in a file: each once an epoch, in an order that the seed gives, whatever the pools."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from regchoose.errors import ResourceError
from regchoose.refit import row_file
from regchoose.refit.row_file import RowFile, RowFileWriter, refuse_too_large
from regchoose.training.row_source import RowPart


def written(folder: Path, n: int, *, precision: str = "float64", held: float = 0.3) -> RowFile:
    """A file of n rows whose inputs are (row, −row) and whose target is the row."""
    rng, writer = np.random.default_rng(1), RowFileWriter(folder, precision=precision)
    for rows in np.array_split(np.arange(n, dtype=np.float64), 7):
        writer.add(np.column_stack([rows, -rows]), rows, rng.random(len(rows)) < held)
    writer.close()
    return RowFile(folder, n, 2, precision)


def order(rows: RowFile, seed: int, epoch: int, *, batch: int = 10, part: RowPart = "all") -> list[int]:
    found = list(rows.shuffled(part, seed=seed, epoch=epoch, batch=batch))
    assert {len(y) for _, y in found} == {batch}
    for x, y in found:
        np.testing.assert_array_equal(x, np.column_stack([y, -y]))
    return [int(row) for _, y in found for row in y]


@pytest.fixture(params=["one pool", "many pools"])
def pools(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(row_file, "BLOCK", 16)
    if request.param == "many pools":
        monkeypatch.setattr(row_file, "POOL", 4 * 16 * 3 * 8)
    return bool(request.param == "many pools")


def test_each_row_comes_once_and_what_is_left_is_less_than_a_batch(pools: bool, tmp_path: Path) -> None:
    rows = written(tmp_path, 1003)
    found = order(rows, 0, 1)
    assert len(found) == len(set(found)) == 1000
    assert set(found) <= set(range(1003))
    assert found == order(rows, 0, 1)
    assert found != order(rows, 0, 2)
    train = order(rows, 0, 1, part="train")
    assert set(train) == set(np.flatnonzero(~rows.held_out)[np.isin(np.flatnonzero(~rows.held_out), train)])
    assert len(train) == rows.count("train") // 10 * 10
    assert rows.count("all") == 1003


def test_rows_are_mixed_far_beyond_their_neighbours(pools: bool, tmp_path: Path) -> None:
    """In a table sorted by its target each batch has rows from all over it."""
    found = np.array(order(written(tmp_path, 1600), 3, 1, batch=64))
    means, whole = found.reshape(-1, 64).mean(1), (1600 - 1) / 2
    # Blocks of 16 neighbours, four of which make a pool: the mean of a batch has at most the error of four.
    assert np.abs(means - whole).mean() < 1600 / np.sqrt(12 * (4 if pools else 64)) * 1.1


def test_parts_come_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_file, "CHUNK", 50)
    rows = written(tmp_path, 333, precision="float32")
    parts = {part: np.concatenate([y for _, y in rows.in_order(part)]) for part in get_args(RowPart)}
    np.testing.assert_array_equal(parts["all"], np.arange(333))
    np.testing.assert_array_equal(parts["held out"], np.flatnonzero(rows.held_out))
    np.testing.assert_array_equal(parts["train"], np.flatnonzero(~rows.held_out))


def test_a_full_disk_is_foreseen(tmp_path: Path) -> None:
    needs = 1000 * (11 * 4 + 1)
    refuse_too_large(tmp_path, n_rows=1000, n_inputs=10, precision="float32", free=needs)
    with pytest.raises(ResourceError, match=f"{needs:,} bytes"):
        refuse_too_large(tmp_path, n_rows=1000, n_inputs=10, precision="float32", free=needs - 1)
