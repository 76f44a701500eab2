"""A result as a JUnit test report, which Jenkins, GitLab, Azure and others show beside a job.

Its test cases: the recommendation, which passes; the condition of `--fail-if`, which fails where it holds;
and each warning, which is skipped, so that it is seen and breaks nothing. A run that ends in an error has one
case, with that error.
"""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping

from regchoose.records.answers import Gate
from regchoose.report.gate_text import describe_gate
from regchoose.report.safe_text import plain
from regchoose.report.terminal import render_as_text
from regchoose.report.verdict_text import list_warnings
from regchoose.result.document import RunResult
from regchoose.result.headline import write_headline

NAME = 120  # characters of a test case's name
LONGEST = 1000
COUNTED = {  # attributes of the suite → what they count
    "tests": "testcase",
    "failures": "testcase/failure",
    "errors": "testcase/error",
    "skipped": "testcase/skipped",
}
# XML 1.0 has no way to write these; `plain` takes out the control characters.
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(result: RunResult, gate: Gate | None = None) -> str:
    """Return the XML document, in ASCII."""
    suite = ET.Element("testsuite", name=_clean(f"regchoose recommend {plain(result.data.path)}"))
    answer = _add_case(suite, "recommendation", name="recommendation", seconds=result.seconds)
    ET.SubElement(answer, "system-out").text = _clean(render_as_text(result, width=100))
    if gate is not None:
        case = _add_case(suite, "gate", name=f"--fail-if {gate.expression}")
        if gate.fails:
            sentence = _clean(describe_gate(gate))
            ET.SubElement(case, "failure", message=sentence, type="fail-if").text = sentence
    names = Counter[str]()
    for warning in list_warnings(result):
        name = plain(warning, longest=NAME)
        names[name] += 1
        case = _add_case(suite, "warning", name=name if names[name] == 1 else f"{name} ({names[name]})")
        ET.SubElement(case, "skipped", message=_clean(plain(warning, longest=LONGEST)))
    ET.SubElement(suite, "system-out").text = _clean(write_headline(result))
    return _write_document(suite, seconds=result.seconds)


def failure_as_junit(error: Mapping[str, str]) -> str:
    """Return the document of a run that ended in an error.

    An error has code, message, hint and where, as in the JSON document.
    """
    suite = ET.Element("testsuite", name="regchoose")
    case = _add_case(suite, "recommendation", name="recommendation")
    lines = [f"{key}: {plain(value, longest=LONGEST)}" for key, value in error.items() if value]
    element = ET.SubElement(case, "error", message=_clean(error["message"]), type=_clean(error["code"]))
    element.text = _clean("\n".join(lines))
    return _write_document(suite, seconds=0.0)


def _add_case(suite: ET.Element, kind: str, *, name: str, seconds: float = 0.0) -> ET.Element:
    attributes = {
        "classname": f"regchoose.{kind}",
        "name": _clean(plain(name, longest=LONGEST)),
        "time": f"{seconds:.3f}",
    }
    return ET.SubElement(suite, "testcase", attributes)


def _write_document(suite: ET.Element, *, seconds: float) -> str:
    for name, path in COUNTED.items():
        suite.set(name, str(len(suite.findall(path))))
    suite.set("time", f"{seconds:.3f}")
    # Jenkins knows no `skipped` of the whole.
    whole = ET.Element("testsuites", {key: value for key, value in suite.items() if key != "skipped"})
    whole.append(suite)
    ET.indent(whole)
    written: bytes = ET.tostring(whole, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii") + "\n"


def _clean(text: str) -> str:
    """Leave out what XML cannot hold."""
    return NO_XML.sub("", text)
