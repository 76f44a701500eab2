"""Each code here is provoked by a command, as a user would meet it; the others by the tests named."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from regchoose.cli.app import main
from regchoose.errors import CODES

GOOD = "a,b,y\n" + "".join(f"{i},{(i * 7) % 13},{i % 2}\n" for i in range(60))
LOOK = ["inspect", "t.csv", "--no-input"]
FIT = ["fit", "t.csv", "--no-input", "--regularizer", "none", "-o", "m"]
ASK = ["recommend", "t.csv", "--no-input"]
# Code → what is in t.csv, and the command.
PROVOKED: dict[str, tuple[str | bytes, Sequence[str]]] = {
    "E201": (GOOD, ["inspect", "nowhere.csv"]),
    "E202": (GOOD, [*LOOK, "--task", "clustering"]),
    "E203": (GOOD, [*LOOK, "--config", "t.csv"]),
    "E204": (GOOD, [*LOOK, "--target", "nothing"]),
    "E205": ("a\n" + "1\n" * 30, ASK),
    "E206": (GOOD, [*ASK, "--resources", "no", "-o", "t.csv"]),
    "E207": (GOOD, ["sample", "t.csv", "--no-input", "--rows", "20"]),
    "E208": (GOOD, [*LOOK, "--exclude", "nothing"]),
    "E209": (b"%PDF-1.7 no table\n" * 9, LOOK),
    "E214": ("{}", ["report", "t.csv", "-o", "r.html"]),
    "E216": (GOOD, [*ASK, "--mlflow"]),
    "E217": (GOOD, ["predict", ".", "t.csv", "-o", "p.csv"]),
    "E219": (GOOD, [*FIT, "--onnx", "--network", "nets.py:Net"]),
    "E301": ("", LOOK),
    "E302": ("a,b,y\n", [*LOOK, "--header"]),
    "E303": (GOOD[:60], ASK),
    "E304": (b"a,b,y\n\xff\xfe\xfa,1,2\n" * 30, [*LOOK, "--encoding", "utf-8"]),
    "E305": (b"a,b,y\n1,\x002,0\n" * 30, LOOK),
    "E306": ("<html><body>no</body></html>\n", LOOK),
    "E307": (gzip.compress(GOOD.encode() * 99)[:80], ["inspect", "t.csv.gz"]),
    "E309": ("".join(f"w{i % 7},x{i % 5},y{i % 3}\n" for i in range(40)), LOOK),
    "E310": (GOOD + '1,"open,1\n', LOOK),
    "E312": (GOOD + "1,2\n", LOOK),
    "E321": ("a,b,y\n" + "".join(f"{i},{i % 7},1\n" for i in range(60)), ASK),
    "E322": (GOOD + "1,2,\n", ASK),
    "E323": ("a,b,y\n" + "".join(f"{i},{i % 7},{'inf' if i == 9 else i / 7}\n" for i in range(60)), ASK),
    "E324": (GOOD + "1,2,2\n", ASK),
    "E325": (GOOD, [*ASK, "--exclude", "a", "--exclude", "b"]),
    "E326": (GOOD + "1,much,1\n", ASK),
    "E327": (GOOD.replace("0\n", "no\n").replace("1\n", "so\n"), [*ASK, "--task", "regression"]),
    "E328": (GOOD + "1,,1\n", [*LOOK, "--group", "b"]),
    "E401": (GOOD, [*ASK, "--device", "cuda:99"]),
    "E402": (GOOD, [*ASK, "--resources", "no", "-o", "no/such/folder/r.json"]),
}
ELSEWHERE = {
    "E210": "tests/training/networks/test_user_network.py",
    "E211": "tests/training/networks/test_user_network.py",
    "E212": "tests/training/networks/test_network_check.py",
    "E213": "tests/training/networks/test_network_check.py",
    "E215": "tests/export/test_reading.py",
    "E218": "tests/refit/test_prediction.py",
    "E220": "tests/cli/test_fit.py",
    "E308": "tests/table/csv/test_dialect.py",
    "E311": "tests/table/csv/test_read.py",
    "E313": "tests/table/csv/test_read.py",
    "E314": "tests/table/csv/test_read.py",
    "E315": "tests/table/large/test_stream.py",
    "E329": "tests/table/columns/test_group_and_time.py",
    "E330": "tests/table/images/test_load_images.py",
    "E331": "tests/table/images/test_load_images.py",
    "E332": "tests/table/images/test_load_images.py",
    "E333": "tests/refit/test_prediction.py",
    "E403": "tests/training/test_halving.py",
    "E404": "tests/workers/test_cluster.py",
    "E405": "tests/workers/test_cluster.py",
    "E406": "tests/workers/test_cluster.py",
    "E501": "tests/run/test_walk_chart.py",
    "E511": "tests/training/networks/test_network_check.py",
    "E512": "tests/training/networks/test_network_check.py",
    "E513": "tests/training/networks/test_network_check.py",
    "E514": "tests/training/networks/test_network_check.py",
}


def test_every_code_is_provoked_somewhere() -> None:
    assert {*PROVOKED, *ELSEWHERE} == set(CODES)
    for code, place in ELSEWHERE.items():
        if place.startswith("tests/"):
            assert code in (Path(__file__).parents[2] / place).read_text(encoding="utf-8"), (code, place)


@pytest.mark.parametrize("code", PROVOKED)
def test_the_command_gives_the_code(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content, command = PROVOKED[code]
    monkeypatch.chdir(tmp_path)
    data = content.encode() if isinstance(content, str) else content
    for name in ("t.csv", "t.csv.gz"):
        (tmp_path / name).write_bytes(data)
    assert main([*command, *(["--json"] if command[0] != "report" else [])]) == int(code[1])
    said = capsys.readouterr()
    found = json.loads(said.out)["error"]["code"] if said.out else said.err[6:10]
    assert found == code
