"""The exported scripts read a table as regchoose does; what they are told is inert."""

import gzip
import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from regchoose.cli.app import main
from regchoose.encoding.encoder import Encoder
from regchoose.errors import UsageError
from regchoose.export.recipe import make_recipe
from regchoose.export.script import LIBRARIES, Library, write_script
from regchoose.settings.options import Settings
from regchoose.table.load import load
from tests.export.tables import as_result, run_on, with_arm, write_table
from tests.run.test_walk_chart import nobody

Document = dict[str, Any]
Documents = Callable[..., Document]
QUICK = Settings(resources="no")  # reads, measures, and trains nothing


def on_table(trained: Document, table: Path, settings: Settings) -> Document:
    """Return the document of a trained run as if it had been on another table."""
    read = run_on(table, settings)
    return trained | {"data": read["data"], "settings": read["settings"]}


def same_as_ours(document: Document, table: Path, settings: Settings, folder: Path) -> None:
    """Compare what a script reads and encodes with what the experiment sees."""
    file = folder / "script.py"
    file.write_text(write_script(make_recipe(as_result(document), where=""), "pytorch"), encoding="utf-8")
    found = runpy.run_path(str(file))
    inputs, target = found["read"](str(table))
    loaded = load(str(table), settings, choose=nobody)
    rows = np.arange(loaded.n_rows)
    x, y = Encoder.fit(loaded, rows).transform(loaded, rows)
    assert np.allclose(found["encoder"]().fit_transform(inputs), x, atol=1e-9)
    if loaded.task == "regression":
        target = (target - target.mean()) / target.std()
    assert np.allclose(target, y)


def plain(folder: Path) -> tuple[Path, Settings]:
    write_table(folder / "t.csv", task="multiclass")
    return folder / "t.csv", QUICK


def german(folder: Path) -> tuple[Path, Settings]:
    rows = [
        f"{i / 7:.3f};{1000 * i + 1000:,};{'JA' if i % 3 else 'nein'};{(i * 37) % 11 - i / 3:.2f}"
        for i in range(60)
    ]
    swapped = [row.translate(str.maketrans(",.", ".,")) for row in rows]
    (folder / "t.tsv").write_bytes("\n".join(["titel", "größe;umsatz;neu;ziel", *swapped]).encode("cp1252"))
    return folder / "t.tsv", replace(QUICK, skip_rows=1, encoding="cp1252", decimal=",", delimiter=";")


def headless(folder: Path) -> tuple[Path, Settings]:
    rows = "\n".join(f" {i * 0.5:.1f}   {(i * 7) % 13}  {i % 2} " for i in range(50))
    (folder / "t.txt").write_text(rows, encoding="utf-8")
    return folder / "t.txt", replace(QUICK, header="no")


def two_headers(folder: Path) -> tuple[Path, Settings]:
    body = "".join(f'{i * 0.5},"x {i % 4}, y",{(i * 7) % 13 / 3:.3f}\n' for i in range(50))
    (folder / "t.csv.gz").write_bytes(gzip.compress(f"a,kind,out\nm,,kg\n{body}".encode()))
    return folder / "t.csv.gz", replace(QUICK, header_rows=2)


def gaps(folder: Path) -> tuple[Path, Settings]:
    body = "".join(
        f"{'n/a' if i % 9 == 1 else i},{'' if i % 7 == 1 else 'ab'[i % 2]},"
        f"{'none yet' if i % 11 == 1 else i % 2}{',extra' if i == 70 else ''}\n"
        for i in range(200)
    )
    (folder / "t.csv").write_text(f"a,b,y\n{body}", encoding="utf-8")
    return folder / "t.csv", replace(QUICK, na=("none yet",), drop_missing_target=True, on_bad_rows="skip")


