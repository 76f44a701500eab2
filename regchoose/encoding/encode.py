"""From rows of a table to the inputs of a network, fitted on given rows only.

Numbers are centred and scaled by quartiles and cut at 100 quartile ranges first (a single 1e300 must not
flatten a column), then scikit-learn's `ColumnTransformer` imputes, standardizes and codes. Which inputs
there are is decided on the whole table, so that every resampling cell has the same.
"""

import numpy as np
from sklearn import config_context
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from regchoose.records.table import Image, Table
from regchoose.records.words import Float, Int
from regchoose.table.columns.coding import Coding, coding, recode
from regchoose.table.columns.quantiles import quantiles

FARTHEST = 100.0  # quartile ranges from the median at which a number is cut


def encoded_names(table: Table) -> tuple[str, ...]:
    """Return the names of the inputs, in the order of `encode`: numbers, missing flags, levels."""
    plan, names = coding(table), [column.name for column in table.used]
    return (
        *(names[j] for j in plan.numbers),
        *(f"{names[j]} is missing" for j in plan.flagged),
        *(
            f"{names[j]}={level}"
            for j, levels in zip(plan.categories, plan.levels, strict=True)
            for level in (levels[1:] if len(levels) == 2 else levels)
        ),
    )


def encode(table: Table, fit: Int, *others: Int) -> tuple[tuple[Float, Float], ...]:
    """Encode rows of a table; everything that is learned is learned from `fit`.

    Parameters
    ----------
    table : Table
    fit : (n,) ndarray
        Row numbers that medians, scales and the target's mean come from.
    *others : (…,) ndarray
        Row numbers to encode in the same way.

    Returns
    -------
    tuple of (x, y)
        For `fit` and each of the others: inputs (n, d) and targets (n,): standardized numbers of a
        regression, class codes otherwise. d depends on the table alone. Images keep their numbers in order,
        each channel standardized.
    """
    if table.image is not None:
        return _images(table, table.image, fit, *others)
    plan = coding(table)
    blocks = [table.features[rows] for rows in (fit, *others)]
    center, spread = location(blocks[0][:, plan.numbers])
    prepared = [_prepared(block, plan, center=center, spread=spread) for block in blocks]
    with config_context(assume_finite=True, skip_parameter_validation=True):
        transformer = _transformer(plan)
        inputs = [transformer.fit_transform(prepared[0]), *map(transformer.transform, prepared[1:])]
    return tuple(
        (np.asarray(x, dtype=np.float64), _target(table, fit, rows=rows))
        for x, rows in zip(inputs, (fit, *others), strict=True)
    )


def _images(table: Table, image: Image, fit: Int, *others: Int) -> tuple[tuple[Float, Float], ...]:
    mean, scale = channel_scales(table.features[fit], image)
    return tuple(
        (
            standardized_images(table.features[rows], image, mean=mean, scale=scale),
            _target(table, fit, rows=rows),
        )
        for rows in (fit, *others)
    )


def channel_scales(images: Float, image: Image) -> tuple[Float, Float]:
    """Return mean and standard deviation of each channel (c,) of images (n, p).

    A channel is standardized as a whole: pixel by pixel, a dark corner would weigh as much as a face.
    """
    learned = images.reshape(-1, image.channels, image.height * image.width)
    spread = learned.std(axis=(0, 2))
    return learned.mean(axis=(0, 2)), np.where(spread > 0, spread, 1.0)


def standardized_images(images: Float, image: Image, *, mean: Float, scale: Float) -> Float:
    """Return images (n, p), each channel standardized by its mean and scale (c,)."""
    planes = images.reshape(-1, image.channels, image.height * image.width)
    standardized: Float = ((planes - mean[:, None]) / scale[:, None]).reshape(images.shape)
    return standardized


def target_scale(table: Table, fit: Int) -> float:
    """Return the sd of a regression's target among `fit`, by which `encode` divides; otherwise 1."""
    if table.task != "regression":
        return 1.0
    values = table.target[fit]
    unit = float(np.abs(values).max()) or 1.0  # no square overflows
    return float((values / unit).std() * unit) or 1.0


def _target(table: Table, fit: Int, *, rows: Int) -> Float:
    if table.task != "regression":
        return table.target[rows].astype(np.float64)
    scale = target_scale(table, fit)
    standardized: Float = table.target[rows] / scale - (table.target[fit] / scale).mean()
    return standardized


def location(x: Float) -> tuple[Float, Float]:
    """Return medians and quartile ranges of the columns of x (n, p), in quarters so that nothing overflows.

    The range of a constant is infinite.
    """
    low, lower, center, upper, high = quantiles(x / 4, (0.0, 0.25, 0.5, 0.75, 1.0))
    spread = upper - lower
    spread = np.where(spread > 0, spread, np.maximum(high - center, center - low))  # mostly one value
    return center, np.where(spread > 0, spread, np.inf)  # constant: the column says nothing


def cut(x: Float, *, center: Float, spread: Float) -> Float:
    """Return numbers (n, p) in quartile ranges from the median, none farther than 100; missing stay NaN."""
    with np.errstate(over="ignore"):
        numbers: Float = (x / 4 - center) / spread
    return np.clip(numbers, -FARTHEST, FARTHEST, out=numbers)


def _prepared(features: Float, plan: Coding, *, center: Float, spread: Float) -> Float:
    numbers = cut(features[:, plan.numbers], center=center, spread=spread)
    return np.hstack([numbers, recode(features, plan)])


def _transformer(plan: Coding) -> ColumnTransformer:
    count = len(plan.numbers)
    flagged = np.searchsorted(plan.numbers, plan.flagged)
    levels = [np.arange(len(names), dtype=np.float64) for names in plan.levels]
    # `_prepared` has put the median at 0
    median = SimpleImputer(strategy="constant", fill_value=0.0, keep_empty_features=True)
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(median, StandardScaler()), np.arange(count)),
            ("missing", MissingIndicator(features="all"), flagged),
            (
                "levels",
                OneHotEncoder(categories=levels, drop="if_binary", sparse_output=False),
                count + np.arange(len(levels)),
            ),
        ],
        sparse_threshold=0,
    )
