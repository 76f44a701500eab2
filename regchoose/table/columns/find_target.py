"""Which column is to be predicted."""

import difflib
import re
from collections.abc import Callable, Sequence

from regchoose.errors import PhraseLike, UsageError, one_of, phrase_of, setting
from regchoose.records.answers import Ask, Prompt
from regchoose.settings.options import Settings
from regchoose.table.cell_values import clean
from regchoose.table.columns.facts import Facts
from regchoose.table.columns.roles import rule
from regchoose.table.columns.target import describe_cells, name_other_targets
from regchoose.table.raw_table import RawTable

# Names of targets in an order of trust: of the first line that names exactly one column, that is the target.
# They are compared without case, and with any mark between words.
NAMES = (
    "target label class y outcome",
    "labels classes targets response dependent_variable ground_truth target_class class_label",
    "diagnosis survived default default_payment_next_month churn churned exited attrition survival_status "
    "is_fraud isfraud fraud spam is_spam is_canceled readmitted loan_status heartdisease heart_disease "
    "purchased credit_risk income_class sentiment species variety quality",
    "price saleprice sale_price selling_price median_house_value medv charges salary",
)
COORDINATES = {"x", "z"}  # beside these, y is a place
OF_DIALECT = ("delimiter", "encoding", "decimal", "header", "header_rows")  # what `Dialect.found` names


def find_target(
    raw: RawTable, settings: Settings, *, facts: Callable[[int], Facts], choose: Ask
) -> tuple[int, PhraseLike]:
    """Return the place of the target column, and why it is that one; check the columns that options name.

    `facts` gathers those of the column at a place.

    Raises
    ------
    UsageError
        E204 where `--target` is not a column, or is several; E205 for a table of one column; E208 where
        another option names a column that is not there, or the target.
    """
    place, why = _find(raw, settings, facts=facts, choose=choose)
    _check_names(raw, settings, target=raw.names[place])
    return place, why


def _find(
    raw: RawTable, settings: Settings, *, facts: Callable[[int], Facts], choose: Ask
) -> tuple[int, PhraseLike]:
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
    by_name, doubt = _find_by_name(raw, facts)
    if by_name is not None:
        why = f"the only column called {raw.names[by_name]}, as targets are; "
        return by_name, why + setting("target") + " names another"
    place, passed = _last_predictable(raw, facts)
    last = raw.names[place]
    answer = choose(
        Prompt(
            flag="--target",
            text="Which column should be predicted?",
            choices={name: describe_cells(cells) for name, cells in zip(raw.names, raw.columns, strict=True)},
            default=last,
            why=f"The names do not tell: {doubt}.",
        )
    )
    if answer is None:
        which = f"the last column{passed and f' that can be predicted (after it come {passed})'}"
        return place, f"{which}, as {doubt}; " + setting("target") + " names another"
    return _named(raw, answer), "as answered"


def _find_by_name(raw: RawTable, facts: Callable[[int], Facts]) -> tuple[int | None, str]:
    """Return the place of the column that is called as targets are; or none, and why that is in doubt."""
    names = [re.sub(r"\W+", "_", name.casefold()).strip("_") for name in raw.names]
    doubt = "no column is called as targets usually are"
    for trusted, line in enumerate(NAMES):
        likely = [place for place, name in enumerate(names) if name in line.split()]
        if set(names) >= COORDINATES:
            likely = [place for place in likely if names[place] != "y"]
        if trusted:  # other names than the usual ones say nothing of a column that cannot be predicted
            likely = [place for place in likely if not _why_passed(facts(place))]
        if len(likely) == 1:
            return likely[0], ""
        if likely:
            return None, f"{' and '.join(repr(raw.names[place]) for place in likely)} may be meant"
    return None, doubt


def _last_predictable(raw: RawTable, facts: Callable[[int], Facts]) -> tuple[int, str]:
    """Return the place of the last column that can be predicted, and what is passed over, for people."""
    passed = list[str]()
    for place in range(len(raw.names) - 1, -1, -1):
        why = _why_passed(facts(place))
        if not why:
            more = f" and {len(passed) - 3} more" if len(passed) > 3 else ""
            return place, ", ".join(passed[:3]) + more
        passed.append(f"{raw.names[place]!r} ({why})")
    return len(raw.names) - 1, ""


def _why_passed(facts: Facts) -> str:
    """Say why nobody would predict a column; nothing where somebody might."""
    role = rule(facts, Settings()).role
    if role not in ("numeric", "category", "constant"):
        return role
    if not facts.missing.any() or facts.doubtful:  # a word such as None may be one of its classes
        return ""
    if len(facts.texts) == 1:
        return "one value, or missing"
    return "mostly missing" if 2 * facts.present < len(facts.codes) else ""


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
        where=_columns_of(raw),
        fix=one_of([setting(target=other) for other in _nearest(name, raw.names)]),
    )


def _check_names(raw: RawTable, settings: Settings, *, target: str) -> None:
    """Raise E208 for a column that `--exclude` or `--keep` names and that is not there, or is the target."""
    for by in ("exclude", "keep", "group", "time"):
        given = getattr(settings, by)
        names = given if isinstance(given, tuple) else filter(None, [given])
        for name in names:
            if name not in raw.names:
                near = _alike(name, [other for other in raw.names if other != target or by == "keep"])
                raise UsageError(
                    "E208",
                    setting(by) + f" names {name!r}, and there is no such column",
                    where=_columns_of(raw),
                    fix=one_of([setting(**{by: [o] if isinstance(given, tuple) else o}) for o in near])
                    if near
                    else setting(by) + " with the name of a column, or leave it out",
                )
            if name == target and by != "keep":
                raise UsageError(
                    "E208",
                    setting(by) + f" names the target {name!r}",
                    where=raw.path,
                    fix=name_other_targets(raw, target),
                )


def _columns_of(raw: RawTable) -> str:
    return f"{raw.path}   columns {', '.join(raw.names[:8])}{', …' if len(raw.names) > 8 else ''}"


def _nearest(name: str, names: tuple[str, ...]) -> Sequence[str]:
    """Return the names that may be meant; the last one where none is alike."""
    return _alike(name, names) or names[-1:]


def _alike(name: str, names: Sequence[str]) -> list[str]:
    folded = {other.casefold(): other for other in names}
    return [
        folded[match] for match in difflib.get_close_matches(clean(name).casefold(), folded, n=3, cutoff=0.5)
    ]
