"""The test report, read by a reader that is not ours."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from xml.dom import minidom

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from regchoose.report.as_junit import as_junit, failure_as_junit
from regchoose.report.safe_text import plain
from regchoose.result.json_text import without_surrogates
from tests.report.hostile import NAMES, gate, with_name
from tests.report.results import FIRM, PRIOR, altered


def cases(text: str) -> list[TestCase]:
    return [case for suite in JUnitXml.fromstring(text.encode()) for case in suite]


def test_the_recommendation_passes_and_a_warning_is_skipped() -> None:
    answer, warning = cases(as_junit(FIRM))
    assert (answer.name, answer.result, answer.time) == ("recommendation", [], 12.4)
    assert "Elastic Net" in answer.system_out
    assert warning.name == "2 rows are duplicates"
    assert [type(found) for found in warning.result] == [Skipped]


@pytest.mark.parametrize("holds", [True, False, None])
def test_the_gate_is_a_case_that_fails_where_it_holds(holds: bool | None) -> None:
    asked = replace(gate("x"), holds=holds)
    _, case, _ = cases(as_junit(FIRM, asked))
    assert case.name == '--fail-if data.target == "x"'
    if holds is False:
        assert case.result == []
    else:
        ((failure),) = case.result
        assert isinstance(failure, Failure)
        assert failure.message.endswith('data.target is "x"')


def test_the_counts_are_those_of_the_cases() -> None:
    text = as_junit(FIRM, gate("x"))
    whole = JUnitXml.fromstring(text.encode())
    (suite,) = whole
    kinds = [type(found) for case in suite for found in case.result]
    counted = (len(list(suite)), kinds.count(Failure), kinds.count(Error), kinds.count(Skipped))
    assert (whole.tests, whole.failures, whole.errors) == counted[:3]
    assert set(ET.fromstring(text).attrib) == {
        "name",
        "time",
        "tests",
        "failures",
        "errors",
    }  # as Jenkins asks
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == counted


def test_equal_warnings_have_names_of_their_own() -> None:
    result = altered(PRIOR, data={"warnings": ["a", "a", "b"]})
    assert [case.name for case in cases(as_junit(result))] == ["recommendation", "a", "a (2)", "b"]


@pytest.mark.parametrize("kind", NAMES)
def test_a_hostile_name_is_text(kind: str) -> None:
    name = NAMES[kind]
    text = as_junit(with_name(name), gate(name))
    assert text.isascii()
    minidom.parseString(text)  # a second parser
    tame = as_junit(with_name("name"), gate("name"))
    tags = [[element.tag for element in ET.fromstring(one).iter()] for one in (tame, text)]
    assert tags[0] == tags[1]
    warning = cases(text)[2]
    known = plain(without_surrogates(name), longest=1000).replace("\ufffe", "").replace("\uffff", "")
    assert warning.result[0].message == known


def test_an_error_is_a_case_of_its_own() -> None:
    error = {
        "code": "E312",
        "message": "row has 4 <fields>",
        "where": "a.csv:3",
        "hint": "--on-bad-rows skip",
    }
    (case,) = cases(failure_as_junit(error))
    (found,) = case.result
    assert isinstance(found, Error)
    assert (found.type, found.message) == ("E312", "row has 4 <fields>")
    assert "hint: --on-bad-rows skip" in found.text
