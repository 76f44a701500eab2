"""`regchoose export`: a saved result as a script that trains with it."""

from difflib import get_close_matches
from pathlib import Path

from regchoose.cli import output
from regchoose.cli.report import open_result
from regchoose.errors import UsageError
from regchoose.export.recipe import make_recipe
from regchoose.export.script import LIBRARIES, write_script
from regchoose.report.safe_text import plain
from regchoose.result.headline import write_headline


def export(result: str, *, to: str, file: str | None, force: bool) -> int:
    """Write a script for a library, to a file or to stdout; return the exit status.

    Raises
    ------
    UsageError
        E202 for another library, E215 where there is no such script; else as `open_result` and
        `output.check_output`.
    """
    library = next((name for name in LIBRARIES if name == to), None)
    if library is None:
        near = get_close_matches(to.casefold(), LIBRARIES, n=1, cutoff=0.3) or [LIBRARIES[0]]
        message = f"to got {to!r}, wanted pytorch, keras or sklearn"
        raise UsageError("E202", message, where="--to", fix=f"--to {near[0]}")
    if file == output.STDOUT:
        file = None
    if file is not None:
        output.check_output(Path(file), data=Path(result), force=force)
    with open_result(Path(result)) as run_result:
        text = write_script(make_recipe(run_result, where=result), library)
        if run_result.recommendation.caution:
            first = plain(write_headline(run_result), longest=400)
            output.say(f"warning: {first} The script trains all the same.")
    if file is None:
        output.write(text)
        return 0
    output.write_file(Path(file), text)
    output.say(f"The script is in {plain(file)}.")
    return 0
