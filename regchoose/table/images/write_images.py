"""Images of a table, written as an .npz file with X and y."""

from pathlib import Path

import numpy as np

from regchoose.errors import ResourceError, UsageError, setting
from regchoose.records.table import Table
from regchoose.records.words import Int


def refuse_form(form: str, table: Table) -> None:
    """Raise E209 where images are to be written as a table, or a table as images."""
    if (form == "npz") != (table.image is not None):
        what, wanted = ("images", "npz") if table.image else ("a table", "csv")
        raise UsageError(
            "E209",
            f"{table.path} holds {what}, and .{form} is for {'tables' if table.image else 'images'}",
            where="-o",
            fix=f"-o sample.{wanted}",
        )


def refuse_some(table: Table) -> None:
    """Raise E202 for `--rows all` where some of the images are held."""
    if table.whole is not None:
        raise UsageError(
            "E202",
            setting("rows") + f" all needs all {table.n_all:,} images, and {table.n_rows:,} are held",
            where=setting("rows"),
            fix=setting(rows=table.n_rows) | "a smaller " + setting("image_size"),
        )


def write_images(target: Path, *, table: Table, rows: Int) -> None:
    """Write images and their targets: X (n, h, w) or (n, h, w, c), y (n,).

    Whole numbers from 0 to 255 are written as bytes.

    Parameters
    ----------
    target : Path
        Written over.
    rows : (m,) ndarray
        Rows held.

    Raises
    ------
    ResourceError
        E402 where it cannot be written.
    """
    image = table.image
    assert image is not None
    values = table.features[rows]
    bytes_ = bool(((values >= 0) & (values <= 255) & (values % 1 == 0)).all())
    planes = values.astype(np.uint8 if bytes_ else np.float32)
    x = np.moveaxis(planes.reshape(-1, image.channels, image.height, image.width), 1, 3)
    own = table.target[rows]
    y = np.array(table.classes)[own.astype(np.int64)] if table.classes else own
    if table.classes and table.columns[-1].type == "integer":
        y = y.astype(np.int64)
    try:
        with target.open("wb") as file:
            np.savez_compressed(file, X=x[..., 0] if image.channels == 1 else x, y=y)
    except OSError as error:
        raise ResourceError(
            "E402", f"the output cannot be written: {error.strerror}", fix="-o with another place"
        ) from error
