"""The way through the chart in an answer: each question in a few words, its answer, its evidence."""

from dataclasses import dataclass

from regchoose.flowchart.charts import CHARTS
from regchoose.flowchart.nodes import Question
from regchoose.records import numbers
from regchoose.records.answers import AnsweredBy
from regchoose.result.document import PathStep, RunResult
from regchoose.result.experiment_sections import ArmComparison
from regchoose.result.headline import find_departure, name_arm, safe_of
from regchoose.settings.options import parse_duration

ANSWERED_BY: dict[AnsweredBy | None, str] = {
    "user": "your answer",
    "flag": "set beforehand",
    "default": "by default",
    "measured": "measured",
    "trained": "trained",
    None: "",
}
YES_OR_NO = {"better": "yes", "worse": "no"}
SURE = 0.95  # of the answer of a comparison: below it, the answer is said to be the likeliest


@dataclass(frozen=True)
class PathLine:
    """A question of the chart as an answer shows it."""

    question: str
    answer: str
    evidence: str
    step: PathStep
    alike: bool = False  # whether it compared two penalties that most likely make no real difference


def list_path(result: RunResult) -> list[PathLine]:
    """Return the questions that a walk passed, in its order."""
    return [_to_line(result, step) for step in result.path if step.kind == "question"]


def write_outcome(result: RunResult) -> str:
    """Return the last line of the way: where the chart ends, and whether that is what is recommended."""
    instead = find_departure(result)
    if instead is None:
        return result.path[-1].text
    named = result.recommendation.regularizer
    surer = safe_of(result, named) > safe_of(result, instead)
    why = "is surer" if surer else "takes its place"
    return f"The chart ends at {name_arm(instead)}; {name_arm(named)} {why}, see above"


def summarize_comparison(result: RunResult, compared: ArmComparison, *, answer: str) -> str:
    """Say how `a` did against `b`: by how much of the loss of `b`, with the interval, or that it is alike."""
    if _are_alike(compared):
        barely = "barely: " if answer == "yes" else ""
        alike = numbers.probability(compared.equivalent)
        if compared.equivalent < 0.5:
            return f"{barely}likeliest is no real difference ({alike})"
        return f"{barely}no real difference ({alike} sure)"
    first, second = result.arms.get(compared.a), result.arms.get(compared.b)
    if first is None or second is None or not second.loss:
        return ""
    correction = second.optimism - first.optimism
    low, high = (-end + correction for end in reversed(compared.interval))
    gain = second.loss - first.loss
    ends = numbers.percent_interval((low / second.loss, high / second.loss))
    size = numbers.percent(abs(gain) / second.loss)
    doubt = _write_doubt(compared, answer=answer)
    if answer == "yes":
        return f"{doubt}by {size} {ends}" if gain >= 0 else f"barely: worse by {size} on average {ends}"
    return f"barely not: better by {size} on average {ends}" if gain > 0 else f"{doubt}worse by {size}"


def _write_doubt(compared: ArmComparison, *, answer: str) -> str:
    """Say of an answer that is not sure how sure it is; empty where it is."""
    share = compared.better if answer == "yes" else compared.worse
    if share >= SURE:
        return ""
    likeliest = share >= max(compared.better, compared.worse)
    return f"likeliest ({numbers.probability(share)}), " if likeliest else "barely: "


def _are_alike(compared: ArmComparison) -> bool:
    return compared.equivalent >= max(compared.better, compared.worse)


def _to_line(result: RunResult, step: PathStep) -> PathLine:
    node = CHARTS[result.settings.chart].nodes.get(step.key) if result.settings.chart in CHARTS else None
    question = node.short if isinstance(node, Question) and node.short else step.text
    answer = YES_OR_NO.get(step.answer or "", step.answer or "")
    compared = next((pair for pair in result.comparisons if pair.question == step.key), None)
    if compared is not None:
        evidence = summarize_comparison(result, compared, answer=answer)
        return PathLine(question, answer, evidence, step, alike=_are_alike(compared))
    evidence = _describe_estimate(result, step) or step.evidence
    who = ANSWERED_BY[step.answered_by] if step.answered_by in ("user", "flag", "default") else ""
    return PathLine(question, answer, ": ".join(filter(None, [who, evidence])), step)


def _describe_estimate(result: RunResult, step: PathStep) -> str:
    """Return how long the experiment was thought to take, where that decided."""
    seconds = result.execution.estimates.seconds
    decided = step.key in ("resources", "validation") and step.answered_by == "measured"
    if not decided or seconds is None or result.settings.budget is None:
        return ""
    budget = numbers.duration(parse_duration(result.settings.budget))
    joined = "of" if step.answer == "yes" else "where the budget is"
    return f"about {numbers.duration(seconds)} {joined} {budget}"
