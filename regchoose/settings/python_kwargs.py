"""What a command line says with flags, in the words of a call from Python: `--folds 3` is `folds=3`."""

import re

from regchoose.errors import RegchooseError
from regchoose.settings.values import FIELDS, Shape, shape_of

QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
NUMBER = r"\d+(?:\.\d+)?(?:e-?\d+)?"
# What a remedy may give a setting of text without quotes.
BARE: dict[str, str] = {
    "budget": r"\d+[smh]\b",
    "delimiter": r"tab\b",
    "device": r"auto\b|cpu\b|cuda:\d+",
    "encoding": r"[a-z]+-?\d+(?:-[a-z]+)?",
    "na": r"[^\s,]+(?=,|$|   )|inf\b",
    "network": r"\S+:\w+",
    "penalize": r"NAME\b|[\w.*]*[.*]\w*",
}
FLAG = re.compile(r"(?<![\w-])--(no-)?([a-z][a-z0-9-]*[a-z0-9])")


def in_python(text: str) -> str:
    """Return a sentence with its flags as keywords.

    A flag that is no setting stays as it is.
    """
    parts, end = list[str](), 0
    while (found := FLAG.search(text, end)) is not None:
        parts.append(text[end : found.start()])
        said, end = _keyword(found, text)
        parts.append(said)
    return "".join([*parts, text[end:]])


def _keyword(found: re.Match[str], text: str) -> tuple[str, int]:
    """Return the keyword of a flag with its value, and where that ends in the text."""
    name = found[2].replace("-", "_")
    if name not in FIELDS:
        return found[0], found.end()
    shape = shape_of(FIELDS[name].type)
    if found[1]:
        return f"{name}={'False' if shape.switch else repr('no')}", found.end()
    value = re.compile(rf"[ =]({_values(name, shape)})").match(text, found.end())
    if value is not None:
        return f"{name}={_literal(value[1], shape)}", value.end()
    return f"{name}=True" if shape.switch else name, found.end()


def _values(name: str, shape: Shape) -> str:
    """Return the pattern of what may follow a flag as its value, and not as the next word of a sentence."""
    if shape.table:
        return r"\w+=[^\s,]+"
    kinds = [rf"{re.escape(word)}\b" for word in shape.words]
    if shape.number:
        kinds.append(rf"{NUMBER}(?:,{NUMBER})*(?![\w.]*\w)")
    if shape.text:
        kinds.append(QUOTED)
        kinds += [BARE[name]] if name in BARE else []
    return "|".join(kinds) or r"(?!)"


def _literal(value: str, shape: Shape) -> str:
    if shape.table:
        name, _, given = value.partition("=")
        return f"{{{name!r}: {given}}}"
    numeric = re.fullmatch(rf"{NUMBER}(?:,{NUMBER})*", value) is not None and shape.number is not None
    one = value if numeric or value[:1] in "'\"" else repr("\t" if value == "tab" else value)
    if not shape.many:
        return one
    return f"({one.replace(',', ', ')}{'' if ',' in one else ','})" if numeric else f"[{one}]"


def reworded(error: RegchooseError) -> RegchooseError:
    """Return an error that speaks of keywords in place of flags."""
    message, where, fix, *detail = map(in_python, (error.message, error.where, error.fix, *error.detail))
    message = re.sub(r"^([a-z][a-z0-9-]+) got ", lambda found: f"{found[1].replace('-', '_')} got ", message)
    return type(error)(error.code, message, where=where, detail=detail, fix=fix)
