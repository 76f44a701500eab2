"""From images to a table that is ready for an experiment."""

import hashlib
from collections.abc import Iterator
from dataclasses import fields

import numpy as np

from regchoose.errors import DataError, Phrase, UsageError
from regchoose.records.table import Column, Image, Table, Whole
from regchoose.records.words import Float, Int, OnProgress
from regchoose.settings.options import DATA, Option, Settings
from regchoose.table.columns.facts import gather_facts
from regchoose.table.columns.target import TargetValues, prepare_target
from regchoose.table.images.image_set import ImageSet
from regchoose.table.images.patches import PatchMoments
from regchoose.table.raw_table import RawTable

MOST_NUMBERS = 40_000_000  # held, 8 bytes each; of more images some are held
MEANT = {"task", "min_class", "image_size"}  # settings of the group Data that images know


def load_images(images: ImageSet, settings: Settings, *, advanced: OnProgress) -> tuple[Table, RawTable]:
    """Read images; return them as a table, and their targets as text.

    Where they are more than 40 million numbers, some images, drawn evenly, are held, and the table's `whole`
    says what all are like, in the terms of `in_patches`.

    Raises
    ------
    UsageError
        E202 for an option that is for tables of text.
    DataError
        E303, E321 to E324, E327 as for any table; E330 for an image that cannot be read.
    """
    _refuse_table_options(settings, path=images.path)
    raw = images.targets(np.arange(len(images)))
    target = _target(images, raw, settings)
    held = _held(len(images), images.image, seed=settings.seed)
    features, whole, digests = _read(images, held, target, advanced=advanced)
    some = (
        (f"{len(held):,} of {len(images):,} images are held, drawn evenly; all were looked at",)
        if whole is not None
        else ()
    )
    target_column = Column(images.target_name, "target", target.type, images.target_why)
    merged = (Phrase.of(line).shell for line in target.warnings)
    table = Table(
        path=images.path,
        dialect=raw.dialect,
        columns=(*_columns(images.image), target_column),
        features=features,
        target=target.values[held],
        target_name=images.target_name,
        target_why=images.target_why,
        task=target.task,
        task_why=Phrase.of(target.task_why).shell if images.format == "npz" else "the subfolders are classes",
        classes=target.classes,
        merged=target.merged,
        warnings=(*images.warnings, *merged, *some, *_warn_of_copies(digests, target.values[held])),
        whole=whole,
        image=images.image,
    )
    return table, raw.take(held)


def _refuse_table_options(settings: Settings, *, path: str) -> None:
    for field in fields(Settings):
        is_of_data = any(isinstance(item, Option) and item.group == DATA for item in _metadata(field.type))
        if is_of_data and field.name not in MEANT and getattr(settings, field.name) != field.default:
            flag = f"--{field.name.replace('_', '-')}"
            raise UsageError(
                "E202",
                f"{flag} is not for images",
                where=path,
                fix=f"leave {flag} out, and unset it elsewhere",
            )


def _metadata(annotation: object) -> tuple[object, ...]:
    found: tuple[object, ...] = vars(annotation).get("__metadata__", ())
    return found


def _target(images: ImageSet, raw: RawTable, settings: Settings) -> TargetValues:
    facts = gather_facts(raw, 0, settings)
    if facts.missing.any():
        rows = np.flatnonzero(facts.missing)
        raise DataError(
            "E322",
            f"the target {facts.name!r} is missing in {len(rows):,} of {raw.n_rows:,} images",
            where=f"{raw.path}, row {int(rows[0])}",
            fix="leave these rows out of X and y",
        )
    if len(facts.texts) == 1 and images.format == "images":
        raise DataError(
            "E321",
            f"the folder has one class, {facts.texts[0][:40]!r}, and two subfolders were wanted",
            where=raw.path,
            fix="a subfolder for each class",
        )
    return prepare_target(facts, raw, settings)


def _held(n: int, image: Image, *, seed: int) -> Int:
    """Return the numbers of the images that are held, ascending: all, or an even random choice."""
    most = max(1, MOST_NUMBERS // image.n_numbers)
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng((seed, 4)).choice(n, most, replace=False))


def _read(
    images: ImageSet, held: Int, target: TargetValues, *, advanced: OnProgress
) -> tuple[Float, Whole | None, list[bytes]]:
    """Read all images; return those held (m, p), the moments of all, and a digest of each one held."""
    features = np.empty((len(held), images.image.n_numbers))
    digests, place, moments = [], 0, PatchMoments(images.image)
    all_held = len(held) == len(images)
    for row in range(len(images)):
        pixels = images.pixels(row)
        advanced(row + 1)
        if place < len(held) and held[place] == row:
            features[place] = pixels.reshape(-1)
            digests.append(hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).digest())
            place += 1
        if not all_held:
            moments.add(pixels)
    return features, None if all_held else moments.whole(target), digests


def _columns(image: Image) -> Iterator[Column]:
    """Yield a column for each number."""
    return (Column(name, "numeric", "number", "a pixel of the images") for name in image.names)


def _warn_of_copies(digests: list[bytes], target: Float) -> tuple[str, ...]:
    """Return a warning where images are the same, number for number."""
    first: dict[bytes, float] = {}
    unlike = sum(
        first.setdefault(digest, value) != value for digest, value in zip(digests, target, strict=True)
    )
    n_copies = len(digests) - len(first)
    if not n_copies:
        return ()
    other = f", {unlike:,} of them with another target" if unlike else ""
    return (f"{n_copies:,} images are copies of another{other}; copies are never parted",)
