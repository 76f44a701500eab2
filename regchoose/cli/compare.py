"""`regchoose compare`: what changed between two saved results."""

import json
from pathlib import Path

from regchoose.cli import fail_if as gate
from regchoose.cli import output
from regchoose.cli.report import showing
from regchoose.errors import UsageError, setting
from regchoose.report.changes_text import changes_as_markdown, render_changes, write_changes_headline
from regchoose.report.safe_text import plain
from regchoose.result.comparison import compare_results
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import read_result

FORMATS = ("text", "markdown", "json")


def compare(old: str, new: str, *, form: str, fail_if: str | None, quiet: bool) -> int:
    """Say what changed from one result to another; return the exit status.

    Raises
    ------
    UsageError
        E202 for a format that there is not, or a condition that cannot be decided; E201 or E214 if one of
        the files is no result.
    """
    if form not in FORMATS:
        message = setting("format") + f" got {form!r}, wanted {', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise UsageError("E202", message, where=setting("format"), fix=setting(format=FORMATS[0]))
    expression = gate.on_comparison(fail_if)
    before, after = (read_result(Path(path)) for path in (old, new))
    with showing(Path(new)):
        found = compare_results(before, after)
        sides = {"old": json.loads(dump_model(before)), "new": json.loads(dump_model(after))}
        asked = gate.gated(expression, {**json.loads(dump_model(found)), **sides})
        if form == "json":
            output.write(dump_model(found))
        elif form == "markdown":
            output.write(changes_as_markdown(found, before, after, asked))
        elif quiet:
            output.write(f"{plain(write_changes_headline(found, before, after))}\n")
        else:
            output.show(render_changes(found, before, after))
    return gate.status(asked, quiet=quiet)
