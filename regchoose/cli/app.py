"""The typer application. Nothing heavy is loaded before a command runs, so `--help` is quick."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, TextIO

import typer
from typer.main import get_command

from regchoose.cli.failures import guess_error_format, run_reporting_errors
from regchoose.cli.flags import (
    FIT,
    FIT_EXTRA,
    INSPECT,
    MODEL,
    PREDICT,
    PREDICT_EXTRA,
    SAMPLE,
    completer,
    table_command,
)
from regchoose.cli.help_text import HELP_NAMES, Sectioned, colour, write_examples
from regchoose.cli.signals import handle_signals
from regchoose.settings.values import FIELDS
from regchoose.version import __version__

ABOUT = "Recommend a weight regularizer for a neural network on a table: which one, how strong, and how sure."
COMPLETION = {"--install-completion", "--show-completion"}

# The help option is our own: typer's would load pydantic to understand that it was not given.
app = typer.Typer(
    name="regchoose",
    help=ABOUT,
    add_help_option=False,
    epilog="Shell completion for bash, zsh and fish: --install-completion.",
    # While a shell asks how a word may go on, or for the script that asks. At other times typer's options for
    # it would load pydantic too.
    add_completion="_REGCHOOSE_COMPLETE" in os.environ or not COMPLETION.isdisjoint(sys.argv),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100},
)


def command(name: str, *, help: str) -> Callable[[Callable[..., int]], Callable[..., int]]:  # noqa: A002 - typer's
    """Return what makes a function a command whose help has sections, examples and a whole summary."""
    return app.command(name, cls=Sectioned, help=help, short_help=help, context_settings=HELP_NAMES)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"regchoose {__version__}")
        raise typer.Exit


def _help(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        typer.echo(colour(f"{ctx.get_help()}\n\nExamples:\n{write_examples('regchoose')}"), nl=False)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
    help_: Annotated[
        bool, typer.Option("--help", "-h", is_eager=True, callback=_help, help="Show this message.")
    ] = False,
) -> None:
    """Show the help where no command is named."""
    if ctx.invoked_subcommand is None:
        _help(ctx, wanted=True)


# ---- commands that read a table: their options are settings -----------------------------------------


command("recommend", help="Recommend a regularizer for a network trained on DATA.")(
    table_command("recommend", FIELDS)
)
command("inspect", help="Show how DATA is read: columns, target, correlation, sparsity.")(
    table_command("inspect", INSPECT)
)
command(
    "sample",
    help="Write a subsample that matches the whole of DATA, with the checks; --rows all: all rows.",
)(table_command("sample", SAMPLE))
command("fit", help="Train a model on all of DATA with the recommended regularizer.")(
    table_command("fit", FIT, extra=FIT_EXTRA)
)
command("predict", help="Predict every row of DATA with a MODEL.")(
    table_command("predict", PREDICT, before={"model": MODEL}, extra=PREDICT_EXTRA)
)


# ---- the other commands ----------------------------------------------------------------------------


def _list_topics(incomplete: str) -> list[str]:
    """Return the topics and error codes that begin so."""
    from regchoose.errors import CODES
    from regchoose.explain.find import topics

    return [word for word in (*topics(), *CODES) if word.casefold().startswith(incomplete.casefold())]


def _option_of(words: str, *flags: str, **further: Any) -> Any:
    return typer.Option(*flags, metavar=words, autocompletion=completer(words), **further)


def _argument_of(words: str) -> Any:
    return typer.Argument(metavar=words, autocompletion=completer(words), show_default=False)


Result = Annotated[str, typer.Argument(metavar="RESULT", show_default=False)]
FailIf = Annotated[
    str | None,
    typer.Option(
        metavar="EXPR",
        help="Exit with 1 if this condition holds: an expression over the fields of the result.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the output if it exists.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]


@command("flowchart", help="Draw the flowchart.")
def _flowchart(
    chart: Annotated[str, _option_of("which-regularizer|three-questions")] = "which-regularizer",
    format_name: Annotated[str, _option_of("text|mermaid|svg|json", "--format")] = "text",
) -> int:
    from regchoose.cli.flowchart import flowchart

    return flowchart(chart, format_name=format_name)


@command("report", help="Write a report of a saved RESULT; the extension of FILE tells the format.")
def _report(
    result: Result,
    file: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the report to this file: .html, .md, .xml (JUnit) or .txt.",
        ),
    ] = None,
    format_name: Annotated[
        str | None,
        _option_of(
            "text|json|markdown|github|junit|html",
            "--format",
            help="The format, whatever the extension of FILE; without FILE the report is printed.",
        ),
    ] = None,
    fail_if: FailIf = None,
    force: Force = False,
    debug: Debug = False,
) -> int:
    from regchoose.cli.report import report

    return report(result, file=file, format_name=format_name, fail_if=fail_if, force=force)


@command("export", help="Write a short training script with the regularizer of a RESULT.")
def _export(
    result: Result,
    to: Annotated[str, _option_of("pytorch|keras|sklearn", help="The library that the script uses.")],
    file: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the script to this file.")
    ] = None,
    force: Force = False,
    debug: Debug = False,
) -> int:
    from regchoose.cli.export import export

    return export(result, to=to, file=file, force=force)


@command("compare", help="Show what changed from the result OLD to the result NEW.")
def _compare(
    old: Annotated[str, typer.Argument(metavar="OLD", show_default=False)],
    new: Annotated[str, typer.Argument(metavar="NEW", show_default=False)],
    format_name: Annotated[str, _option_of("text|markdown|json", "--format")] = "text",
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    fail_if: FailIf = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the first line.")] = False,
    debug: Debug = False,
) -> int:
    from regchoose.cli.compare import compare

    return compare(old, new, format_name="json" if json else format_name, fail_if=fail_if, quiet=quiet)


@command("cache", help="List or clear the cache of what was trained, or show where it is.")
def _cache(
    action: Annotated[str, _argument_of("[list|clear|path]")] = "list",
    cache_dir: Annotated[str | None, typer.Option(metavar="DIR", help="The cache folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the list as one JSON document.")] = False,
    debug: Debug = False,
) -> int:
    from regchoose.cli.cache import cache

    return cache(action, folder=cache_dir, json=json)


@command("schema", help="Print the JSON Schema of the output of recommend or compare with --json.")
def _schema(document: Annotated[str, _argument_of("[result|comparison]")] = "result") -> int:
    from regchoose.cli.schema import schema

    return schema(document)


@command(
    "explain", help="Explain a TOPIC, such as l1 or safe, or an error CODE; without one, list all topics."
)
def _explain(
    topic: Annotated[
        str | None, typer.Argument(metavar="TOPIC|CODE", autocompletion=_list_topics, show_default=False)
    ] = None,
) -> int:
    from regchoose.cli.explain import explain

    return explain(topic)


@command("doctor", help="Show what is installed, which devices there are, and what would be slow.")
def _doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    from regchoose.cli.doctor import doctor

    return doctor(json=json)


@command("help", help="Show the help of a COMMAND, or of all.")
def _help_of(
    name: Annotated[str | None, typer.Argument(metavar="COMMAND", show_default=False)] = None,
) -> int:
    return _run_command([*([] if name is None else [name]), "--help"])


# ---- the start -------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    argv = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    with handle_signals():
        return run_reporting_errors(partial(_run_command, argv), guess_error_format(argv, os.environ))


def _run_command(argv: Sequence[str]) -> int:
    if argv[:1] == ["help"]:  # as --help it is quick: typer would load pydantic to parse the argument
        argv = [*argv[1:2], "--help"]
    command: Callable[..., Any] = get_command(app).main
    status = command(args=argv, prog_name="regchoose", standalone_mode=False)
    return int(status or 0)


def _prepare_streams() -> None:
    """Make both streams take any text, and put nothing in the place of a closed one."""
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - stays open as long as the process
        elif callable(reconfigure := getattr(stream, "reconfigure", None)):
            reconfigure(errors="backslashreplace")
