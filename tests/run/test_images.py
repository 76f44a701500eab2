"""Images from a command to its answer."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from regchoose.cache.fingerprint import files_fingerprint
from regchoose.cli.app import main
from regchoose.library.python_recommend import recommend
from regchoose.result.saved_result import restore_result
from regchoose.run import dry_run, walk_chart
from regchoose.settings.options import Settings
from regchoose.table.load import load

ROOT = Path(__file__).parents[2]
FEW = ["--strengths", "2", "--alphas", "0.5", "--folds", "3", "--repeats", "1"]
SHORT = ["--epochs", "3", "--steps", "6", "--lr", "0.01", "--no-input", "--jobs", "1"]


@cache
def hundred_digits() -> np.ndarray[Any, Any]:
    """Pixels and class (100, 65) of the first digits 0, 1 and 2."""
    rows = np.loadtxt(ROOT / "data" / "digits.csv", delimiter=",", skiprows=1)
    return rows[rows[:, -1] < 3][:100]


def write_images(folder: Path) -> Path:
    """Write a hundred of the digits 0, 1 and 2 as images; return their folder."""
    for number, row in enumerate(hundred_digits()):
        file = folder / "digits" / f"{row[-1]:.0f}" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray((row[:-1].reshape(8, 8) * 15).astype(np.uint8)).save(file)
    return folder / "digits"


@pytest.fixture(autouse=True)
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The images in the current folder."""
    monkeypatch.chdir(tmp_path)
    return write_images(tmp_path)


@dataclass(frozen=True)
class Advice:
    """What was recommended for the images: the result, its page, and what a terminal shows."""

    result: Path
    page: Path
    shown: str

    @property
    def document(self) -> dict[str, Any]:
        """The result as it is written."""
        found: dict[str, Any] = json.loads(self.result.read_text(encoding="utf-8"))
        return found


@pytest.fixture(scope="module")
def advice(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Advice]:
    """Return the advice for a network, or for the one taken unasked; it is asked for once."""

    @cache
    def of(network: str) -> Advice:
        folder = tmp_path_factory.mktemp("advice")
        write_images(folder)
        chosen = ["--network", network, "--no-audit"] if network else []
        files = ["-o", "r.json", "--report", "r.html"]
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as shown:
            patch.chdir(folder)
            assert main(["recommend", "digits", *FEW, *SHORT, *chosen, *files, "-q"]) == 0
        return Advice(folder / "r.json", folder / "r.html", shown.getvalue())

    return of


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_recommend_trains_the_convolutional_network(advice: Callable[[str], Advice]) -> None:
    found = advice("").document
    restore_result(found)  # it keeps to the schema
    assert found["settings"]["network"] == "cnn"
    assert set(found["arms"]) == {"none", "l1", "l2", "elastic_net"}
    assert found["arms"]["none"]["nonzero_inputs"] == 64
    assert found["data"]["image"] == {"channels": 1, "height": 8, "width": 8}
    assert [column["name"] for column in found["data"]["columns"]] == ["pixels", "class"]
    assert found["data"]["profile"]["entire_picture"]["answer"] == "yes"
    assert "--network=cnn" in advice("").page.read_text(encoding="utf-8")


OWN = pytest.param(f"{ROOT}/data/digits_network.py:Digits", marks=pytest.mark.slow, id="own")


@pytest.mark.parametrize("network", ["mlp", OWN])
def test_other_networks_take_images_too(network: str, advice: Callable[[str], Advice]) -> None:
    assert advice(network).document["settings"]["network"] == network


def test_the_entire_picture_is_answered_without_training(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "recommend", "digits", "--no-input", "--resources", "no", "--correlated", "no")
    (step,) = (step for step in found["path"] if step["key"] == "entire_picture")
    assert (step["answer"], step["answered_by"]) == ("yes", "measured")
    assert step["evidence"] == "DATA are images (8 × 8, grey), and an image is seen as a whole."
    assert found["recommendation"]["regularizer"] == "l2"


