"""A set of images that is not read yet, with its targets; and the size to which images are reduced."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from regchoose.errors import setting
from regchoose.records.table import Dialect, Image
from regchoose.records.words import Int
from regchoose.settings.options import Settings
from regchoose.table.raw_table import Cells, RawTable

MOST_SIDE = 32  # pixels of the longer side, unless --image-size says otherwise
Pixels = NDArray[Any]  # (channels, height, width), in the numbers of the file


@dataclass(frozen=True)
class ImageSet:
    """Images that can be read one by one.

    Attributes
    ----------
    found : str
        One sentence for people: what DATA is taken for.
    count : int
        How many there are, n.
    names : tuple of str or None
        What each file is called below the folder; None of arrays.
    labels : Cells or None
        The targets as text; None where there are none, which only predictions allow.
    kind : str
        What the labels are: text, number or boolean; see `RawTable.kinds`.
    target_name, target_why : str
        What the target is called, and where it comes from.
    pixels : callable
        Row → its numbers.
    """

    path: str
    format: Literal["images", "npz"]
    found: str
    image: Image
    count: int
    names: tuple[str, ...] | None
    labels: Cells | None
    kind: Literal["text", "number", "boolean"]
    target_name: str
    target_why: str
    pixels: Callable[[int], Pixels]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.count

    def where(self, row: int) -> str:
        """Name an image for people."""
        return f"{self.path}, row {row}" if self.names is None else f"{self.path}/{self.names[row]}"

    def targets(self, rows: Int) -> RawTable:
        """Return the targets of some images as text: a table of one column; of none where there are none."""
        known = self.labels is not None
        return RawTable(
            self.path,
            Dialect(self.format, None, None, None, None, header=False, decimal=".", found=self.found),
            (self.target_name,) if known else (),
            () if self.labels is None else (self.labels.take(rows),),
            rows + 1,
            (self.kind,) if known else (),
        )


def reduce_size(height: int, width: int, settings: Settings) -> tuple[int, int]:
    """Return the height and width to which images are reduced, in proportion; smaller ones stay."""
    most = MOST_SIDE if settings.image_size == "auto" else settings.image_size
    longer = max(height, width)
    if longer <= most:
        return height, width
    return max(1, round(height * most / longer)), max(1, round(width * most / longer))


def warn_of_reduced(before: tuple[int, int], after: tuple[int, int]) -> tuple[str, ...]:
    """Say that images were reduced, and what keeps more of them."""
    if before == after:
        return ()
    (high, wide), (low, narrow) = before, after
    return (
        f"images are reduced from {high} × {wide} pixels to {low} × {narrow}; "
        f"{setting(image_size=2 * max(after)).shell} keeps more, and takes four times as long",
    )


def warn_of_stretched(sizes: Sequence[tuple[int, int]], wanted: Image) -> tuple[str, ...]:
    """Say how many images, of these heights and widths, have other proportions than a model reads."""
    odd = [size for size in sizes if abs(size[1] * wanted.height / size[0] - wanted.width) > 1]
    if not odd:
        return ()
    return (
        f"{len(odd):,} of {len(sizes):,} images have other proportions than the {wanted.height} × "
        f"{wanted.width} pixels that the model reads, such as {odd[0][0]} × {odd[0][1]}: they are stretched",
    )


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """Return numbers (c, h, w) at another size; each new one is a mean of those it covers."""
    if pixels.shape[1:] == (height, width):
        return pixels
    planes = [
        Pillow.fromarray(plane.astype(np.float32)).resize((width, height), Pillow.Resampling.BILINEAR)
        for plane in pixels
    ]
    return np.stack([np.asarray(plane) for plane in planes])