def merged(folder: Path) -> tuple[Path, Settings]:
    labels = ["common", "usual", "rare", "scarce"]
    body = "".join(f"{i % 17},{i / 3:.2f},{labels[i % 2 if i > 9 else 2 + i % 2]}\n" for i in range(120))
    (folder / "t.csv").write_text(f"a,b,y\n{body}", encoding="utf-8")
    return folder / "t.csv", replace(QUICK, min_class=8)


def far_cells(folder: Path) -> tuple[Path, Settings]:
    rows = [[i * 37 % 101 / 7, "" if i % 3 else i % 7, 0 if i % 9 else i / 8, i % 13 / 3] for i in range(160)]
    rows[70][0] = "1e300"
    body = "\n".join(",".join(map(str, row)) for row in rows)
    (folder / "t.csv").write_text(f"wild,gaps,zeros,out\n{body}\n", encoding="utf-8")
    return folder / "t.csv", QUICK


def dates(folder: Path) -> tuple[Path, Settings]:
    body = "".join(
        f"{1 + i % 28}/{1 + i % 12}/2021,{i % 24}:{i % 60:02d},{i % 13 / 3:.3f}\n" for i in range(120)
    )
    (folder / "t.csv").write_text(f"day,clock,out\n{body}", encoding="utf-8")
    return folder / "t.csv", QUICK


def periods(folder: Path) -> tuple[Path, Settings]:
    body = "".join(
        f"{2001 + i % 9}Q{1 + i % 4},{2001 + i % 9}-W{1 + i % 50:02},{1 + i % 12}/{2001 + i % 7},"
        f"{2001 + i % 9}{1 + i % 12:02}{1 + i % 28:02},Jan-{i % 50:02},{i % 13 / 3:.3f}\n"
        for i in range(120)
    )
    (folder / "t.csv").write_text(f"quarter,week,month,day,january,out\n{body}", encoding="utf-8")
    return folder / "t.csv", QUICK


def units(folder: Path) -> tuple[Path, Settings]:
    body = "".join(
        f'"${i * 37:,}.50",{i % 9} %,{"" if i % 7 == 1 else f"{i * 11 % 23} km"},{i % 13 / 3:.3f} kg\n'
        for i in range(120)
    )
    (folder / "t.csv").write_text(f"price,share,way,out\n{body}", encoding="utf-8")
    return folder / "t.csv", QUICK


def words(folder: Path) -> tuple[Path, Settings]:
    codes = ["AF", "DE", "FR", "NA", "US", "ZA"]
    body = "".join(
        f"{codes[i % 6]},{'yes' if i % 3 else 'none'},{'' if i % 7 == 1 else i % 11},{i % 13 / 3:.3f}\n"
        for i in range(120)
    )
    (folder / "t.csv").write_text(f"land,phone,x,out\n{body}", encoding="utf-8")
    return folder / "t.csv", QUICK


def preamble(folder: Path) -> tuple[Path, Settings]:
    body = "".join(f"{i % 7},{i % 9},{i % 13 / 3:.3f}\n" for i in range(120))
    (folder / "t.csv").write_text(f"# made by hand\n\n# on a Monday\na,b,out\n{body}", encoding="utf-8")
    return folder / "t.csv", QUICK


def row_names(folder: Path) -> tuple[Path, Settings]:
    body = "".join(f'"{i + 1}" {i % 7} "k{i % 3}" {i % 13 / 3:.3f}\n' for i in range(120))
    (folder / "t.csv").write_text(f'"a" "b" "out"\n{body}', encoding="utf-8")
    return folder / "t.csv", QUICK


def all_words(folder: Path) -> tuple[Path, Settings]:
    table, settings = words(folder)
    return table, replace(settings, na_none=True)


def parquet(folder: Path) -> tuple[Path, Settings]:
    table = folder / "t.parquet"
    rows = "SELECT range * 0.5 AS a, range % 3 = 0 AS b, (range * 7) % 13 / 3 AS y FROM range(80)"
    duckdb.sql(f"COPY ({rows}) TO '{table}'")
    return table, QUICK


