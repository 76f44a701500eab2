"""The typer application. Nothing heavy is loaded before a command runs, so `--help` is quick."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, TextIO

import typer
from typer.main import get_command

from regchoose.cli.failures import form_of, guarded
from regchoose.cli.fit_options import FIT_OWN, FITTING, MODEL, PREDICT_OWN, PREDICTING
from regchoose.cli.flags import Sectioned, with_options, words
from regchoose.cli.signals import orderly
from regchoose.settings.options import DATA
from regchoose.settings.values import FIELDS, option_of
from regchoose.version import __version__

ABOUT = "Recommend a weight regularizer for a neural network on a table: which one, how strong, and how sure."
ACTIONS = "[list|clear|path]"
GATE = "Exit with 1 if this condition holds: an expression over the fields of the result."
COMPLETION = {"--install-completion", "--show-completion"}
LOOKING = [name for name in FIELDS if option_of(name).group == DATA]
LOOKING += ["seed", "json", "quiet", "debug", "config", "no_input"]

# The help option is our own: typer's would load pydantic to understand that it was not given.
app = typer.Typer(
    name="regchoose",
    help=ABOUT,
    add_help_option=False,
    epilog="Shell completion for bash, zsh and fish: --install-completion, --show-completion.",
    # While a shell asks how a word may go on, or for the script that asks. At other times typer's options for
    # it would load pydantic too.
    add_completion="_REGCHOOSE_COMPLETE" in os.environ or not COMPLETION.isdisjoint(sys.argv),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100},
)


def _topics(incomplete: str) -> list[str]:
    """Return the topics and codes that begin so."""
    from regchoose.errors import CODES
    from regchoose.explain.find import topics

    return [word for word in (*topics(), *CODES) if word.casefold().startswith(incomplete.casefold())]


CHART, DRAWING = "which-regularizer|three-questions", "text|mermaid|svg|json"
FORMS, SHORT_FORMS = "text|json|markdown|github|junit|html", "text|markdown|json"
DOCUMENTS, LIBRARIES = "[result|comparison]", "pytorch|keras|sklearn"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"regchoose {__version__}")
        raise typer.Exit


def _help(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        typer.echo(ctx.get_help())
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
    help_: Annotated[
        bool, typer.Option("--help", is_eager=True, callback=_help, help="Show this message.")
    ] = False,
) -> None:
    """Show the help where no command is named."""
    if ctx.invoked_subcommand is None:
        _help(ctx, wanted=True)


def _recommend(data: str, flags: Mapping[str, Any]) -> int:
    from regchoose.cli.recommend import recommend

    return recommend(data, flags)


def _inspect(data: str, flags: Mapping[str, Any]) -> int:
    from regchoose.cli.inspect import inspect

    return inspect(data, flags)


def _sample(data: str, flags: Mapping[str, Any]) -> int:
    from regchoose.cli.sample import sample

    return sample(data, flags)


def _fit(data: str, flags: Mapping[str, Any]) -> int:
    from regchoose.cli.fit import fit

    return fit(data, flags)


def _predict(data: str, flags: Mapping[str, Any]) -> int:
    from regchoose.cli.predict import predict

    return predict(data, flags)


app.command("recommend", cls=Sectioned, help="Recommend a regularizer for a network trained on DATA.")(
    with_options(_recommend, FIELDS)
)
app.command("inspect", cls=Sectioned, help="Show how DATA is read: columns, target, correlation, sparsity.")(
    with_options(_inspect, LOOKING)
)
app.command(
    "sample",
    cls=Sectioned,
    help="Write a subsample that matches the whole of DATA, with the checks; --rows all: all rows.",
)(with_options(_sample, [*LOOKING, "rows", "folds", "output", "force"]))
app.command("fit", cls=Sectioned, help="Train a model on all of DATA with the recommended regularizer.")(
    with_options(_fit, FITTING, own=FIT_OWN)
)
app.command("predict", cls=Sectioned, help="Predict every row of DATA with a MODEL.")(
    with_options(_predict, PREDICTING, before={"model": MODEL}, own=PREDICT_OWN)
)


@app.command("flowchart", help="Draw the flowchart.")
def _flowchart(
    chart: Annotated[str, typer.Option(metavar=CHART, autocompletion=words(CHART))] = "which-regularizer",
    form: Annotated[str, typer.Option("--format", metavar=DRAWING, autocompletion=words(DRAWING))] = "text",
) -> int:
    from regchoose.cli.flowchart import flowchart

    return flowchart(chart, form=form)


@app.command("report", help="Write a report of a saved RESULT; the extension of FILE tells the format.")
def _report(
    result: Annotated[str, typer.Argument(metavar="RESULT", show_default=False)],
    to: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the report to this file: .html, .md, .xml (JUnit) or .txt.",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar=FORMS,
            autocompletion=words(FORMS),
            help="The format, whatever the extension of FILE; without FILE the report is printed.",
        ),
    ] = None,
    fail_if: Annotated[str | None, typer.Option(metavar="EXPR", help=GATE)] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output if it exists.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> int:
    from regchoose.cli.report import report

    return report(result, to=to, form=form, fail_if=fail_if, force=force)


@app.command("export", help="Write a short training script that uses the recommendation of a RESULT.")
def _export(
    result: Annotated[str, typer.Argument(metavar="RESULT", show_default=False)],
    to: Annotated[
        str,
        typer.Option(
            metavar=LIBRARIES, autocompletion=words(LIBRARIES), help="The library that the script uses."
        ),
    ],
    file: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the script to this file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output if it exists.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> int:
    from regchoose.cli.export import export

    return export(result, to=to, file=file, force=force)


@app.command("compare", help="Show what changed from the result OLD to the result NEW.")
def _compare(
    old: Annotated[str, typer.Argument(metavar="OLD", show_default=False)],
    new: Annotated[str, typer.Argument(metavar="NEW", show_default=False)],
    form: Annotated[
        str, typer.Option("--format", metavar=SHORT_FORMS, autocompletion=words(SHORT_FORMS))
    ] = "text",
    json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    fail_if: Annotated[str | None, typer.Option(metavar="EXPR", help=GATE)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the first line.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> int:
    from regchoose.cli.compare import compare

    return compare(old, new, form="json" if json else form, fail_if=fail_if, quiet=quiet)


@app.command("cache", help="List or clear the cache of what was trained, or show where it is.")
def _cache(
    action: Annotated[
        str, typer.Argument(metavar=ACTIONS, autocompletion=words(ACTIONS), show_default=False)
    ] = "list",
    cache_dir: Annotated[str | None, typer.Option(metavar="DIR", help="The cache folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the list as one JSON document.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> int:
    from regchoose.cli.cache import cache

    return cache(action, folder=cache_dir, json=json)


@app.command("schema", help="Print the JSON Schema of the output of recommend or compare with --json.")
def _schema(
    document: Annotated[
        str, typer.Argument(metavar=DOCUMENTS, autocompletion=words(DOCUMENTS), show_default=False)
    ] = "result",
) -> int:
    from regchoose.cli.schema import schema

    return schema(document)


@app.command(
    "explain", help="Explain a TOPIC, such as l1 or safe, or an error CODE; without one, list all topics."
)
def _explain(
    topic: Annotated[
        str | None, typer.Argument(metavar="TOPIC|CODE", autocompletion=_topics, show_default=False)
    ] = None,
) -> int:
    from regchoose.cli.explain import explain

    return explain(topic)


@app.command("doctor", help="Show what is installed, which devices there are, and what would be slow.")
def _doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    from regchoose.cli.doctor import doctor

    return doctor(json=json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    argv = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    with orderly():
        return guarded(partial(_parsed, argv), form_of(argv, os.environ))


def _parsed(argv: Sequence[str]) -> int:
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