def test_a_network_that_nobody_chose_is_in_the_plan(images: Path) -> None:
    settings = Settings(epochs=3)
    planned = dry_run.plan_run(str(images), settings, ask=lambda _: None)
    assert (planned["settings"]["network"], planned["table"]["features"]) == ("cnn", "8 × 8, grey")
    chosen = dry_run.plan_run(str(images), settings, ask=lambda _: None, given=frozenset({"network"}))
    assert chosen["settings"]["network"] == "mlp"


def test_inspect_says_what_the_images_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "digits", "--no-input"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "digits: 100 images" in shown
    assert "a folder of images by class, 100 .png: 8 × 8, grey" in shown
    assert "an experiment on 100 images of 64 numbers takes about 1 MB" in shown
    assert "pixel_7_7" not in shown


def test_sample_writes_arrays_that_are_read_again(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "sample", "digits", "--rows", "60", "--folds", "3", "--no-input", "-o", "s.npz")
    assert found["subsample"]["rows"] == 60
    assert {check["column"] for check in found["subsample"]["checks"]} >= {"pixels 1, 3"}
    with np.load("s.npz", allow_pickle=False) as arrays:
        assert (arrays["X"].shape, arrays["X"].dtype) == ((60, 8, 8), np.uint8)
        assert set(arrays["y"].tolist()) == {"0", "1", "2"}
    again = load("s.npz", Settings(), choose=lambda _: None)
    whole = load("digits", Settings(), choose=lambda _: None)
    known = {tuple(row) for row in whole.features.tolist()}
    assert {tuple(row) for row in again.features.tolist()} <= known
    assert main(["sample", "s.npz", "--rows", "all", "--no-input", "-o", "t.npz"]) == 0
    with np.load("s.npz") as one, np.load("t.npz") as other:
        np.testing.assert_array_equal(one["X"], other["X"])
        np.testing.assert_array_equal(one["y"], other["y"])


def test_images_are_not_written_as_tables_nor_tables_as_images(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "sample", "digits", "--rows", "60", "--no-input", "-o", "s.csv", status=2)
    assert found["error"]["code"] == "E209"
    assert found["error"]["hint"] == "-o sample.npz"
    table = str(ROOT / "data" / "wine.csv")
    found = answer(capsys, "sample", table, "--rows", "60", "--no-input", "-o", "s.npz", status=2)
    assert found["error"]["hint"] == "-o sample.csv"


def test_a_result_of_images_is_not_exported(
    advice: Callable[[str], Advice], capsys: pytest.CaptureFixture[str]
) -> None:
    found = advice("")
    assert found.shown
    assert "regchoose export" not in found.shown
    assert main(["export", str(found.result), "--to", "pytorch"]) == 2
    assert "error[E215]: the result is of images" in capsys.readouterr().err


