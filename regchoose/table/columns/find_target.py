"""Which column is to be predicted."""

import difflib
from collections.abc import Sequence

from regchoose.errors import PhraseLike, UsageError, one_of, phrase_of, setting
from regchoose.records.answers import Ask, Prompt
from regchoose.settings.options import Settings
from regchoose.table.cell_values import clean, is_missing
from regchoose.table.columns.target import describe_cells, name_other_targets
from regchoose.table.raw_table import RawTable

NAMES = ("target", "label", "class", "y", "outcome")
OF_DIALECT = ("delimiter", "encoding", "decimal", "header", "header_rows")  # what `Dialect.found` names


def find_target(raw: RawTable, settings: Settings, *, choose: Ask) -> tuple[int, PhraseLike]:
    """Return the place of the target column, and why it is that one; check the columns that options name.

    Raises
    ------
    UsageError
        E204 where `--target` is not a column, or is several; E205 for a table of one column; E208 where
        another option names a column that is not there, or the target.
    """
    place, why = _find(raw, settings, choose=choose)
    _check_names(raw, settings, target=raw.names[place])
    return place, why


def _find(raw: RawTable, settings: Settings, *, choose: Ask) -> tuple[int, PhraseLike]:
    if len(raw.names) == 1:
        raise UsageError(
            "E205",
            f"the table has one column, {raw.names[0][:60]!r}: a target and features were wanted",
            where=raw.path,
            detail=[phrase_of(raw.dialect.found[:150], *map(setting, OF_DIALECT))],
            fix=setting(delimiter=";") + ", where another character separates the fields"
            if raw.dialect.format == "csv"
            else "a table with the target and features",
        )
    if raw.target is not None:
        return raw.names.index(raw.target), "by " + setting("target")
    if settings.target is not None:
        return _named(raw, settings.target), "by " + setting("target")
    likely = [place for place, name in enumerate(raw.names) if name.casefold() in NAMES]
    if len(likely) == 1:
        return likely[0], f"the only column called {', '.join(NAMES[:-1])} or {NAMES[-1]}"
    several = " and ".join(repr(raw.names[place]) for place in likely)
    why = (
        f"{several} may be meant" if likely else f"no column is called {', '.join(NAMES[:-1])} or {NAMES[-1]}"
    )
    last = raw.names[_last_filled(raw, settings)]
    answer = choose(
        Prompt(
            flag="--target",
            text="Which column should be predicted?",
            choices={name: describe_cells(cells) for name, cells in zip(raw.names, raw.columns, strict=True)},
            default=last,
            why=f"The names do not tell: {why}.",
        )
    )
    if answer is None:
        chosen = f"the last column, as {why}; " + setting("target") + " names another"
        return raw.names.index(last), chosen
    return _named(raw, answer), "as answered"


def _last_filled(raw: RawTable, settings: Settings) -> int:
    """Return the last column, unless it has neither name nor cells: a delimiter that ends rows makes one."""
    for place in range(len(raw.names) - 1, 0, -1):
        texts = raw.columns[place].clean().texts
        if raw.names[place] != f"c{place + 1}" or not all(is_missing(text, settings.na) for text in texts):
            return place
    return len(raw.names) - 1


def _named(raw: RawTable, name: str) -> int:
    if clean(name) in raw.duplicated:
        same = [other for other in raw.names if other == clean(name) or other.startswith(f"{clean(name)}_")]
        raise UsageError(
            "E204",
            f"{len(same)} columns are called {name!r}",
            where=raw.path,
            detail=[f"they are read as {', '.join(map(repr, same))}"],
            fix="give each column a name of its own in the file",
        )
    if name in raw.names:
        return raw.names.index(name)
    several = [part.strip() for part in name.split(",")]
    if len(several) > 1 and all(part in raw.names for part in several):
        raise UsageError(
            "E204",
            f"{len(several)} targets were named, and one can be predicted at a time",
            where=raw.path,
            fix=setting(target=several[0], exclude=[several[1]]),
        )
    raise UsageError(
        "E204",
        f"there is no column {name!r} to predict",
        where=f"{raw.path}   columns {', '.join(raw.names[:8])}{', …' if len(raw.names) > 8 else ''}",
        fix=one_of([setting(target=other) for other in _nearest(name, raw.names)]),
    )


def _check_names(raw: RawTable, settings: Settings, *, target: str) -> None:
    """Raise E208 for a column that `--exclude` or `--keep` names and that is not there, or is the target."""
    for by in ("exclude", "keep", "group", "time"):
        given = getattr(settings, by)
        names = given if isinstance(given, tuple) else filter(None, [given])
        for name in names:
            if name not in raw.names:
                near = _nearest(name, raw.names)
                raise UsageError(
                    "E208",
                    setting(by) + f" names {name!r}, and there is no such column",
                    where=raw.path,
                    fix=one_of([setting(**{by: [o] if isinstance(given, tuple) else o}) for o in near]),
                )
            if name == target and by != "keep":
                raise UsageError(
                    "E208",
                    setting(by) + f" names the target {name!r}",
                    where=raw.path,
                    fix=name_other_targets(raw, target),
                )


def _nearest(name: str, names: tuple[str, ...]) -> Sequence[str]:
    """Return the names that may be meant; the last one where none is alike."""
    folded = {other.casefold(): other for other in names}
    near = [
        folded[match] for match in difflib.get_close_matches(clean(name).casefold(), folded, n=3, cutoff=0.5)
    ]
    return near or names[-1:]
