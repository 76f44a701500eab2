"""The card of a model: what it says, and that names in it stay names."""

from dataclasses import replace

import pytest

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.inputs import CategoryInput, EncodedTarget, NumberInput
from regchoose.records.model import Length, Model, NetworkPlan, Recommended, Tried
from regchoose.report.model_card import write_model_card
from tests.report.hostile import NAMES
from tests.report.test_as_markdown import shape

PREPROCESSING = Encoder(
    (NumberInput("age", "age", "", center=1.0, spread=2.0, mean=0.0, scale=1.0, flagged=True),),
    (CategoryInput("town", False, ("a", "b"), (0, 1), ("a", "b"), (0.5, 0.5), other=None, missing=None),),
    (),
    EncodedTarget("y", "binary", ("no", "yes"), False, True, None, 0.0, 1.0),
    (),
)
RECOMMENDED = Recommended(
    file="result.json",
    regularizer="l2",
    sentence="Start with L2.",
    certainty="firm",
    probability=0.9,
    safe=0.97,
    l1=0.0,
    l2=0.0021,
    rule=None,
    fingerprint={"data": "abc"},
    rows=1000,
    partial=False,
)
MODEL = Model(
    "1",
    "0.1.0",
    NetworkPlan("mlp", (64, 64), {}, ()),
    "l2",
    0.0,
    0.0021,
    Length(0.003, 128, 60, 23),
    0,
    1000,
    200,
    (
        Tried(1 / 3, 0.0, 0.0007, 0.41, 0.004),
        Tried(1.0, 0.0, 0.0021, 0.4, 0.0),
        Tried(3.0, 0.0, 0.0063, None, None),
    ),
    0.38,
    1.0,
    {"path": "data.csv", "fingerprint": "abc"},
    {},
    RECOMMENDED,
    "00",
    ("12 levels were new",),
)
TEXT = """\
# Model of `y`

An mlp with hidden layers of 64, 64 units with L2 (l2 = 0.0021), trained on all 1,000 rows of `data.csv` by \
regchoose 0.1.0.

It predicts `y` (one of 2 classes) from 2 columns. Its loss (log loss) on the rows that it was trained on is \
0.380; on new rows expect more.

## Recommendation

Start with L2.

Certainty: firm, 97 % safe. Result: `result.json`, on 1,000 rows, fingerprint of the data `abc`.

## Strengths tried

Each was trained on the other rows and judged on 200 rows held out; the strengths are those for all rows. \
The recommended one gives way only to one that is better by more than two standard errors of their \
difference, which stand behind the ±; on few rows the lowest of three is luck.

| strength | l1 | l2 | loss | difference |
| --- | ---: | ---: | ---: | ---: |
| a third | – | 0.00070 | 0.410 | +0.0100 ± 0.0080 |
| **as recommended** ← | – | 0.0021 | 0.400 | – |
| three times | – | 0.0063 | – | – |

## Training

```
objective: mean loss + 0.0·Σ|w| + 0.0021·Σw²
training: Adam with exact proximal steps, first rate 0.003, falling to 0 as a cosine over 60 epochs, stopped \
after 23; 128 rows a step
seed: 0
inputs: 3
nonzero weights: 100 %
fingerprint of the data: abc
```

## Columns it reads

`age`, `town`.

## Notes

- 12 levels were new

## Files

- `weights.safetensors`: the weights, named as PyTorch's layers name them
- `preprocessing.json`: how rows become inputs: imputation, scales, levels
- `model.json`: everything else that this card says

Predict with it:

```sh
regchoose predict MODEL DATA -o OUT.csv
```
"""


def test_the_card_says_what_the_model_is() -> None:
    assert write_model_card(MODEL, PREPROCESSING, onnx=False) == TEXT


def test_a_linear_model_by_hand_has_neither_recommendation_nor_length() -> None:
    linear = replace(MODEL, network=NetworkPlan("linear", (), {}, ()), length=None, result=None, tried=())
    said = write_model_card(linear, PREPROCESSING, onnx=True)
    assert "A linear model with L2" in said
    assert "regularizer and strength were given by hand" in said
    assert "brought to its optimum" in said
    assert "Strengths tried" not in said
    assert "model.onnx" in said


def card_with(name: str) -> str:
    """The card of a model that has a name wherever data or files can put one."""
    encoder = replace(
        PREPROCESSING,
        numbers=(replace(PREPROCESSING.numbers[0], name=name, column=name),),
        categories=(replace(PREPROCESSING.categories[0], column=f"{name} 2"),),
        target=replace(PREPROCESSING.target, name=name),
    )
    model = replace(
        MODEL,
        network=NetworkPlan(name, (), {}, ()),
        data={"path": name, "fingerprint": name},
        notes=(name,),
        result=replace(RECOMMENDED, file=name, sentence=name),
    )
    return write_model_card(model, encoder, onnx=False)


@pytest.mark.parametrize("kind", [kind for kind in NAMES if NAMES[kind].strip()])
def test_hostile_names_stay_names(kind: str) -> None:
    said = card_with(NAMES[kind])
    assert shape(said) == shape(card_with("plain"))
    assert "\x1b" not in said
