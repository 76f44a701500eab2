"""The card of a fitted model, as Markdown: what it is, what it was made from, what is to be known of it."""

from typing import TYPE_CHECKING

from regchoose.records import numbers
from regchoose.records.model import Model, TriedStrength
from regchoose.records.words import ARM_NAMES
from regchoose.report.safe_markdown import (
    bullet_list,
    code_block,
    code_span,
    join_sections,
    markdown_table,
    prose,
)

if TYPE_CHECKING:  # what computes is loaded late
    from regchoose.encoding.encoder import Encoder

HEAD = ("strength", "l1", "l2", "loss", "difference")
MOST = 40  # columns and notes that are listed


def write_model_card(model: Model, encoder: "Encoder", *, onnx: bool) -> str:
    """Return the card, of a model that is there as ONNX too if `onnx` says so.

    Text from data shows as it is, whatever it holds.
    """
    sections = [
        _write_head(model, encoder),
        _write_recommendation(model),
        _write_strengths_tried(model),
        _write_training(model, encoder),
        _write_columns(encoder),
        bullet_list("## Notes", map(prose, model.notes), most=MOST),
        _write_files(encoder, onnx=onnx),
    ]
    return join_sections(sections)


def describe_network(model: Model) -> str:
    """Say which network a model is."""
    if model.network.is_own:
        return f"The network {model.network.name}"
    if model.network.name == "linear":
        return "A linear model"
    if model.network.name == "cnn":
        first = model.network.options["channels"]
        return f"A cnn of two convolutions with {first} and {2 * first} channels"
    return f"An mlp with hidden layers of {', '.join(map(str, model.network.hidden))} units"


def describe_regularizer(model: Model) -> str:
    """Say how a model is regularized."""
    if model.regularizer == "none":
        return "no regularization"
    amounts = numbers.strengths(model.l1, model.l2)
    return " ".join([ARM_NAMES[model.regularizer], f"({', '.join(amounts)})" if amounts else ""]).strip()


def describe_loss(encoder: "Encoder") -> str:
    """Say which loss is meant."""
    regression = encoder.target.task == "regression"
    return "squared error of the standardized target" if regression else "log loss"


def describe_factor(tried: TriedStrength) -> str:
    """Say which strength this was."""
    words = {1 / 3: "a third", 1.0: "as recommended", 3.0: "three times"}
    return words.get(tried.factor, f"{tried.factor:g} times")


def describe_difference(model: Model, tried: TriedStrength) -> str:
    """Say how far a loss is from that of the recommended strength, with two standard errors."""
    (recommended,) = (other for other in model.tried if other.factor == 1)
    if tried is recommended or None in (tried.loss, tried.error, recommended.loss):
        return ""
    assert tried.loss is not None
    assert tried.error is not None
    assert recommended.loss is not None
    return numbers.give_or_take(tried.loss - recommended.loss, 2 * tried.error)


def _write_head(model: Model, encoder: "Encoder") -> list[str]:
    target = encoder.target
    kind = "a number" if target.task == "regression" else f"one of {len(target.classes)} classes"
    return [
        f"# Model of {code_span(target.name, longest=80)}",
        "",
        f"{prose(describe_network(model))} with {prose(describe_regularizer(model))}, trained on all "
        f"{model.rows:,} {rows_or_images(encoder)} of {code_span(model.data['path'])} by regchoose "
        f"{prose(model.regchoose_version)}.",
        "",
        f"It predicts {code_span(target.name)} ({kind}) from {describe_source(encoder)}. Its loss "
        f"({describe_loss(encoder)}) on the {rows_or_images(encoder)} that it was trained on is "
        f"{numbers.loss(model.train_loss)}; on new {rows_or_images(encoder)} expect more.",
    ]


