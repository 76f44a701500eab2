import json

import numpy as np
import pytest

from regchoose.result.document import RunResult
from regchoose.result.json_text import dump_document, dump_model
from regchoose.result.saved_result import restore_result
from tests.report.results import FIRM


def test_the_document_has_every_field_in_the_contracts_order() -> None:
    assert list(json.loads(dump_model(FIRM))) == list(RunResult.model_fields)


def test_it_reads_back_as_it_was() -> None:
    assert restore_result(json.loads(dump_model(FIRM))) == FIRM


def test_the_order_of_inner_keys_does_not_matter() -> None:
    arms = FIRM.arms.model_copy(update=dict(reversed(list(FIRM.arms.items()))))
    turned = FIRM.model_copy(update={"arms": arms})
    assert dump_model(turned) == dump_model(FIRM)


def test_numbers_are_finite_and_plain() -> None:
    wild = {"a": float("nan"), "b": np.float64(0.5), "c": np.array([1, 2]), "d": float("-inf"), "e": {2, 1}}
    assert json.loads(dump_document(wild)) == {"a": None, "b": 0.5, "c": [1, 2], "d": None, "e": [1, 2]}


def test_text_is_ascii_and_legal() -> None:
    written = dump_document({"path": "caf\u00e9 \udcff \u2028 \x1b"})
    assert written.isascii()
    assert "\x1b" not in written
    assert json.loads(written) == {"path": "caf\u00e9 \\udcff \u2028 \x1b"}


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="no JSON for object"):
        dump_document({"a": object()})
