"""Answers that follow from what was measured, and walks that decide nothing."""

from collections.abc import Callable, Sequence

from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.nodes import Chart, Question
from regchoose.flowchart.walk import Step, find_outcome
from regchoose.records.answers import Answer
from regchoose.records.subsample import Finding, Profile


def by_profile(node: Question, findings: Profile) -> Answer:
    """Answer a question on the data by what was measured on them."""
    by_key: dict[str, Finding] = {
        "correlated": findings.correlated,
        "many_correlations": findings.correlated,
        "additional_knowledge": findings.somewhat_correlated,
        "entire_picture": findings.entire_picture,
        "sparse": findings.sparse,
    }
    if node.key not in by_key:  # nothing measures it: the answer "unsure" stands
        return Answer("unsure", "default")
    found = by_key[node.key]
    return Answer(found.answer if found.answer in node.arrows else "no", "measured", found.evidence)


def walk_of_signs(chart: Chart, steps: Sequence[Step]) -> Callable[..., str]:
    """Return the walk of the answers that were given, with other answers at the diamonds."""
    given = {step.node.key: step.answer.value for step in steps if step.answer is not None}
    return lambda signs: find_outcome(chart, {**given, **signs})


def prior_outcome(known: Profile) -> str:
    """Return where prior knowledge alone, measured on the data, would lead."""
    yes = {"correlated": known.correlated, "entire_picture": known.entire_picture}
    answers = {key: "yes" if found.answer == "yes" else "no" for key, found in yes.items()}
    which = CHARTS["which-regularizer"]
    return find_outcome(which, {"subsample_possible": "no", "prior_knowledge": "yes", **answers})