KINDS = {  # of a column: SQL of a cell, by its row
    "number": "range * 37 % 101 / 7",
    "whole": "range * 37 % 101",
    "decimal": "CAST(range * 37 % 101 / 8 AS DECIMAL(9, 3))",
    "text": "CASE range % 4 WHEN 0 THEN 'NA' WHEN 1 THEN 'a, b' WHEN 2 THEN 'Öl' ELSE 'x' END",
    "category": "CASE range % 3 WHEN 0 THEN 'low' ELSE 'high' END::ENUM ('low', 'high')",
    "flag": "range % 3 = 0",
    "day": "DATE '2021-01-05' + CAST(range * 5 % 300 AS INTEGER)",
    "moment": "TIMESTAMP '2021-01-05 03:07:00' + range * INTERVAL 7 HOUR",
    "moment_zoned": "TIMESTAMPTZ '2021-01-05 03:07:00+02' + range * INTERVAL 7 HOUR",
    "clock": "TIME '01:10:00' + (range % 20) * INTERVAL 1 HOUR",
}
TARGETS = {
    "number": "range * 7 % 13 / 3",
    "whole": "range % 3",
    "text": "CASE range % 2 WHEN 0 THEN 'No' ELSE 'b' END",
}
FORMS = {
    "csv": "CSV, HEADER",
    "parquet": "PARQUET",
    "csv.gz": "CSV, HEADER, COMPRESSION gzip",
    "tsv": "CSV, HEADER, DELIM '\t'",
}


def slow(value: object) -> Any:
    return pytest.param(value, marks=pytest.mark.slow)


def write_kinds(
    table: Path, form: str, *, gaps: bool, target: str = "number", kinds: Iterable[str] = KINDS
) -> None:
    """Write a table with a column of each kind; with gaps, some cells of each are missing."""
    cells = [
        f"CASE WHEN {gaps} AND range % {7 + place} = 3 THEN NULL ELSE {KINDS[kind]} END AS {kind}"
        for place, kind in enumerate(kinds)
    ]
    rows = f"SELECT {', '.join(cells)}, NULL::VARCHAR AS nothing, {TARGETS[target]} AS y FROM range(160)"
    duckdb.sql(f"COPY ({rows}) TO '{table}' (FORMAT {FORMS[form]})")


READ = [plain, german, two_headers, gaps, far_cells, dates, parquet, words]
ALSO = [headless, merged, periods, units, all_words, preamble, row_names]


@pytest.mark.parametrize("make", [*READ, *map(slow, ALSO)])
def test_scripts_read_and_encode_as_we_do(
    make: Callable[[Path], tuple[Path, Settings]], documents: Documents, tmp_path: Path
) -> None:
    table, settings = make(tmp_path)
    document = on_table(documents("regression"), table, settings)
    same_as_ours(document, table, settings, tmp_path)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("gaps", [slow(False), True], ids=["whole", "gaps"])
@pytest.mark.parametrize("form", ["csv", *map(slow, ("parquet", "csv.gz", "tsv"))])
def test_scripts_read_each_kind_of_column_in_each_format(
    form: str, gaps: bool, target: str, documents: Documents, tmp_path: Path
) -> None:
    table = tmp_path / f"t.{form}"
    write_kinds(table, form, gaps=gaps, target=target)
    document = on_table(documents("regression"), table, QUICK)
    columns = {column["name"]: column for column in document["data"]["columns"]}
    assert [name for name in KINDS if columns[name]["role"] not in ("numeric", "category", "date")] == []
    assert all(columns[name]["missing"] for name in KINDS if gaps)
    same_as_ours(document, table, QUICK, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["mlp", "linear"])
