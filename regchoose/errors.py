"""The family of errors.

::

    RegchooseError
    ├── UsageError        E2xx  exit 2   usage, configuration, missing flag, no such file
    ├── DataError         E3xx  exit 3   data unreadable or unfit
    ├── ResourceError     E4xx  exit 4   disk, memory, device
    └── TrainingError     E5xx  exit 5   the network could not be trained

The first digit of a code is the exit status. What each code means stands in `CODES`, the only place
where a code is introduced.

A setting is written in two ways: `--folds 3` in the shell, and `folds=3` in Python. An error holds both, as a
`Phrase`, and plain texts continue one:

    setting(folds=3) + " is enough"               --folds 3 is enough
                                                  folds=3 is enough
    setting(folds=3) | "repair the file"          --folds 3   or   repair the file
                                                  folds=3   or   repair the file
"""

import errno
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import or_
from typing import Any, Self


class ExitCode(IntEnum):
    """What the process returns; scripts may rely on it."""

    OK = 0
    GATE = 1  # --fail-if holds
    USAGE = 2
    DATA = 3
    RESOURCES = 4
    TRAINING = 5
    INTERNAL = 70
    INTERRUPTED = 130
    TERMINATED = 143


CODES: dict[str, str] = {
    "E201": "no such file",
    "E202": "an option is unknown, malformed or out of range",
    "E203": "the configuration file cannot be read",
    "E204": "the target column is not in the table",
    "E205": "the table has only one column",
    "E206": "the output file exists already",
    "E207": "a question needs an answer, and there is no terminal to ask on",
    "E208": "a column named in an option is not in the table",
    "E209": "this type of file is not supported",
    "E210": "the network cannot be imported",
    "E211": "the network cannot be built",
    "E212": "the network has nothing to train or to penalize",
    "E213": "the output of the network has the wrong shape",
    "E214": "the file is not a result written by regchoose",
    "E215": "the result cannot be exported to this library",
    "E216": "logging to MLflow is not set up",
    "E217": "the folder is not a model written by regchoose",
    "E218": "the network is not the one that the model was fitted with",
    "E219": "the model cannot be exported to ONNX",
    "E220": "the result was made on another table",
    "E301": "the file is empty",
    "E302": "the file has a header but no data rows",
    "E303": "too few rows for an experiment",
    "E304": "the file is not text in this encoding",
    "E305": "the file contains NUL bytes",
    "E306": "the file is not a table",
    "E307": "the compressed file is damaged or too large",
    "E308": "the delimiter is ambiguous",
    "E309": "it is unclear whether the first row is a header",
    "E310": "a quote is never closed or appears inside a field",
    "E311": "the file changed while it was being read",
    "E312": "rows have a different number of fields than the header",
    "E313": "the decimal mark is ambiguous",
    "E314": "a row is not data but a repeated header, a comment or a total",
    "E315": "the files of one table have different columns",
    "E321": "the target is constant",
    "E322": "the target has missing values",
    "E323": "the target has infinite values",
    "E324": "a class has too few rows",
    "E325": "no column is left to learn from",
    "E326": "a numeric column contains text",
    "E327": "the target does not fit the task",
    "E328": "the column of --group or --time cannot be used",
    "E329": "the column of --time contains neither numbers nor dates",
    "E330": "an image cannot be read",
    "E331": "a folder of images is empty",
    "E332": "the .npz file has no matching X and y",
    "E333": "a column that the model needs is missing",
    "E401": "the requested device is not available",
    "E402": "the output cannot be written",
    "E403": "memory ran out",
    "E404": "the cluster cannot be reached",
    "E405": "a worker of the cluster lacks regchoose or has other versions",
    "E406": "all workers are gone, or they keep dying",
    "E501": "too many training runs failed",
    "E511": "the network raises an exception in its forward or backward pass",
    "E512": "the network produces numbers that are not finite",
    "E513": "the network terminates the process",
    "E514": "the network does not finish a step in time",
}

