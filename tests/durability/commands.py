"""Random commands on random tables: the options that people give, mostly rightly."""

from collections.abc import Callable, Sequence

import numpy as np

from tests.durability.tables import Sheet

# Small enough that a run takes about a second; they are options like any others.
SMALL = "--preset quick --hidden 4 --folds 2 --repeats 1 --strengths 2 --epochs 1 --steps 3 --batch 64"
SEARCHED = 0.1  # of the commands leave the learning rate to be found
Option = Callable[[np.random.Generator, Sheet], Sequence[str]]


def _one_of(*words: str) -> Option:
    """Return an option that is one of some, each of words apart by spaces."""
    return lambda rng, _: words[int(rng.integers(len(words)))].split()


def _column(flag: str) -> Option:
    return lambda rng, sheet: (flag, sheet.names[int(rng.integers(len(sheet.names)))] or "c1")


def _condition(rng: np.random.Generator, _: Sheet) -> Sequence[str]:
    conditions = ('certainty != "firm"', "safe < 0.9", "len(data.warnings) > 3", 'regularizer == "l2"')
    return "--fail-if", conditions[int(rng.integers(len(conditions)))]


USUAL: tuple[tuple[float, Option], ...] = (  # how often, and what
    (0.3, _one_of("--network linear")),
    (0.2, _one_of("--chart three-questions")),
    (0.15, _one_of("--decide best")),
    (0.1, _one_of("--stopping fixed")),
    (0.15, _one_of("--no-audit")),
    (0.1, _one_of("--alpha 0.3", "--alpha 0", "--alpha 1")),
    (0.1, _one_of("--l1 0.01", "--l2 0.1", "--l1 0", "--l1 0.5 --l2 0")),
    (0.1, _one_of("--correlated yes", "--correlated no", "--entire-picture yes", "--sparse yes")),
    (0.05, _one_of("--prior-knowledge no", "--needs-regularization no", "--at-limit yes")),
    (0.05, _one_of("--resources no", "--resources yes")),
    (0.05, _one_of("--rope 0.5", "--batch 1", "--epochs 20", "--lr 1")),
    (0.05, _one_of("--jobs 1", "--jobs 2", "--jobs 5")),
    (0.05, _one_of("--budget 1s", "--budget 1h")),
    (0.1, _one_of("--min-class 5", "--drop-missing-target", "--on-bad-rows skip", "--on-bad-rows pad")),
    (0.05, _one_of("--task classification", "--task regression")),
    (0.05, _one_of("--no-header", "--header", "--decimal ,", "--delimiter ;", "--encoding cp1252")),
    (0.05, _column("--target")),
    (0.05, _column("--exclude")),
    (0.05, _column("--keep")),
    (0.04, _column("--group")),
    (0.04, _column("--time")),
    (0.15, _one_of("--rows 20", "--rows 40", "--rows 100")),
    (0.1, _one_of("--seed 1", "--seed 4294967295")),
    (0.05, _one_of("--dry-run")),
    (0.08, _condition),
    (0.4, _one_of("--json", "--format json", "--format markdown", "--format github", "--format junit")),
    (0.1, _one_of("-q")),
    (0.3, _one_of("--fresh")),
    (0.02, _one_of("--epoch 3", "--folds 1", "--network nets.py:Net", "--device cuda:7", "--fail-if x==1")),
    (0.2, _one_of("-o result.json --force", "--report page.html --force", "--report page.md --force")),
)


def make_command(rng: np.random.Generator, sheet: Sheet) -> list[str]:
    """Draw the arguments of a run on a table in the current folder."""
    command = ["recommend", sheet.name, *SMALL.split()]
    if rng.random() > SEARCHED:
        command += ["--lr", "0.01"]
    if rng.random() < 0.75:
        command += ["--subsample", "yes"]
    for often, option in USUAL:
        if rng.random() < often:
            command += option(rng, sheet)
    if rng.random() < 0.02:
        command[1] = "nowhere.csv"
    return command
