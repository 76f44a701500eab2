"""`regchoose compare`: what changed between two saved results."""

import json
from pathlib import Path

from regchoose.cli import output
from regchoose.cli.fail_if import decide, read_condition, report_gate
from regchoose.cli.report import open_result
from regchoose.errors import UsageError, setting
from regchoose.report.changes_text import changes_as_markdown, render_changes, write_changes_headline
from regchoose.report.safe_text import plain
from regchoose.result.comparison import compare_results
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import read_result

FORMATS = ("text", "markdown", "json")


def compare(old: str, new: str, *, format_name: str, fail_if: str | None, quiet: bool) -> int:
    """Say what changed from one result to another; return the exit status.

    Raises
    ------
    UsageError
        E202 for a format that there is not, or a condition that cannot be decided; E201 or E214 if one of
        the files is no result.
    """
    if format_name not in FORMATS:
        message = (
            setting("format") + f" got {format_name!r}, wanted {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        )
        raise UsageError("E202", message, where=setting("format"), fix=setting(format=FORMATS[0]))
    condition = read_condition(fail_if, on_comparison=True)
    before = read_result(Path(old))
    with open_result(Path(new)) as after:
        comparison = compare_results(before, after)
        sides = {"old": json.loads(dump_model(before)), "new": json.loads(dump_model(after))}
        gate = decide(condition, {**json.loads(dump_model(comparison)), **sides})
        if format_name == "json":
            output.write(dump_model(comparison))
        elif format_name == "markdown":
            output.write(changes_as_markdown(comparison, before, after, gate))
        elif quiet:
            output.write(f"{plain(write_changes_headline(comparison, before, after))}\n")
        else:
            output.show(render_changes(comparison, before, after))
    return report_gate(gate, quiet=quiet)
