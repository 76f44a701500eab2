"""Names that try to be more than names."""

from regchoose.records.answers import Gate
from regchoose.result.document import RunResult
from tests.report.results import FIRM, altered

NAMES = {
    "script": "<script>alert(1)</script>",
    "image": '"><img src=x onerror=alert(1)>',
    "entity": "&lt;b&gt; &amp;",
    "template": "{{7*7}}{% raw %}${7*7}",
    "colours": "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "right to left": "abc\u202egpj.exe",
    "long": "x" * 10_000,
    "pipes": "a|b||c",
    "backticks": "`a``b```",
    "backtick": "`",
    "new lines": "a\n\n# b\r\n- c\n| d |",
    "command": "::error::x",
    "command after a line": "a\n::stop-commands::b",
    "command with properties": "::error file=a:b,line=1::c",
    "old command": "##[add-mask]e",
    "percent": "100%0A::error::x",
    "markdown": "*a* _b_ ~c~ [d](javascript:e) ![f](g) <h@i.j>",
    "mention": "@octocat #12 https://a.b/c www.d.e",
    "heading": "# a",
    "list": "- a",
    "number": "1. a",
    "rule": "---",
    "xml": "]]><!--&'\"\ufffe\uffff",
    "no UTF-8": "a\udcff",
    "blank": " ",
    "formula": '=cmd|"/c calc"!A1',
    "mathematics": "$a^2$ $$b$$",
    "emoji": "📈 ü 数",
}


def with_name(name: str) -> RunResult:
    """A result that says a name wherever data can put one."""
    question = {**dict(FIRM.path[0]), "evidence": f"for {name}"}
    return altered(
        FIRM,
        data={
            "path": name,
            "target": name,
            "warnings": [name, f"column {name} is left out"],
        },
        path=(question, *FIRM.path[1:]),
        audit={"sentences": [name]},
    )


def gate(name: str) -> Gate:
    return Gate(f'data.target == "{name}"', True, (("data.target", name),))
