"""Every option once: its type, range, default, group and help.

The command line, the environment, configuration files and the presets all read these fields. Nothing
heavy is imported here, so `--help` is quick; values are checked by `regchoose.settings.sources`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt

Certain = Literal["yes", "no"]
Unsure = Literal["yes", "no", "unsure"]
Auto = Literal["yes", "no", "auto"]


MIN_ROWS = 20  # that --rows takes
FIRST_ROWS = 4_000  # of a training set or a cross-validation in the first stage, unless --rows says otherwise


@dataclass(frozen=True)
class Option:
    """How a setting is presented.

    Parameters
    ----------
    help : str
        One line; the unit is in it.
    group : str
        The heading under which `--help` shows it.
    metavar : str
        What stands for the value in `--help`.
    flags : tuple of str
        Flags other than the one derived from the field's name.
    result : bool
        Whether it can change the result, and so belongs to the result's settings.
    """

    help: str
    group: str
    metavar: str = ""
    flags: tuple[str, ...] = ()
    result: bool = True


DATA, KNOWLEDGE, EXPERIMENT, OUTPUT, FLOW = "Data", "Prior knowledge", "Experiment", "Output", "Flow"


@dataclass(frozen=True)
class Settings:
    """All settings of a run, with their defaults."""

    # fmt: off
    target: Annotated[str | None, Option("The column to predict; by default target, label, class, y or outcome, else the last.", DATA, "COL")] = None
    task: Annotated[Literal["auto", "classification", "regression"], Option("What the target asks for.", DATA)] = "auto"
    exclude: Annotated[tuple[str, ...], Option("A column to leave out; may be given again.", DATA, "COL")] = ()
    keep: Annotated[tuple[str, ...], Option("A column to use although it looks like an id or text; may be given again.", DATA, "COL")] = ()
    header: Annotated[Auto, Option("Whether the first row names the columns.", DATA, flags=("--no-header",))] = "auto"
    delimiter: Annotated[str | None, Option("What separates fields: one character, or tab.", DATA, "CHAR")] = None
    encoding: Annotated[str | None, Option("The file's encoding, such as cp1252.", DATA, "NAME")] = None
    skip_rows: Annotated[int, Ge(0), Option("Lines above the table to leave out.", DATA, "N")] = 0
    header_rows: Annotated[int, Ge(1), Le(10), Option("Rows that name the columns together; above one, each name is joined from them.", DATA, "N")] = 1
    decimal: Annotated[Literal["auto", ".", ","], Option("The decimal mark of numbers.", DATA)] = "auto"
    na: Annotated[tuple[str, ...], Option("A further text that means missing; may be given again.", DATA, "TEXT")] = ()
    min_class: Annotated[int, Ge(0), Option("Merge the classes with fewer rows into one, called other; 0 merges none.", DATA, "N")] = 0
    group: Annotated[str | None, Option("The column whose equal rows belong together, such as a patient: they never train and judge at once.", DATA, "COL")] = None
    time: Annotated[str | None, Option("The column that orders the rows: earlier ones train, later ones judge.", DATA, "COL")] = None
    on_bad_rows: Annotated[Literal["error", "skip", "pad"], Option("What to do with rows of a wrong length.", DATA)] = "error"
    image_size: Annotated[int | Literal["auto"], Ge(4), Le(512), Option("Pixels of the longer side of images; larger ones are reduced to it. auto: as they are, up to 32.", DATA, "N|auto")] = "auto"
    drop_missing_target: Annotated[bool, Option("Leave out rows whose target is missing.", DATA)] = False

    subsample: Annotated[Auto, Option("Can a subsample with the same distribution be taken?", KNOWLEDGE)] = "auto"
    resources: Annotated[Auto, Option("Are there resources for validation?", KNOWLEDGE)] = "auto"
    prior_knowledge: Annotated[Certain, Option("Is anything known about the data set?", KNOWLEDGE)] = "yes"
    correlated: Annotated[Unsure, Option("Are the features correlated?", KNOWLEDGE)] = "unsure"
    entire_picture: Annotated[Unsure, Option("Is the entire picture needed, as in images?", KNOWLEDGE)] = "unsure"
    needs_regularization: Annotated[Unsure, Option("Must the weights be regularized at all?", KNOWLEDGE)] = "unsure"
    sparse: Annotated[Unsure, Option("Is the data set very sparse already?", KNOWLEDGE)] = "unsure"
    at_limit: Annotated[Certain, Option("Is the hardware at its limit?", KNOWLEDGE)] = "no"

    chart: Annotated[Literal["which-regularizer", "three-questions"], Option("The flowchart to walk.", EXPERIMENT)] = "which-regularizer"
    rows: Annotated[int | Literal["auto"], Ge(MIN_ROWS), Option("Rows of the subsample.", EXPERIMENT, "N|auto")] = "auto"
    network: Annotated[Literal["mlp", "linear", "cnn"] | str, Option("The network: mlp, linear, cnn (of images, and there the default), or your own as file.py:Name or module:Name, called with (n_inputs, n_outputs).", EXPERIMENT, "NETWORK")] = "mlp"
    network_options: Annotated[Mapping[str, Any], Option("A further argument of your own network, or channels=N of the cnn; may be given again.", EXPERIMENT, "NAME=VALUE")] = field(default_factory=dict)
    penalize: Annotated[tuple[str, ...], Option("Penalize only the weights whose name matches, such as 'conv*'; may be given again.", EXPERIMENT, "PATTERN")] = ()
    hidden: Annotated[tuple[Annotated[int, Ge(1), Le(4096)], ...], Option("Hidden units of each layer of the mlp.", EXPERIMENT, "N,N")] = (64, 64)
    rope: Annotated[float | Literal["auto"], Gt(0), Option("Differences of the loss up to this do not matter.", EXPERIMENT, "LOSS|auto")] = "auto"
    alpha: Annotated[float | None, Ge(0), Le(1), Option("Fix Elastic Net's mix: 0 is L1, 1 is L2.", EXPERIMENT, "SHARE")] = None
    l1: Annotated[float | None, Ge(0), Option("Fix the strength of L1 instead of tuning it (for the subsample, of the mean loss).", EXPERIMENT, "STRENGTH")] = None
    l2: Annotated[float | None, Ge(0), Option("Fix the strength of L2 instead of tuning it (for the subsample, of the mean loss).", EXPERIMENT, "STRENGTH")] = None
    stopping: Annotated[Literal["tuned", "fixed"], Option("Tune the training length in every arm, or train to the end.", EXPERIMENT)] = "tuned"
    decide: Annotated[Literal["chart", "best"], Option("Recommend the chart's outcome, or the best of all four arms.", EXPERIMENT)] = "chart"
    audit: Annotated[bool, Option("Train the arm that the chart skips as well.", EXPERIMENT)] = True
    strengths: Annotated[int, Ge(2), Le(41), Option("Strengths tried, from strong to weak.", EXPERIMENT, "N")] = 9
    alphas: Annotated[tuple[Annotated[float, Gt(0), Lt(1)], ...], Option("Mixes tried for Elastic Net.", EXPERIMENT, "SHARE,SHARE")] = (0.1, 0.5, 0.9)
    folds: Annotated[int, Ge(2), Le(20), Option("Folds of the cross-validation.", EXPERIMENT, "N")] = 5
    repeats: Annotated[int, Ge(1), Le(50), Option("Repeats of the cross-validation.", EXPERIMENT, "N")] = 5
    tuning_repeats: Annotated[int, Ge(1), Le(50), Option("Repeats whose inner parts choose strength and length; all repeats judge.", EXPERIMENT, "N")] = 2
    epochs: Annotated[int, Ge(1), Le(100_000), Option("Epochs of the schedule (small tables get more, see --steps).", EXPERIMENT, "N")] = 60
    steps: Annotated[int, Ge(0), Le(1_000_000), Option("Optimizer steps at least: epochs are added until they are reached.", EXPERIMENT, "N")] = 200
    batch: Annotated[int, Ge(1), Le(65536), Option("Rows a step.", EXPERIMENT, "N")] = 128
    lr: Annotated[float | Literal["auto"], Gt(0), Le(1), Option("Adam's first learning rate, one for all arms; it falls to 0 as a cosine. auto: a short search.", EXPERIMENT, "RATE|auto")] = "auto"
    preset: Annotated[Literal["quick", "default", "thorough", "ci"], Option("A set of settings to start from.", EXPERIMENT)] = "default"
    budget: Annotated[str, Option("Time allowed, such as 90s or 5m; a longer run is answered from prior knowledge.", EXPERIMENT, "TIME")] = "10m"
    seed: Annotated[int, Ge(0), Lt(2**32), Option("The seed of every random choice.", EXPERIMENT, "N")] = 0
    device: Annotated[str, Option("auto, cpu, cuda, cuda:N, or several with commas between, which take turns.", EXPERIMENT, "DEVICE", result=False)] = "auto"
    jobs: Annotated[int, Ge(0), Le(1024), Option("Processes that train side by side; 0 is one thread a core.", EXPERIMENT, "N", result=False)] = 0
    cluster: Annotated[str | None, Option("Train on the workers of a Dask scheduler, such as tcp://10.0.0.1:8786.", EXPERIMENT, "ADDRESS", result=False)] = None

    json: Annotated[bool, Option("Print the result as one JSON document; short for --format json.", OUTPUT, result=False)] = False
    format: Annotated[Literal["text", "json", "markdown", "github", "junit"], Option("The form of the answer; github: annotations of a job.", OUTPUT, result=False)] = "text"
    fail_if: Annotated[str | None, Option("Exit with 1 where this holds of the result, such as 'certainty != \"firm\"'.", OUTPUT, "EXPR", result=False)] = None
    output: Annotated[str | None, Option("Write the result (JSON) to this file.", OUTPUT, "FILE", flags=("-o",), result=False)] = None
    report: Annotated[str | None, Option("Write a report to this file: .html is one page, .md Markdown, .xml JUnit.", OUTPUT, "FILE.html", result=False)] = None
    force: Annotated[bool, Option("Overwrite the output file.", OUTPUT, result=False)] = False
    quiet: Annotated[bool, Option("Print the answer alone.", OUTPUT, flags=("-q",), result=False)] = False
    debug: Annotated[bool, Option("Show tracebacks.", OUTPUT, result=False)] = False

    config: Annotated[str | None, Option("Read settings from this TOML file; by default regchoose.toml, where there is one.", FLOW, "FILE", result=False)] = None
    no_input: Annotated[bool, Option("Never prompt.", FLOW, result=False)] = False
    fresh: Annotated[bool, Option("Train again what the journal knows already.", FLOW, result=False)] = False
    cache_dir: Annotated[str | None, Option("The folder of the journal, in which what was trained is looked up; by default regchoose in the user's cache.", FLOW, "DIR", result=False)] = None
    mlflow: Annotated[bool, Option("Log the run to the MLflow server that MLFLOW_TRACKING_URI names (pip install 'regchoose[mlflow]').", FLOW, result=False)] = False
    dry_run: Annotated[bool, Option("Say what would be done, and stop.", FLOW, result=False)] = False
    # fmt: on


def first_rows(settings: Settings) -> int:
    """Return how many rows the first stage of an experiment wants."""
    return FIRST_ROWS if settings.rows == "auto" else settings.rows


def for_images(settings: Settings, *, given: Collection[str]) -> Settings:
    """Return the settings for images: with the cnn, unless the network is among those that are given."""
    return settings if "network" in given else replace(settings, network="cnn")


def parse_duration(text: str) -> float:
    """Return the seconds of a time such as 90s, 5m or 1h; a bare number is in seconds.

    Raises
    ------
    ValueError
        If it is no such time, or not above zero.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    seconds = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]] if found else 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError("a time above zero, such as 90s, 5m or 1h")
    return seconds
