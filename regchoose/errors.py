"""The family of errors.

::

    RegchooseError
    ├── UsageError        E2xx  exit 2   usage, configuration, missing flag, no such file
    ├── DataError         E3xx  exit 3   data unreadable or unfit
    ├── ResourceError     E4xx  exit 4   disk, memory, device
    └── TrainingError     E5xx  exit 5   too many trainings failed

The first digit of a code is the exit status. What each code means stands in `CODES`, the only place
where a code is introduced.
"""

import errno
from collections.abc import Sequence
from enum import IntEnum
from typing import Any


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
    "E207": "a question has no answer and no prompt is possible",
    "E208": "a column named by an option is not in the table",
    "E209": "this kind of file is not read",
    "E210": "the network cannot be imported",
    "E211": "the network cannot be built",
    "E212": "the network has nothing to train or to penalize",
    "E213": "the network gives another shape than one output, or one a class, for each row",
    "E214": "the file is not a result of regchoose",
    "E215": "the result cannot be exported so",
    "E216": "the hand-off to MLflow is not set up",
    "E217": "the folder is not a model of regchoose",
    "E218": "the network of the model is not the one that it was fitted with",
    "E219": "the model cannot be written as ONNX",
    "E301": "the file is empty",
    "E302": "the file has a header and no data rows",
    "E303": "too few rows for an experiment",
    "E304": "the bytes are not text in the stated encoding",
    "E305": "the file holds NUL bytes",
    "E306": "the file is not a table of text",
    "E307": "the compressed file is damaged or too large",
    "E308": "the delimiter cannot be told",
    "E309": "it cannot be told whether the first row is a header",
    "E310": "a quote is opened and never closed, or stands where none may stand",
    "E311": "the file changed while it was read",
    "E312": "rows have another number of fields than the header",
    "E313": "the decimal mark cannot be told",
    "E314": "a row is no data: a repeated header, a comment or a total",
    "E315": "the files of one table have different columns",
    "E321": "the target is constant",
    "E322": "the target has missing values",
    "E323": "the target has infinite values",
    "E324": "a class has too few rows",
    "E325": "no column is left to learn from",
    "E326": "a numeric column holds text",
    "E327": "the target cannot be used for the task asked for",
    "E328": "the column that groups or orders the rows has missing values",
    "E329": "the column that orders the rows holds neither numbers nor dates",
    "E330": "an image cannot be read",
    "E331": "a class of images has no image",
    "E332": "the .npz file does not hold X and y that fit together",
    "E333": "a column that the model reads is missing",
    "E401": "the device asked for is not there",
    "E402": "the output cannot be written",
    "E403": "memory ran out",
    "E404": "the cluster cannot be reached",
    "E405": "a worker of the cluster would compute otherwise",
    "E406": "those who train are lost",
    "E501": "too many trainings failed",
    "E511": "the network raises in its forward or backward pass",
    "E512": "the network gives numbers that are not finite",
    "E513": "the network ends the process",
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


class RegchooseError(Exception):
    """An error that a person can act on.

    Parameters
    ----------
    code : str
        A key of `CODES`.
    message : str
        What was got and what was wanted, in one line.
    where : str, optional
        The place: file, line, columns.
    detail : sequence of str, optional
        At most two further lines: counts, the cause.
    fix : str, optional
        What to do next: a flag that exists, or a command.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(
        self, code: str, message: str, *, where: str = "", detail: Sequence[str] = (), fix: str = ""
    ) -> None:
        assert code in CODES, code
        assert int(code[1]) == self.exit_code, code
        super().__init__(message)
        self.code, self.message, self.where, self.detail, self.fix = code, message, where, tuple(detail), fix


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