@pytest.mark.parametrize("network", ["cnn", "mlp"])
def test_the_recommendation_is_fitted_on_all_images_and_predicts(
    network: str, images: Path, advice: Callable[[str], Advice], capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(advice("" if network == "cnn" else network).result)
    found = answer(capsys, "fit", "digits", "--from", source, "-o", "model", "--onnx", "--no-input")
    assert found["model"]["network"]["name"] == network
    assert (found["model"]["rows"], found["inputs"], found["target"]) == (100, 64, "class")
    assert not any("not the one of the result" in note for note in found["model"]["notes"])
    card = Path("model/model_card.md").read_text(encoding="utf-8")
    assert "It predicts `class` (one of 3 classes) from an image (8 × 8, grey)." in card
    assert Path("model/model.onnx").stat().st_size > 1000
    said = answer(capsys, "predict", "model", "digits", "-o", "out.csv", "--no-input")
    assert (said["rows"], said["judged"]) == (100, 100)
    first = Path("out.csv").read_text(encoding="utf-8").splitlines()
    assert first[0] == "file,prediction,probability of 0,probability of 1,probability of 2"
    assert first[1].startswith(f"0/{min(file.name for file in (images / '0').iterdir())},")


def test_without_a_result_images_are_fitted_with_the_cnn(capsys: pytest.CaptureFixture[str]) -> None:
    by_hand = ["--regularizer", "l2", "--l2", "0.001", "--image-size", "4", "--epochs", "3", "-o", "model"]
    assert main(["fit", "digits", *by_hand, "--no-input"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "A cnn of two convolutions with 8 and 16 channels with L2 (l2 = 0.0010)" in shown
    assert "on 100 images, 16 inputs" in shown
    assert main(["predict", "model", "digits/0", "-o", "o.csv", "--no-input"]) == 0
    assert "predictions are in o.csv" in capsys.readouterr().out


def test_what_would_not_fit_into_memory_is_refused_with_a_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regchoose.run.memory_estimate.memory", lambda: 100_000)
    found = answer(capsys, "recommend", "digits", *FEW, *SHORT, status=4)
    assert found["error"]["code"] == "E403"
    assert found["error"]["hint"].startswith("--image-size 4   or   --rows ")


def test_the_size_of_images_is_a_setting_of_images(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "inspect", "digits", "--no-input", "--image-size", "4")["image"]["height"] == 4
    assert answer(capsys, "inspect", "digits", "--image-size", "3", status=2)["error"]["code"] == "E202"


def test_the_mark_of_images_knows_their_folder_and_their_bytes(images: Path) -> None:
    before = files_fingerprint(str(images))
    moved = next((images / "0").iterdir())
    there = images / "1" / moved.name
    moved.rename(there)
    assert files_fingerprint(str(images)) != before
    there.rename(moved)
    assert files_fingerprint(str(images)) == before
    moved.write_bytes(moved.read_bytes()[:-1])
    assert files_fingerprint(str(images)) != before


def test_the_same_images_elsewhere_have_the_same_fingerprint(images: Path) -> None:
    settings = Settings(resources="no")

    class Silent:
        def started(self, key: str, text: str, total: int) -> None: ...
        def advanced(self, key: str, done: int) -> None: ...
        def finished(self, key: str, summary: str) -> None: ...
        def noted(self, text: str) -> None: ...

    def mark(path: Path) -> str:
        found = walk_chart.recommend_regularizer(
            str(path), settings, given=frozenset(), ask=lambda _: None, listener=Silent(), clock=lambda: 0.0
        )
        return found.fingerprint.data

    before = mark(images)
    assert mark(images.rename(images.parent / "elsewhere")) == before


SIDES = {"L": (23, 23), "RGB": (13, 13), "P": (13, 13), "CMYK": (16, 16)}  # more than 500 numbers each


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty images of each mode, dark ones and bright ones, in folders by mode and class."""
    place = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(0)
    for mode, (height, width) in SIDES.items():
        for number in range(60):
            colours = rng.integers(0, 100, (height, width, 3)) + 155 * (number % 2)
            folder = place / mode / ("dark", "bright")[number % 2]
            folder.mkdir(parents=True, exist_ok=True)
            picture = Pillow.fromarray(colours.astype(np.uint8)).convert(mode)
            picture.save(folder / f"{number}.{'jpg' if mode == 'CMYK' else 'png'}")
    return place


@pytest.mark.parametrize("mode", SIDES)
def test_images_of_more_numbers_than_are_measured_are_looked_at(
    mode: str, large: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "inspect", str(large / mode), "--no-input")
    assert found["image"]["height"] == SIDES[mode][0]
    assert any("correlations were measured on 500 of" in line for line in found["warnings"])


@pytest.mark.parametrize("form", [pytest.param("folder", marks=pytest.mark.slow), "npz", "python"])
def test_images_of_more_numbers_than_are_measured_are_answered(
    form: str, large: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(large / "L")
    if form == "folder":
        found = answer(capsys, "recommend", data, *FEW, *SHORT, "--report", "r.html", "-o", "r.json")
        assert found["arms"]["none"]["nonzero_inputs"] == 23 * 23
        return
    assert main(["sample", data, "--rows", "all", "--no-input", "-o", "s.npz"]) == 0
    capsys.readouterr()
    if form == "npz":
        found = answer(capsys, "recommend", "s.npz", *SHORT, "--resources", "no")
    else:
        found = recommend("s.npz", resources="no").to_dict()
    assert found["recommendation"]["certainty"] == "prior"
