"""New rows: text and data frames give the inputs that the table gave."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.text_rows import Oddities
from regchoose.errors import DataError
from regchoose.records.table import Table
from regchoose.records.words import Float
from regchoose.settings.options import Settings
from regchoose.table.large.batches import rows_of_table
from regchoose.table.load import load_with_text
from regchoose.table.raw_table import RawTable
from tests.refit.fits import table as written
from tests.table.writing import nobody

SETTINGS = Settings(target="y")


def loaded(folder: Path, task: str = "regression") -> tuple[Table, RawTable, Encoder]:
    """Read a table with dates, gaps and categories; fit the encoder on all its rows."""
    table, raw = load_with_text(written(folder, task=task), SETTINGS, choose=nobody)
    encoder = Encoder.fit(table, np.arange(table.n_rows))
    return table, raw, encoder.for_text(table, SETTINGS)


def encoded(raw: RawTable, encoder: Encoder) -> tuple[Float, Float, Oddities]:
    """Encode the rows of a table as text."""
    oddities, columns = Oddities(), [*encoder.columns, encoder.target.name]
    (batch,) = rows_of_table(raw).batches(columns, numbers=encoder.number_columns)
    x, y = encoder.transform_batch(batch, SETTINGS, oddities=oddities)
    assert y is not None
    return x, y, oddities


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_the_text_of_a_table_gives_the_inputs_of_the_table(task: str, tmp_path: Path) -> None:
    table, raw, encoder = loaded(tmp_path, task)
    x, y = Encoder.fit(table, np.arange(table.n_rows)).transform(table, np.arange(table.n_rows))
    again, targets, oddities = encoded(raw, encoder)
    np.testing.assert_array_equal(again, x)
    np.testing.assert_allclose(targets, y, rtol=1e-12, atol=1e-12)
    assert oddities == Oddities()


def test_a_data_frame_gives_the_inputs_of_the_table(tmp_path: Path) -> None:
    table, _, encoder = loaded(tmp_path)
    frame = pd.read_csv(tmp_path / "t.csv")
    x, _ = encoder.transform(table, np.arange(table.n_rows))
    np.testing.assert_array_equal(encoder.transform_memory(frame, SETTINGS), x)
    new = frame.assign(cat="never seen", n=np.inf).iloc[:2]
    shares = encoder.categories[0].shares
    names = encoder.input_names
    start = names.index("cat=a")
    found = encoder.transform_memory(new, SETTINGS)
    np.testing.assert_allclose(found[:, start : start + 3], [shares, shares])
    median = encoder.numbers[0]
    np.testing.assert_allclose(found[:, 0], -median.mean / median.scale)


def test_text_among_numbers_is_refused(tmp_path: Path) -> None:
    _, _, encoder = loaded(tmp_path)
    frame = pd.read_csv(tmp_path / "t.csv").astype({"n": object})
    frame.loc[3, "n"] = "x"
    with pytest.raises(DataError) as caught:
        encoder.transform_memory(frame, SETTINGS)
    assert (caught.value.code, caught.value.where) == ("E326", "row 3, counted from 0")


def test_json_gives_the_encoder_back(tmp_path: Path) -> None:
    _, raw, encoder = loaded(tmp_path)
    said: dict[str, Any] = json.loads(json.dumps(encoder.to_json()))
    again = Encoder.from_json(json.dumps(said).encode())
    assert again == encoder
    for a, b in zip(encoded(raw, again)[:2], encoded(raw, encoder)[:2], strict=True):
        np.testing.assert_array_equal(a, b)
    # Folders of earlier versions have these fields, but for the units.
    assert list(said) == ["numbers", "categories", "dates", "target", "na", "images"]
    assert list(said["target"]) == [
        *("name", "task", "classes", "numeric", "boolean", "rest", "mean", "scale", "unit"),
    ]
    part = {"name", "column", "part", "center", "spread", "mean", "scale", "flagged", "unit"}
    assert set(said["numbers"][0]) == part
    for place in (said["target"], *said["numbers"]):
        del place["unit"]
    assert Encoder.from_json(json.dumps(said).encode()) == encoder


def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    _, _, encoder = loaded(tmp_path)
    damaged = replace(encoder, dates=())
    with pytest.raises(ValueError, match=r"the parts of 'when\.\w+' do not fit together"):
        Encoder.from_json(json.dumps(damaged.to_json()).encode())


def test_a_unit_is_that_of_the_table_or_none(tmp_path: Path) -> None:
    rows = [f"{i % 7}.5 km,{i % 5},${i % 11}.25" for i in range(60)]
    (tmp_path / "units.csv").write_text("\n".join(["way,x,price", *rows, ""]), encoding="utf-8")
    table, raw = load_with_text(str(tmp_path / "units.csv"), Settings(), choose=nobody)
    encoder = Encoder.fit(table, np.arange(60)).for_text(table, Settings())
    assert [number.unit for number in encoder.numbers] == ["km", ""]
    x, y, _ = encoded(raw, encoder)
    np.testing.assert_array_equal(x, encoder.transform(table, np.arange(60))[0])
    np.testing.assert_allclose(y, encoder.transform(table, np.arange(60))[1], atol=1e-12)
    frame = pd.DataFrame({"way": ["2.5 km", "2.5"], "x": [1, 1]})
    same = encoder.transform_memory(frame, Settings())
    np.testing.assert_array_equal(same[0], same[1])
    np.testing.assert_array_equal(same, encoder.transform_memory(frame.assign(way=2.5), Settings()))
    for other in ("2.5 mi", "2.5 m", "2.5k", "$2.5"):
        with pytest.raises(DataError, match="and the model reads numbers there"):
            encoder.transform_memory(frame.assign(way=other), Settings())
