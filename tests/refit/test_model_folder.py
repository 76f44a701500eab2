"""The folder of a model: read back to the bit, or refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from regchoose.errors import RegchooseError, UsageError
from regchoose.refit.model_folder import (
    MODEL,
    PREPROCESSING,
    UNFINISHED,
    WEIGHTS,
    pack,
    read_model,
    unpack,
    write_whole,
)
from regchoose.refit.unfinished import begin_fit
from tests.refit.fits import fitted, model_in, request, settings, table

ASKED = request("l2", l2=0.001)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("model")
    return model_in(place / "m", table(place), settings(), asked=ASKED)


def test_what_is_written_is_read_back(folder: Path, tmp_path: Path) -> None:
    found = fitted(table(tmp_path), begin_fit(tmp_path / "m", "key", force=False), settings(), asked=ASKED)
    model, encoder, tensors = read_model(folder)
    assert encoder == found.encoder
    assert model.weights == found.model.weights
    np.testing.assert_equal(tensors, unpack(found.weights)[0])
    # Anybody can read them.
    np.testing.assert_equal(load_file(folder / WEIGHTS), tensors)
    assert json.loads((folder / MODEL).read_text())["l2"] == 0.001


def copied(folder: Path, target: Path, **changed: Any) -> Path:
    """Copy a model with a field of one of its documents changed."""
    target.mkdir()
    for file in (MODEL, PREPROCESSING, WEIGHTS):
        (target / file).write_bytes((folder / file).read_bytes())
    for file in (MODEL, PREPROCESSING):
        said = json.loads((target / file).read_text())
        said |= {name: value for name, value in changed.items() if name in said}
        (target / file).write_text(json.dumps(said))
    return target


CATEGORY = {
    "column": "a",
    "boolean": False,
    "levels": ["x"],
    "places": [7],
    "names": ["x", "y", "z"],
    "shares": [1.0, 0.0, 0.0],
    "other": None,
    "missing": None,
}
NUMBER = {"name": "n", "column": "n", "part": "", "center": 0.0, "spread": 1.0, "mean": 0.0, "flagged": False}
NUMBER |= {"scale": 0.0}
IMAGES = {"shape": {"channels": 1, "height": 4, "width": 4}, "mean": [1.0], "scale": [2.0]}
CNN = {"name": "cnn", "hidden": [], "options": {"channels": 8}, "penalize": [], "source": ""}
ABSURD = {"name": "mlp", "hidden": [10**9], "options": {}, "penalize": [], "source": ""}
DAMAGE: dict[str, dict[str, Any]] = {
    "its format is '1', wanted '2'": {"format": "1"},
    "is not the file that model.json was written with": {"weights": "00"},
    "rows": {"rows": "many"},
    "numbers": {"numbers": [{"name": 1}]},
    "'a' do not fit together": {"categories": [CATEGORY]},
    "'images' do not fit together": {"images": IMAGES | {"mean": [1.0, 2.0]}},
    "'n' do not fit together": {"numbers": [NUMBER]},
    "is of a cnn, and preprocessing.json is of a table": {"network": CNN},
    "network: hidden units 1000000000, and weights.safetensors holds 5": {"network": ABSURD},
    "hidden units 5, 5, and": {"network": ABSURD | {"hidden": [5, 5]}},
    "hidden units none, and": {"network": ABSURD | {"name": "linear", "hidden": []}},
    "hidden units 100000000, 200000000, and": {
        "network": CNN | {"options": {"channels": 10**8}},
        "images": IMAGES,
        "numbers": [],
        "categories": [],
        "dates": [],
    },
}


@pytest.mark.parametrize("reason", DAMAGE)
def test_what_does_not_fit_together_is_refused(reason: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_model(copied(folder, tmp_path / "m", **DAMAGE[reason]))
    assert caught.value.code == "E217"
    assert reason in caught.value.message


def test_a_model_of_another_version_names_the_one_that_reads_it(folder: Path, tmp_path: Path) -> None:
    later = {"format": "9", "regchoose_version": "7.0", "rows": {"all": 3}}  # its fields may be others
    with pytest.raises(UsageError) as caught:
        read_model(copied(folder, tmp_path / "m", **later))
    assert "its format is '9', wanted '2'" in caught.value.message
    assert caught.value.fix.startswith("regchoose 7.0, which wrote it, or ")


@pytest.mark.parametrize("file", [MODEL, PREPROCESSING, WEIGHTS])
def test_cut_and_missing_files_are_refused(file: str, folder: Path, tmp_path: Path) -> None:
    target = copied(folder, tmp_path / "m")
    (target / file).write_bytes((target / file).read_bytes()[:-9])
    with pytest.raises(UsageError, match="no model of regchoose"):
        read_model(target)
    (target / file).unlink()
    with pytest.raises(UsageError, match="no model of regchoose"):
        read_model(target)


def test_other_folders_say_what_they_are(tmp_path: Path) -> None:
    for place, reason in ((tmp_path / "none", "no such folder"), (tmp_path, "holds no model.json")):
        with pytest.raises(UsageError, match=reason):
            read_model(place)
    begin_fit(tmp_path / "m", "key", force=False)
    with pytest.raises(UsageError, match="broken off"):
        read_model(tmp_path / "m")


def test_nothing_is_written_over(folder: Path, tmp_path: Path) -> None:
    def refused(place: Path, key: str = "key") -> str:
        with pytest.raises(RegchooseError) as caught:
            begin_fit(place, key, force=False)
        assert caught.value.code == "E206"
        return caught.value.message

    assert "a model already" in refused(folder)
    assert begin_fit(folder, "key", force=True).folder.name == UNFINISHED
    file = tmp_path / "file"
    file.write_text("x")
    assert "is a file" in refused(file)
    assert "other files, as 'file'" in refused(tmp_path)
    work = begin_fit(tmp_path / "m", "one", force=False)
    fitted(table(tmp_path), work, settings(), asked=ASKED)
    assert "beginning of another fit" in refused(tmp_path / "m", "another")
    assert work.read_encoded() is not None
    assert begin_fit(tmp_path / "m", "another", force=True).read_encoded() is None
    assert not list(work.folder.iterdir())


def test_packed_arrays_come_back_with_what_was_said() -> None:
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "counter": np.array(7),
        "empty": np.zeros((0, 3), np.float32),
    }
    content = pack(arrays, {"epoch": 3, "loss": 0.1 + 0.2})
    found, said = unpack(content)
    np.testing.assert_equal(found, arrays)
    assert {name: array.dtype for name, array in found.items()} == {n: a.dtype for n, a in arrays.items()}
    assert said == {"epoch": 3, "loss": 0.1 + 0.2}
    assert pack(arrays, said) == content
    for broken in (b"", content[:40], b"\x80\x04K\x01."):
        with pytest.raises(ValueError, match="no safetensors"):
            unpack(broken)


def test_an_older_file_stays_where_a_new_one_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    write_whole(file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RegchooseError) as caught:
        write_whole(file, b"new")
    assert caught.value.code == "E402"
    assert file.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]
