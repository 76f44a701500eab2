"""Images seen coarsely: the mean brightness of at most 8 × 8 patches of each channel.

A subsample is compared with the whole table by these means. Single pixels would give thousands of checks
that say less: corner pixels are the same in nearly all images, and neighbours are nearly equal.
"""

from dataclasses import replace

import numpy as np

from regchoose.records.table import Column, Image, Table, Whole
from regchoose.records.words import Float, Int
from regchoose.table.columns.target import TargetValues
from regchoose.table.images.image_set import Pixels

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


class PatchMoments:
    """Moments of the patches of all images, updated one image at a time (Welford 1962)."""

    def __init__(self, image: Image) -> None:
        self._image, self._count = image, 0
        self._mean = self._m2 = self._least = self._greatest = np.zeros(0)

    def add(self, pixels: Pixels) -> None:
        """Take another image."""
        (patches,) = patch_means(pixels.reshape(1, -1).astype(np.float64), self._image)
        if not self._count:
            self._mean, self._m2 = np.zeros_like(patches), np.zeros_like(patches)
            self._least = self._greatest = patches
        self._count += 1
        gap = patches - self._mean
        self._mean = self._mean + gap / self._count
        self._m2 = self._m2 + gap * (patches - self._mean)
        self._least, self._greatest = np.minimum(self._least, patches), np.maximum(self._greatest, patches)

    def whole(self, target: TargetValues) -> Whole:
        """Return the moments for comparing a subsample; nothing is cut, since brightness has no outliers."""
        mean, m2, least, greatest = self._mean, self._m2, self._least, self._greatest
        classes = np.zeros(0, dtype=np.int64)
        if target.task == "regression":
            y = target.values
            mean, m2 = np.append(mean, y.mean()), np.append(m2, np.square(y - y.mean()).sum())
            least, greatest = np.append(least, y.min()), np.append(greatest, y.max())
        else:
            classes = np.bincount(target.values.astype(np.int64), minlength=len(target.classes))
        low, width = least / 4, np.where(greatest > least, (greatest - least) / 4, np.inf)
        return Whole(
            n_rows=self._count,
            low=low,
            width=width,
            count=np.full(len(mean), float(self._count)),
            mean=(mean / 4 - low) / width,
            m2=m2 / (16 * width**2),
            levels=(),
            classes=classes.astype(np.int64),
        )


def _starts(length: int) -> Int:
    count = min(SIDE, length)
    return np.arange(count) * length // count


def _spans(length: int) -> list[str]:
    starts = _starts(length).tolist()
    ends = [*starts[1:], length]
    return [f"{a + 1}" if b == a + 1 else f"{a + 1}–{b}" for a, b in zip(starts, ends, strict=True)]
