"""The nouns of a final fit: what it has learned of the columns.

Plain values in frozen dataclasses, so that they can be written as JSON and read back to the bit.
"""

from dataclasses import dataclass

import numpy as np

from regchoose.records.table import Image
from regchoose.records.words import Float, Task


@dataclass(frozen=True)
class NumberInput:
    """A number: cut at quartile ranges, then standardized; a missing one takes the median.

    input = (clip((x/4 − center)/spread, −100, 100) − mean)/scale

    Attributes
    ----------
    name, column : str
        Of the input, and the column of the file that it is read from.
    part : str
        Of a date: year, month, day, weekday, hour or elapsed; else empty.
    center : float
        Median of a quarter of the values (a quarter, so that nothing overflows).
    spread : float or None
        Quartile range of the same; None for a constant.
    mean, scale : float
        Of what has been cut.
    flagged : bool
        Whether a further input says that it is missing.
    """

    name: str
    column: str
    part: str
    center: float
    spread: float | None
    mean: float
    scale: float
    flagged: bool


@dataclass(frozen=True)
class CategoryInput:
    """A category: an input for each of its levels, or one input where there are two.

    Attributes
    ----------
    column : str
    boolean : bool
        Whether case does not matter.
    levels : tuple of str
        What was seen in the file.
    places : tuple of int
        Of each of them: which of `names` it counts as.
    names : tuple of str
        The levels that have inputs; the last ones may be "other" and "missing".
    shares : tuple of float
        Of `names` among the rows of the fit: what stands for a level that was not seen.
    other, missing : int or None
        Where rare levels, and missing cells, stand in `names`.
    """

    column: str
    boolean: bool
    levels: tuple[str, ...]
    places: tuple[int, ...]
    names: tuple[str, ...]
    shares: tuple[float, ...]
    other: int | None
    missing: int | None

    @property
    def width(self) -> int:
        """Number of its inputs."""
        return 1 if len(self.names) == 2 else len(self.names)

    @property
    def inputs(self) -> Float:
        """The inputs (names + 1, width) of each level, and last those of a level that was not seen.

        The last are the shares of the levels: a row of a new level counts as the average row.
        """
        whole = np.vstack([np.eye(len(self.names)), self.shares])
        return whole[:, 1:] if self.width == 1 else whole


@dataclass(frozen=True)
class DateReading:
    """A column of dates: how its texts are read.

    Attributes
    ----------
    order : str
        "ISO8601", or the order of day, month and year in the notation of strftime; of a clock the same.
    clock : bool
        Whether they are times of day alone.
    first : float
        Seconds since 1970 from which `elapsed` is counted.
    """

    column: str
    order: str
    clock: bool
    first: float


@dataclass(frozen=True)
class ImageReading:
    """Images of one shape: each channel is standardized as a whole.

    input = (number − mean of its channel)/scale of its channel

    Attributes
    ----------
    shape : Image
        To which images are brought.
    mean, scale : tuple of float
        Of each channel.
    """

    shape: Image
    mean: tuple[float, ...]
    scale: tuple[float, ...]


@dataclass(frozen=True)
class TargetReading:
    """What is predicted.

    Attributes
    ----------
    classes : tuple of str
        Of a classification, in order of their codes.
    numeric, boolean : bool
        Whether the classes are numbers, or words whose case does not matter.
    rest : int or None
        The class of all others, where rare ones were merged.
    mean, scale : float
        A standardized number times `scale` plus `mean` is in the units of the file.
    """

    name: str
    task: Task
    classes: tuple[str, ...]
    numeric: bool
    boolean: bool
    rest: int | None
    mean: float
    scale: float


@dataclass(frozen=True)
class Preparation:
    """How rows of a table become inputs (n, d): numbers, flags of missing numbers, levels; or images do.

    Attributes
    ----------
    na : tuple of str
        Texts that mean missing, beside the usual ones.
    images : ImageReading, optional
        Where each row is an image: there are no columns then.
    """

    numbers: tuple[NumberInput, ...]
    categories: tuple[CategoryInput, ...]
    dates: tuple[DateReading, ...]
    target: TargetReading
    na: tuple[str, ...]
    images: ImageReading | None = None

    @property
    def shape(self) -> Image | None:
        """What the inputs of a row are together, where it is an image."""
        return None if self.images is None else self.images.shape

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that are read, without the target."""
        return tuple(dict.fromkeys([i.column for i in self.numbers] + [c.column for c in self.categories]))

    @property
    def number_columns(self) -> tuple[str, ...]:
        """Those of them that are read as numbers."""
        return tuple(number.column for number in self.numbers if not number.part)

    @property
    def input_names(self) -> tuple[str, ...]:
        """What each input is, in their order."""
        if self.images is not None:
            return self.images.shape.names
        return (
            *(number.name for number in self.numbers),
            *(f"{number.name} is missing" for number in self.numbers if number.flagged),
            *(
                f"{category.column}={name}"
                for category in self.categories
                for name in (category.names[1:] if category.width == 1 else category.names)
            ),
        )
