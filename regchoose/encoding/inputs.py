"""The inputs of a network: how each is computed from its column, and the statistics learned for that.

Each formula stands here once, beside its statistics: plain values in frozen dataclasses, so that they can be
written as JSON and read back to the bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn import config_context
from sklearn.preprocessing import StandardScaler

from regchoose.encoding.input_plan import look_up
from regchoose.records.table import Column, Image, Table
from regchoose.records.words import Float, Int, Task
from regchoose.table.columns.quantiles import quantiles

CLIP = 3.0  # quartile ranges from the median that no number exceeds
FAR = 1e9  # quartile ranges from which on a number is clipped to 3 to the last bit; its square is finite


@dataclass(frozen=True)
class NumberInput:
    """A number: in quartile ranges from the median, clipped smoothly, then standardized.

    input = (z/√(1 + (z/3)²) − mean)/scale, z = (x/4 − center)/spread; of a missing one, z = 0.

    So a cell far outside the rows learned from moves an answer no more than one at their edge does. Scale
    and clip are RealMLP's (Holzmüller, Grinsztajn & Steinwart 2024, arXiv 2407.04491). It trains on z as it
    is; here the inputs are standardized, since a penalty charges for the weights of all inputs alike.

    Attributes
    ----------
    name, column : str
        The name of the input, and the column of the file that it is read from.
    part : str
        The part of a date: year, month, day, weekday, hour or elapsed; else empty.
    center : float
        Median of the values, divided by four so that nothing overflows.
    spread : float or None
        Quartile range of the same, or half the range where that is 0; None for a constant.
    mean, scale : float
        Mean and standard deviation after clipping.
    flagged : bool
        Whether a further input says that it is missing.
    unit : str
        What stands with the number in the file, as $ or km; may be empty.
    """

    name: str
    column: str
    part: str
    center: float
    spread: float | None
    mean: float
    scale: float
    flagged: bool
    unit: str = ""


def fit_numbers(x: Float, names: Sequence[str], flagged: Sequence[bool]) -> tuple[NumberInput, ...]:
    """Learn the statistics of columns of numbers x (n, a), in which NaN is missing."""
    if not names:
        return ()
    center, spread = _location(x)
    with config_context(assume_finite=True, skip_parameter_validation=True):
        scaler = StandardScaler().fit(_clip(x, center=center, spread=spread))
    figures = zip(
        names,
        center.tolist(),
        spread.tolist(),
        scaler.mean_.tolist(),
        scaler.scale_.tolist(),
        flagged,
        strict=True,
    )
    return tuple(
        NumberInput(name, name, "", median, width if np.isfinite(width) else None, mean, scale, flag)
        for name, median, width, mean, scale, flag in figures
    )


def standardize_numbers(x: Float, inputs: Sequence[NumberInput]) -> Float:
    """Turn numbers into inputs: (n, a) -> (n, a)."""
    center, mean, scale = (
        np.array([getattr(number, name) for number in inputs]) for name in ("center", "mean", "scale")
    )
    standardized: Float = (_clip(x, center=center, spread=spreads(inputs)) - mean) / scale
    return standardized


def spreads(inputs: Sequence[NumberInput]) -> Float:
    """Return the `spread` of each number (a,), infinite for constants."""
    return np.array([np.inf if number.spread is None else number.spread for number in inputs])


def _location(x: Float) -> tuple[Float, Float]:
    """Return `center` and `spread` of the columns of x (n, a), in quarters so that nothing overflows.

    The spread of a constant is infinite.
    """
    low, lower, center, upper, high = quantiles(x / 4, (0.0, 0.25, 0.5, 0.75, 1.0))
    spread = upper - lower
    spread = np.where(spread > 0, spread, (high - low) / 2)  # mostly one value
    return center, np.where(spread > 0, spread, np.inf)  # constant: the column says nothing


def _clip(x: Float, *, center: Float, spread: Float) -> Float:
    """Return numbers (n, a) in quartile ranges from the median, clipped smoothly at 3.

    A missing number becomes the median, which is 0 here. The graph of `regchoose.refit.onnx_graph` takes the
    same steps, and so do the scripts of `regchoose.export`.
    """
    with np.errstate(over="ignore"):
        away: Float = (x / 4 - center) / spread
    np.clip(away, -FAR, FAR, out=away)
    away /= np.sqrt(1 + (away / CLIP) ** 2)
    return np.where(np.isnan(away), 0.0, away)


@dataclass(frozen=True)
class CategoryInput:
    """A category: an input for each of its levels, or one input where there are two.

    Attributes
    ----------
    column : str
    boolean : bool
        Whether case does not matter.
    levels : tuple of str
        The levels in the file.
    places : tuple of int
        For each level, the place in `names` that it counts as.
    names : tuple of str
        The levels that have inputs; the last ones may be "other" and "missing".
    shares : tuple of float
        Share of each of `names` among the rows learned from; they stand for a new level.
    other, missing : int or None
        The places of rare levels and of missing cells in `names`.
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
        """The number of inputs."""
        return 1 if len(self.names) == 2 else len(self.names)

    @property
    def inputs(self) -> Float:
        """The inputs (names + 1, width) of each level, and last those of a new level.

        The last are the shares of the levels: a row with a new level counts as the average row.
        """
        whole = np.vstack([np.eye(len(self.names)), self.shares])
        return whole[:, 1:] if self.width == 1 else whole

    @property
    def place_of_new(self) -> int:
        """The row of `inputs` for a new level: that of rare levels, if there are any."""
        return len(self.names) if self.other is None else self.other

    @property
    def place_of_missing(self) -> int:
        """The row of `inputs` for a missing cell."""
        return len(self.names) if self.missing is None else self.missing

    def look_up(self, codes: Float) -> Int:
        """Return the rows of `inputs` for codes (n,): places in `levels`, with NaN for missing."""
        return look_up(codes, np.array([*self.places, self.place_of_missing]))