def _write_recommendation(model: Model) -> list[str]:
    advice = model.result
    if advice is None:
        return ["## Recommendation", "", "None: regularizer and strength were given by hand."]
    share = f", {numbers.probability(advice.safe)} safe" if advice.safe is not None else ""
    return [
        "## Recommendation",
        "",
        prose(advice.sentence),
        "",
        f"Certainty: {prose(advice.certainty)}{share}. Result: {code_span(advice.file)}, on {advice.rows:,} "
        f"rows, fingerprint of the data {code_span(advice.fingerprint.get('data', ''))}.",
    ]


def _write_strengths_tried(model: Model) -> list[str]:
    if not model.tried:
        return []
    rows = [
        [
            f"**{describe_factor(tried)}** ←"
            if (tried.l1, tried.l2) == (model.l1, model.l2)
            else describe_factor(tried),
            numbers.strength(tried.l1),
            numbers.strength(tried.l2),
            numbers.loss(tried.loss),
            describe_difference(model, tried) or numbers.MISSING,
        ]
        for tried in model.tried
    ]
    explanation = (
        f"Each was trained on the other rows and judged on {model.held_out:,} rows held out; the strengths "
        "are those for all rows. The recommended one gives way only to one that is better by more than two "
        "standard errors of their difference, which stand behind the ±; on few rows the lowest of three "
        "is luck."
    )
    return [
        "## Strengths tried",
        "",
        explanation,
        "",
        *markdown_table(HEAD, rows, right=HEAD[1:]),
    ]


def _write_training(model: Model, encoder: "Encoder") -> list[str]:
    length = model.length
    if length is None:
        how = "brought to its optimum by an exact method (Newton with the penalty kept whole)"
    else:
        how = (
            f"Adam with exact proximal steps, first rate {length.lr:g}, falling to 0 as a cosine over "
            f"{length.schedule_epochs} epochs, stopped after {length.stop_epoch}; {length.batch} rows a step"
        )
    lines = [
        f"objective: mean loss + {model.l1!r}·Σ|w| + {model.l2!r}·Σw²",
        f"training: {how}",
        f"seed: {model.seed}",
        f"inputs: {len(encoder.input_names)}",
        f"nonzero weights: {numbers.percent(model.nonzero_share)}",
        f"fingerprint of the data: {model.data['fingerprint']}",
    ]
    return ["## Training", "", *code_block(lines)]


def rows_or_images(encoder: "Encoder") -> str:
    """Say what a row is."""
    return "rows" if encoder.images is None else "images"


def describe_source(encoder: "Encoder") -> str:
    """Say what a prediction is made from."""
    count = len(encoder.columns)
    if encoder.images is not None:
        return f"an image ({encoder.images.shape})"
    return f"{count} column{'s' * (count > 1)}"


def _write_columns(encoder: "Encoder") -> list[str]:
    if encoder.images is not None:
        what = "Images of other sizes are brought to it; each channel is standardized as a whole."
        return ["## What it reads", "", f"Images: {prose(str(encoder.images.shape))}. {what}"]
    names = [f"{code_span(name)}" for name in encoder.columns]
    more = [f"{len(names) - MOST} more"] if len(names) > MOST else []
    return ["## Columns it reads", "", ", ".join([*names[:MOST], *more]) + "."]


def _write_files(encoder: "Encoder", *, onnx: bool) -> list[str]:
    files = {
        "weights.safetensors": "the weights, named as PyTorch's layers name them",
        "preprocessing.json": "how rows become inputs: imputation, scales, levels"
        if encoder.images is None
        else "how images become inputs: their shape, the scale of each channel",
        "model.json": "everything else that this card says",
    }
    if onnx:
        source = "columns" if encoder.images is None else "the numbers of images"
        files["model.onnx"] = f"the model from {source} to answer; its metadata name the inputs"
    lines = [f"{code_span(name)}: {what}" for name, what in files.items()]
    return [
        *bullet_list("## Files", lines),
        "",
        "Predict with it:",
        "",
        *code_block(["regchoose predict MODEL DATA -o OUT.csv"], language="sh"),
    ]
