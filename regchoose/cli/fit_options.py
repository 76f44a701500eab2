"""The options of `fit` and `predict`: settings, and some of their own."""

from typing import Annotated, Any

import typer

from regchoose.cli.flags import words
from regchoose.settings.options import DATA
from regchoose.settings.values import FIELDS, option_of

FINAL, OUTPUT, REGULARIZERS = "Final fit", "Output", "none|l1|l2|elastic_net"
ALIKE = ["force", "json", "quiet", "debug", "config", "no_input"]
# Of a fit: what says how a table is read, what is trained, and how.
FITTING = [name for name in FIELDS if option_of(name).group == DATA]
FITTING += ["network", "network_options", "penalize", "hidden", "l1", "l2", "epochs", "steps", "batch", "lr"]
FITTING += ["seed", "device", "mlflow", *ALIKE]
PREDICTING = ["header", "delimiter", "encoding", "skip_rows", "header_rows", "decimal", "na", "on_bad_rows"]
PREDICTING += ["device", *ALIKE]


def _text(*flags: str, metavar: str, said: str, panel: str = FINAL, **further: Any) -> Any:
    option = typer.Option(*flags, metavar=metavar, help=said, rich_help_panel=panel, **further)
    return Annotated[str | None, option]


def _switch(flags: str, *, said: str) -> Any:
    return Annotated[bool | None, typer.Option(flags, help=said, show_default=False, rich_help_panel=FINAL)]


FIT_OWN: dict[str, Any] = {
    "source": _text("--from", metavar="RESULT", said="A saved result, whose recommendation is trained."),
    "regularizer": _text(
        metavar=REGULARIZERS,
        said="The regularizer by hand, without a result; its strength by --l1 and --l2.",
        autocompletion=words(REGULARIZERS),
    ),
    "trial": _switch(
        "--trial/--no-trial",
        said="First try a third and three times of the strength, on rows held out; default with --from.",
    ),
    "onnx": _switch("--onnx", said="Write the model as ONNX too (extra [onnx])."),
    "output": _text(
        "--output",
        "-o",
        metavar="FOLDER",
        said="The folder of the model; what a fit that is broken off has done is kept there.",
        panel=OUTPUT,
    ),
}
PREDICT_OWN: dict[str, Any] = {
    "network": _text(
        metavar="NETWORK", said="Where your own network is now, if it is not where it was at the fit."
    ),
    "output": _text(
        "--output", "-o", metavar="FILE", said="The predictions: .csv or .parquet.", panel=OUTPUT
    ),
}
MODEL = Annotated[
    str, typer.Argument(metavar="MODEL", help="The folder that fit has written.", show_default=False)
]