def fit_category(
    column: Column, names: tuple[str, ...], lookup: Int, *, places: Int, has_gaps: bool
) -> CategoryInput:
    """Learn the shares of a category's levels.

    Parameters
    ----------
    names, lookup
        The category's levels and lookup in `regchoose.encoding.input_plan.InputPlan`.
    places : (n,) ndarray
        The places in `names` of the rows that are learned from.
    has_gaps : bool
        Whether any cell of the whole table is missing.
    """
    shares = np.bincount(places, minlength=len(names)) / len(places)
    merged = len(names) - has_gaps < len(column.levels)
    return CategoryInput(
        column.name,
        column.type == "boolean",
        column.levels,
        tuple(lookup[:-1].tolist()),
        names,
        tuple(shares.tolist()),
        other=len(names) - 1 - has_gaps if merged else None,
        missing=len(names) - 1 if has_gaps else None,
    )


@dataclass(frozen=True)
class DateColumn:
    """A column of dates: how its texts are read.

    Attributes
    ----------
    order : str
        "ISO8601", or the order of the parts in the notation of strftime.
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
class ImageInput:
    """Images of one shape: each channel is standardized as a whole.

    If each pixel were standardized by itself, a dark corner would weigh as much as a face.

    input = (number − mean of its channel)/scale of its channel

    Attributes
    ----------
    shape : Image
        The shape to which images are resized.
    mean, scale : tuple of float
        Mean and standard deviation of each channel.
    """

    shape: Image
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def standardize(self, images: Float) -> Float:
        """Turn the numbers of images into inputs: (n, p) -> (n, p)."""
        mean, scale = np.array(self.mean), np.array(self.scale)
        planes = _by_channel(images, self.shape)
        standardized: Float = ((planes - mean[:, None]) / scale[:, None]).reshape(images.shape)
        return standardized


def fit_images(images: Float, shape: Image) -> ImageInput:
    """Learn mean and standard deviation of each channel of images (n, p)."""
    planes = _by_channel(images, shape)
    spread = planes.std(axis=(0, 2))
    scale = np.where(spread > 0, spread, 1.0)
    return ImageInput(shape, tuple(planes.mean(axis=(0, 2)).tolist()), tuple(scale.tolist()))


def _by_channel(images: Float, shape: Image) -> Float:
    return images.reshape(-1, shape.channels, shape.height * shape.width)


@dataclass(frozen=True)
class EncodedTarget:
    """What is predicted: numbers, which are standardized, or classes, which are codes.

    Attributes
    ----------
    classes : tuple of str
        The classes in order of their codes; empty for a regression.
    numeric, boolean : bool
        Whether the classes are numbers, or words whose case does not matter.
    rest : int or None
        The class that rare ones were merged into, if they were.
    mean, scale : float
        A standardized number times `scale` plus `mean` is in the units of the file; 0 and 1 for classes.
    unit : str
        What stands with each number in the file, as $ or km; may be empty.
    scaled_mean : float, optional
        mean/scale as it was learned, which differs from the quotient in the last bit. A model's folder does
        not store it.
    """

    name: str
    task: Task
    classes: tuple[str, ...]
    numeric: bool
    boolean: bool
    rest: int | None
    mean: float
    scale: float
    unit: str = ""
    scaled_mean: float | None = None

    def standardize(self, values: Float) -> Float:
        """Standardize numbers in the units of the file; codes of classes stay as they are."""
        if self.task != "regression":
            return values.astype(np.float64)
        mean = self.mean / self.scale if self.scaled_mean is None else self.scaled_mean
        return values / self.scale - mean

    def in_units(self, outputs: Float) -> Float:
        """Turn outputs of a regression into the units of the file; logits stay as they are."""
        return outputs * self.scale + self.mean


def fit_target(table: Table, rows: Int) -> EncodedTarget:
    """Learn mean and standard deviation of a regression's target from rows of the table."""
    plain = EncodedTarget(
        table.target_name,
        table.task,
        table.classes,
        numeric=False,
        boolean=False,
        rest=None,
        mean=0.0,
        scale=1.0,
    )
    if table.task != "regression":
        return plain
    values = table.target[rows]
    unit = float(np.abs(values).max()) or 1.0  # no square overflows
    scale = float((values / unit).std() * unit) or 1.0
    mean = float((values / scale).mean())
    return replace(plain, mean=mean * scale, scale=scale, scaled_mean=mean)
