"""Images as a table: folders by class, .npz files, and what is wrong with either."""

import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from regchoose.encoding.encoder import Encoder
from regchoose.errors import RegchooseError
from regchoose.records.table import Image, Table
from regchoose.settings.options import Settings
from regchoose.subsample.draw import draw_subsample
from regchoose.subsample.profile import measure_profile
from regchoose.table.file_set import classify
from regchoose.table.images import load_images
from regchoose.table.images.patches import in_patches, patch_names
from regchoose.table.load import load

Array = NDArray[Any]
CLASSES = ("cat", "dog")


def read(path: Path, **settings: Any) -> Table:
    return load(str(path), Settings(**settings), choose=lambda _: None)


def error(path: Path, **settings: Any) -> RegchooseError:
    with pytest.raises(RegchooseError) as raised:
        read(path, **settings)
    return raised.value


def pictures(n: int, *, shape: Sequence[int] = (6, 5), seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


def save(array: Array, file: Path, **options: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(array).save(file, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Forty grey images of two classes."""
    here = tmp_path / "images"
    for number, array in enumerate(pictures(40)):
        save(array, here / CLASSES[number % 2] / f"{number:02}.png")
    return here


# ---- a folder --------------------------------------------------------------------------------------


def test_a_folder_of_images_is_a_table_of_pixels(folder: Path) -> None:
    table = read(folder)
    assert table.image == Image(1, 6, 5)
    assert (table.n_rows, table.features.shape, table.classes) == (40, (40, 30), CLASSES)
    assert table.target.tolist() == [0.0] * 20 + [1.0] * 20
    first = pictures(40)[0].reshape(-1)
    assert table.features[0].tolist() == first.tolist()
    assert [column.name for column in table.used[:6]] == [f"pixel_0_{j}" for j in range(5)] + ["pixel_1_0"]
    assert [column.name for column in table.display_columns] == ["pixels", "class"]
    assert table.warnings == ()


def test_colours_are_planes_one_after_the_other(tmp_path: Path) -> None:
    arrays = pictures(40, shape=(4, 4, 3))
    for number, array in enumerate(arrays):
        save(array, tmp_path / "i" / CLASSES[number % 2] / f"{number:02}.png")
    table = read(tmp_path / "i")
    assert table.image == Image(3, 4, 4)
    assert table.features[0].tolist() == np.moveaxis(arrays[0], 2, 0).reshape(-1).tolist()
    assert table.used[16].name == "pixel_0_0_green"


def test_jpeg_is_read_and_turned_as_its_camera_says(folder: Path) -> None:
    tall = np.zeros((6, 5), dtype=np.uint8)
    tall[0] = 255
    rotated = Pillow.fromarray(np.rot90(tall, 1))
    exif = rotated.getexif()
    exif[0x0112] = 6  # turn it clockwise to look at it
    rotated.save(folder / "cat" / "00.jpg", exif=exif, quality=95)
    table = read(folder)
    seen = table.features[0].reshape(6, 5)
    assert table.dialect.found.startswith("a folder of images by class, 1 .jpg, 40 .png")
    assert seen[0].mean() > 200
    assert seen[2:].mean() < 50


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "I;16"])
def test_every_mode_of_a_picture_becomes_numbers_from_0_to_255(folder: Path, mode: str) -> None:
    grey = np.full((6, 5), 255, dtype=np.uint8)
    picture = (
        Pillow.fromarray(np.full((6, 5), 65535, dtype=np.uint16))
        if mode == "I;16"
        else Pillow.fromarray(grey).convert(mode)
    )
    picture.save(folder / "cat" / "00.png")
    table = read(folder)
    assert table.features[0].tolist() == [255.0] * table.features.shape[1]


def test_what_is_transparent_lies_on_white(folder: Path) -> None:
    Pillow.new("LA", (5, 6), (0, 0)).save(folder / "cat" / "00.png")
    table = read(folder)
    assert table.features[0].tolist() == [255.0] * 30
    assert table.warnings == ("1 of 40 images are transparent, and laid on white",)


def test_other_sizes_are_stretched_to_the_commonest_and_that_is_said(folder: Path) -> None:
    save(np.full((12, 20), 7, dtype=np.uint8), folder / "dog" / "99.png")
    table = read(folder)
    assert table.image == Image(1, 6, 5)
    assert table.features[-1].tolist() == [7.0] * 30
    (said,) = table.warnings
    assert said.startswith("1 of 41 images are not 6 × 5 pixels, the commonest size, and are stretched to it")


def test_large_images_are_reduced_and_image_size_says_how_far(tmp_path: Path) -> None:
    for number, array in enumerate(pictures(40, shape=(80, 40))):
        save(array, tmp_path / "i" / CLASSES[number % 2] / f"{number:02}.png")
    assert read(tmp_path / "i").image == Image(1, 32, 16)
    assert "--image-size 64 keeps more" in read(tmp_path / "i").warnings[0]
    assert read(tmp_path / "i", image_size=10).image == Image(1, 10, 5)
    assert read(tmp_path / "i", image_size=200).image == Image(1, 80, 40)


def test_what_is_no_image_is_left_out_and_hidden_names_are_passed_over(folder: Path) -> None:
    (folder / "cat" / "notes.md").write_text("x")
    (folder / "cat" / ".DS_Store").write_text("x")
    (folder / "_old" / "deep").mkdir(parents=True)
    (folder / "readme.txt").write_text("pictures of pets")
    table = read(folder)
    assert table.classes == CLASSES
    assert table.warnings == ("1 files are left out as no .png or .jpg, such as 'notes.md'",)


def test_folders_below_a_class_belong_to_it(folder: Path) -> None:
    save(pictures(1, seed=1)[0], folder / "dog" / "more" / "x.PNG")
    assert read(folder).target.sum() == 21


def test_links_to_files_are_followed_and_links_to_folders_are_not(folder: Path) -> None:
    save(pictures(1, seed=1)[0], folder.parent / "elsewhere.png")
    (folder / "cat" / "link.png").symlink_to(folder.parent / "elsewhere.png")
    (folder / "loop").symlink_to(folder)
    (folder / "cat" / "loop").symlink_to(folder)
    table = read(folder)
    assert table.n_rows == 41
    assert table.warnings == ("1 folders are left out as links, such as 'loop'",)


def test_copies_are_counted(folder: Path) -> None:
    save(pictures(40)[0], folder / "dog" / "again.png")
    assert read(folder).warnings == (
        "1 images are copies of another, 1 of them with another target; copies are never parted",
    )


def test_hostile_names_are_names(tmp_path: Path) -> None:
    names = ["<b>$(x)\n", "NA", os.fsdecode(b"caf\xe9"), "=1+1"]
    for number, array in enumerate(pictures(80)):
        save(array, tmp_path / "i" / names[number % 4] / "a;b\n\x1b[31m{{x}}" / f"{number}.png")
    assert set(read(tmp_path / "i").classes) == {"<b>$(x)", "NA", "caf\\xe9", "=1+1"}


def test_a_folder_with_a_table_is_a_table(folder: Path) -> None:
    (folder / "t.csv").write_text("a,y\n" + "".join(f"{i * 7 % 13},{i % 2}\n" for i in range(60)))
    assert not classify(str(folder)).are_images
    assert read(folder).image is None


def spoil_cut(folder: Path) -> None:
    whole = (folder / "cat" / "00.png").read_bytes()
    (folder / "cat" / "00.png").write_bytes(whole[: len(whole) // 2])


def spoil_text(folder: Path) -> None:
    (folder / "cat" / "00.png").write_text("no image")


def spoil_gif(folder: Path) -> None:
    Pillow.new("L", (5, 6)).save(folder / "cat" / "00.png", format="GIF")


def spoil_bomb(folder: Path) -> None:
    Pillow.new("1", (20_000, 10_000)).save(folder / "cat" / "00.png")


def spoil_link(folder: Path) -> None:
    (folder / "cat" / "00.png").unlink()
    (folder / "cat" / "00.png").symlink_to("/nowhere")


def spoil_pipe(folder: Path) -> None:
    (folder / "cat" / "00.png").unlink()
    os.mkfifo(folder / "cat" / "00.png")  # to open it would wait for ever


@pytest.mark.parametrize("spoil", [spoil_cut, spoil_text, spoil_gif, spoil_bomb, spoil_link, spoil_pipe])
def test_a_file_that_cannot_be_read_is_named(folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder)
    found = error(folder)
    assert found.code == "E330"
    assert found.where.endswith("cat/00.png")
    assert found.fix


def test_an_empty_class_is_refused(folder: Path) -> None:
    (folder / "eel").mkdir()
    found = error(folder)
    assert (found.code, found.where) == ("E331", str(folder / "eel"))


def test_one_class_is_refused(tmp_path: Path) -> None:
    for number, array in enumerate(pictures(30)):
        save(array, tmp_path / "i" / "cat" / f"{number}.png")
    assert error(tmp_path / "i").code == "E321"


def test_a_small_class_and_a_small_folder_are_refused(folder: Path) -> None:
    for number in range(25, 40):
        (folder / CLASSES[number % 2] / f"{number:02}.png").unlink()
    save(pictures(1, seed=3)[0], folder / "eel" / "x.png")
    assert error(folder).code == "E324"
    for number in range(12, 25):
        (folder / CLASSES[number % 2] / f"{number:02}.png").unlink()
    assert error(folder).code == "E303"
    assert read(folder, resources="no").n_rows == 13


@pytest.mark.parametrize(
    ("setting", "value"),
    [("target", "x"), ("exclude", ("x",)), ("group", "g"), ("delimiter", ";"), ("drop_missing_target", True)],
)
def test_options_of_tables_are_refused(folder: Path, setting: str, value: Any) -> None:
    found = error(folder, **{setting: value})
    assert (found.code, found.exit_code) == ("E202", 2)
    assert found.message == f"--{setting.replace('_', '-')} is not for images"


def test_a_folder_is_no_regression(folder: Path) -> None:
    assert error(folder, task="regression").code == "E202"


# ---- .npz ------------------------------------------------------------------------------------------


def save_npz(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    return tmp_path / "d.npz"


Y = np.arange(40) % 2


@pytest.mark.parametrize(
    ("shape", "image"),
    [
        ((6, 5), Image(1, 6, 5)),
        ((6, 5, 1), Image(1, 6, 5)),
        ((6, 5, 3), Image(3, 6, 5)),
        ((3, 6, 5), Image(3, 6, 5)),
        ((4, 6, 7), Image(4, 6, 7)),
    ],
    ids=str,
)
def test_the_channels_are_the_axis_of_1_3_or_4(npz: Path, shape: tuple[int, ...], image: Image) -> None:
    x = pictures(40, shape=shape)
    table = read(save_npz(npz, X=x, y=Y))
    assert table.image == image
    first = x if len(shape) == 2 or shape[0] in (3, 4) else np.moveaxis(x, 3, 1)
    assert table.features.tolist() == first.reshape(40, -1).tolist()
    assert (table.target_name, table.task) == ("y", "binary")


def test_targets_may_be_numbers_texts_or_booleans(npz: Path) -> None:
    x = pictures(40)
    assert read(save_npz(npz, X=x, y=np.linspace(0, 1, 40))).task == "regression"
    assert read(save_npz(npz, X=x, y=np.array(CLASSES)[Y])).classes == CLASSES
    assert read(save_npz(npz, X=x, y=np.array(CLASSES, dtype="S")[Y])).classes == CLASSES
    assert read(save_npz(npz, X=x, y=(Y == 1)[:, None])).task == "binary"
    assert read(save_npz(npz, X=x, y=Y * 7), task="classification").classes == ("0", "7")
    assert read(save_npz(npz, X=x, y=np.arange(40) % 3)).classes == ("0", "1", "2")


def test_two_axes_are_a_table_of_numbers(npz: Path) -> None:
    x = np.random.default_rng(0).normal(size=(40, 3))
    x[3, 1] = np.nan
    table = read(save_npz(npz, X=x, y=Y), exclude=("c3",))
    assert table.image is None
    assert [column.name for column in table.used] == ["c1", "c2"]
    np.testing.assert_array_equal(table.features, x[:, :2])


def test_large_arrays_are_reduced(npz: Path) -> None:
    x = np.repeat(np.arange(40.0), 64 * 48).reshape(40, 64, 48)
    table = read(save_npz(npz, X=x, y=Y))
    assert table.image == Image(1, 32, 24)
    assert table.features[:, 5].tolist() == list(range(40))


UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "names": ({"x_train": Y, "y_train": Y}, "it holds x_train, y_train"),
    "objects": ({"X": np.array([{}] * 40), "y": Y}, "X holds objects"),
    "length": ({"X": pictures(39), "y": Y}, "one for each row"),
    "one_hot": ({"X": pictures(40), "y": np.eye(2)[Y]}, "one for each row"),
    "axes": ({"X": pictures(40, shape=(6, 5, 4, 2)), "y": Y}, "X has the shape"),
    "channels": ({"X": pictures(40, shape=(6, 5, 7)), "y": Y}, "neither its second nor its last axis"),
    "ambiguous": ({"X": pictures(40, shape=(3, 6, 3)), "y": Y}, "both its second and its last axis"),
    "complex": ({"X": pictures(40) * 1j, "y": Y}, "numbers were wanted"),
    "nan": ({"X": np.full((40, 6, 5), np.nan), "y": Y}, "image 0 holds numbers that are not finite"),
    "dates": ({"X": pictures(40), "y": Y.astype("datetime64[s]")}, "numbers or texts were wanted"),
    "empty": ({"X": pictures(0), "y": Y[:0]}, "X has the shape"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_does_not_fit_is_refused(npz: Path, case: str) -> None:
    arrays, said = UNFIT[case]
    found = error(save_npz(npz, **arrays))
    assert found.code == "E332"
    assert said in found.message


@pytest.mark.parametrize(("case", "remedy"), [("objects", "X.astype(float)"), ("dates", "y.astype(str)")])
def test_a_remedy_is_for_the_array_that_does_not_fit(npz: Path, case: str, remedy: str) -> None:
    assert remedy in error(save_npz(npz, **UNFIT[case][0])).fix


def test_labels_that_are_objects_are_written_as_texts(npz: Path) -> None:
    assert "y=y.astype(str)" in error(save_npz(npz, X=pictures(40), y=Y.astype(object))).fix


def test_a_missing_target_is_refused(npz: Path) -> None:
    y = np.linspace(0, 1, 40)
    y[7] = np.nan
    found = error(save_npz(npz, X=pictures(40), y=y))
    assert (found.code, found.where) == ("E322", f"{npz}, row 7")


def test_a_pickle_in_it_is_never_loaded(npz: Path, tmp_path: Path) -> None:
    """The header says numbers, the bytes are a pickle that would leave a trace."""
    evil = b"cos\nsystem\n(S'touch " + str(tmp_path / "ran").encode() + b"'\ntR."
    np.savez(npz, y=Y)
    with zipfile.ZipFile(npz, "a") as archive:
        archive.writestr("X.npy", evil)
    assert error(npz).code == "E332"
    assert not (tmp_path / "ran").exists()


def test_what_would_fill_the_memory_is_refused_before_it_is_unpacked(npz: Path) -> None:
    np.savez(npz, y=Y)
    with zipfile.ZipFile(npz, "a") as archive, archive.open("X.npy", "w") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (2**20, 2**10, 2**10)}
        np.lib.format.write_array_header_1_0(file, header)
    found = error(npz)
    assert found.code == "E332"
    assert "GiB" in found.message


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"no zip at all"])
def test_a_file_that_is_no_npz_is_refused(npz: Path, content: bytes) -> None:
    npz.write_bytes(content)
    assert error(npz).code == "E332"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert error(tmp_path / "no.npz").code == "E201"


# ---- what follows from it --------------------------------------------------------------------------


def digits(n: int = 300) -> tuple[Array, Array]:
    """Two kinds of pictures: a bright upper or lower half, with noise."""
    y = np.arange(n) % 2
    x = np.random.default_rng(5).normal(100, 30, (n, 8, 8))
    x[y == 1, :4] += 60
    return x, y


def test_the_entire_picture_is_answered_by_what_the_data_are(npz: Path) -> None:
    x, y = digits()
    table = read(save_npz(npz, X=x, y=y))
    found = measure_profile(table, np.arange(300))
    assert found.entire_picture.answer == "yes"
    assert found.entire_picture.evidence.startswith("DATA are images (8 × 8, grey)")
    assert found.associations is None


def test_channels_are_standardized_as_a_whole_by_the_training_rows(npz: Path) -> None:
    x = np.random.default_rng(0).normal(50, 9, (40, 3, 6, 5))
    x[:, 1] *= 100
    table = read(save_npz(npz, X=x, y=Y))
    fit, others = np.arange(30), np.arange(30, 40)
    encoder = Encoder.fit(table, fit)
    (a, _), (b, y) = encoder.transform(table, fit), encoder.transform(table, others)
    planes = a.reshape(30, 3, 30)
    np.testing.assert_allclose(planes.mean((0, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(planes.std((0, 2)), 1)
    mean, sd = x[:30, 1].mean(), x[:30, 1].std()
    np.testing.assert_allclose(b.reshape(10, 3, 6, 5)[:, 1], (x[30:, 1] - mean) / sd)
    assert y.tolist() == Y[30:].tolist()


def test_patches_are_means_and_say_what_they_cover(npz: Path) -> None:
    x = np.random.default_rng(0).normal(size=(40, 20, 3))
    table = read(save_npz(npz, X=x, y=Y))
    seen = in_patches(table)
    names = patch_names(Image(1, 20, 3))
    assert (len(names), names[0], names[-1]) == (24, "pixels 1–2, 1", "pixels 18–20, 3")
    assert [column.name for column in seen.used] == list(names)
    np.testing.assert_allclose(seen.features[:, 0], x[:, :2, 0].mean(1))
    np.testing.assert_allclose(seen.features[:, -1], x[:, 17:, 2].mean(1))


def test_of_many_images_some_are_held_and_all_are_counted(npz: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = digits(2000)
    every = read(save_npz(npz, X=x, y=y))
    monkeypatch.setattr(load_images, "MOST_NUMBERS", 64 * 1200)
    some = read(npz)
    assert (some.n_rows, some.n_all) == (1200, 2000)
    assert "1,200 of 2,000 images are held, drawn evenly; all were looked at" in some.warnings
    assert some.whole is not None
    assert some.whole.classes.tolist() == [1000, 1000]
    means = in_patches(every).features
    np.testing.assert_allclose(some.whole.mean, ((means / 4 - some.whole.low) / some.whole.width).mean(0))
    np.testing.assert_allclose(
        some.whole.m2 / 2000, ((means / 4 - some.whole.low) / some.whole.width).var(axis=0)
    )
    drawn = draw_subsample(some, size=400, folds=5, seed=0)
    assert (len(drawn.rows), drawn.of, drawn.matched) == (400, 2000, True), drawn.reason
    y_held = some.target[drawn.rows]
    assert y_held.sum() == 200


def test_a_subsample_that_is_not_like_the_whole_is_seen(npz: Path) -> None:
    x, y = digits(1000)
    x[y == 1, 0, 0] += np.where(np.random.default_rng(1).random(500) < 0.002, 1e6, 0)
    table = read(save_npz(npz, X=x, y=y))
    drawn = draw_subsample(table, size=400, folds=5, seed=0)
    names = set(patch_names(Image(1, 8, 8)))
    assert {check.column for check in drawn.checks} & names
    assert drawn.order is None
