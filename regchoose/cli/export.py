"""`regchoose export`: a saved result as a script that trains with it."""

from difflib import get_close_matches
from pathlib import Path

from regchoose.cli import output
from regchoose.cli.report import showing
from regchoose.errors import UsageError
from regchoose.export.recipe import make_recipe
from regchoose.export.script import LIBRARIES, Library, write_script
from regchoose.report.safe_text import plain
from regchoose.result.saved_result import read_result


def export(result: str, *, to: str, file: str | None, force: bool) -> int:
    """Write a script for a library, to a file or to stdout; return the exit status.

    Raises
    ------
    UsageError
        E202 for another library, E215 where there is no such script; else as `read_result` and
        `output.check_output`.
    """
    library = _library(to)
    if file is not None:
        output.check_output(Path(file), data=Path(result), force=force)
    known = read_result(Path(result))
    with showing(Path(result)):
        text = write_script(make_recipe(known, where=result), library)
    if file is None:
        output.write(text)
        return 0
    output.write_file(Path(file), text)
    output.say(f"The script is in {plain(file)}.")
    return 0


def _library(name: str) -> Library:
    for library in LIBRARIES:
        if name == library:
            return library
    near = get_close_matches(name.casefold(), LIBRARIES, n=1, cutoff=0.3) or [LIBRARIES[0]]
    message = f"to got {name!r}, wanted pytorch, keras or sklearn"
    raise UsageError("E202", message, where="--to", fix=f"--to {near[0]}")
