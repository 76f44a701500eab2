"""The decimal mark of a text: what its columns of numbers speak for, or a question."""

from collections.abc import Sequence

from regchoose.errors import DataError, setting
from regchoose.records.answers import Ask, Prompt
from regchoose.settings.options import Settings
from regchoose.table.cell_values import find_unit, is_missing, mark_evidence, strip_unit
from regchoose.table.raw_table import Cells

SPEAKING = 0.8  # of a column's cells must be numbers for the column to speak
MARK_NAMES = {".": "point", ",": "comma"}


def find_decimal_mark(
    columns: Sequence[Cells], settings: Settings, *, delimiter: str, path: str, choose: Ask
) -> tuple[str, str]:
    """Find the decimal mark.

    Parameters
    ----------
    delimiter : str
        Where commas separate, a point is the decimal mark unless a cell says otherwise: who writes decimal
        commas separates by something else.

    Returns
    -------
    str, str
        The mark, and why.

    Raises
    ------
    DataError
        E313 where both readings are possible and nobody can be asked.
    """
    if settings.decimal != "auto":
        return settings.decimal, f"decimal {MARK_NAMES[settings.decimal]} by --decimal"
    votes: dict[str, str] = {}
    for column in columns:
        for vote, text in _votes(column, settings, delimiter=delimiter).items():
            if vote not in votes or ("," in text and "," not in votes[vote]):  # a comma is the stronger doubt
                votes[vote] = text
    if "." in votes and "," not in votes:
        return ".", f"decimal point, as in {votes['.']}"
    if "," in votes and "." not in votes:
        return ",", f"decimal comma, as in {votes[',']}"
    if not votes:
        return ".", "no number has a decimal mark"
    if delimiter == "," and set(votes) == {"?"} and "," not in votes["?"]:
        return ".", f"decimal point, as in {votes['?']}, since commas separate the fields"
    return _ask_for_mark(votes, path=path, choose=choose)


def _votes(column: Cells, settings: Settings, *, delimiter: str) -> dict[str, str]:
    """Return what a column of numbers speaks for, each with an example."""
    cells = column.clean()
    unit = find_unit([text for text in cells.texts.tolist() if not is_missing(text, settings)])
    found: dict[str, str] = {}
    numbers = present = 0
    for text, count in zip(cells.texts.tolist(), cells.counts(), strict=True):
        if is_missing(text, settings):
            continue
        present += count
        vote = mark_evidence(strip_unit(text, unit))
        if unit and vote == "?" and delimiter == ",":
            vote = ""  # $1,234 groups its thousands where commas separate: it is in quotes for that
        numbers += count if vote != "x" else 0
        if vote not in found or ("," in text and "," not in found[vote]):
            found[vote] = text
    if not present or numbers < SPEAKING * present:
        return {}
    return {vote: text for vote, text in found.items() if vote in ".,?" and vote}


def _ask_for_mark(votes: dict[str, str], *, path: str, choose: Ask) -> tuple[str, str]:
    if "?" in votes and len(votes) == 1:
        text = votes["?"]
        why = f"{text!r} may be a decimal number or {text.replace(',', '').replace('.', '')}"
    else:
        why = f"numbers are written both as {votes['.']!r} and as {votes[',']!r}"
    answer = choose(
        Prompt(
            flag="--decimal",
            text="Which is the decimal mark?",
            choices={".": "point", ",": "comma"},
            default=".",
            why=f"The numbers do not tell: {why}.",
        )
    )
    if answer in MARK_NAMES:
        return answer, f"decimal {MARK_NAMES[answer]} as answered"
    raise DataError(
        "E313",
        f"the decimal mark cannot be told: {why}",
        where=path,
        fix=setting(decimal=".") | setting(decimal=","),
    )
