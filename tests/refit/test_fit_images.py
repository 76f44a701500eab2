"""The final fit of images and its predictions, against PyTorch's own layers and the model's files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch
from PIL import Image as Pillow
from safetensors.numpy import load_file
from scipy.special import softmax
from torch import nn

from regchoose.errors import DataError, RegchooseError, UsageError
from regchoose.refit.final_fit import fit_file
from regchoose.refit.model_folder import read_model, write_model
from regchoose.refit.onnx_graph import as_onnx
from regchoose.refit.unfinished import begin_fit
from regchoose.table.images import load_images
from tests.refit.fits import Diary, fitted, model_in, request, settings, table
from tests.refit.test_final_fit import Stopping
from tests.refit.test_prediction import predicted
from tests.table.writing import nobody

pytestmark = pytest.mark.slow

ASKED = request("elastic_net", l1=0.0005, l2=0.001)
CLASSES = ("bars", "dots", "lines")
FORMS = ("grey", "colour", "regression")


def picture(rng: np.random.Generator, label: int, *, height: int = 6, width: int = 5) -> np.ndarray[Any, Any]:
    """Numbers from 0 to 255 (height, width), brighter in one third of the rows."""
    pixels = rng.integers(0, 120, (height, width))
    third = height // 3
    pixels[label * third : (label + 1) * third] += 120
    return pixels.astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ninety images by class."""
    rng = np.random.default_rng(0)
    for k in range(90):
        file = tmp_path / "images" / CLASSES[k % 3] / f"{k:02}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(picture(rng, k % 3)).save(file)
    return tmp_path / "images"


def arrays(path: Path, form: str, *, with_y: bool = True) -> str:
    """Write an .npz file of ninety images of a form."""
    rng = np.random.default_rng(1)
    label = np.arange(90) % 3
    x = np.stack([picture(rng, k) for k in label.tolist()])
    if form == "colour":
        x = np.stack([x, x[:, ::-1], 255 - x], axis=3)
    y: np.ndarray[Any, Any] = np.array(CLASSES)[label]
    if form == "regression":
        y = x.mean((1, 2)) + 0.3 * label
    np.savez(path, **({"X": x, "y": y} if with_y else {"X": x}))
    return str(path)


def own(**further: Any) -> Any:
    return settings(**({"target": None} | further))


