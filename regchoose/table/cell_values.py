"""What the text of a cell may mean: a number, a date, a boolean, or that it is missing."""

import math
import re
import unicodedata
from collections.abc import Sequence

from regchoose.records.words import MISSING_WORDS
from regchoose.settings.options import Settings

# Texts that mean missing, compared without case and outer spaces. `--na` adds to them.
MISSING: frozenset[str] = frozenset(MISSING_WORDS)
EMPTY = frozenset({""})
# Those of them that may also be somebody's category: Namibia, "none of these".
DOUBTFUL: frozenset[str] = frozenset({"na", "null", "none", "nil", "nan", "missing"})

BOOLEANS: tuple[frozenset[str], ...] = tuple(
    frozenset(pair.split("/"))
    for pair in "no/yes n/y false/true f/t off/on nein/ja n/j non/oui n/o no/si no/sí não/sim nee/ja "
    "falsch/wahr faux/vrai falso/verdadero нет/да 否/是".replace("\n", " ").split()
)
INFINITE = re.compile(r"[+-]?(?:inf(?:inity)?|∞)", re.IGNORECASE)
LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
PHONE = re.compile(r"\+[0-9]{7,}")
INTEGER = re.compile(r"[+-]?[0-9]+")
# Per decimal mark: a plain number, and one with its thousands grouped by the other mark.
PLAIN: dict[str, re.Pattern[str]] = {
    mark: re.compile(
        rf"[+-]?(?:[0-9]+(?:{re.escape(mark)}[0-9]*)?|{re.escape(mark)}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    )
    for mark in ".,"
}
GROUPED: dict[str, re.Pattern[str]] = {
    mark: re.compile(rf"[+-]?[1-9][0-9]{{0,2}}(?:{re.escape(other)}[0-9]{{3}})+(?:{re.escape(mark)}[0-9]*)?")
    for mark, other in ((".", ","), (",", "."))
}
# Per decimal mark: any number of numbers, one a line, that are plain beyond doubt: finite, no padding, short.
ORDINARY: dict[str, re.Pattern[str]] = {
    mark: re.compile(
        rf"(?:-?(?:0|[1-9][0-9]{{0,14}})(?:{re.escape(mark)}[0-9]++)?(?:[eE][+-]?[0-9]{{1,2}})?\n)*+"
    )
    for mark in ".,"
}
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_ZONE = r"(?: ?(?:z|utc|[+-][0-9]{2}:?(?:[0-9]{2})?))?"
_CLOCK = rf"[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?(?: ?[ap]m)?{_ZONE}"
DATE = re.compile(
    r"(?:(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"
    r"|[0-9]{1,2}/[0-9]{1,2}/(?:[0-9]{4}|[0-9]{2})|[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,2}}-[0-9]{{1,2}}-[0-9]{{4}}|[0-9]{{1,2}}[- ]{_MONTH}[- ,]+[0-9]{{2,4}}"
    rf"|{_MONTH} [0-9]{{1,2}},? [0-9]{{4}})(?:[t ]{_CLOCK})?|{_CLOCK})",
    re.IGNORECASE,
)
_MONTH_NAME = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
# Texts that may be dates, if all of a column can be read so: months, quarters, weeks, days in one number.
PERIOD = re.compile(
    r"[0-9]{4}[-/](?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/][0-9]{4}"
    rf"|{_MONTH_NAME}[- ][0-9]{{4}}|{_MONTH_NAME}-[0-9]{{2}}|[0-9]{{4}}[- ]?{_MONTH_NAME}"
    r"|[0-9]{4}[- ]?q[1-4]|q[1-4][- ][0-9]{4}|[0-9]{4}-?w(?:0[1-9]|[1-4][0-9]|5[0-3])"
    r"|(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
    re.IGNORECASE,
)
CODE = re.compile(r"[A-Z]{2}")  # of a country, a state or a continent
STATES = frozenset(  # of the USA, among which NA is none
    code
    for codes in (
        "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV",
        "NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR",
    )
    for code in codes.split()
)
HEXADECIMAL = re.compile(r"(?:[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{16,})", re.IGNORECASE)
ID_NAME = re.compile(
    r"(?i:(?:.*[_ .-])?(?:id|uuid|guid|key)|(?:id|uuid|guid)[_ .-].*)"
    r"|(?i:unnamed.*|index|level_[0-9]+|row[_ .]?(?:names?|id|number))"
    r"|.*[a-z](?:Id|ID)"
)
# What may stand with a number: a currency before or behind it, or a unit behind it. Compared as it stands.
CURRENCIES = ("$", "€", "£", "¥", "₹", "US$", "USD", "EUR", "GBP", "INR", "CHF", "CAD", "AUD")
UNITS = tuple(
    unit
    for units in (
        "% ‰ km m cm mm mi miles ft in kg g mg lb lbs oz t l L ml mL K k M B",  # sizes, and thousands
        "kW W kWh MW hp bhp V mAh cc CC km/h kmh mph kmpl mpg km/kg m/s rpm °C °F KB MB GB TB Hz MHz GHz",
        "h hr hrs hour hours min mins minutes s sec seconds ms day days weeks months yr yrs years",
    )
    for unit in units.split()
)
_WITH_UNIT = re.compile(
    r"[+-]? ?(?:(?P<before>{currency}) ?)?[+-]?[0-9.,]*[0-9](?: ?(?P<after>{unit}))?".format(
        currency="|".join(map(re.escape, CURRENCIES)), unit="|".join(map(re.escape, [*CURRENCIES, *UNITS]))
    )
)


def find_unit(texts: Sequence[str]) -> str:
    """Return the unit that each of the cleaned texts states with a number; nothing where there is none."""
    found = set[str]()
    for text in texts:
        match = _WITH_UNIT.fullmatch(text)
        stated = [unit for unit in match.groups() if unit] if match else []
        found.update(stated)
        if len(stated) != 1 or len(found) > 1:
            return ""
    return "".join(found)


def strip_unit(text: str, unit: str) -> str:
    """Return a cleaned text without its unit."""
    return text.replace(unit, "", 1).replace(" ", "") if unit and unit in text else text


# Columns that pandas makes of an index without a name, in CSV and in Parquet.
INDEX_NAME = re.compile(r"Unnamed: [0-9]+|__index_level_[0-9]+__")


def _last_word(words: str) -> str:
    """Return a pattern of names that end with one of the words, `_` standing for any mark or none."""
    listed = "|".join(words.split()).replace("_", "[_ .-]?")
    return rf"(?i:(?:.*[_ .-])?(?:{listed}))"


# Integers that name something rather than count it: codes of places, and whose id it is.
CODE_NAME = re.compile(
    _last_word("zip zip_codes? post(?:al)?_codes? plz fips naics")
    + "|"
    + _last_word(
        "(?:area|country|state|county|city|region|district|department|product|item|store|station)_code"
    )
    + r"|(?i:.*[a-z][_ .-]ids?)|.*[a-z](?:Id|ID)"
)
# Integers that rise from row to row, and are a quantity all the same.
QUANTITY_NAME = re.compile(
    _last_word(
        "years? yr time t date days? weeks? months? quarters? hours? minutes? seconds? ages? period epoch "
        "timestamp population pop size count amount price weight height length distance depth dose temp "
        "temperature x"
    )
)
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"
EXACT = 2**53  # integers beyond are not exact as float64


def clean(text: str) -> str:
    """Return `text` in NFC, without outer spaces of any kind (non-breaking and invisible ones too)."""
    text = text.strip()
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.strip(INVISIBLE).strip())


