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
DateOrder = Literal["auto", "dmy", "mdy"]


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
    target: Annotated[str | None, Option("The column to predict; by default the one called target, label, class, y or outcome, else the last.", DATA, "COL")] = None
    task: Annotated[Literal["auto", "classification", "regression"], Option("The task; auto decides from the target column.", DATA)] = "auto"
    exclude: Annotated[tuple[str, ...], Option("A column to leave out; can be repeated.", DATA, "COL")] = ()
    keep: Annotated[tuple[str, ...], Option("A column to use although it looks like an id or text; can be repeated.", DATA, "COL")] = ()
    header: Annotated[Auto, Option("Whether the first row is a header.", DATA, flags=("--no-header",))] = "auto"
    delimiter: Annotated[str | None, Option("The field delimiter: one character, or tab.", DATA, "CHAR")] = None
    encoding: Annotated[str | None, Option("The file's encoding, such as cp1252.", DATA, "NAME")] = None
    skip_rows: Annotated[int, Ge(0), Option("Number of lines to skip above the table.", DATA, "N")] = 0
    header_rows: Annotated[int, Ge(1), Le(10), Option("Number of header rows; with several, their names are joined.", DATA, "N")] = 1
    decimal: Annotated[Literal["auto", ".", ","], Option("The decimal mark of numbers.", DATA)] = "auto"
    date_order: Annotated[DateOrder, Option("How dates such as 01/02/2021 are read where the column does not tell; auto leaves such a column out.", DATA)] = "auto"
    na: Annotated[tuple[str, ...], Option("Another text that means a missing value; can be repeated.", DATA, "TEXT")] = ()
    na_none: Annotated[bool, Option("Take no word such as NA or none for a missing value: only empty cells and those of --na are missing.", DATA)] = False
    min_class: Annotated[int, Ge(0), Option("Merge classes with fewer rows than this into one called other; 0 merges none.", DATA, "N")] = 0
    group: Annotated[str | None, Option("A column of groups, such as patients: rows of one group are never split between training and test.", DATA, "COL")] = None
    time: Annotated[str | None, Option("A column of times: models train on earlier rows and are tested on later ones.", DATA, "COL")] = None
    on_bad_rows: Annotated[Literal["error", "skip", "pad"], Option("What to do with rows that have too many or too few fields.", DATA)] = "error"
    image_size: Annotated[int | Literal["auto"], Ge(4), Le(512), Option("Longer side of the images in pixels; larger images are scaled down. auto: as they are, at most 32.", DATA, "N|auto")] = "auto"
    drop_missing_target: Annotated[bool, Option("Drop rows whose target is missing.", DATA)] = False

    subsample: Annotated[Auto, Option("Can a subsample with the same distribution be taken?", KNOWLEDGE)] = "auto"
    resources: Annotated[Auto, Option("Are there resources for validation?", KNOWLEDGE)] = "auto"
    prior_knowledge: Annotated[Certain, Option("Do you have prior knowledge about the data set?", KNOWLEDGE)] = "yes"
    correlated: Annotated[Unsure, Option("Are the features correlated?", KNOWLEDGE)] = "unsure"
    entire_picture: Annotated[Unsure, Option("Does the entire picture matter: do most features matter a little, as pixels do?", KNOWLEDGE)] = "unsure"
    needs_regularization: Annotated[Unsure, Option("Do the weights need regularization at all?", KNOWLEDGE)] = "unsure"
    sparse: Annotated[Unsure, Option("Is the data set very sparse already?", KNOWLEDGE)] = "unsure"
    at_limit: Annotated[Certain, Option("Is the hardware at its limit?", KNOWLEDGE)] = "no"

    chart: Annotated[Literal["which-regularizer", "three-questions"], Option("The flowchart to walk.", EXPERIMENT)] = "which-regularizer"
    rows: Annotated[int | Literal["auto"], Ge(MIN_ROWS), Option("Rows of the subsample. auto: at most 4,000 in the first stage.", EXPERIMENT, "N|auto")] = "auto"
    network: Annotated[Literal["mlp", "linear", "cnn"] | str, Option("The network: mlp, linear, cnn (for images, and their default), or your own as file.py:Name or module:Name, called with (n_inputs, n_outputs).", EXPERIMENT, "NETWORK")] = "mlp"
    network_options: Annotated[Mapping[str, Any], Option("An extra argument for your own network, or channels=N for the cnn; can be repeated.", EXPERIMENT, "NAME=VALUE")] = field(default_factory=dict)
    penalize: Annotated[tuple[str, ...], Option("Penalize only parameters whose name matches, such as 'conv*'; can be repeated.", EXPERIMENT, "PATTERN")] = ()
    hidden: Annotated[tuple[Annotated[int, Ge(1), Le(4096)], ...], Option("Units of each hidden layer of the mlp.", EXPERIMENT, "N,N")] = (64, 64)
    rope: Annotated[float | Literal["auto"], Gt(0), Option("Losses that differ by no more than this count as no practical difference.", EXPERIMENT, "LOSS|auto")] = "auto"
    alpha: Annotated[float | None, Ge(0), Le(1), Option("Fix the alpha of Elastic Net instead of tuning it: 0 is L1, 1 is L2.", EXPERIMENT, "SHARE")] = None
    l1: Annotated[float | None, Ge(0), Option("The strength of L1 in the mean loss; recommend uses it on the subsample and does not tune it.", EXPERIMENT, "STRENGTH")] = None
    l2: Annotated[float | None, Ge(0), Option("The strength of L2 in the mean loss; recommend uses it on the subsample and does not tune it.", EXPERIMENT, "STRENGTH")] = None
    stopping: Annotated[Literal["tuned", "fixed"], Option("Tune the number of epochs in every arm, or train all arms to the last epoch.", EXPERIMENT)] = "tuned"
    decide: Annotated[Literal["audited", "chart", "best"], Option("Recommend the chart's arm or else the best, whichever is firm, or else the surest (audited); always the chart's (chart); or the arm with the lowest loss plus standard error (best).", EXPERIMENT)] = "audited"
    audit: Annotated[bool, Option("Also train the arm that the chart skips.", EXPERIMENT)] = True
    strengths: Annotated[int, Ge(2), Le(41), Option("Number of strengths to try.", EXPERIMENT, "N")] = 9
    alphas: Annotated[tuple[Annotated[float, Gt(0), Lt(1)], ...], Option("Values of alpha to try for Elastic Net.", EXPERIMENT, "SHARE,SHARE")] = (0.1, 0.5, 0.9)
    folds: Annotated[int, Ge(2), Le(20), Option("Folds of cross-validation.", EXPERIMENT, "N")] = 5
    repeats: Annotated[int, Ge(1), Le(50), Option("Repeats of cross-validation; more than 600 rows need fewer, three fifths at least.", EXPERIMENT, "N")] = 5
    epochs: Annotated[int, Ge(1), Le(100_000), Option("Maximum number of epochs; small tables get more, see --steps.", EXPERIMENT, "N")] = 60
    steps: Annotated[int, Ge(0), Le(1_000_000), Option("Minimum number of optimizer steps: epochs are added until it is reached.", EXPERIMENT, "N")] = 200
    batch: Annotated[int, Ge(1), Le(65536), Option("Target batch size; an epoch is cut into equal batches of about this size.", EXPERIMENT, "N")] = 128
    lr: Annotated[float | Literal["auto"], Gt(0), Le(1), Option("Adam's initial learning rate, the same for all arms, with cosine decay to 0. auto: a short search.", EXPERIMENT, "RATE|auto")] = "auto"
    preset: Annotated[Literal["quick", "default", "thorough", "ci"], Option("A set of settings to start from.", EXPERIMENT)] = "default"
    budget: Annotated[str, Option("Time allowed, such as 90s or 5m; if an experiment cannot fit, nothing is trained and the answer has the certainty prior.", EXPERIMENT, "TIME")] = "10m"
    seed: Annotated[int, Ge(0), Lt(2**32), Option("The random seed.", EXPERIMENT, "N")] = 0
    device: Annotated[str, Option("auto, cpu, cuda, cuda:N, or several separated by commas, which share the work.", EXPERIMENT, "DEVICE", result=False)] = "auto"
    jobs: Annotated[int, Ge(0), Le(1024), Option("How many trainings run side by side, each in a process; 0 is one for each core, up to 8.", EXPERIMENT, "N", result=False)] = 0
    cluster: Annotated[str | None, Option("Train on the workers of a Dask scheduler, such as tcp://10.0.0.1:8786.", EXPERIMENT, "ADDRESS", result=False)] = None

    json: Annotated[bool, Option("Print the result as one JSON document; short for --format json.", OUTPUT, result=False)] = False
    format: Annotated[Literal["text", "json", "markdown", "github", "junit"], Option("The output format; github writes workflow annotations.", OUTPUT, result=False)] = "text"
    fail_if: Annotated[str | None, Option("Exit with 1 if this condition on the result holds, such as 'certainty != \"firm\"'.", OUTPUT, "EXPR", result=False)] = None
    output: Annotated[str | None, Option("Write the result (JSON) to this file.", OUTPUT, "FILE", flags=("-o",), result=False)] = None
    report: Annotated[str | None, Option("Write a report to this file; the extension (.html, .md, .xml for JUnit, .txt) decides the format.", OUTPUT, "FILE.html", result=False)] = None
    force: Annotated[bool, Option("Overwrite the output if it exists.", OUTPUT, result=False)] = False
    quiet: Annotated[bool, Option("Print only the answer.", OUTPUT, flags=("-q",), result=False)] = False
    details: Annotated[bool, Option("Also print how the penalties were trained and judged.", OUTPUT, result=False)] = False
    debug: Annotated[bool, Option("Show tracebacks.", OUTPUT, result=False)] = False

    config: Annotated[str | None, Option("Read settings from this TOML file; by default regchoose.toml, if it exists.", FLOW, "FILE", result=False)] = None
    no_input: Annotated[bool, Option("Never prompt.", FLOW, result=False)] = False
    fresh: Annotated[bool, Option("Ignore the cache and train everything again.", FLOW, result=False)] = False
    cache_dir: Annotated[str | None, Option("The cache folder; by default regchoose in the user's cache directory.", FLOW, "DIR", result=False)] = None
    mlflow: Annotated[bool, Option("Log the run to the MLflow server that MLFLOW_TRACKING_URI names (pip install 'regchoose[mlflow]').", FLOW, result=False)] = False
    dry_run: Annotated[bool, Option("Show what would be done and how long it would take, and stop.", FLOW, result=False)] = False
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
