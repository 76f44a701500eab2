"""What errors say: settings by name and value, for the shell and for Python."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import regchoose
from regchoose.errors import (
    DataError,
    Phrase,
    RegchooseError,
    UsageError,
    Word,
    one_of,
    phrase_of,
    setting,
    shell_command,
)
from regchoose.settings.sources import resolve_settings
from regchoose.settings.values import FIELDS
from tests.test_house import tree

SAID: list[tuple[Phrase, str, str]] = [
    (
        setting(resources="no") | setting(folds=3),
        "--resources no   or   --folds 3",
        "resources='no'   or   folds=3",
    ),
    ("another " + setting("target"), "another --target", "another target"),
    (
        setting(na=["?"]) | setting(exclude=["a b"]),
        "--na '?'   or   --exclude 'a b'",
        "na=['?']   or   exclude=['a b']",
    ),
    (
        setting(na=[Word("inf")], drop_missing_target=True) + ", or repair",
        "--na inf --drop-missing-target, or repair",
        "na=['inf'], drop_missing_target=True, or repair",
    ),
    (
        setting(resources="no") + " gives the answer",
        "--resources no gives the answer",
        "resources='no' gives the answer",
    ),
    (
        setting("lr") + " with a smaller rate, such as " + setting(lr=0.0003),
        "--lr with a smaller rate, such as --lr 0.0003",
        "lr with a smaller rate, such as lr=0.0003",
    ),
    (
        setting(header="no") | setting(header="yes"),
        "--no-header   or   --header",
        "header='no'   or   header='yes'",
    ),
    (
        "leave " + setting("penalize") + " out, or " + setting(network="mlp"),
        "leave --penalize out, or --network mlp",
        "leave penalize out, or network='mlp'",
    ),
    (
        setting(network_options={"width": Word("VALUE")}) + ", or",
        "--network-options width=VALUE, or",
        "network_options={'width': VALUE}, or",
    ),
    (
        setting(delimiter=";") | setting(delimiter="\t"),
        "--delimiter ';'   or   --delimiter tab",
        "delimiter=';'   or   delimiter='\\t'",
    ),
    (setting(hidden=(64, 64)), "--hidden 64,64", "hidden=(64, 64)"),
    (setting(alphas=(0.5,)), "--alphas 0.5", "alphas=(0.5,)"),
    (setting(budget="20m"), "--budget 20m", "budget='20m'"),
    (setting(audit=False), "--no-audit", "audit=False"),
    (setting("debug") + " shows --unknown 3", "--debug shows --unknown 3", "debug shows --unknown 3"),
    (setting(target="a", exclude=["b"]), "--target 'a' --exclude 'b'", "target='a', exclude=['b']"),
    (setting(keep=["it's"]), '--keep "it\'s"', 'keep=["it\'s"]'),
    (setting(keep=["it's $HOME"]), "--keep 'it'\"'\"'s $HOME'", 'keep=["it\'s $HOME"]'),
    (setting(keep=["a\\b"]), "--keep 'a\\b'", "keep=['a\\\\b']"),
    (setting(network="my nets.py:Net"), "--network 'my nets.py:Net'", "network='my nets.py:Net'"),
    (one_of(["a", setting("rows"), "b"]), "a   or   --rows   or   b", "a   or   rows   or   b"),
    (
        shell_command("recommend DATA", resources="yes"),
        "regchoose recommend DATA --resources yes",
        "regchoose recommend DATA --resources yes",
    ),
    (
        phrase_of(
            "--rows 8840 and --rows 88 (--rows)", setting("rows"), setting(rows=88), setting(rows=8840)
        ),
        "--rows 8840 and --rows 88 (--rows)",
        "rows=8840 and rows=88 (rows)",
    ),
]


@pytest.mark.parametrize(("phrase", "shell", "python"), SAID)
def test_a_phrase_speaks_to_the_shell_and_to_python(phrase: Phrase, shell: str, python: str) -> None:
    assert (phrase.shell, phrase.python) == (shell, python)
    assert (phrase.words(python=False), phrase.words(python=True)) == (shell, python)


def test_an_error_speaks_to_both_and_comes_whole_from_another_process() -> None:
    error = DataError(
        "E303",
        setting(folds=5) + " need 20 rows",
        where=setting("folds"),
        detail=["cause: none", setting(rows=3) + " are few"],
        fix=setting(resources="no") | "more rows",
    )
    assert str(error) == error.message == "--folds 5 need 20 rows"
    assert (error.where, error.fix) == ("--folds", "--resources no   or   more rows")
    for known in (error, RegchooseError.from_json(error.to_json())):
        assert type(known) is DataError
        assert (known.code, known.message, known.detail) == (error.code, error.message, error.detail)
        said = known.in_python()
        assert type(said) is DataError
        assert (said.code, said.message, said.where) == ("E303", "folds=5 need 20 rows", "folds")
        assert said.detail == ("cause: none", "rows=3 are few")
        assert str(said.in_python().fix) == "resources='no'   or   more rows"
    moved = error.map_text(lambda text: text.replace("rows", "lines"))
    assert (moved.fix, moved.in_python().fix) == (
        "--resources no   or   more lines",
        "resources='no'   or   more lines",
    )


# ---- the places where errors are raised --------------------------------------------------------------

ROOT = Path(regchoose.__file__).parent
ERRORS = ("UsageError", "DataError", "ResourceError", "TrainingError", "RegchooseError", "_Refused")
FLAG = re.compile(r"(?<![\w-])--(?:no-)?([a-z][a-z0-9-]*)")


@cache
def _nodes() -> list[tuple[Path, ast.Call | ast.FunctionDef]]:
    """Return each function of the package and each call of one, with its file."""
    return [
        (path, node)
        for path in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call | ast.FunctionDef)
    ]


def _calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call of these functions in the package, with its place."""
    for path, node in _nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def _texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _flags(node: ast.AST) -> list[str]:
    """Return the texts in which a setting is written as a flag."""
    return [
        text for text in _texts(node) if any(flag.replace("-", "_") in FIELDS for flag in FLAG.findall(text))
    ]


