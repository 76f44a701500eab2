"""The encoder of a table: fitted on some of its rows, applied to any of its rows and to new ones."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from regchoose.encoding.input_plan import name_inputs, plan_inputs
from regchoose.encoding.inputs import (
    CategoryInput,
    DateColumn,
    EncodedTarget,
    ImageInput,
    NumberInput,
    fit_category,
    fit_images,
    fit_numbers,
    fit_target,
    standardize_numbers,
)
from regchoose.encoding.text_rows import (
    Oddities,
    read_levels,
    read_numbers,
    read_targets,
    to_batch,
)
from regchoose.records.table import Image, Table
from regchoose.records.words import Float, Int
from regchoose.settings.options import Settings
from regchoose.table.in_memory import InMemory, named_columns
from regchoose.table.large.batches import Batch


@dataclass(frozen=True)
class Encoder:
    """Turns rows of a table into the inputs (n, d) of a network: numbers, flags of missing ones, levels.

    All statistics are learned from the rows given to `fit`; which inputs there are is decided on the whole
    table, so d depends on the table alone. The inputs of an image are its numbers, in order.

    Attributes
    ----------
    dates : tuple of DateColumn
        How dates are read from text.
    na : tuple of str
        Texts that mean missing, beside the usual ones.
    images : ImageInput, optional
        If each row is an image; there are no columns then.
    """

    numbers: tuple[NumberInput, ...]
    categories: tuple[CategoryInput, ...]
    dates: tuple[DateColumn, ...]
    target: EncodedTarget
    na: tuple[str, ...]
    images: ImageInput | None = None

    # ---- fitted ----------------------------------------------------------------------------------------

    @classmethod
    def fit(cls, table: Table, rows: Int) -> "Encoder":
        """Learn medians, scales and shares of levels, or the channels of images.

        Parameters
        ----------
        rows : (n,) ndarray
            Row numbers of the table that are learned from.
        """
        features, target = table.features[rows], fit_target(table, rows)
        if table.image is not None:
            return cls((), (), (), target, (), fit_images(features, table.image))
        plan = plan_inputs(table)
        numbers = fit_numbers(
            features[:, plan.numbers],
            [plan.columns[j].name for j in plan.numbers],
            np.isin(plan.numbers, plan.flagged).tolist(),
        )
        levels = plan.recode(features)
        categories = tuple(
            fit_category(
                plan.columns[j],
                plan.levels[place],
                plan.lookup[place],
                places=levels[:, place],
                has_gaps=bool(np.isnan(table.features[:, j]).any()),
            )
            for place, j in enumerate(plan.categories.tolist())
        )
        return cls(numbers, categories, (), target, ())

    def for_text(self, table: Table, settings: Settings) -> "Encoder":
        """Return an encoder that can also read new rows of text, in the way the table was read.

        Parameters
        ----------
        settings : Settings
            Those that the table was read with.
        """
        (column,) = (column for column in table.columns if column.role == "target")
        target = replace(
            self.target,
            numeric=bool(table.classes) and column.type in ("integer", "number"),
            boolean=column.type == "boolean",
            rest=len(table.classes) - 1 if table.merged else None,
            unit=column.unit,
            # New rows are encoded with what the model's folder stores, which is not this figure.
            scaled_mean=None,
        )
        if self.images is not None:
            return replace(self, target=target)
        dated = [(column.name, column.date) for column in table.columns if column.date is not None]
        parts = {made: (name, part) for name, date in dated for made, part in date.parts.items()}
        units = {column.name: column.unit for column in table.columns}
        numbers = (
            replace(number, column=parts[number.name][0], part=parts[number.name][1])
            if number.name in parts
            else replace(number, unit=units.get(number.name, ""))
            for number in self.numbers
        )
        dates = tuple(DateColumn(name, date.order, date.clock, date.first) for name, date in dated)
        return replace(self, numbers=tuple(numbers), dates=dates, target=target, na=tuple(settings.na))

    # ---- applied ---------------------------------------------------------------------------------------

    def transform(self, table: Table, rows: Int) -> tuple[Float, Float]:
        """Encode rows of the table that the encoder was fitted on, or of one with the same columns.

        Returns
        -------
        x, y : (n, d), (n,) ndarray
            Inputs, and targets: standardized numbers of a regression, else codes of classes.
        """
        features, y = table.features[rows], self.target.standardize(table.target[rows])
        if self.images is not None:
            return self.images.standardize(features), y
        codes = features[:, table.category_places]
        places = [category.look_up(codes[:, j]) for j, category in enumerate(self.categories)]
        return self._inputs(features[:, table.number_places], places), y

    def transform_batch(
        self, batch: Batch, settings: Settings, *, oddities: Oddities
    ) -> tuple[Float, Float | None]:
        """Encode new rows of text, or images.

        A new level counts as a rare one if rare levels were merged, else as the average row. A missing cell
        in a column that had none counts as the median, or as the average row.

        Parameters
        ----------
        batch : Batch
            Rows of a table that has all columns of the encoder; others are ignored.
        settings : Settings
            Only `na` matters.
        oddities : Oddities
            Anything unusual is added to it.

        Returns
        -------
        x, y : (n, d), (n,) ndarray
            y is NaN for a row without a target, and None if the table has no such column.

        Raises
        ------
        DataError
            E326 for a text where there were numbers, or dates.
        """
        if self.images is not None:
            assert batch.pixels is not None, "images are read as images"
            x = self.images.standardize(batch.pixels)
            oddities.add_scale(x)
        else:
            x = self._inputs(
                read_numbers(batch, self.numbers, self.dates, settings, oddities=oddities),
                read_levels(batch, self.categories, settings, oddities=oddities),
            )
        if self.target.name not in batch.raw.names:
            return x, None
        y = read_targets(batch, self.target, settings)
        oddities.without_target += int(np.isnan(y).sum())
        return x, self.target.standardize(y)

    def transform_memory(self, data: InMemory, settings: Settings) -> Float:
        """Encode new rows in memory, as `transform_batch` does: -> (n, d).

        Parameters
        ----------
        data : DataFrame, mapping, or array-like (n, p)
            With all columns of the encoder; others are ignored.
        """
        columns = named_columns(data)
        batch = to_batch({name: columns[name] for name in self.columns}, self.number_columns)
        return self.transform_batch(batch, settings, oddities=Oddities())[0]

    def _inputs(self, numbers: Float, places: list[Int]) -> Float:
        """Return the inputs of numbers (n, a), and of each category's places (n,) in its `inputs`."""
        blocks = [standardize_numbers(numbers, self.numbers)]
        flagged = np.flatnonzero([number.flagged for number in self.numbers])
        if len(flagged):  # an empty block would change the memory layout, and so the last bits of sums
            blocks.append(np.isnan(numbers[:, flagged]).astype(np.float64))
        blocks += [category.inputs[rows] for category, rows in zip(self.categories, places, strict=True)]
        return np.hstack(blocks)

    # ---- described -------------------------------------------------------------------------------------

    @property
    def shape(self) -> Image | None:
        """The shape of an image, if each row is one."""
        return None if self.images is None else self.images.shape

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the file that the inputs are read from."""
        return tuple(dict.fromkeys([i.column for i in self.numbers] + [c.column for c in self.categories]))

    @property
    def number_columns(self) -> tuple[str, ...]:
        """The columns that are read as numbers."""
        return tuple(number.column for number in self.numbers if not number.part)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The name of each input, in order."""
        if self.images is not None:
            return self.images.shape.names
        return name_inputs(
            (number.name for number in self.numbers),
            (number.name for number in self.numbers if number.flagged),
            ((category.column, category.names) for category in self.categories),
        )

    # ---- stored ----------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return plain values; written as JSON they are read back to the bit."""
        values = asdict(self)
        del values["target"]["scaled_mean"]
        return values

    @classmethod
    def from_json(cls, content: bytes) -> "Encoder":
        """Read an encoder that was written as JSON.

        Raises
        ------
        ValueError
            If it is something else, or its parts contradict each other.
        """
        encoder = TypeAdapter(cls).validate_json(content)
        wrong = encoder._contradictions()
        if wrong:
            raise ValueError(f"the parts of {wrong[0][:40]!r} do not fit together")
        return encoder

    def _contradictions(self) -> list[str]:
        """Return the names of columns whose parts contradict each other."""
        dates = {date.column for date in self.dates}
        wrong = [number.name for number in self.numbers if number.part and number.column not in dates]
        wrong += [number.name for number in self.numbers if number.scale <= 0 or (number.spread or 1) <= 0]
        wrong += [self.target.name] * (self.target.scale <= 0)
        for category in self.categories:
            count = len(category.names)
            places = [*category.places, category.other or 0, category.missing or 0]
            fits = len(category.levels) == len(category.places) and len(category.shares) == count
            if not fits or not all(0 <= place < count for place in places):
                wrong.append(category.column)
        images = self.images
        if images is not None and (
            {len(images.mean), len(images.scale)} != {images.shape.channels} or min(images.scale) <= 0
        ):
            wrong.append("images")
        return wrong