# What errors other than MemoryError say when memory runs out: those of PyTorch's back ends, of DuckDB, of
# loading a shared library and of starting a thread.
OUT_OF_MEMORY = (
    "out of memory",
    "out_of_memory",
    "allocate memory",
    "not enough memory",
    "failed to allocate",
    "unable to allocate",
    "alloc_failed",
    "bad_alloc",
    "bad allocation",
    "failed to map segment",
    "can't start new thread",
)


def is_lack_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out, of the processor or of another device."""
    if isinstance(error, RegchooseError):
        return False
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    if type(error).__name__.startswith("OutOfMemory"):  # PyTorch's and DuckDB's own
        return True
    text = str(error).lower()
    return any(sign in text for sign in OUT_OF_MEMORY)


@dataclass(frozen=True)
class Phrase:
    """A text that names settings, as the shell writes them and as Python does.

    `+` continues it, and `|` adds an alternative.
    """

    shell: str
    python: str

    @staticmethod
    def of(text: "PhraseLike") -> "Phrase":
        """Return a plain text, which is the same for both, as a phrase."""
        return text if isinstance(text, Phrase) else Phrase(text, text)

    def __add__(self, after: "PhraseLike") -> "Phrase":
        after = Phrase.of(after)
        return Phrase(self.shell + after.shell, self.python + after.python)

    def __radd__(self, before: str) -> "Phrase":
        return Phrase.of(before) + self

    def __or__(self, other: "PhraseLike") -> "Phrase":
        return self + "   or   " + other

    def __ror__(self, other: str) -> "Phrase":
        return Phrase.of(other) | self

    def __format__(self, spec: str) -> str:
        raise TypeError("a phrase is continued by +; within a plain text it would lose one of its two forms")

    def words(self, *, python: bool) -> str:
        """Return one of the two texts: Python's for a table in memory, for example."""
        return self.python if python else self.shell


PhraseLike = str | Phrase
QUOTED = ("target", "group", "time", "delimiter")  # always in quotes, as all lists are: they hold data


