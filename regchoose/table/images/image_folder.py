"""A folder of images, whose subfolders are the classes."""

import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from regchoose.errors import DataError, UsageError, setting
from regchoose.records.table import IMAGE_ENDINGS, Image
from regchoose.settings.options import Settings
from regchoose.table.cell_values import to_number
from regchoose.table.file_set import class_folders, is_image, path_to_text, walk_files
from regchoose.table.images.image_set import ImageSet, Pixels, reduce_size, warn_of_reduced, warn_of_stretched
from regchoose.table.raw_table import factorize

FORMATS = ("PNG", "JPEG")
GREY = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"}  # modes of Pillow
TRANSPARENT = {"RGBA", "RGBa", "LA", "La", "PA"}
ORIENTATION, TURNED = 0x0112, 5  # EXIF: from 5 on, height and width change places
WIDE = 257  # a step of 8 bits in 16
BY_FOLDER = "the subfolder of each image"
AS_FITTED = "and read as grey like those of the fit"


@dataclass(frozen=True)
class Header:
    """What an image says of itself before its pixels are read."""

    height: int
    width: int
    grey: bool
    transparent: bool


def open_folder(path: str, settings: Settings) -> ImageSet:
    """Find the images of a folder and what they have in common.

    A class is a subfolder; folders below it belong to it. Hidden names (with a dot or an underscore in
    front) are passed over, links to files are followed, and links to folders are not.

    Raises
    ------
    UsageError
        E202 for `--task regression`: folders are classes.
    DataError
        E330 for a file that is no image, E331 for a subfolder without images.
    """
    if settings.task == "regression":
        raise UsageError(
            "E202",
            setting(task="regression") + " needs numbers, and the folders of images are classes",
            where=path,
            fix="leave " + setting("task") + " out" | "an .npz file with the numbers as y",
        )
    files, labels, said = _list_images(Path(path))
    headers = [_read_header(file) for file in files]
    sizes = Counter((header.height, header.width) for header in headers)
    common = max(sizes, key=lambda size: (sizes[size], -size[0] * size[1], size))
    height, width = reduce_size(*common, settings)
    channels = 1 if all(header.grey for header in headers) else 3
    image = Image(channels, height, width)
    kinds = Counter(file.suffix.lower() for file in files)
    listed = ", ".join(f"{count:,} {ending}" for ending, count in sorted(kinds.items()))
    return ImageSet(
        path=path,
        format="images",
        found=f"a folder of images by class, {listed}: {image}",
        image=image,
        count=len(files),
        names=tuple(path_to_text(file.relative_to(path)) for file in files),
        labels=factorize(labels),
        kind="text",
        target_name="class",
        target_why=BY_FOLDER,
        pixels=lambda row: _read_pixels(files[row], image),
        warnings=(
            *said,
            *_warn_of_unlike(files, headers, common=common),
            *warn_of_reduced(common, (height, width)),
        ),
    )


def open_images_like(
    path: str, wanted: Image, *, target_name: str, classes: Collection[str], numeric: bool
) -> ImageSet:
    """Open an image or the images of a folder, as images of the shape that a model reads.

    In a folder, images of a subfolder have its name as their target, as where a model is fitted; those that
    lie in the folder itself have none. Where no subfolder is called like a class of the model, or it predicts
    numbers, subfolders are no targets.

    Parameters
    ----------
    classes : collection of str
        Of the model; empty where it predicts numbers.
    numeric : bool
        Whether its classes are numbers.

    Raises
    ------
    UsageError
        E201 where there is no image, E209 for another file.
    DataError
        E330 for an image that cannot be read.
    """
    here = Path(path)
    if here.is_file() and not is_image(here.name):
        raise UsageError(
            "E209",
            f"{path} is no image, and the model reads images: {wanted}",
            fix="a folder of .png or .jpg files   or   an .npz file with X",
        )
    root = here.parent if here.is_file() else here
    found = [str(here)] if here.is_file() else [str(Path(*pair)) for pair in sorted(walk_files(here))]
    files = [Path(name) for name in found if is_image(name)]
    if not files:
        raise UsageError(
            "E201",
            f"there is no image in {path!r}",
            fix="name a folder of .png or .jpg files, or an .npz file with X",
        )
    headers = [_read_header(file) for file in files]
    places = [file.relative_to(root) for file in files]
    labels = [path_to_text(Path(place.parts[0])) if len(place.parts) > 1 else None for place in places]
    spelled = {name.lower() for name in classes}
    known = any(
        to_number(label, ".") is not None if numeric else label.strip().lower() in spelled
        for label in set(labels)
        if label is not None
    )
    others = [Path(name).name for name in found if not is_image(name)]
    coloured = sum(not header.grey for header in headers) if wanted.channels == 1 else 0
    return ImageSet(
        path=path,
        format="images",
        found=f"{len(files):,} images",
        image=wanted,
        count=len(files),
        names=tuple(map(path_to_text, places)),
        labels=factorize(labels) if known else None,
        kind="text",
        target_name=target_name,
        target_why=BY_FOLDER,
        pixels=lambda row: _read_pixels(files[row], wanted),
        warnings=(
            *_warn_of_skipped(others, "files", "no .png or .jpg"),
            *warn_of_stretched([(header.height, header.width) for header in headers], wanted),
            *([f"{coloured:,} of {len(files):,} images are coloured, {AS_FITTED}"] if coloured else []),
        ),
    )


