"""`regchoose.recommend`: files, frames and arrays, its settings, its errors, what it says and keeps."""

import io
import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest

import regchoose
from regchoose.errors import Interrupted, RegchooseError
from regchoose.library.arguments import FILE_SETTINGS, Keywords, resolve_keywords
from regchoose.library.python_recommend import list_urgent_warnings
from regchoose.result.json_text import dump_model
from regchoose.result.saved_result import restore_result
from regchoose.settings.options import DATA, EXPERIMENT, KNOWLEDGE
from regchoose.settings.values import FIELDS, option_of, shape_of
from tests.library.small import SMALL, N, numbers
from tests.report.results import PRIOR


def facts(result: regchoose.Result) -> dict[str, Any]:
    document = result.to_dict()
    return {key: document[key] for key in ("recommendation", "arms", "comparisons", "curves", "audit")}


def test_a_file_a_frame_and_arrays_are_one_table(tmp_path: Path) -> None:
    frame = numbers()
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False)
    file = regchoose.recommend(path, **SMALL)
    assert facts(file) == facts(regchoose.recommend(frame, **SMALL))
    assert facts(file) == facts(regchoose.recommend(frame, target="y", **SMALL))
    x, y = frame.drop(columns="y"), frame["y"]
    assert facts(file) == facts(regchoose.recommend(x, y, **SMALL))
    arrays = regchoose.recommend(x.to_numpy(), y.to_numpy(), **SMALL)
    assert (file.l1, file.l2, file.safe) == (arrays.l1, arrays.l2, arrays.safe)
    assert file.to_dict()["data"]["path"] == str(path)
    assert all(dump_model(restore_result(result.to_dict())) == result.to_json() for result in (file, arrays))


def test_a_call_gives_the_document_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from regchoose.cli.app import main

    path = tmp_path / "t.csv"
    numbers().to_csv(path, index=False)
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items() if name != "alphas"]
    status = main(["recommend", str(path), "--json", "--no-input", "--alphas=0.5", *flags, "--fresh"])
    assert status == 0
    documents = [json.loads(capsys.readouterr().out), regchoose.recommend(path, **SMALL).to_dict()]
    for document in documents:
        del document["seconds"], document["execution"]
    assert documents[0] == documents[1]


def test_neither_the_environment_nor_a_file_has_a_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "regchoose.toml").write_text("seed = 5\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGCHOOSE_SEED", "6")
    assert regchoose.recommend(numbers(), **SMALL).to_dict()["settings"]["seed"] == 0


def test_every_setting_is_a_keyword_and_has_its_type() -> None:
    wanted = {n for n in FIELDS if option_of(n).group in (DATA, KNOWLEDGE, EXPERIMENT)} - {"target"}
    assert set(Keywords.__annotations__) == wanted | {"cache_dir", "fresh"}
    for name, hint in get_type_hints(Keywords).items():
        shape = shape_of(FIELDS[name].type)
        said = str(hint)
        assert all(f"'{word}'" in said for word in shape.words) or shape.text, name
        assert ("Sequence" in said) == (shape.many and not shape.table), name
        assert shape.number is None or shape.number.__name__ in said, name
        assert ("bool" in said) == shape.switch, name


def test_values_of_numpy_and_lists_will_do() -> None:
    keywords = {"folds": np.int64(3), "rope": np.float64(0.1), "hidden": [8, 4], "exclude": "a", "l1": None}
    settings, given = resolve_keywords(keywords, in_memory=True)
    assert (settings.folds, settings.rope, settings.hidden, settings.exclude) == (3, 0.1, (8, 4), ("a",))
    assert given == {"folds", "rope", "hidden", "exclude"}


WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"epoch": 3}, "E202", "recommend takes no 'epoch'", "epochs=… in place of epoch"),
    ({"folds": 1}, "E202", "folds got '1', wanted a whole number from 2 to 20", "folds=5"),
    ({"min_class": -1}, "E202", "min_class got '-1'", "min_class=0"),
    ({"preset": "quik"}, "E202", "preset got 'quik'", "preset='quick'"),
    ({"delimiter": ";"}, "E202", "this table is in memory", "leave delimiter out"),
    ({"output": "r.json"}, "E202", "recommend takes no 'output'", "leave it out"),
    ({"target": "yy"}, "E204", "there is no column 'yy'", "target='y'"),
    ({"exclude": ["secnd"]}, "E208", "exclude names 'secnd'", "exclude=['second']"),
    ({"group": "qq"}, "E208", "group names 'qq'", "group with the name of a column, or leave it"),
    (
        {"network": Counter},
        "E202",
        "network got a class or function, Counter",
        "network='collections:Counter'",
    ),
    ({"network": lambda n, k: None}, "E202", "network got a class or function", "network='nets.py:NAME'"),
    ({"network": Counter()}, "E202", "network got an object, Counter", "network='collections:Counter'"),
    ({"network": "__main__:Net"}, "E210", "__main__ is the script or notebook", "network='nets.py:Net'"),
    ({"device": "cuda:99"}, "E401", "device='cuda:99': ", "device='cpu', or device='auto'"),
    ({"folds": 20, "task": "classification", "target": "z"}, "E324", "20 folds need 40", "resources='no'"),
]


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case[1]} {case[3]}")
def test_errors_speak_of_keywords(case: tuple[dict[str, Any], str, str, str]) -> None:
    wrong, code, message, fix = case
    frame = numbers().assign(z=["a", "b", "c", "d"] * (N // 4))
    settings: Any = {**SMALL, **wrong}
    with pytest.raises(RegchooseError) as caught:
        regchoose.recommend(frame, **settings)
    error = caught.value
    assert (error.code, type(error).__module__) == (code, "regchoose.errors")
    assert message in error.message
    assert fix in error.fix
    assert "--" not in f"{error.message} {error.where} {error.detail} {error.fix}"
    assert error.__cause__ is None


def test_a_target_twice_is_refused(tmp_path: Path) -> None:
    frame = numbers()
    with pytest.raises(RegchooseError, match="y and a target were both given"):
        regchoose.recommend(frame, frame["y"], target="y")
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(RegchooseError, match="one of its columns") as caught:
        regchoose.recommend(tmp_path / "t.csv", frame["y"])
    assert caught.value.fix == "target='NAME' in place of y"


def test_a_frame_is_not_told_of_flags() -> None:
    frame = numbers().assign(day=[f"2021-01-{1 + i % 28:02}" for i in range(N)], patient_id=np.arange(N) % 20)
    settings: Keywords = {**SMALL, "keep": ["patient_id"]}
    result = regchoose.recommend(frame, target="y", **settings)
    assert "group='patient_id'" in " ".join(result.warnings)
    assert "--" not in result.to_json()


def test_it_warns_where_a_person_must_act_and_else_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    frame = numbers()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regchoose.recommend(frame, **SMALL)
        regchoose.recommend(frame, resources="no")  # asked for
    assert capsys.readouterr() == ("", "")
    with pytest.warns(regchoose.RegchooseWarning, match="LEAKAGE.* exclude=.'copy'. unless") as caught:
        regchoose.recommend(frame.assign(copy=frame["y"] * 2), target="y", **SMALL)
    assert caught[0].filename == __file__
    with pytest.warns(regchoose.RegchooseWarning, match="nothing was trained.* budget of 1s"):
        assert regchoose.recommend(frame, budget="1s", jobs=1).certainty == "prior"


def test_of_a_file_the_result_speaks_to_the_shell_and_the_warning_to_python(tmp_path: Path) -> None:
    frame = numbers()
    path = tmp_path / "t.csv"
    frame.assign(copy=frame["y"] * 2).to_csv(path, index=False)
    with pytest.warns(regchoose.RegchooseWarning, match=r"LEAKAGE.* exclude=\['copy'\] unless"):
        result = regchoose.recommend(path, target="y", resources="no")
    assert "--exclude 'copy' unless" in " ".join(result.warnings)


def test_what_more_rows_would_hold_is_said_in_python() -> None:
    evidence = "class 'b' has 3 rows among 200, 5 folds need 10; --rows 884 would hold them (--rows)"
    said = {"key": "subsample_possible", "answered_by": "measured", "answer": "no", "evidence": evidence}
    (line,) = list_urgent_warnings(PRIOR.model_copy(update={"path": [PRIOR.path[0].model_copy(update=said)]}))
    assert line.endswith("need 10; rows=884 would hold them (rows)")


def test_progress_is_shown_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    regchoose.recommend(numbers(), progress=True, **SMALL)
    out, err = capsys.readouterr()
    assert out == ""
    assert "end    L2" in err


class Screen(io.StringIO):
    """A terminal that is written to memory."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_has_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    regchoose.recommend(numbers(), progress=True, **SMALL)
    assert "━" in screen.getvalue()


def test_what_was_trained_is_kept_where_a_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    first = regchoose.recommend(numbers(), **SMALL)
    assert not home.exists()
    keeping: Keywords = {**SMALL, "cache_dir": str(tmp_path / "kept")}
    kept = regchoose.recommend(numbers(), **keeping)
    blocks = _entries(tmp_path / "kept")
    assert blocks
    again = regchoose.recommend(numbers(), **keeping)
    assert _entries(tmp_path / "kept") == blocks
    assert facts(first) == facts(kept) == facts(again)


def _entries(folder: Path) -> int:
    from regchoose.cache.block_cache import Cache

    journal = Cache(folder / "journal.sqlite", engine="", fresh=False, now=lambda: 0.0)
    count = journal.contents().blocks
    journal.close()
    return count


def test_ctrl_c_is_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise Interrupted(None, terminated=False)

    monkeypatch.setattr("regchoose.run.walk_chart.recommend_regularizer", stopped)
    with pytest.raises(KeyboardInterrupt):
        regchoose.recommend(numbers(), **SMALL)


def test_settings_of_files_are_settings() -> None:
    assert set(FILE_SETTINGS) <= set(Keywords.__annotations__)
