"""Images seen coarsely: the mean brightness of at most 8 × 8 patches of each channel.

A subsample is compared with the whole table by these means. Single pixels would give thousands of checks
that say less: corner pixels are the same in nearly all images, and neighbours are nearly equal.
"""

from dataclasses import replace

import numpy as np

from regchoose.records.table import Column, Image, Table
from regchoose.records.words import Float, Int

SIDE = 8  # patches
COLOURS = {1: ("",), 3: (", red", ", green", ", blue")}


def in_patches(table: Table) -> Table:
    """Return a table of images as a table of its patches."""
    assert table.image is not None
    names = patch_names(table.image)
    columns = tuple(Column(name, "numeric", "number", "the mean of a patch of the images") for name in names)
    others = tuple(column for column in table.columns if not column.used)
    return replace(
        table,
        columns=(*columns, *others),
        features=patch_means(table.features, table.image),
        image=None,
    )


def patch_means(pixels: Float, image: Image) -> Float:
    """Return the means of the patches: numbers of images (n, p) -> (n, q)."""
    down, across = _starts(image.height), _starts(image.width)
    planes = pixels.reshape(len(pixels), image.channels, image.height, image.width)
    sums = np.add.reduceat(np.add.reduceat(planes, across, axis=3), down, axis=2)
    areas = np.outer(np.diff([*down, image.height]), np.diff([*across, image.width]))
    means: Float = (sums / areas).reshape(len(pixels), -1)
    return means


def patch_names(image: Image) -> tuple[str, ...]:
    """Return what each patch covers: `pixels 1–4, 5–8, red`, rows before columns."""
    colours = COLOURS.get(image.channels) or tuple(f", channel {c + 1}" for c in range(image.channels))
    return tuple(
        f"pixels {rows}, {columns}{colour}"
        for colour in colours
        for rows in _spans(image.height)
        for columns in _spans(image.width)
    )


def _starts(length: int) -> Int:
    count = min(SIDE, length)
    return np.arange(count) * length // count


def _spans(length: int) -> list[str]:
    starts = _starts(length).tolist()
    ends = [*starts[1:], length]
    return [f"{a + 1}" if b == a + 1 else f"{a + 1}–{b}" for a, b in zip(starts, ends, strict=True)]
