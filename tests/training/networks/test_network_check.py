"""Every fault of a user's network has its error, with the line of their file and what to do."""

import sys
import time
from pathlib import Path

import pytest

from regchoose.cli.failures import error_lines
from regchoose.errors import RegchooseError
from regchoose.records.words import Task
from regchoose.training.networks.network_check import CheckReport, NetworkRequest, check_network, dry_step

pytestmark = pytest.mark.slow

NETWORKS = Path(__file__).parent
GOOD, BAD = NETWORKS / "good.py", NETWORKS / "bad.py"


def request(name: str, *, task: Task = "regression", file: Path = BAD) -> NetworkRequest:
    return NetworkRequest(f"{file}:{name}", {}, ["a", "b", "c", "d", "e", "f"], 1, task, [])


def attempt(name: str, *, file: Path = BAD) -> RegchooseError:
    """The error of a network that is tried in this process."""
    with pytest.raises(RegchooseError) as caught:
        dry_step(request(name, file=file))
    return caught.value


# name, code, what it says, the function that where points to
FAULTS = [
    ("Nothing", "E210", "has no 'Nothing'", ""),
    ("NUMBER", "E210", "is an int, wanted a class or function", ""),
    ("RaisesInInit", "E211", "raises while it is built: ValueError: no such size", "__init__"),
    ("NeedsMore", "E211", "missing a required argument: 'depth'", ""),
    ("gives_nothing", "E211", "gave None, wanted a torch.nn.Module", ""),
    ("Unsteady", "E211", "other parameters each time", ""),
    ("NoParameters", "E212", "no parameters to train", ""),
    ("OnlyBiases", "E212", "no weights to penalize", ""),
    ("Double", "E212", "layer.weight (float64)", ""),
    ("WrongShape", "E213", "gave a tensor (7, 1, 1) of float32 for 7 rows, wanted a tensor (7, 1)", ""),
    ("CountsOnABatch", "E213", "gave a tensor (4, 1)", ""),
    ("GivesATuple", "E213", "gave tuple for 7 rows", ""),
    ("RaisesInForward", "E511", "in its forward pass (training mode, 7 rows of 6 inputs)", "helper"),
    ("RaisesInBackward", "E511", "in its backward pass: ArithmeticError: no way back", "backward"),
    ("NoGradient", "E511", "no parameter moves the network's outputs", ""),
    ("NotANumber", "E512", "of its outputs on standard normal rows", ""),
    ("InfiniteGradient", "E512", "of the gradient of layer.weight are not finite", ""),
    ("Exits", "E513", "calls exit in its forward pass", "forward"),
]


@pytest.mark.parametrize(("name", "code", "message", "function"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_each_fault_has_its_error(name: str, code: str, message: str, function: str) -> None:
    error = attempt(name)
    assert error.code == code
    assert message in error.message
    assert error.fix
    assert len(error_lines(error)) <= 6
    if function:
        assert error.where.startswith(f"{BAD}:")
        assert error.where.endswith(f"in {function}")


def test_the_error_shows_the_lines_of_the_users_file() -> None:
    error = attempt("RaisesInForward")
    source = BAD.read_text(encoding="utf-8").splitlines()
    numbers = [source.index(f"        return self.{call}") + 1 for call in ("helper(x)", "layer(x[:, :1])")]
    assert error.where == f"{BAD}:{numbers[1]}, in helper"
    assert list(error.detail) == [
        f"{numbers[0]}: return self.helper(x)",
        f"{numbers[1]}: return self.layer(x[:, :1])",
    ]


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("def f(:\n", "E210", ":1"),
        ("import nothing_of_this_name\n", "E210", ":1, in <module>"),
        ("x = 1\nraise RuntimeError('not today')\n", "E210", ":2, in <module>"),
        ("import sys\nsys.exit(1)\n", "E513", ":2, in <module>"),
    ],
)
def test_a_file_that_cannot_be_imported(text: str, code: str, where: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(text)
    error = attempt("Net", file=file)
    assert (error.code, error.where) == (code, f"{file}{where}")


def test_a_file_that_is_missing_has_its_neighbour_named() -> None:
    error = attempt("Net", file=NETWORKS / "goods.py")
    assert (error.code, error.fix) == ("E201", f"--network {GOOD}:Net")


@pytest.mark.parametrize(
    ("name", "batched", "why"),
    [
        ("mlp", True, ""),
        ("flat", True, ""),
        ("convolution", True, ""),
        ("dropout", True, ""),
        ("batch_norm", True, ""),
        ("layer_norm", True, ""),
        ("Attention", True, ""),
        ("Embedding", True, ""),
        ("Named", True, ""),
        ("Tied", True, ""),
        ("WritesInPlace", True, ""),
        ("averaging_norm", False, ".item()"),
        ("Branching", False, "depends on the data"),
        ("Recurrent", False, "recurrent"),
    ],
)
def test_what_vmap_cannot_run_is_known_with_its_reason(name: str, batched: bool, why: str) -> None:
    trial = dry_step(request(name, file=GOOD))
    assert trial.batched == batched
    assert why in trial.why


# ---- in the child ------------------------------------------------------------------------------------


def test_the_child_answers_as_the_trial_does(capfd: pytest.CaptureFixture[str]) -> None:
    before = set(sys.modules)
    assert check_network(request("Printing", file=GOOD)) == CheckReport(batched=True, printed=True)
    assert capfd.readouterr() == ("", "")
    assert not [name for name in set(sys.modules) - before if name.startswith("regchoose_network")]


def test_an_error_of_the_child_is_raised_here() -> None:
    with pytest.raises(RegchooseError) as caught:
        check_network(request("RaisesInForward"))
    here = attempt("RaisesInForward")
    assert error_lines(caught.value) == error_lines(here)
    assert "mat1 and mat2 shapes" in str(caught.value.__cause__)


def test_a_process_that_ends_is_an_error() -> None:
    with pytest.raises(RegchooseError, match="ended its process with status 3") as caught:
        check_network(request("ExitsAtOnce"))
    assert caught.value.code == "E513"


def test_a_loop_without_end_is_stopped_and_shown() -> None:
    begun = time.monotonic()
    with pytest.raises(RegchooseError, match="did not finish one step on a few rows within") as caught:
        check_network(request("Endless"), limit_s=0.5)
    assert time.monotonic() - begun < 30
    assert caught.value.code == "E514"
    assert caught.value.where.endswith("in forward")
    assert caught.value.detail[0].endswith("time.sleep(0.01)")


KILLED = """
import os, pathlib, signal
from torch import nn
class Net(nn.Linear):
    def forward(self, x):
        with pathlib.Path(__file__).with_suffix(".tries").open("a+") as tries:
            tries.write("x")
            tries.seek(0)
            {condition}os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(x)
"""


def test_a_process_that_is_killed_once_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(KILLED.format(condition="len(tries.read()) > 1 or "))
    assert check_network(request("Net", file=file)).batched
    assert len(file.with_suffix(".tries").read_text()) > 2


def test_a_process_that_is_killed_twice_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(KILLED.format(condition=""))
    with pytest.raises(RegchooseError, match="was killed twice") as caught:
        check_network(request("Net", file=file))
    assert (caught.value.code, caught.value.exit_code) == ("E403", 4)
    assert file.with_suffix(".tries").read_text() == "xx"
