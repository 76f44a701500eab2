"""The images that a path means, or the table of numbers in an .npz file."""

from collections.abc import Collection

from regchoose.records.table import Image
from regchoose.settings.options import Settings
from regchoose.table.file_set import is_arrays
from regchoose.table.images.image_folder import open_folder, open_images_like
from regchoose.table.images.image_set import ImageSet
from regchoose.table.images.npz import open_arrays, open_arrays_for_model
from regchoose.table.raw_table import RawTable


def open_images(path: str, settings: Settings, *, target_optional: bool = False) -> ImageSet | RawTable:
    """Open what `are_images` recognizes; a RawTable where an .npz file holds a table of numbers.

    Parameters
    ----------
    target_optional : bool
        Whether a table may lack its target, as where a model is to predict it.

    Raises
    ------
    UsageError, DataError
        As `open_folder` and `open_arrays`.
    """
    return (
        open_arrays(path, settings, target_optional=target_optional)
        if is_arrays(path)
        else open_folder(path, settings)
    )


def open_images_for_model(
    path: str, wanted: Image, *, target_name: str, classes: Collection[str], numeric: bool
) -> ImageSet:
    """Open images to predict: an .npz file with X, an image, or a folder of images.

    Raises
    ------
    UsageError, DataError
        As `open_images_like` and `open_arrays_for_model`.
    """
    return (
        open_arrays_for_model(path, wanted, target_name=target_name)
        if is_arrays(path)
        else open_images_like(path, wanted, target_name=target_name, classes=classes, numeric=numeric)
    )
