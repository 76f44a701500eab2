"""`regchoose report`: renders a saved result; the file's ending tells as what."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regchoose.cli import output
from regchoose.cli.fail_if import decide, read_condition, report_gate
from regchoose.cli.formats import FORMATS, format_for, print_result
from regchoose.errors import UsageError, setting
from regchoose.report.safe_text import plain
from regchoose.result.document import RunResult
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import not_a_result, read_result


def report(
    result: str, *, file: str | None, format_name: str | None, fail_if: str | None, force: bool
) -> int:
    """Render a saved result into a file, or on stdout; return the exit status.

    Parameters
    ----------
    file : str, optional
        The output; its ending says the format, unless `format_name` does.
    format_name : str, optional
        A key of `FORMATS`; without a file the default is text.

    Raises
    ------
    UsageError
        E201 or E214 if there is no such result, E202 if there is no such format or a condition that cannot be
        decided; else as `output.check_output`.
    """
    if format_name is not None and format_name not in FORMATS:
        message = setting("format") + f" got {format_name!r}, wanted {', '.join(FORMATS)}"
        raise UsageError("E202", message, where=setting("format"), fix=setting(format="markdown"))
    condition = read_condition(fail_if)
    target = None if file in (None, output.STDOUT) else Path(file)
    chosen = format_name or ("text" if target is None else format_for(target))
    if target is not None:
        output.check_output(target, data=Path(result), force=force)
    with open_result(Path(result)) as run_result:
        gate = decide(condition, json.loads(dump_model(run_result)) if condition else {})
        if target is None:
            print_result(run_result, gate, format_name=chosen, details=True, saved=result)
        else:
            output.write_file(target, FORMATS[chosen](run_result, gate))
    if target is not None:
        output.say(f"The report is in {plain(target)}.")
    return report_gate(gate, quiet=False)


@contextmanager
def open_result(path: Path) -> Iterator[RunResult]:
    """Give a saved result; if the block cannot show it, blame the file, which anybody may have edited.

    The schema checks each value, but not how values belong together: that two lists are of one length, or
    that a name which is referred to exists.

    Raises
    ------
    UsageError
        E201 or E214, as `read_result`; E214 also for an error in the block.
    """
    result = read_result(path)
    try:
        yield result
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = f"it contradicts itself ({type(error).__name__}: {plain(error, longest=80)})"
        raise not_a_result(path, reason) from error