@pytest.mark.parametrize("library", ["pytorch", "sklearn"])
@pytest.mark.parametrize("form", FORMS)
def test_scripts_train_on_each_kind_of_column_with_gaps(
    form: str, library: Library, network: str, documents: Documents, tmp_path: Path
) -> None:
    table, file = tmp_path / f"t.{form}", tmp_path / "script.py"
    write_kinds(table, form, gaps=True, target="text")
    document = on_table(with_arm(documents("binary", network), "l2"), table, replace(QUICK, network=network))
    file.write_text(write_script(make_recipe(as_result(document), where=""), library), encoding="utf-8")
    assert 0 <= runpy.run_path(str(file))["main"](["--held-out", "0.2"]) < 5


def escaped(folder: Path) -> tuple[Path, Settings]:
    body = "".join(f'"say \\"{"ab"[i % 2]}\\", then",{i % 9},{i % 13 / 3:.3f}\n' for i in range(80))
    (folder / "t.csv").write_text(f"said,x,out\n{body}", encoding="utf-8")
    return folder / "t.csv", QUICK


@pytest.mark.parametrize(("make", "field"), [(escaped, "escape"), (merged, "merged"), (dates, "date")])
def test_an_older_result_says_the_same_in_sentences(
    make: Callable[[Path], tuple[Path, Settings]], field: str, documents: Documents, tmp_path: Path
) -> None:
    document = on_table(documents("regression"), *make(tmp_path))
    older = json.loads(json.dumps(document))
    places = [older["data"], older["data"]["dialect"], *older["data"]["columns"]]
    assert {"escape", "merged", "date"} & {name for place in places for name in place} == {field}
    for place in places:
        place.pop(field, None)
    assert as_result(older) == as_result(document)
    assert write_script(make_recipe(as_result(older), where=""), "pytorch") == write_script(
        make_recipe(as_result(document), where=""), "pytorch"
    )


# ---- hostile names -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_hostile_names_and_paths_are_inert(documents: Documents, tmp_path: Path) -> None:
    table = tmp_path / "a'\";\nimport os; os.abort() #{{7*7}}.csv"
    write_table(table, task="regression", hostile=True)
    trained = documents("regression")
    files = []
    for arm, library in [(a, lib) for lib in LIBRARIES for a in ("none", "l2", "elastic_net")]:
        if (arm, library) != ("elastic_net", "sklearn"):
            document = on_table(with_arm(trained, arm), table, QUICK)
            text = write_script(make_recipe(as_result(document), where=""), library)
            head = text.partition("COLUMNS")[0]
            assert "#{{7*7}}.csv" in head
            assert "#49" not in head
            files.append(tmp_path / f"{arm}_{library}.py")
            files[-1].write_text(text, encoding="utf-8")
            compile(text, "script", "exec")
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    same_as_ours(on_table(trained, table, QUICK), table, QUICK, tmp_path)


# ---- refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "library", "said"),
    [
        ({"settings": {"network": "nets.py:Cnn"}}, "keras", "made of PyTorch's layers"),
        ({"settings": {"penalize": ["0.*"]}}, "sklearn", "names in PyTorch"),
        ({"recommendation": {"l1": 0.1}}, "sklearn", "networks know no L1"),
        ({"settings": {"hidden": []}}, "sklearn", "have hidden layers"),
    ],
)
def test_what_a_library_cannot_do_is_refused(
    changed: dict[str, dict[str, Any]], library: Any, said: str, documents: Documents
) -> None:
    document = with_arm(documents("regression"), "l2")
    for part, values_ in changed.items():
        document[part] |= values_
    with pytest.raises(UsageError, match=said) as raised:
        write_script(make_recipe(as_result(document), where="r.json"), library)
    assert raised.value.code == "E215"
    assert "--to pytorch" in raised.value.fix


