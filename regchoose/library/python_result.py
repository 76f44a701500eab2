"""A result for Python: read by attributes, shown, converted and saved."""

import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult

from regchoose.errors import UsageError
from regchoose.records.words import Arm
from regchoose.report import html, terminal
from regchoose.report.as_markdown import as_markdown
from regchoose.report.verdict_text import list_warnings
from regchoose.result.document import RunResult
from regchoose.result.json_text import dump_model
from regchoose.result.parts import Certainty
from regchoose.result.saved_result import read_result

WIDTH = 80  # columns of `str`


@dataclass(frozen=True, repr=False, eq=False)
class Result:
    """What `recommend` found.

    Printed, it is the answer as a terminal shows it; in a notebook, a table with the whole report folded in.
    Strengths are of the mean loss, J = mean loss + l1·Σ|w| + l2·Σw², for a training on all rows of the table.

    Parameters
    ----------
    record : regchoose.result.document.RunResult
        Everything that was found, key by key.
    """

    record: RunResult

    # ---- the answer ----------------------------------------------------------------------------

    @property
    def regularizer(self) -> Arm:
        """What to start with: none, l1, l2 or elastic_net."""
        return self.record.recommendation.regularizer

    @property
    def l1(self) -> float | None:
        """Strength of Σ|w|; None where nothing was trained."""
        return self.record.recommendation.l1

    @property
    def l2(self) -> float | None:
        """Strength of Σw²; None where nothing was trained."""
        return self.record.recommendation.l2

    @property
    def strength(self) -> float | None:
        """The sum l1 + l2."""
        return self.record.recommendation.strength

    @property
    def alpha(self) -> float | None:
        """The share l2/(l1 + l2): 1 is Ridge, 0 is Lasso. scikit-learn's `l1_ratio` is its reverse."""
        return self.record.recommendation.alpha

    @property
    def certainty(self) -> Certainty:
        """How sure it is: firm, leaning, undecided, or prior where nothing was trained."""
        return self.record.recommendation.certainty

    @property
    def safe(self) -> float | None:
        """Probability that it is within no practical difference of the best regularizer."""
        return self.record.recommendation.safe

    @property
    def probability(self) -> float | None:
        """Probability that the chart ends here too."""
        return self.record.recommendation.probability

    @property
    def gain(self) -> float | None:
        """How much lower the loss is than without regularization, as a share of that loss."""
        gain = self.record.recommendation.gain
        return None if gain is None else gain.value

    @property
    def sentence(self) -> str:
        """The advice in a sentence."""
        return self.record.recommendation.sentence

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know about the answer and the table."""
        return tuple(list_warnings(self.record))

    # ---- shown ---------------------------------------------------------------------------------

    def __repr__(self) -> str:
        advice = self.record.recommendation
        values = {"l1": advice.l1, "l2": advice.l2, "safe": advice.safe}
        figures = "".join(f", {name}={value:.3g}" for name, value in values.items() if value)
        return f"Result(regularizer={self.regularizer!r}, certainty={self.certainty!r}{figures})"

    def __str__(self) -> str:
        return terminal.render_as_text(self.record, width=WIDTH)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield terminal.render_result(self.record, width=options.max_width, fold_commands=True)

    def _repr_html_(self) -> str:
        return html.as_notebook(self.record)

    # ---- converted and saved -------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Result) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def to_json(self) -> str:
        """Return the JSON document that `regchoose recommend --json` prints."""
        return dump_model(self.record)

    def to_dict(self) -> dict[str, Any]:
        """Return the same document as a new dict."""
        document: dict[str, Any] = json.loads(self.to_json())
        return document

    def to_html(self) -> str:
        """Return the report as one HTML page, which loads nothing."""
        return html.as_html(self.record)

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        return as_markdown(self.record)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the JSON document, which `regchoose report`, `export` and `compare` read."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @staticmethod
    def load(path: str | PathLike[str]) -> "Result":
        """Read a result that `save`, or `regchoose recommend -o`, wrote.

        Raises
        ------
        UsageError
            E201 if there is no such file; E214 if it is no result, or one of another version.
        """
        try:
            return Result(read_result(Path(path)))
        except UsageError as error:
            raise error.in_python() from None
