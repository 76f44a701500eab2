"""How a command ends: the exit status, and the error in the contract's form."""

import errno
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise

import typer

from regchoose.cli.signals import stopped
from regchoose.errors import (
    ExitCode,
    RegchooseError,
    ResourceError,
    Terminated,
    UsageError,
    is_lack_of_memory,
    setting,
)
from regchoose.report.safe_text import fit_encoding, plain

LONGEST = 300
NO_ROOM = (errno.EFBIG, errno.ENOSPC, errno.EDQUOT)
ALIKE = 0.7  # of a word that was meant; under it, a guess only confuses


@dataclass(frozen=True)
class Form:
    """How errors are shown: on stderr, with `json` on stdout instead, as annotations or a test on both."""

    json: bool
    debug: bool
    format: str = "text"


def form_of(arguments: Sequence[str], environ: Mapping[str, str]) -> Form:
    """Tell how errors are to be shown before the command line is understood."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    on = {
        name: f"--{name}" in options
        or environ.get(f"REGCHOOSE_{name.upper()}", "").lower() in ("1", "yes", "true")
        for name in ("json", "debug")
    }
    form = next(
        (word.partition("=")[2] or after for word, after in pairwise([*options, ""]) if _is_format(word)),
        environ.get("REGCHOOSE_FORMAT", "text"),
    )
    return Form(json=on["json"] or form == "json", debug=on["debug"], format=form)


def _is_format(word: str) -> bool:
    return word == "--format" or word.startswith("--format=")


def guarded(work: Callable[[], int], form: Form) -> int:
    """Do the work; turn whatever it raises into an exit status and, where one can act on it, an error."""
    status: int = ExitCode.OK
    try:
        status = work()
        sys.stdout.flush()
    except BrokenPipeError:
        _reader_left()
    except (KeyboardInterrupt, typer.Abort):
        return _stop("interrupted", ExitCode.INTERRUPTED, form)
    except Terminated:
        return _stop("terminated", ExitCode.TERMINATED, form)
    except Exception as error:  # noqa: BLE001 - the last net: a person gets a line, not a traceback
        # What is being imported or called in C may make another error of the one that stops it.
        if (signal := stopped()) is not None:
            return _stop("interrupted" if signal == ExitCode.INTERRUPTED else "terminated", signal, form)
        return _fail(error, form)
    return status


def _fail(error: Exception, form: Form) -> int:
    if form.debug:
        traceback.print_exception(error, file=sys.stderr)
    known = _known(error)
    if known:
        _show(lines(known), known.code, known.message, hint=known.fix, where=known.where, form=form)
        return known.exit_code
    message = f"{type(error).__name__}: {plain(error, longest=LONGEST)}"
    fix = "" if form.debug else f"{setting('debug').shell} shows the traceback; please report it"
    text = [f"error[internal]: {message}", *([f"  fix:   {fix}"] if fix else [])]
    _show(text, "internal", message, hint=fix, where="", form=form)
    return ExitCode.INTERNAL


def _known(error: Exception) -> RegchooseError | None:
    match error:
        case RegchooseError():
            return error
        case typer.TyperException():
            return _usage(error)
        case _ if is_lack_of_memory(error):
            fix = setting("rows") + " with fewer rows, " + setting(jobs=1) + ", or a file of fewer rows"
            return ResourceError("E403", "memory ran out", fix=fix)
        case FileNotFoundError() if "temporary directory" in str(error):
            message = "there is no folder to write temporary files in"
            return ResourceError("E402", message, fix="name one in the variable TMPDIR")
        case OSError(errno=number) if number in NO_ROOM:
            return ResourceError(
                "E402", f"{error.strerror}", where=str(error.filename or "stdout"), fix="free some space"
            )
    return None


def _usage(error: typer.TyperException) -> UsageError:
    """Put typer's complaint into our form, with the nearest option or command that there is."""
    message = re.sub(r"\s+", " ", error.format_message()).strip().removesuffix(".")
    context: typer.Context | None = vars(error).get("ctx")
    path = context.command_path if context else "regchoose"
    near: list[str] = []
    if unknown := re.match(r"No such option: (-[^\s=(]+)", message):
        message = f"{path} has no option {unknown[1]}"
        near = get_close_matches(unknown[1], _options(context), n=1, cutoff=ALIKE)
    elif unknown := re.match(r"No such command '?([^'\s]+)", message):
        message = f"no command {unknown[1]}"
        near = get_close_matches(unknown[1], _commands(context), n=1, cutoff=ALIKE)
        near = [f"{path} {name}" for name in near]
    message = f"{message[:1].lower()}{message[1:]}"
    what = "the commands" if _commands(context) else "what it takes"
    return UsageError("E202", message, fix=near[0] if near else f"{path} --help shows {what}")


def _options(context: typer.Context | None) -> list[str]:
    params = context.command.params if context else []
    return [flag for param in params for flag in (*param.opts, *param.secondary_opts) if flag[:2] == "--"]


def _commands(context: typer.Context | None) -> list[str]:
    return list(vars(context.command).get("commands", ())) if context else []


def lines(error: RegchooseError) -> list[str]:
    """Return an error in the contract's form, at most six lines."""
    text = [f"error[{error.code}]: {plain(error.message, longest=LONGEST)}"]
    if error.where:
        text.append(f"  --> {plain(error.where, longest=LONGEST)}")
    text += [f"  {plain(line, longest=LONGEST)}" for line in error.detail[:3]]
    if error.fix:
        text.append(f"  fix:   {plain(error.fix, longest=LONGEST)}")
    return text


def _stop(word: str, code: ExitCode, form: Form) -> int:
    _show([f"{word}; nothing was written"], word, word, hint="", where="", form=form)
    return code


def _show(text: Sequence[str], code: str, message: str, *, hint: str, where: str, form: Form) -> None:
    error = {"code": code, "message": message, "hint": hint, "where": where}
    if form.format in ("github", "junit") and not form.json:
        sys.stdout.write(fit_encoding(_for_pipeline(error, form.format), sys.stdout.encoding))
        sys.stdout.flush()
    if form.json:
        sys.stdout.write(json.dumps({"ok": False, "error": error}, indent=2) + "\n")
        sys.stdout.flush()
    else:
        sys.stderr.write(fit_encoding("".join(f"{line}\n" for line in text), sys.stderr.encoding))
        sys.stderr.flush()


def _for_pipeline(error: Mapping[str, str], form: str) -> str:
    # Late, as both know results, and with them numpy.
    from regchoose.report.as_github import failure_as_github
    from regchoose.report.as_junit import failure_as_junit

    return failure_as_github(error) if form == "github" else failure_as_junit(error)


def _reader_left() -> None:
    """End quietly: whoever read stdout has what they wanted (as in `| head`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
