"""Images to predict with a fitted model: each is brought to the shape that the model reads."""

from collections.abc import Collection, Sequence
from pathlib import Path

from regchoose.errors import UsageError
from regchoose.records.table import Image
from regchoose.table.cell_values import to_number
from regchoose.table.images.image_folder import (
    Header,
    is_image,
    path_to_text,
    read_header,
    read_pixels,
    walk_files,
    warn_of_skipped,
)
from regchoose.table.images.image_set import ImageSet, warn_of_stretched
from regchoose.table.images.npz import is_arrays, open_arrays_for_model
from regchoose.table.raw_table import factorize


def open_images_for_model(
    path: str, wanted: Image, *, target_name: str, classes: Collection[str], numeric: bool
) -> ImageSet:
    """Open images for a model: an .npz file with X, an image, or a folder of images.

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
        E330 for an image that cannot be read, E332 as `open_arrays_for_model`.
    """
    here = Path(path)
    if is_arrays(path):
        return open_arrays_for_model(path, wanted, target_name=target_name)
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
    headers = [read_header(file) for file in files]
    places = [file.relative_to(root) for file in files]
    labels = [path_to_text(Path(place.parts[0])) if len(place.parts) > 1 else None for place in places]
    spelled = {name.lower() for name in classes}
    known = any(
        to_number(label, ".") is not None if numeric else label.strip().lower() in spelled
        for label in set(labels)
        if label is not None
    )
    others = [Path(name).name for name in found if not is_image(name)]
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
        target_why="the subfolder of each image",
        pixels=lambda row: read_pixels(files[row], wanted),
        warnings=(*warn_of_skipped(others, "files", "no .png or .jpg"), *_warn_of_unlike(headers, wanted)),
    )


def _warn_of_unlike(headers: Sequence[Header], wanted: Image) -> tuple[str, ...]:
    coloured = sum(not header.grey for header in headers) if wanted.channels == 1 else 0
    said = f"{coloured:,} of {len(headers):,} images are coloured, and read as grey like those of the fit"
    sizes = [(header.height, header.width) for header in headers]
    return (*warn_of_stretched(sizes, wanted), *([said] if coloured else []))
