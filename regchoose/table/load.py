"""From a path to a table that is ready for an experiment."""

from dataclasses import replace

from numpy.typing import ArrayLike

from regchoose.errors import DataError, Phrase, PhraseLike, UsageError, one_of, setting
from regchoose.records.table import AS_Y, Column, Table
from regchoose.settings.options import Settings
from regchoose.table.cells import some
from regchoose.table.columns.duplicates import repeats
from regchoose.table.columns.facts import Facts, facts_of, refuse_odd_texts
from regchoose.table.columns.group_and_time import groups_of, times_of
from regchoose.table.columns.leakage import leaks
from regchoose.table.columns.minimum_rows import check_classes, check_rows
from regchoose.table.columns.roles import ANOTHER_TARGET, Features, to_features
from regchoose.table.columns.target import Target, find_target, merge_rare, nearest, to_target
from regchoose.table.csv.dialect import Choose
from regchoose.table.csv.read import read
from regchoose.table.file_set import large_parts
from regchoose.table.images.image_set import ImageSet
from regchoose.table.images.load_images import are_images, load_images, open_images
from regchoose.table.in_memory import InMemory, raw_from_memory
from regchoose.table.large.column_stats import with_whole
from regchoose.table.large.held_rows import look_out
from regchoose.table.large.rejected_rows import check_reading
from regchoose.table.large.stream import Advanced, ignore, streaming
from regchoose.table.raw_table import RawTable
from regchoose.workers.tasks import Crew


def load(
    path: str,
    settings: Settings,
    *,
    choose: Choose,
    advanced: Advanced = ignore,
    crew: Crew | None = None,
) -> Table:
    """Read a table, give its columns their roles, and find the target and the task.

    Parameters
    ----------
    path : str
        A .csv, .tsv or .txt file, also compressed by gzip or zstandard, a .parquet file, or a folder or
        pattern of such files. What is larger than 64 MB or several files is streamed: of its rows some,
        drawn evenly, are held. Or images: an .npz file with X and y, or a folder with a subfolder a class.
    settings : Settings
        Those of the group "Data" matter, and `folds`, `resources` and `subsample` for the fewest rows.
    choose : callable
        Asks a person where the file does not tell; returns None where no prompt is possible.
    advanced : callable
        Is told the bytes that the present pass over a large table has read.
    crew : Crew, optional
        Workers that see the files of the table too, and share them.

    Returns
    -------
    Table
        Features (n, p), target (n,), and what was found on the way.

    Raises
    ------
    UsageError
        E201 to E209: the path, an option, or a column that an option names.
    DataError
        E301 to E327: the file cannot be read exactly, or not be learned from.
    """
    return load_with_text(path, settings, choose=choose, advanced=advanced, crew=crew)[0]


def load_with_text(
    path: str,
    settings: Settings,
    *,
    choose: Choose,
    advanced: Advanced = ignore,
    crew: Crew | None = None,
) -> tuple[Table, RawTable]:
    """Do what `load` does, and return the text of the same rows too; of images that of the target."""
    if are_images(path):
        found = open_images(path, settings)
        if isinstance(found, ImageSet):
            return load_images(found, settings, advanced=advanced)
        return _small(found, settings, choose=choose)
    parts = large_parts(path)
    if parts is None:
        return _small(read(path, settings, choose=choose), settings, choose=choose)
    with streaming(parts, settings, choose=choose, advanced=advanced, crew=crew) as stream:
        outlook = look_out(stream)
        if not outlook.complete:
            _check_possible(outlook.raw, settings)
        table, raw = _to_table(outlook.raw, settings, choose=choose)
        if outlook.complete:
            warnings = check_reading(stream, outlook.bytes, ())
            return replace(table, warnings=(*table.warnings, *warnings, *repeats(table))), raw
        return with_whole(table, stream, outlook.bytes), raw


def _small(raw: RawTable, settings: Settings, *, choose: Choose) -> tuple[Table, RawTable]:
    """Do what `load_with_text` does, for a table that is held."""
    table, raw = _to_table(raw, settings, choose=choose)
    return replace(table, warnings=(*table.warnings, *repeats(table))), raw


def load_memory(data: InMemory, y: ArrayLike | None, settings: Settings) -> tuple[Table, RawTable]:
    """Do what `load_with_text` does with a table in memory, whose columns keep their types.

    Parameters
    ----------
    data : DataFrame, mapping, or array-like (n, p)
    y : array-like (n,), optional
        The target; else it is a column of `data`, found as that of a file is.

    Raises
    ------
    UsageError, DataError
        As `load`, and as `regchoose.table.in_memory.raw_from_memory`.
    """
    raw, target = raw_from_memory(data, y)
    chosen = settings if target is None else replace(settings, target=target)
    table, kept = _small(raw, chosen, choose=lambda _: None)
    return replace(table, target_why=table.target_why if target is None else AS_Y), kept