@dataclass(frozen=True)
class Word:
    """A value that is shown without quotes, such as the placeholder NAME."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return repr(self.text)


def setting(*names: str, **values: object) -> Phrase:
    """Return settings as a phrase: those without a value, then those with one.

    Parameters
    ----------
    *names : str
        `setting("folds")` is `--folds`, and `folds` in Python.
    **values
        As in Python: `setting(folds=3)` is `--folds 3`, and `setting(na=["?"])` is `--na '?'`.
    """
    flags = [*map(flag_of, names), *(flag for item in values.items() for flag in _to_flags(*item))]
    keywords = [*names, *(f"{name}={_to_literal(value)}" for name, value in values.items())]
    return Phrase(" ".join(flags), ", ".join(keywords))


def flag_of(name: str) -> str:
    """Return the flag of a setting."""
    return f"--{name.replace('_', '-')}"


def shell_command(words: str, **values: object) -> Phrase:
    """Return a command as a phrase; it is the same in Python, which has no other name for it."""
    return Phrase.of(f"regchoose {words} {setting(**values).shell}".rstrip())


def one_of(remedies: Sequence[PhraseLike]) -> Phrase:
    """Join remedies as alternatives."""
    return reduce(or_, map(Phrase.of, remedies))


def phrase_of(text: str, *parts: Phrase) -> Phrase:
    """Return a text that was written for the shell as a phrase, given the settings that it may name."""
    python = text
    for part in sorted(parts, key=lambda part: -len(part.shell)):  # `--rows 8840` before `--rows 88`
        python = python.replace(part.shell, part.python)
    return Phrase(text, python)


def _to_flags(name: str, value: object) -> list[str]:
    flag, opposite = flag_of(name), f"--no-{flag_of(name)[2:]}"
    match value:
        case bool():
            return [flag if value else opposite]
        case "yes" | "no" if name == "header":
            return [flag if value == "yes" else opposite]
        case Mapping():
            return [f"{flag} {key}={item}" for key, item in value.items()]
        case list():
            return [f"{flag} {_quote(item)}" for item in value]
        case tuple():
            return [f"{flag} {','.join(map(str, value))}"]
        case str():
            return [f"{flag} {_quote(value) if name in QUOTED else shlex.quote(value)}"]
    return [f"{flag} {value}"]


def _quote(value: str | Word) -> str:
    """Quote a text for the shell, even where it needs no quotes."""
    if isinstance(value, Word) or value == "\t":
        return str(value).replace("\t", "tab")
    literal = repr(value)
    # Python's quotes read better than those of shlex, and mean the same unless something must be escaped.
    same = literal[1:-1] == value and not (literal[0] == '"' and set("$`!").intersection(value))
    return literal if same or not value.isprintable() else shlex.quote(value)


def _to_literal(value: object) -> str:
    if isinstance(value, Mapping):  # a Word stands for what the reader fills in
        return f"{{{', '.join(f'{key!r}: {item}' for key, item in value.items())}}}"
    return repr(value)


class RegchooseError(Exception):
    """An error that a person can act on.

    Its attributes name settings as the shell does; `in_python` returns the error as Python names them.

    Parameters
    ----------
    code : str
        A key of `CODES`.
    message : str or Phrase
        What was got and what was wanted, in one line.
    where : str or Phrase, optional
        The place: file, line, columns.
    detail : sequence of str or Phrase, optional
        At most two further lines: counts, the cause.
    fix : str or Phrase, optional
        What to do next: a setting that exists, or a command.
    mark : str, optional
        The part of `where` that is wrong; a caret is put under its beginning.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(
        self,
        code: str,
        message: PhraseLike,
        *,
        where: PhraseLike = "",
        detail: Sequence[PhraseLike] = (),
        fix: PhraseLike = "",
        mark: str = "",
    ) -> None:
        assert code in CODES, code
        assert int(code[1]) == self.exit_code, code
        self._phrases = [Phrase.of(text) for text in (message, where, fix, *detail)]
        self.code, self.mark = code, mark
        self.message, self.where, self.fix, *lines = (phrase.shell for phrase in self._phrases)
        self.detail = tuple(lines)
        super().__init__(self.message)

    def in_python(self) -> Self:
        """Return the error with settings named as in Python."""
        return self._with_phrases(Phrase.of(phrase.python) for phrase in self._phrases)

    def map_text(self, change: Callable[[str], str]) -> Self:
        """Return the error with a change made to each of its texts."""
        return self._with_phrases(Phrase(change(each.shell), change(each.python)) for each in self._phrases)

    def to_json(self) -> dict[str, Any]:
        """Return the error as plain values, for another process."""
        return {"code": self.code, "phrases": [[phrase.shell, phrase.python] for phrase in self._phrases]}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "RegchooseError":
        """Return the error that `to_json` wrote, of its own class."""
        kinds = UsageError, DataError, ResourceError, TrainingError
        (kind,) = (kind for kind in kinds if kind.exit_code == int(content["code"][1]))
        return kind(content["code"], "")._with_phrases(Phrase(*pair) for pair in content["phrases"])

    def _with_phrases(self, phrases: Iterable[Phrase]) -> Self:
        message, where, fix, *detail = phrases
        return type(self)(self.code, message, where=where, fix=fix, detail=detail, mark=self.mark)


class UsageError(RegchooseError):
    """The command, its options or its configuration are not right."""

    exit_code = ExitCode.USAGE


class DataError(RegchooseError):
    """The data cannot be read, or not used."""

    exit_code = ExitCode.DATA


class ResourceError(RegchooseError):
    """The machine lacks something: a device, memory, a writable place."""

    exit_code = ExitCode.RESOURCES


class TrainingError(RegchooseError):
    """The network could not be trained."""

    exit_code = ExitCode.TRAINING


class Terminated(BaseException):
    """SIGTERM was received. Like KeyboardInterrupt it is not an error; only the command line ends it."""


class Interrupted(BaseException):
    """A run was stopped after a part of its result was known.

    Parameters
    ----------
    result : RunResult
        What is known, marked partial.
    terminated : bool
        By SIGTERM, not by Ctrl-C.
    """

    def __init__(self, result: Any, *, terminated: bool) -> None:
        super().__init__(result, terminated)
        self.result = result
        self.status = ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED
