import json
from dataclasses import fields, replace

import numpy as np
import pytest

from regchoose.records.answers import Result
from regchoose.result.json_text import document, dumps
from tests.report.results import FIRM


def test_the_document_has_every_field_in_the_contracts_order() -> None:
    assert list(json.loads(dumps(FIRM))) == [field.name for field in fields(Result)]


def test_it_reads_back_as_it_was() -> None:
    read = json.loads(dumps(FIRM))
    assert read["recommendation"] == dict(FIRM.recommendation)
    assert read["arms"] == dict(FIRM.arms)
    assert read["path"] == list(FIRM.path)


def test_the_order_of_inner_keys_does_not_matter() -> None:
    turned = replace(FIRM, arms=dict(reversed(list(FIRM.arms.items()))))
    assert dumps(turned) == dumps(FIRM)


def test_numbers_are_finite_and_plain() -> None:
    wild = {"a": float("nan"), "b": np.float64(0.5), "c": np.array([1, 2]), "d": float("-inf"), "e": {2, 1}}
    assert json.loads(document(wild)) == {"a": None, "b": 0.5, "c": [1, 2], "d": None, "e": [1, 2]}


def test_text_is_ascii_and_legal() -> None:
    written = document({"path": "caf\u00e9 \udcff \u2028 \x1b"})
    assert written.isascii()
    assert "\x1b" not in written
    assert json.loads(written) == {"path": "caf\u00e9 \\udcff \u2028 \x1b"}


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="no JSON for object"):
        document({"a": object()})