def _check_possible(raw: RawTable, settings: Settings) -> None:
    """Raise E202 for what needs all rows of a table of which some are held."""
    reasons = {
        "group": "rows of one group would be torn apart" if settings.group is not None else "",
        "min_class": "a class may be rare among them, and not in the table" if settings.min_class else "",
    }
    for name, why in reasons.items():
        if why:
            raise UsageError(
                "E202",
                setting(name) + f" needs all rows, and of this table {raw.n_rows:,} are held: {why}",
                where=raw.path,
                fix="leave " + setting(name) + " out" | f"give a table of at most {raw.n_rows:,} rows",
            )


def _to_table(raw: RawTable, settings: Settings, *, choose: Choose) -> tuple[Table, RawTable]:
    """Give a table as text its roles, target and task; return it with the text of its rows."""
    place, why = find_target(raw, settings, choose=choose)
    target_why = Phrase.of(why).words(python=raw.dialect.in_memory)
    _check_names(raw, settings, target=raw.names[place])
    raw, facts, dropped = _with_target(raw, place, settings)
    if settings.task != "classification":
        refuse_odd_texts(facts, raw)
    experiment = "no" not in (settings.resources, settings.subsample)
    if experiment:
        check_rows(raw, settings)
    target = to_target(facts, raw, settings)
    if target.classes and settings.min_class:
        target = merge_rare(target, settings.min_class)
    if experiment and target.classes:
        check_classes(target, raw, settings)
    features = to_features(raw, place, settings)
    columns = list(features.columns)
    columns[place] = Column(raw.names[place], "target", target.type, target_why)
    said = [*raw.warnings, *dropped, *target.warnings, *features.warnings, *_leakage(features, target)]
    in_memory = raw.dialect.in_memory
    table = Table(
        path=raw.path,
        dialect=raw.dialect,
        columns=tuple(columns),
        features=features.values,
        target=target.values,
        target_name=raw.names[place],
        target_why=target_why,
        task=target.task,
        task_why=Phrase.of(target.task_why).words(python=in_memory),
        classes=target.classes,
        warnings=tuple(Phrase.of(line).words(python=in_memory) for line in said),
        groups=groups_of(raw, settings),
        time=times_of(raw, settings),
    )
    return table, raw


def _leakage(features: Features, target: Target) -> tuple[PhraseLike, ...]:
    used = [column for column in features.columns if column.used]
    return leaks(used, features.values, target=target.values, n_classes=len(target.classes))


def _check_names(raw: RawTable, settings: Settings, *, target: str) -> None:
    """Raise E208 for a column that `--exclude` or `--keep` names and that is not there, or is the target."""
    for by in ("exclude", "keep", "group", "time"):
        given = getattr(settings, by)
        names = given if isinstance(given, tuple) else filter(None, [given])
        for name in names:
            if name not in raw.names:
                near = nearest(name, raw.names)
                raise UsageError(
                    "E208",
                    setting(by) + f" names {name!r}, and there is no such column",
                    where=raw.path,
                    fix=one_of([setting(**{by: [o] if isinstance(given, tuple) else o}) for o in near]),
                )
            if name == target and by != "keep":
                raise UsageError(
                    "E208", setting(by) + f" names the target {name!r}", where=raw.path, fix=ANOTHER_TARGET
                )


def _with_target(raw: RawTable, place: int, settings: Settings) -> tuple[RawTable, Facts, tuple[str, ...]]:
    """Return the rows that have a target, its facts, and a warning where rows were dropped."""
    facts = facts_of(raw, place, settings)
    if not facts.missing.any():
        return raw, facts, ()
    count, lines = int(facts.missing.sum()), raw.lines[facts.missing]
    if not settings.drop_missing_target or count == raw.n_rows:
        raise DataError(
            "E322",
            f"the target {facts.name!r} is missing in {count:,} of {raw.n_rows:,} rows",
            where=f"{raw.path}:{int(lines[0])}",
            detail=[f"lines {', '.join(str(int(line)) for line in lines[:5])}{', …' if count > 5 else ''}"],
            fix=ANOTHER_TARGET if count == raw.n_rows else setting(drop_missing_target=True),
        )
    kept = ~facts.missing
    raw = replace(raw, columns=tuple(some(column, kept) for column in raw.columns), lines=raw.lines[kept])
    return raw, facts_of(raw, place, settings), (f"{count:,} rows without a target were left out",)
