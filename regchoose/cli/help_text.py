"""What `--help` shows: sections, the usual options first, examples, colour. Nothing heavy is imported."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from regchoose.settings.values import FIELDS

HELP_NAMES = {"help_option_names": ["--help", "-h"]}
# Of the options that are settings; --help-all shows the others too.
COMMON = (
    "target",
    "task",
    "exclude",
    "network",
    "preset",
    "budget",
    "output",
    "report",
    "fail_if",
    "no_input",
)
ALL = "help_all"
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "regchoose": ("regchoose recommend data.csv", "regchoose explain l1"),
    "recommend": (
        "regchoose recommend data.csv --target price -o result.json",
        "regchoose recommend data.csv --preset quick --report report.html",
    ),
    "inspect": ("regchoose inspect data.csv", "regchoose inspect data.csv --target price --delimiter ';'"),
    "sample": (
        "regchoose sample data.csv --rows 4000 -o sample.csv",
        "regchoose sample 'parts/*.csv' --rows all -o whole.parquet",
    ),
    "fit": (
        "regchoose fit data.csv --from result.json -o model",
        "regchoose fit data.csv --regularizer l2 --l2 0.001 -o model",
    ),
    "predict": (
        "regchoose predict model new.csv -o predictions.csv",
        "regchoose predict model new.parquet -o predictions.parquet --device cpu",
    ),
    "flowchart": (
        "regchoose flowchart",
        "regchoose flowchart --chart three-questions --format svg > chart.svg",
    ),
    "report": ("regchoose report result.json", "regchoose report result.json -o report.html"),
    "export": (
        "regchoose export result.json --to pytorch -o train.py",
        "regchoose export result.json --to sklearn",
    ),
    "compare": (
        "regchoose compare old.json new.json",
        "regchoose compare old.json new.json --fail-if regularizer_changed",
    ),
    "cache": ("regchoose cache", "regchoose cache clear"),
    "schema": ("regchoose schema", "regchoose schema comparison"),
    "explain": ("regchoose explain safe", "regchoose explain E312"),
    "doctor": ("regchoose doctor", "regchoose doctor --json"),
    "help": ("regchoose help", "regchoose help recommend"),
}
MORE = "regchoose explain lists every topic: penalties, certainty, tables, networks, errors, …"
BOLD, CYAN, PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"
HEADING = re.compile(r"^\w[\w ]*:(?=$| )", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--?[a-z][\w-]*", re.IGNORECASE)


class Sectioned(TyperCommand):
    """A command whose help has a section a group, without loading rich (which takes a third of a second)."""

    def get_help(self, ctx: Any) -> str:
        """Return the help, coloured."""
        return colour(super().get_help(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options under their headings; of the settings only the usual, unless all."""
        sections: dict[str, list[tuple[str, str]]] = {}
        params = self.get_params(ctx)
        has_all = any(param.name == ALL for param in params)
        for param in params:
            record = param.get_help_record(ctx)
            rare = param.name in FIELDS and param.name not in COMMON
            if record is not None and not (has_all and rare and not ctx.meta.get(ALL)):
                argument = param.param_type_name == "argument"
                heading = "Arguments" if argument else "Help" if has_all else "Options"
                sections.setdefault(vars(param).get("rich_help_panel") or heading, []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        with formatter.section("Examples"):
            formatter.write(write_examples(str(self.name)))


def write_examples(command: str) -> str:
    """Return the examples of a command, a line each, and where more is explained."""
    return "".join(f"  {line}\n" for line in (*EXAMPLES[command], "", MORE)).replace("  \n", "\n")


def colour(text: str) -> str:
    """Return help with bold headings and coloured options; what is no terminal gets none of it from typer."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return HEADING.sub(rf"{BOLD}\g<0>{PLAIN}", OPTION.sub(rf"{CYAN}\g<0>{PLAIN}", text))


def _show_all(ctx: typer.Context, wanted: bool | None) -> None:
    if wanted:
        ctx.meta[ALL] = True
        typer.echo(ctx.get_help())
        raise typer.Exit


HelpAll = Annotated[
    bool | None,
    typer.Option(
        "--help-all", is_eager=True, callback=_show_all, help="Show every option.", show_default=False
    ),
]
