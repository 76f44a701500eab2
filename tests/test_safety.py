"""What no line of the program may do: run what it reads, ask the network, or trust the clock on the wall."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.test_house import FILES, PACKAGE, imports

# Modules that make code of data, and those that speak to other machines.
UNPICKLING = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
NETWORK = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "requests", "httpx", "aiohttp"}
# Calls by their last two names. `module.eval()` of PyTorch is another thing than the function.
RUNNING = {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}
WALL_CLOCK = {"time.time"}  # it is set back and forth; what takes time is measured by time.monotonic
ALLOWED = {"re.compile"}
DATED = {
    "cli/fit.py",
    "cli/mlflow.py",
    "cli/recommend.py",
}  # a run that is handed on has a date


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Name each call as `name` or `module.name`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name):
                yield name, node
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                yield f"{module}.{name}", node


def keywords(call: ast.Call) -> dict[str | None, object]:
    return {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}


UNSAFE: dict[str, Callable[[dict[str | None, object]], bool]] = {
    "np.load": lambda given: given.get("allow_pickle") is not False,
    "numpy.load": lambda given: given.get("allow_pickle") is not False,
    "torch.load": lambda given: given.get("weights_only") is not True,
    "subprocess.run": lambda given: bool(given.get("shell")),
    "subprocess.Popen": lambda given: bool(given.get("shell")),
    "pd.read_pickle": lambda _: True,
    "yaml.load": lambda _: True,
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_that_is_read_is_run(path: Path) -> None:
    top = {name.partition(".")[0] for name in imports(path)}
    assert not top & UNPICKLING
    assert not top & NETWORK
    wall_clock: set[str] = set() if str(path.relative_to(PACKAGE)) in DATED else WALL_CLOCK
    for name, call in calls(path):
        assert name in ALLOWED or name not in RUNNING | wall_clock, f"{path}:{call.lineno}: {name}"
        assert name not in UNSAFE or not UNSAFE[name](keywords(call)), f"{path}:{call.lineno}: {name}"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("eval(x)", "eval"),
        ("os.system(x)", "os.system"),
        ("time.time()", "time.time"),
        ("torch.load(p)", "torch.load"),
        ("model.eval()", "model.eval"),
    ],
)
def test_the_search_finds_what_it_looks_for(code: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_text(code)
    ((name, call),) = calls(file)
    assert name == found
    dangerous = name in RUNNING | WALL_CLOCK or (name in UNSAFE and UNSAFE[name](keywords(call)))
    assert dangerous == (found != "model.eval")
