"""The family of errors.

::

    RegchooseError
    ├── UsageError        E2xx  exit 2   usage, configuration, missing flag, no such file
    ├── DataError         E3xx  exit 3   data unreadable or unfit
    ├── ResourceError     E4xx  exit 4   disk, memory, device
    └── TrainingError     E5xx  exit 5   too many trainings failed

The first digit of a code is the exit status. What each code means stands in `CODES`, the only place
where a code is introduced.

What an error says of settings is the same for the shell and for Python, in the words of each: where it is
raised, `setting(folds=3) | "repair the file"` stands for `--folds 3   or   repair the file` and for
`folds=3   or   repair the file`.
"""

import errno
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
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

# What is said where memory runs out, by those who do not raise MemoryError: PyTorch on its several back ends
# and its helpers, DuckDB, the loader of shared libraries, the starter of threads.
SCARCE = (
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
    return any(sign in text for sign in SCARCE)


@dataclass(frozen=True)
class Phrase:
    """A text that names settings, in the words of the shell and in those of Python.

    `+` continues it, and `|` puts an alternative beside it.
    """

    shell: str
    python: str

    @staticmethod
    def of(said: "PhraseLike") -> "Phrase":
        """Return a plain text, which is the same everywhere, as a phrase."""
        return said if isinstance(said, Phrase) else Phrase(said, said)

    def __add__(self, after: "PhraseLike") -> "Phrase":
        after = Phrase.of(after)
        return Phrase(self.shell + after.shell, self.python + after.python)

    def __radd__(self, before: str) -> "Phrase":
        return Phrase.of(before) + self

    def __or__(self, other: "PhraseLike") -> "Phrase":
        return self + OR + other

    def __ror__(self, other: str) -> "Phrase":
        return other + OR + self

    def __format__(self, spec: str) -> str:
        raise TypeError("a phrase is continued by +; within a plain text it would lose one of its two forms")

    def words(self, *, python: bool) -> str:
        """Return it for one of the two, such as for a table that is in memory: no command names that."""
        return self.python if python else self.shell


PhraseLike = str | Phrase
OR = "   or   "
QUOTED = ("target", "group", "time", "delimiter")  # and all lists: what they hold stands in the data


@dataclass(frozen=True)
class Word:
    """A value that needs no quotes in the shell, or the word that stands for one, such as NAME."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return repr(self.text)


def setting(*names: str, **values: object) -> Phrase:
    """Name settings: those without a value, then those with one.

    Parameters
    ----------
    *names : str
        `setting("folds")` is `--folds`, and `folds` in Python.
    **values
        As in Python: `setting(folds=3)` is `--folds 3`, and `setting(na=["?"])` is `--na '?'`.
    """
    flags = [flag_of(name) for name in names]
    flags += [flag for name, value in values.items() for flag in _flags(name, value)]
    keywords = [*names, *(f"{name}={_literal(value)}" for name, value in values.items())]
    return Phrase(" ".join(flags), ", ".join(keywords))


def flag_of(name: str) -> str:
    """Return the flag of a setting."""
    return f"--{name.replace('_', '-')}"


def shell_command(words: str, **values: object) -> Phrase:
    """Return a command of the shell, which Python names too: what it does has no other name."""
    said = f"regchoose {words} {setting(**values).shell}".rstrip()
    return Phrase(said, said)


def one_of(remedies: Sequence[PhraseLike]) -> Phrase:
    """Return remedies as alternatives."""
    first, *others = map(Phrase.of, remedies)
    for other in others:
        first |= other
    return first


def phrase_of(text: str, *parts: Phrase) -> Phrase:
    """Return a text of the shell as a phrase, given what it may name; the longest parts are sought first."""
    python = text
    for part in sorted(parts, key=lambda part: -len(part.shell)):
        python = python.replace(part.shell, part.python)
    return Phrase(text, python)


def _flags(name: str, value: object) -> list[str]:
    flag, opposite = flag_of(name), f"--no-{flag_of(name)[2:]}"
    match value:
        case bool():
            return [flag if value else opposite]
        case "yes" | "no" if name == "header":
            return [flag if value == "yes" else opposite]
        case Mapping():
            return [f"{flag} {key}={item}" for key, item in value.items()]
        case list():
            return [f"{flag} {_quoted(item)}" for item in value]
        case tuple():
            return [f"{flag} {','.join(map(str, value))}"]
        case str():
            return [f"{flag} {_quoted(value) if name in QUOTED else shlex.quote(value)}"]
    return [f"{flag} {value}"]


def _quoted(value: str | Word) -> str:
    """Quote a text for the shell, even where it needs no quotes."""
    if isinstance(value, Word) or value == "\t":
        return str(value).replace("\t", "tab")
    said = repr(value)
    # Python's quotes read better than those of shlex, and mean the same unless something must be escaped.
    same = said[1:-1] == value and not (said[0] == '"' and set("$`!").intersection(value))
    return said if same or not value.isprintable() else shlex.quote(value)


def _literal(value: object) -> str:
    if isinstance(value, Mapping):  # a Word stands for what the reader fills in
        return f"{{{', '.join(f'{key!r}: {item}' for key, item in value.items())}}}"
    return repr(value)


class RegchooseError(Exception):
    """An error that a person can act on.

    What it says is in the words of the shell; `in_python` says the same in those of Python.

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
    ) -> None:
        assert code in CODES, code
        assert int(code[1]) == self.exit_code, code
        self._phrases = Phrase.of(message), Phrase.of(where), tuple(map(Phrase.of, detail)), Phrase.of(fix)
        super().__init__(self._phrases[0].shell)
        self.code, self.message, self.where = code, self._phrases[0].shell, self._phrases[1].shell
        self.detail, self.fix = tuple(line.shell for line in self._phrases[2]), self._phrases[3].shell

    def in_python(self) -> Self:
        """Return the error in the words of Python."""
        return type(self)(self.code, **self._each(lambda phrase: phrase.python))

    def changed(self, change: Callable[[str], str]) -> Self:
        """Return the error with all that it says changed, in the words of both."""
        both = self._each(lambda phrase: Phrase(change(phrase.shell), change(phrase.python)))
        return type(self)(self.code, **both)

    def to_json(self) -> dict[str, Any]:
        """Return the error as plain values, for another process."""
        return {"code": self.code, **self._each(lambda phrase: [phrase.shell, phrase.python])}

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> "RegchooseError":
        """Return the error that `to_json` wrote, of its own class."""
        kinds = UsageError, DataError, ResourceError, TrainingError
        (kind,) = (kind for kind in kinds if kind.exit_code == int(told["code"][1]))
        said = {name: Phrase(*told[name]) for name in ("message", "where", "fix")}
        detail = [Phrase(*line) for line in told["detail"]]
        return kind(told["code"], detail=detail, **said)

    def _each(self, change: Callable[[Phrase], Any]) -> dict[str, Any]:
        message, where, detail, fix = self._phrases
        said = {"message": message, "where": where, "fix": fix}
        return {name: change(phrase) for name, phrase in said.items()} | {"detail": [*map(change, detail)]}


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
    """Too many trainings failed."""

    exit_code = ExitCode.TRAINING


class Terminated(BaseException):
    """SIGTERM came. Like KeyboardInterrupt it is no error, and nothing but the shell may stop at it."""


class Interrupted(BaseException):
    """A run was stopped, and something is known all the same.

    Parameters
    ----------
    known : Result
        What is known, marked partial.
    terminated : bool
        By SIGTERM, not by Ctrl-C.
    """

    def __init__(self, known: Any, *, terminated: bool) -> None:
        super().__init__(known, terminated)
        self.known = known
        self.status = ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED
