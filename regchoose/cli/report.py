"""`regchoose report`: renders a saved result; the file's ending tells as what."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regchoose.cli import fail_if as gate
from regchoose.cli import output
from regchoose.cli.formats import FORMATS, format_for, show
from regchoose.errors import UsageError, setting
from regchoose.report.safe_text import plain
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import not_a_result, read_result


def report(result: str, *, to: str | None, form: str | None, fail_if: str | None, force: bool) -> int:
    """Render a saved result into a file, or on stdout; return the exit status.

    Parameters
    ----------
    to : str, optional
        The file; its ending says the form, unless `form` does.
    form : str, optional
        A key of `FORMATS`; without a file the default is text.

    Raises
    ------
    UsageError
        E201 or E214 if there is no such result, E202 if there is no such form or a condition that cannot be
        decided; else as `output.check_output`.
    """
    if form is not None and form not in FORMATS:
        message = setting("format") + f" got {form!r}, wanted {', '.join(FORMATS)}"
        raise UsageError("E202", message, where=setting("format"), fix=setting(format="markdown"))
    expression = gate.on_result(fail_if)
    target = None if to is None else Path(to)
    chosen = form or ("text" if target is None else format_for(target))
    if target is not None:
        output.check_output(target, data=Path(result), force=force)
    known = read_result(Path(result))
    asked = gate.gated(expression, json.loads(dump_model(known)) if expression else {})
    with showing(Path(result)):
        if target is None:
            show(known, asked, form=chosen, brief=False, saved=result)
        else:
            output.write_file(target, FORMATS[chosen](known, asked))
    if target is not None:
        output.say(f"The report is in {plain(target)}.")
    return gate.status(asked, quiet=False)


@contextmanager
def showing(path: Path) -> Iterator[None]:
    """Take what cannot be shown of a saved result for a fault of the file, which anybody may have edited.

    The schema says of each value what it may be, and not how they belong together: that two lists are of one
    length, or that a name which is referred to is there.

    Raises
    ------
    UsageError
        E214.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = f"it contradicts itself ({type(error).__name__}: {plain(error, longest=80)})"
        raise not_a_result(path, reason) from error