def _list_images(here: Path) -> tuple[list[Path], list[str], tuple[str, ...]]:
    """Return the images, in order of class and name, the class of each, and what was left out."""
    folders, links = class_folders(here)
    files: list[Path] = []
    labels: list[str] = []
    others: list[str] = []
    for folder in folders:
        found, label = sorted(walk_files(folder)), path_to_text(Path(folder.name))
        own = [Path(place, name) for place, name in found if is_image(name)]
        others += [name for _, name in found if not is_image(name)]
        if not own:
            raise DataError(
                "E331",
                f"the class {label!r} has no image: no file in it ends in {', '.join(IMAGE_ENDINGS)}",
                where=str(folder),
                fix="put images into the folder, or take the folder out",
            )
        files += own
        labels += [label] * len(own)
    return (
        files,
        labels,
        (*_warn_of_skipped(others, "files", "no .png or .jpg"), *_warn_of_skipped(links, "folders", "links")),
    )


def _warn_of_skipped(names: Sequence[str], what: str, why: str) -> tuple[str, ...]:
    """Say how many files or folders are passed over."""
    return (f"{len(names):,} {what} are left out as {why}, such as {names[0]!r}",) if names else ()


def _warn_of_unlike(
    files: Sequence[Path], headers: Sequence[Header], *, common: tuple[int, int]
) -> tuple[str, ...]:
    of = f"of {len(files):,} images"
    odd = [k for k, header in enumerate(headers) if (header.height, header.width) != common]
    grey = sum(header.grey for header in headers)
    clear = sum(header.transparent for header in headers)
    said = []
    if odd:
        other = headers[odd[0]]
        said.append(
            f"{len(odd):,} {of} are not {common[0]} × {common[1]} pixels, the commonest size, and are "
            f"stretched to it, such as {str(files[odd[0]])!r} ({other.height} × {other.width})"
        )
    if 0 < grey < len(files):
        said.append(f"{grey:,} {of} are grey, and read as colour like the others")
    if clear:
        said.append(f"{clear:,} {of} are transparent, and laid on white")
    return tuple(said)


# ---- one file --------------------------------------------------------------------------------------


@contextmanager
def _open(file: Path) -> Iterator[Pillow.Image]:
    """Open an image; whatever is wrong with it is an error that names the file."""
    if not file.is_file():
        raise _broken(file, "it is no file, or a link to none")
    try:
        with warnings.catch_warnings(action="ignore"):
            # Pillow's guard against images that are small on the disk and fill the memory.
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(file, formats=FORMATS) as image:
                yield image
    except (DataError, MemoryError):
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise _broken(file, str(error).split(",")[0], fix="reduce it with an image program") from None
    except Exception as error:
        raise _broken(file, str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def _broken(file: Path, why: str, fix: str = "repair the file, or take it out of the folder") -> DataError:
    return DataError("E330", f"an image cannot be read: {why}", where=str(file), fix=fix)


def _read_header(file: Path) -> Header:
    """Read what an image says of itself."""
    with _open(file) as image:
        width, height = image.size
        if int(image.getexif().get(ORIENTATION, 1)) >= TURNED:
            width, height = height, width
        clear = image.mode in TRANSPARENT or "transparency" in image.info
        return Header(height, width, image.mode in GREY, clear)


def _read_pixels(file: Path, shape: Image) -> Pixels:
    """Return the numbers of an image, from 0 to 255: (channels, height, width)."""
    with _open(file) as image:
        image.draft(None, (2 * shape.width, 2 * shape.height))  # a JPEG can be decoded at half its size
        whole = ImageOps.exif_transpose(image)
        if whole.mode.startswith("I"):
            whole = Pillow.fromarray((np.asarray(whole) // WIDE).clip(0, 255).astype(np.uint8))
        if whole.mode in TRANSPARENT or "transparency" in whole.info:
            colours = whole.convert("RGBA")
            whole = Pillow.alpha_composite(Pillow.new("RGBA", colours.size, "white"), colours)
        plain = whole.convert("L" if shape.channels == 1 else "RGB")
        size = (shape.width, shape.height)
        numbers = np.asarray(plain if plain.size == size else plain.resize(size, Pillow.Resampling.BILINEAR))
    return numbers[None] if numbers.ndim == 2 else np.moveaxis(numbers, 2, 0)
