"""How a command ends: the exit status, and the error in the contract's form."""

import errno
import json
import os
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

import typer

from regchoose.cli.signals import WORDS, signal_status
from regchoose.errors import (
    ExitCode,
    RegchooseError,
    ResourceError,
    Terminated,
    UsageError,
    is_lack_of_memory,
    setting,
)
from regchoose.report.safe_text import fit_encoding, is_terminal, plain

LONGEST = 300  # characters of a line
LONGEST_FIX = 2_000  # a remedy that is cut does not work
RED, GREEN, BLUE, BOLD, PLAIN = "\x1b[1;31m", "\x1b[1;32m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
NO_SPACE = (errno.EFBIG, errno.ENOSPC, errno.EDQUOT)
EXAMPLES = {
    "DATA": "data.csv",
    "RESULT": "result.json",
    "OLD": "old.json new.json",
    "NEW": "old.json new.json",
}
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
OTHER_DATA = "a table with more rows, or with another content"  # where no flag of the command helps
SIMILARITY = 0.7  # of a word that was meant; under it, a guess only confuses


@dataclass(frozen=True)
class ErrorFormat:
    """How errors are shown: on stderr, with `json` on stdout instead, as annotations or a test on both."""

    json: bool
    debug: bool
    format: str = "text"
    takes: frozenset[str] | None = None  # flags of the command; None: any
    arguments: tuple[str, ...] = ()  # of the command line, where they were not understood


def guess_error_format(arguments: Sequence[str], environ: Mapping[str, str]) -> ErrorFormat:
    """Tell how errors are to be shown before the command line is parsed."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    on = {
        name: f"--{name}" in options
        or environ.get(f"REGCHOOSE_{name.upper()}", "").lower() in ("1", "yes", "true")
        for name in ("json", "debug")
    }
    named = (
        word.partition("=")[2] or after
        for word, after in pairwise([*options, ""])
        if word == "--format" or word.startswith("--format=")
    )
    name = next(named, environ.get("REGCHOOSE_FORMAT", "text"))
    in_json = on["json"] or name == "json"
    return ErrorFormat(json=in_json, debug=on["debug"], format=name, arguments=tuple(arguments))


def run_reporting_errors(work: Callable[[], int], form: ErrorFormat) -> int:
    """Do the work; report whatever it raises, and return the exit status."""
    status: int = ExitCode.OK
    try:
        status = work()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read stdout has what they wanted, as in `| head`: end quietly.
        _discard_stdout()
    except (KeyboardInterrupt, typer.Abort):
        return _report_stop(ExitCode.INTERRUPTED, form)
    except Terminated:
        return _report_stop(ExitCode.TERMINATED, form)
    except Exception as error:  # noqa: BLE001 - the last net: a person gets a line, not a traceback
        # An import or a call into C that a signal stops may raise an error of its own.
        stop = signal_status()
        if isinstance(error, OSError):
            _flush_or_discard_stdout()
        return _report_error(error, form) if stop is None else _report_stop(stop, form)
    return status


def _flush_or_discard_stdout() -> None:
    """Discard what stdout cannot take, as on a full disk; else Python tries again at exit, and says 120."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_stdout()


def _discard_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_error(error: Exception, form: ErrorFormat) -> int:
    if form.debug:
        traceback.print_exception(error, file=sys.stderr)
    ours = _to_our_error(error, form.arguments)
    if ours:
        ours = _keep_possible_remedies(ours, form.takes)
        _show(error_lines(ours), ours.code, ours.message, hint=ours.fix, where=ours.where, form=form)
        return ours.exit_code
    message = f"{type(error).__name__}: {plain(error, longest=LONGEST)}"
    fix = "" if form.debug else f"{setting('debug').shell} shows the traceback; please report it"
    text = [f"error[internal]: {message}", *([f"  fix:   {fix}"] if fix else [])]
    _show(text, "internal", message, hint=fix, where="", form=form)
    return ExitCode.INTERNAL


def _keep_possible_remedies(error: RegchooseError, takes: frozenset[str] | None) -> RegchooseError:
    """Return an error without the remedies that name flags which the command does not have."""
    if takes is None:
        return error

    def keep(text: str) -> str:
        parts = text.split("   or   ")
        return "   or   ".join(
            part for part in parts if part.startswith("regchoose ") or takes.issuperset(FLAG.findall(part))
        )

    fix, detail = keep(error.fix), [line for line in error.detail if keep(line)]
    if fix == error.fix and len(detail) == len(error.detail):
        return error
    return type(error)(
        error.code,
        error.message,
        where=error.where,
        detail=detail,
        fix=fix or OTHER_DATA,
        mark=error.mark,
    )