def missing_words(settings: Settings) -> frozenset[str]:
    """Return the words, without case, that mean missing beside those of `--na`."""
    return EMPTY if settings.na_none else MISSING


def is_missing(text: str, settings: Settings) -> bool:
    """Say whether a cleaned text means missing."""
    if text[:1].isdigit():  # most texts; none of the list begins so
        return text in settings.na
    return text.casefold() in missing_words(settings) or text in settings.na


def are_clean(texts: Sequence[str]) -> bool:
    """Say whether `clean` would change none of the texts, looking at all of them at once."""
    joined = "\n".join(texts)
    return (
        joined.isascii()
        and joined.count("\n") == len(texts) - 1
        and not any(space in joined for space in " \t\r\v\f\x1c\x1d\x1e\x1f")
    )


def ordinary_numbers(texts: Sequence[str], mark: str) -> list[float] | None:
    """Return the numbers of cleaned texts where all are ordinary ones, looking at all at once; else None."""
    joined = "\n".join([*texts, ""])
    if joined.count("\n") != len(texts) or ORDINARY[mark].fullmatch(joined) is None:
        return None
    return list(map(float, texts if mark == "." else joined.replace(",", ".").splitlines()))


def to_number(text: str, mark: str) -> float | None:
    """Return the number a cleaned text states under the decimal mark, else None.

    Infinite values, written or by overflow (1e400), come back as infinities. Digits with underscores,
    hexadecimal and zero-padded integers are no numbers here.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    other = "," if mark == "." else "."
    if INFINITE.fullmatch(text):
        return -math.inf if text.startswith("-") else math.inf
    if LEADING_ZERO.fullmatch(text):
        return None
    if GROUPED[mark].fullmatch(text):
        text = text.replace(other, "")
    elif not PLAIN[mark].fullmatch(text):
        return None
    return float(text.replace(",", "."))


def states_number(text: str) -> bool:
    """Say whether a cleaned text is a number under either decimal mark."""
    return any(to_number(text, mark) is not None for mark in ".,")


def is_date(text: str) -> bool:
    """Say whether a cleaned text may be a date, a month, a quarter, a week or a time of day."""
    return DATE.fullmatch(text) is not None or PERIOD.fullmatch(text) is not None


def is_large_integer(text: str) -> bool:
    """Say whether a text is an integer that float64 cannot hold exactly."""
    return len(text) > 15 and INTEGER.fullmatch(text) is not None and abs(int(text[:400])) > EXACT


def mark_evidence(text: str) -> str:
    """Say which decimal mark a cleaned text speaks for.

    Returns
    -------
    str
        "." or ",": only that reading is a number. "?": a group of three digits after one mark, which both
        readings take ("1.234"). "": a number without any mark. "x": no number at all.
    """
    readings = {mark: to_number(text, mark) for mark in ".,"}
    point, comma = readings["."], readings[","]
    if point is None and comma is None:
        return "x"
    if point is None:
        return ","
    if comma is None:
        return "."
    return "" if point == comma else "?"