def inputs(x: np.ndarray[Any, Any], said: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Images (n, c, h, w) as a model of these files takes them."""
    mean, scale = (np.array(said["images"][name])[:, None, None] for name in ("mean", "scale"))
    found: np.ndarray[Any, Any] = (x - mean) / scale
    return found


@pytest.mark.parametrize("form", FORMS)
def test_predictions_are_those_of_pytorchs_layers(form: str, tmp_path: Path) -> None:
    path = arrays(tmp_path / "x.npz", form)
    model = model_in(tmp_path / "m", path, own(), asked=ASKED)
    written, found = predicted(model, path, target=None)
    said = json.loads((model / "preprocessing.json").read_text())
    shape = said["images"]["shape"]
    layers = nn.Sequential(
        nn.Unflatten(1, (shape["channels"], shape["height"], shape["width"])),
        nn.Conv2d(shape["channels"], 8, 3, 2, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, 2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16 * 2 * 2, 1 if form == "regression" else 3),
    )
    tensors = load_file(model / "weights.safetensors")
    layers.load_state_dict({name: torch.as_tensor(tensor) for name, tensor in tensors.items()})
    x = np.load(path)["X"].astype(np.float64)
    x = np.moveaxis(x, 3, 1) if form == "colour" else x[:, None]
    with torch.no_grad():
        outputs = (
            layers(torch.as_tensor(inputs(x, said).reshape(90, -1), dtype=torch.float32)).double().numpy()
        )
    if form == "regression":
        target = said["target"]
        np.testing.assert_allclose(
            written["prediction"].astype(float), outputs[:, 0] * target["scale"] + target["mean"], rtol=1e-5
        )
        assert found.metrics["r2"] > 0
        return
    np.testing.assert_allclose(written.iloc[:, 1:], softmax(outputs, 1), atol=1e-5)
    assert found.metrics["accuracy"] > 0.5
    assert found.judged == 90


def test_channels_are_standardized_by_all_images(folder: Path, tmp_path: Path) -> None:
    _, encoder, _ = read_model(model_in(tmp_path / "m", str(folder), own(), asked=request("none")))
    pixels = np.stack([np.asarray(Pillow.open(file)) for file in folder.glob("*/*.png")]).astype(float)
    assert encoder.images is not None
    np.testing.assert_allclose(encoder.images.mean, [pixels.mean()])
    np.testing.assert_allclose(encoder.images.scale, [pixels.std()])


@pytest.mark.parametrize("network", ["cnn", "mlp", "linear"])
@pytest.mark.parametrize("form", FORMS)
def test_onnxruntime_answers_as_predict_does(network: str, form: str, tmp_path: Path) -> None:
    path = arrays(tmp_path / "x.npz", form)
    model = fitted_with(tmp_path / "m", path, network)
    written, _ = predicted(model, path, target=None)
    session = onnxruntime.InferenceSession(as_onnx(*read_model(model)), providers=["CPUExecutionProvider"])
    x = np.load(path)["X"].astype(np.float64)
    x = np.moveaxis(x, 3, 1) if form == "colour" else x[:, None]
    (found,) = session.run(None, {"images": np.ascontiguousarray(x)})
    if form == "regression":
        np.testing.assert_allclose(found, written["prediction"].astype(float), rtol=1e-4, atol=1e-4)
    else:
        np.testing.assert_allclose(found, written.iloc[:, 1:], atol=2e-6)


def fitted_with(place: Path, path: str, network: str) -> Path:
    """Fit with a network that somebody chose."""
    work = begin_fit(place, "key", force=False)
    chosen = frozenset({"network"})
    found = fit_file(path, own(network=network), ASKED, given=chosen, work=work, ask=nobody, listener=Diary())
    assert found.model.network.name == network
    write_model(place, found.model, found.encoder, weights=found.weights)
    return place


def test_a_cnn_of_which_some_weights_are_penalized_predicts_too(folder: Path, tmp_path: Path) -> None:
    work = begin_fit(tmp_path / "m", "k", force=False)
    chosen = own(penalize=("1.weight",), epochs=40)
    found = fitted(str(folder), work, chosen, asked=request("l1", l1=10.0))
    write_model(tmp_path / "m", found.model, found.encoder, weights=found.weights)
    tensors = read_model(tmp_path / "m")[2]
    assert (tensors["1.weight"] == 0).mean() > 0.4
    assert all((tensors[f"{place}.weight"] != 0).all() for place in (3, 6))
    assert predicted(tmp_path / "m", str(folder), target=None)[1].judged == 90


def test_a_fit_that_was_broken_off_ends_in_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    whole = fitted(str(folder), begin_fit(tmp_path / "a", "k", force=False), own(), asked=ASKED)
    work = begin_fit(tmp_path / "b", "k", force=False)
    with pytest.raises(KeyboardInterrupt):
        fitted(str(folder), work, own(), asked=ASKED, diary=Stopping(work, "final", 2))
    diary = Diary()
    work = begin_fit(tmp_path / "b", "k", force=False)
    assert fitted(str(folder), work, own(), asked=ASKED, diary=diary) == whole
    assert "all rows: goes on after epoch 2 of 4" in diary.said


def test_of_images_that_are_not_all_held_all_are_trained_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_images, "MOST_NUMBERS", 30 * 60)
    work = begin_fit(tmp_path / "m", "k", force=False)
    found = fitted(str(folder), work, own(), asked=request("l2", trial=True, l2=0.001))
    assert found.model.rows == 90
    assert 5 < found.model.held_out < 40
    assert any("60 of 90 images are held" in note for note in found.model.notes)


# ---- what is predicted --------------------------------------------------------------------------------


@pytest.fixture
def model(folder: Path, tmp_path: Path) -> Path:
    """A model of the images."""
    return model_in(tmp_path / "m", str(folder), own(), asked=ASKED)


def test_images_by_class_are_judged_and_named(folder: Path, model: Path) -> None:
    written, found = predicted(model, str(folder), target=None)
    names = sorted(str(file.relative_to(folder)) for file in folder.glob("*/*.png"))
    assert written["file"].tolist() == names
    assert found.judged == 90
    right = written["prediction"] == [name.partition("/")[0] for name in names]
    assert found.metrics["accuracy"] == pytest.approx(right.mean())


@pytest.mark.parametrize("kind", ["folder", "file", "npz"])
def test_images_need_no_class(kind: str, folder: Path, model: Path, tmp_path: Path) -> None:
    flat, files = tmp_path / "flat", sorted(folder.glob("*/*.png"))
    flat.mkdir()
    for file in files[:4]:
        (flat / file.name).write_bytes(file.read_bytes())
    (flat / "notes.txt").write_text("of no use")
    if kind == "npz":
        np.savez(tmp_path / "x.npz", X=np.stack([np.asarray(Pillow.open(file)) for file in files[:4]]))
    path = {"folder": flat, "file": flat / files[0].name, "npz": tmp_path / "x.npz"}[kind]
    whole = predicted(model, str(folder), target=None)[0].set_index("file")
    written, found = predicted(model, str(path), target=None)
    assert (len(written), found.loss) == (1 if kind == "file" else 4, None)
    assert ("file" in written) == (kind != "npz")
    names = [str(file.relative_to(folder)) for file in files[: len(written)]]
    expected = whole.loc[names].filter(like="probability")
    np.testing.assert_allclose(written.filter(like="probability"), expected, rtol=1e-6)
    left_out = "1 files are left out as no .png or .jpg, such as 'notes.txt'"
    assert (left_out in found.notes) == (kind == "folder")


def test_a_class_that_the_model_does_not_know_is_counted(folder: Path, model: Path) -> None:
    (folder / "dots").rename(folder / "rings")
    _, found = predicted(model, str(folder), target=None)
    assert (found.rows, found.judged) == (90, 60)
    assert any(note.startswith("30 rows have no target that the model knows") for note in found.notes)


def test_folders_that_are_no_classes_are_not_judged(folder: Path, model: Path, tmp_path: Path) -> None:
    for k, old in enumerate(("bars", "dots", "lines")):
        (folder / old).rename(folder / f"2024-0{k + 1}")
    written, found = predicted(model, str(folder), target=None)
    assert (len(written), found.judged, found.loss) == (90, 0, None)
    assert found.ignored == ()


@pytest.mark.parametrize("form", ["grey", "regression"])
def test_a_target_is_known_by_what_it_is_and_not_by_its_name(
    form: str, folder: Path, model: Path, tmp_path: Path
) -> None:
    """A folder calls its target class, and an .npz file y."""
    images = [(Pillow.open(file), file.parent.name) for file in sorted(folder.glob("*/*.png"))]
    x, y = np.stack([np.asarray(image) for image, _ in images]), np.array([name for _, name in images])
    np.savez(tmp_path / "named.npz", X=x, y=y)
    if form == "grey":
        judged = predicted(model, str(tmp_path / "named.npz"), target=None)[1]
        assert (judged.judged, judged.loss) == (90, predicted(model, str(folder), target=None)[1].loss)
        other = model_in(tmp_path / "npz", str(tmp_path / "named.npz"), own(), asked=request("none"))
        assert predicted(other, str(folder), target=None)[1].judged == 90
    else:
        numbers_wanted = model_in(
            tmp_path / "r", arrays(tmp_path / "r.npz", form), own(), asked=request("none")
        )
        found = predicted(numbers_wanted, str(folder), target=None)[1]
        assert (found.judged, found.ignored) == (0, ())


def test_other_images_are_brought_to_the_shape_and_that_is_said(
    folder: Path, model: Path, tmp_path: Path
) -> None:
    others = tmp_path / "others"
    others.mkdir()
    small = Pillow.open(next(folder.glob("*/*.png")))
    small.resize((10, 12)).convert("RGB").save(others / "double.png")
    small.resize((12, 6)).save(others / "wide.png")
    written, found = predicted(model, str(others), target=None)
    assert written["file"].tolist() == ["double.png", "wide.png"]
    assert "1 of 2 images are coloured, and read as grey like those of the fit" in found.notes
    assert any(note.startswith("1 of 2 images have other proportions than the 6 × 5") for note in found.notes)


def test_numbers_on_another_scale_are_noticed(folder: Path, model: Path, tmp_path: Path) -> None:
    images = [np.asarray(Pillow.open(file)) for file in sorted(folder.glob("*/*.png"))]
    np.savez(tmp_path / "x.npz", X=np.stack(images) / 255)
    _, found = predicted(model, str(tmp_path / "x.npz"), target=None)
    assert any(note.startswith("90 of 90 images are on another scale of brightness") for note in found.notes)


def test_names_that_a_spreadsheet_would_run_are_protected(folder: Path, model: Path, tmp_path: Path) -> None:
    risky = tmp_path / "flat" / "=1+1.png"
    risky.parent.mkdir()
    risky.write_bytes(next(folder.glob("*/*.png")).read_bytes())
    assert predicted(model, str(risky.parent), target=None)[0]["file"].tolist() == ["'=1+1.png"]
    as_parquet, _ = predicted(model, str(risky.parent), target=None, name="o.parquet")
    assert as_parquet["file"].tolist() == ["=1+1.png"]


def colour(place: Path) -> str:
    return arrays(place / "c.npz", "colour")


def numbers(place: Path) -> str:
    np.savez(place / "n.npz", X=np.ones((4, 30)))
    return str(place / "n.npz")


def empty(place: Path) -> str:
    (place / "empty").mkdir()
    return str(place / "empty")


def broken(place: Path) -> str:
    (place / "broken").mkdir()
    (place / "broken" / "a.png").write_bytes(b"\x89PNG no more")
    return str(place / "broken")


def nothing(place: Path) -> str:
    return str(place / "nothing")


REFUSED: list[tuple[Callable[[Path], str], str, str]] = [
    (table, "E209", "is no image, and the model reads images: 6 × 5, grey"),
    (colour, "E332", "3 channels, and the model reads 6 × 5, grey"),
    (numbers, "E332", "and the model reads images: 6 × 5, grey"),
    (empty, "E201", "there is no image in"),
    (nothing, "E201", "there is no image in"),
    (broken, "E330", "an image cannot be read"),
]


@pytest.mark.parametrize(("make", "code", "message"), REFUSED, ids=[make.__name__ for make, _, _ in REFUSED])
def test_what_are_no_such_images_is_refused(
    make: Callable[[Path], str], code: str, message: str, model: Path, tmp_path: Path
) -> None:
    with pytest.raises(RegchooseError) as caught:
        predicted(model, make(tmp_path), target=None)
    assert caught.value.code == code
    assert message in caught.value.message


def test_a_model_of_a_table_refuses_images_and_takes_arrays_without_y(folder: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    np.savez(tmp_path / "flat.npz", X=x, y=np.arange(60) % 2)
    model = model_in(tmp_path / "t", str(tmp_path / "flat.npz"), own(), asked=request("none"))
    with pytest.raises(UsageError) as caught:
        predicted(model, str(folder), target=None)
    assert caught.value.code == "E209"
    np.savez(tmp_path / "later.npz", X=x)
    with_y = predicted(model, str(tmp_path / "flat.npz"), target=None)[0]
    without, found = predicted(model, str(tmp_path / "later.npz"), target=None)
    pd.testing.assert_frame_equal(with_y, without)
    assert found.judged == 0


def test_a_cnn_is_refused_on_a_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        fitted_with(tmp_path / "m", table(tmp_path), "cnn")
    assert caught.value.code == "E202"


def test_an_image_without_a_target_is_refused_where_a_model_is_fitted(tmp_path: Path) -> None:
    path = arrays(tmp_path / "x.npz", "grey", with_y=False)
    with pytest.raises(DataError) as caught:
        fitted(path, begin_fit(tmp_path / "m", "k", force=False), own(), asked=ASKED)
    assert caught.value.code == "E332"