def _to_our_error(error: Exception, arguments: Sequence[str] = ()) -> RegchooseError | None:
    match error:
        case RegchooseError():
            return error
        case typer.TyperException():
            return _to_usage_error(error, arguments)
        case _ if is_lack_of_memory(error):
            fix = setting("rows") + " with fewer rows, " + setting(jobs=1) + ", or a file of fewer rows"
            return ResourceError("E403", "memory ran out", fix=fix)
        case FileNotFoundError() if "temporary directory" in str(error):
            message = "there is no folder to write temporary files in"
            return ResourceError("E402", message, fix="name one in the variable TMPDIR")
        case OSError(errno=number) if number in NO_SPACE:
            return ResourceError(
                "E402", f"{error.strerror}", where=str(error.filename or "stdout"), fix="free some space"
            )
    return None


def _to_usage_error(error: typer.TyperException, arguments: Sequence[str]) -> UsageError:
    """Put typer's complaint into our words, with the most similar option or command that there is.

    typer does not export the classes of these errors, so they are told apart by what they carry.
    """
    message = re.sub(r"\s+", " ", error.format_message()).strip().removesuffix(".")
    context: typer.Context | None = vars(error).get("ctx")
    path = context.command_path if context else "regchoose"
    near: list[str] = []
    if "possibilities" in vars(error):  # an unknown option
        option = plain(vars(error)["option_name"])
        message = f"{path} has no option {option}"
        near = get_close_matches(option, _options(context), n=1, cutoff=SIMILARITY)
    elif unknown := re.match(r"No such command '?([^'\s]+)", message):
        message = f"no command {unknown[1]}"
        near = get_close_matches(unknown[1], _commands(context), n=1, cutoff=SIMILARITY)
        near = [
            f"{path} {shlex.join(name if word == unknown[1] else word for word in arguments)}"
            for name in near
        ]
    elif lacking := re.match("Missing argument '(.*)'", message):
        message, near = f"{path} needs {lacking[1]}", [f"{path} {EXAMPLES.get(lacking[1], lacking[1])}"]
    elif surplus := re.match(
        r"Got unexpected extra arguments? \((.*)\)|Got unexpected extra argument\(s\) \((.*)\)", message
    ):
        words = plain(surplus[1] or surplus[2])
        message, near = (
            f"{path} does not know what to do with {words!r}",
            [f"leave {words!r} out; {path} --help shows what it takes"],
        )
    message = f"{message[:1].lower()}{message[1:]}"
    what = "the commands" if _commands(context) else "what it takes"
    return UsageError("E202", message, fix=near[0] if near else f"{path} --help shows {what}")


def _options(context: typer.Context | None) -> list[str]:
    params = context.command.params if context else []
    return [flag for param in params for flag in (*param.opts, *param.secondary_opts) if flag[:2] == "--"]


def _commands(context: typer.Context | None) -> list[str]:
    return list(vars(context.command).get("commands", ())) if context else []


def error_lines(error: RegchooseError) -> list[str]:
    """Return an error in the contract's form, at most seven lines with a caret."""
    text = [f"error[{error.code}]: {plain(error.message, longest=LONGEST)}"]
    if error.where:
        where = f"  --> {plain(error.where, longest=LONGEST)}"
        at = where.rfind(error.mark) if error.mark else -1
        text += [where, *([f"{'':{at}}^"] if at >= 0 else [])]
    text += [f"  {plain(line, longest=LONGEST)}" for line in error.detail[:3]]
    if error.fix:
        text.append(f"  fix:   {plain(error.fix, longest=LONGEST_FIX)}")
    return text


def _report_stop(code: ExitCode, form: ErrorFormat) -> int:
    word = WORDS[code]
    _show([f"{word}; nothing was written"], word, word, hint="", where="", form=form)
    return code


def _show(text: Sequence[str], code: str, message: str, *, hint: str, where: str, form: ErrorFormat) -> None:
    error = {"code": code, "message": message, "hint": hint, "where": where}
    if form.format in ("github", "junit") and not form.json:
        # Late, as both know results, and with them numpy.
        from regchoose.report.as_github import failure_as_github
        from regchoose.report.as_junit import failure_as_junit

        annotation = failure_as_github(error) if form.format == "github" else failure_as_junit(error)
        sys.stdout.write(fit_encoding(annotation, sys.stdout.encoding))
        sys.stdout.flush()
    if form.json:
        sys.stdout.write(json.dumps({"ok": False, "error": error}, indent=2) + "\n")
        sys.stdout.flush()
    else:
        written = "".join(f"{line}\n" for line in _colour(text))
        sys.stderr.write(fit_encoding(written, sys.stderr.encoding))
        sys.stderr.flush()


def _colour(text: Sequence[str]) -> list[str]:
    """Return an error's lines as a terminal shows them: apart from what came before, and coloured."""
    if not is_terminal(sys.stderr):
        return list(text)
    first, *rest = text
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return ["", *text]
    kind, colon, message = first.partition(": ")
    head = f"{RED}{kind}{colon}{PLAIN}{BOLD}{message}{PLAIN}" if colon else f"{BOLD}{kind}{PLAIN}"
    marks = {"fix:": GREEN, "-->": BLUE, "^": RED}
    lines = [
        line.replace(mark, f"{marks[mark]}{mark}{PLAIN}", 1) if (mark := line.split()[0]) in marks else line
        for line in rest
    ]
    return ["", head, *lines]