def test_an_answer_from_prior_knowledge_has_nothing_to_export(tmp_path: Path) -> None:
    table, settings = plain(tmp_path)
    with pytest.raises(UsageError, match="names no strength") as raised:
        make_recipe(as_result(run_on(table, settings)), where="r.json")
    assert raised.value.code == "E215"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("recommendation", "l1"), float("nan")),
        (("recommendation", "l2"), "0; import os"),
        (("recommendation", "regularizer"), "l3"),
        (("recommendation", "training", "lr"), None),
        (("recommendation", "training"), {}),
        (("settings", "hidden"), ["sixty"]),
        (("data", "columns"), []),
        (("data", "columns"), 7),
        (("data", "task"), "clustering"),
        (("data", "dialect"), {}),
        (("data", "dialect", "decimal"), "e"),
    ],
)
def test_a_damaged_result_is_an_error(place: tuple[str, ...], value: Any, documents: Documents) -> None:
    document = with_arm(documents("regression"), "l2")
    part = document
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    with pytest.raises(UsageError, match="not a result") as raised:
        make_recipe(as_result(document), where="r.json")
    assert raised.value.code == "E214"


def test_networks_of_the_users_own(
    documents: Documents, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "from torch import nn\n"
        "class Made:\n"
        "    @staticmethod\n"
        "    def net(n_inputs, n_outputs, *, width, input_names):\n"
        "        assert len(input_names) == n_inputs and 'b is missing' in input_names\n"
        "        return nn.Sequential(nn.Linear(n_inputs, width), nn.BatchNorm1d(width), nn.ReLU(),\n"
        "                             nn.Linear(width, n_outputs))\n"
    )
    (tmp_path / "my_net.py").write_text(code, encoding="utf-8")
    document = with_arm(documents("regression"), "elastic_net")
    document["settings"] |= {
        "network": f"{tmp_path / 'my_net.py'}:Made.net",
        "network_options": {"width": 8},
        "penalize": ["0.*", "3.weight"],
    }
    file = tmp_path / "script.py"
    file.write_text(write_script(make_recipe(as_result(document), where=""), "pytorch"), encoding="utf-8")
    found = runpy.run_path(str(file))
    network = found["network_of"](12, ["b is missing"] * 12)
    weights, others = found["penalized"](network)
    assert [w.shape for w in weights] == [(8, 12), (1, 8)]
    assert len(others) == 4
    assert found["main"](["--held-out", "0.2"]) < document["design"]["loss_null"]
    assert "exactly zero" in capsys.readouterr().out


# ---- the command ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("caution", ["", "nothing", "leak"])
def test_a_script_of_an_answer_that_nothing_rests_on_comes_with_a_warning(
    caution: str, documents: Documents, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved, document = tmp_path / "result.json", with_arm(documents("binary"), "l2")
    document["recommendation"]["caution"] = caution
    saved.write_text(json.dumps(document), encoding="utf-8")
    assert main(["export", str(saved), "--to", "pytorch"]) == 0
    said = capsys.readouterr()
    assert "import torch" in said.out
    assert said.err.startswith("warning: ") == bool(caution)
    if caution == "nothing":
        assert "no network does better than the class shares." in said.err


def test_the_command_writes_a_script(
    documents: Documents, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved, out = tmp_path / "result.json", tmp_path / "train.py"
    saved.write_text(json.dumps(with_arm(documents("binary"), "l2")), encoding="utf-8")
    assert main(["export", str(saved), "--to", "sklearn"]) == 0
    printed = capsys.readouterr().out
    assert main(["export", str(saved), "--to", "sklearn", "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert not said.out
    assert main(["export", str(saved), "--to", "sklearn", "-o", "-"]) == 0
    assert capsys.readouterr().out == printed
    assert f"The script is in {out}" in said.err
    assert out.read_text(encoding="utf-8") == printed
    assert main(["export", str(saved), "--to", "sklearn", "-o", str(out)]) == 2
    assert "error[E206]" in capsys.readouterr().err
    assert main(["export", str(saved), "--to", "PyTorch"]) == 2
    assert "fix:   --to pytorch" in capsys.readouterr().err