def test_no_error_writes_a_setting_as_a_flag() -> None:
    calls = list(_calls(*ERRORS))
    assert len(calls) > 200
    assert [(place, text) for place, call in calls for text in _flags(call)] == []


def test_nor_does_what_is_put_together_for_one() -> None:
    """In a function that makes an error no text names a setting, unless it is a prompt's flag."""
    wrong = [
        f"{path.name}: {text}"
        for path, function in _nodes()
        if isinstance(function, ast.FunctionDef) and any(_raised(function))
        for statement in function.body
        if not isinstance(statement, ast.Expr)
        for text in _flags(statement)
        if not FLAG.fullmatch(text)
    ]
    assert wrong == []


def _raised(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            yield node


def test_every_setting_that_is_named_is_there() -> None:
    named = [
        (place, name)
        for place, call in _calls("setting", "shell_command")
        for name in [
            *(text.value for text in call.args if isinstance(text, ast.Constant)),
            *(keyword.arg for keyword in call.keywords if keyword.arg),
        ]
        if not str(name).startswith("recommend ")
    ]
    assert len(named) > 100
    assert [(place, name) for place, name in named if name not in FIELDS] == []


def test_every_value_that_is_offered_is_taken() -> None:
    offered = []
    for place, call in _calls("setting", "shell_command"):
        for keyword in call.keywords:
            try:
                value = eval(ast.unparse(keyword.value), {"__builtins__": {}, "Word": lambda text: text})
            except NameError:
                continue  # known only at the time
            if keyword.arg and value != "NAME":
                offered.append((place, keyword.arg, value))
    assert len(offered) > 40
    for place, name, value in offered:
        try:
            resolve_settings({name: value}, environ={}, config=None)
        except UsageError as error:
            raise AssertionError(f"{place}: {error}") from error


def test_a_command_that_is_named_is_there() -> None:
    app = (ROOT / "cli" / "app.py").read_text(encoding="utf-8")
    commands = re.findall(r'^@?command\(\s*"([a-z]+)"', app, flags=re.MULTILINE)
    assert len(commands) > 10
    wrong = [
        f"{place}: {text}"
        for place, call in _calls(*ERRORS)
        for text in _texts(call)
        for name in re.findall(r"(?:^|   or   |`)regchoose ([a-z]+)", text)
        if name not in commands
    ]
    assert wrong == []
