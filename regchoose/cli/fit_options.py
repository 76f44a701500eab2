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
    "source": _text(
        "--from", metavar="RESULT", said="A saved result; the model is trained with its recommendation."
    ),
    "regularizer": _text(
        metavar=REGULARIZERS,
        said="The regularizer, if there is no result; --l1 and --l2 give its strength.",
        autocompletion=words(REGULARIZERS),
    ),
    "trial": _switch(
        "--trial/--no-trial",
        said="First compare a third and three times the strength on held-out rows; default with --from.",
    ),
    "onnx": _switch("--onnx", said="Also write the model as ONNX (needs regchoose[onnx])."),
    "output": _text(
        "--output",
        "-o",
        metavar="FOLDER",
        said="The folder of the model; an interrupted fit leaves its progress here.",
        panel=OUTPUT,
    ),
}
PREDICT_OWN: dict[str, Any] = {
    "network": _text(metavar="NETWORK", said="The file of your own network, if it has moved since the fit."),
    "output": _text(
        "--output", "-o", metavar="FILE", said="The file for the predictions: .csv or .parquet.", panel=OUTPUT
    ),
}
MODEL = Annotated[str, typer.Argument(metavar="MODEL", help="A folder written by fit.", show_default=False)]
