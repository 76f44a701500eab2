from pathlib import Path

import pytest
from annotated_types import Ge

import regchoose.settings.presets as presets_module
from regchoose.errors import UsageError
from regchoose.settings.options import Settings, parse_duration
from regchoose.settings.presets import preset_values, presets
from regchoose.settings.sources import read_config, read_preset, resolve_settings
from regchoose.settings.values import FIELDS, describe_shape, option_of, shape_of

Layers = dict[str, object]


def settle(
    flags: Layers | None = None,
    *,
    environ: dict[str, str] | None = None,
    toml: str | None = None,
    preset: str = "",
) -> tuple[Settings, frozenset[str]]:
    config = None if toml is None else ("settings.toml", toml)
    return resolve_settings(
        flags or {}, environ=environ or {}, config=config, preset_text=lambda name: preset
    )


def refusal(
    flags: Layers | None = None, *, environ: dict[str, str] | None = None, toml: str | None = None
) -> UsageError:
    with pytest.raises(UsageError) as caught:
        settle(flags, environ=environ, toml=toml)
    return caught.value


def test_without_anything_the_defaults_hold() -> None:
    assert settle() == (Settings(), frozenset())


def test_each_place_gives_way_to_the_one_before_it() -> None:
    places = {
        "flags": {"epochs": "1"},
        "environ": {"REGCHOOSE_EPOCHS": "2", "REGCHOOSE_FOLDS": "3"},
        "toml": "epochs = 3\nfolds = 4\nrepeats = 5",
        "preset": "epochs = 4\nfolds = 6\nrepeats = 7\nstrengths = 8",
    }
    settings, given = settle(
        {"epochs": "1"},
        environ={"REGCHOOSE_EPOCHS": "2", "REGCHOOSE_FOLDS": "3"},
        toml=str(places["toml"]),
        preset=str(places["preset"]),
    )
    assert (settings.epochs, settings.folds, settings.repeats, settings.strengths) == (1, 3, 5, 8)
    assert given == {"epochs", "folds", "repeats"}  # the preset gives nothing in the user's name


@pytest.mark.parametrize(
    ("flags", "environ", "toml", "asked"),
    [
        ({"preset": "quick"}, {"REGCHOOSE_PRESET": "ci"}, 'preset = "thorough"', "quick"),
        ({}, {"REGCHOOSE_PRESET": "ci"}, 'preset = "thorough"', "ci"),
        ({}, {}, 'preset = "thorough"', "thorough"),
        ({}, {}, "", "default"),
    ],
)
def test_the_preset_is_named_by_the_same_precedence(
    flags: Layers, environ: dict[str, str], toml: str, asked: str
) -> None:
    names = []

    def note(name: str) -> str:
        names.append(name)
        return ""

    resolve_settings(flags, environ=environ, config=("a", toml), preset_text=note)
    assert names == [asked]


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("rows", "auto", "auto"),
        ("rows", "500", 500),
        ("rope", "0.01", 0.01),
        ("hidden", "64, 32", (64, 32)),
        ("hidden", [8, 4], (8, 4)),
        ("alphas", "0.2,0.8", (0.2, 0.8)),
        ("exclude", ["a,b", "c"], ("a,b", "c")),
        ("audit", False, False),
        ("header", "no", "no"),
        ("device", "cuda:1", "cuda:1"),
        ("budget", "1.5h", "1.5h"),
        ("seed", str(2**32 - 1), 2**32 - 1),
    ],
)
def test_values_become_what_the_setting_is(name: str, given: object, value: object) -> None:
    assert getattr(settle({name: given})[0], name) == value


def test_lists_in_the_environment_are_split_at_commas() -> None:
    settings, _ = settle(
        environ={"REGCHOOSE_EXCLUDE": "id, name", "REGCHOOSE_HIDDEN": "8,8", "REGCHOOSE_AUDIT": "no"}
    )
    assert (settings.exclude, settings.hidden, settings.audit) == (("id", "name"), (8, 8), False)


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert settle(environ={"REGCHOOSE_EPOCHS": ""})[1] == frozenset()


def test_true_and_false_in_a_file_mean_yes_and_no() -> None:
    assert settle(toml="header = false\naudit = true\non-bad-rows = 'skip'")[0] == Settings(
        header="no", audit=True, on_bad_rows="skip"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", "0"),
        ("epochs", "1.5"),
        ("epochs", "nan"),
        ("epochs", True),
        ("rows", "19"),
        ("rows", "some"),
        ("rope", "0"),
        ("rope", "inf"),
        ("lr", "nan"),
        ("alpha", "1.01"),
        ("alphas", "0.5,1"),
        ("alphas", ""),
        ("hidden", "64,x"),
        ("seed", str(2**32)),
        ("audit", "perhaps"),
        ("device", "gpu"),
        ("budget", "soon"),
        ("task", "regresion"),
    ],
)
def test_bad_values_are_refused_with_what_is_wanted(name: str, value: object) -> None:
    error = refusal({name: value})
    assert error.code == "E202"
    assert error.where == f"--{name}"
    assert "wanted" in error.message
    flag, *value = error.fix.split()
    assert flag == f"--{name}"
    assert bool(value) == (name != "audit")  # a switch has none


def test_the_nearest_legal_word_is_proposed_in_the_words_of_the_place() -> None:
    assert refusal({"task": "regresion"}).fix == "--task regression"
    assert refusal(environ={"REGCHOOSE_TASK": "regresion"}).fix == "REGCHOOSE_TASK=regression"
    error = refusal(toml="epochs = 3\ntask = 'regresion'")
    assert (error.where, error.fix) == ("settings.toml:2", 'task = "regression"')


def test_unknown_names_are_refused_with_the_nearest() -> None:
    assert "REGCHOOSE_EPOCHS" in refusal(environ={"REGCHOOSE_EPOCH": "3"}).fix
    error = refusal(toml="\n\nepoch = 3")
    assert (error.code, error.where) == ("E202", "settings.toml:3")
    assert "epochs" in error.fix


def test_a_file_cannot_name_another_file() -> None:
    assert refusal(toml='config = "other.toml"').code == "E202"


def test_a_table_within_the_file_is_no_setting() -> None:
    assert refusal(toml="[tool]\nepochs = 3").where == "settings.toml:1"


def test_bad_toml_is_placed() -> None:
    error = refusal(toml="epochs = 3\nfolds = \n")
    assert (error.code, error.where) == ("E203", "settings.toml:2:9")


def test_the_file_in_the_folder_is_read_where_none_is_named(tmp_path: Path) -> None:
    assert read_config({}, environ={}, folder=tmp_path) is None
    (tmp_path / "regchoose.toml").write_text("epochs = 3", encoding="utf-8")
    (tmp_path / "mine.toml").write_text("epochs = 4", encoding="utf-8")
    assert read_config({}, environ={}, folder=tmp_path) == ("regchoose.toml", "epochs = 3")
    assert read_config({}, environ={"REGCHOOSE_CONFIG": "mine.toml"}, folder=tmp_path) == (
        "mine.toml",
        "epochs = 4",
    )
    assert read_config({"config": "mine.toml"}, environ={}, folder=tmp_path) == ("mine.toml", "epochs = 4")


def test_a_missing_file_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_config({"config": "mne.toml"}, environ={}, folder=tmp_path)
    assert (caught.value.code, caught.value.fix) == ("E201", "--config mine.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "regchoose.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read") as caught:
        read_config({}, environ={}, folder=tmp_path)
    assert caught.value.code == "E203"


@pytest.mark.parametrize("name", shape_of(FIELDS["preset"].type).words)
def test_every_preset_that_can_be_named_is_there_and_legal(name: str) -> None:
    assert name in presets()
    settings, given = resolve_settings({"preset": name}, environ={}, config=None)
    assert settings.preset == name
    assert preset_values(name).keys() <= FIELDS.keys()
    assert given == {"preset"}


def test_an_installed_package_has_its_presets_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("configs", "regchoose/configs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "configs" / "other.toml").touch()
    (tmp_path / "regchoose" / "configs" / "ours.toml").touch()
    monkeypatch.setattr(presets_module, "__file__", str(tmp_path / "regchoose" / "settings" / "presets.py"))
    assert list(presets()) == ["ours"]


def test_a_preset_that_is_not_there_is_refused() -> None:
    assert preset_values("quik") == {}
    with pytest.raises(UsageError) as caught:
        read_preset("quik")
    assert caught.value.fix == "--preset quick"


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_can_be_presented(name: str) -> None:
    shape = shape_of(FIELDS[name].type)
    assert option_of(name).help[-1] in ".?"
    assert shape.words or shape.number or shape.text or shape.switch
    assert not any(isinstance(limit, Ge) and shape.number is None for limit in shape.limits)


@pytest.mark.parametrize("name", FIELDS)
def test_every_default_is_legal(name: str) -> None:
    default = getattr(Settings(), name)
    if default is not None:
        assert getattr(settle({name: default})[0], name) == default


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows", "a whole number of at least 20 or auto"),
        ("alpha", "a number from 0 to 1"),
        ("hidden", "a list, each a whole number from 1 to 4096"),
        ("task", "auto, classification or regression"),
        ("audit", "yes or no"),
        ("target", "a text"),
        ("network", "mlp, linear, cnn or a text"),
        ("network_options", "names with values, such as width=16"),
    ],
)
def test_what_is_wanted_is_said_in_words(name: str, text: str) -> None:
    assert describe_shape(shape_of(FIELDS[name].type)) == text


def test_an_annotation_of_another_kind_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="no setting is a"):
        shape_of(bytes)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("1h", 3600), ("1.5 m", 90), (" 12 ", 12)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-1s", "1d", "five", "1e5s", "9" * 400])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90s"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("flags", "environ", "toml"),
    [
        ({"network_options": ["width=16", "kind = deep", "rates=[0.1, 0.2]"]}, {}, None),
        ({}, {}, '[network_options]\nwidth = 16\nkind = "deep"\nrates = [0.1, 0.2]'),
    ],
)
def test_options_of_a_network_come_as_pairs_or_as_a_table(
    flags: Layers, environ: dict[str, str], toml: str | None
) -> None:
    settings, given = settle(flags, environ=environ, toml=toml)
    assert settings.network_options == {"width": 16, "kind": "deep", "rates": [0.1, 0.2]}
    assert given == {"network_options"}


def test_options_of_a_network_come_from_the_environment_too() -> None:
    settings, _ = settle(environ={"REGCHOOSE_NETWORK_OPTIONS": "width=16, kind=deep"})
    assert settings.network_options == {"width": 16, "kind": "deep"}


@pytest.mark.parametrize(
    ("flags", "toml", "fix"),
    [
        ({"network_options": ["width"]}, None, "--network-options width=16"),
        ({"network_options": ["=16"]}, None, "--network-options width=16"),
        ({}, "network_options = 3", "network_options = { width = 16 }"),
        ({}, "[network_options]\nsince = 2020-01-01", "network_options = { width = 16 }"),
    ],
)
def test_options_of_a_network_that_are_no_pairs_are_refused(
    flags: Layers, toml: str | None, fix: str
) -> None:
    error = refusal(flags, toml=toml)
    assert (error.code, error.fix) == ("E202", fix)


@pytest.mark.parametrize("name", ["mlp", "linear", "nets.py:Cnn", "a.b.nets:make.small", r"C:\nets.py:Net"])
def test_networks_are_words_or_places_with_a_name(name: str) -> None:
    assert settle({"network": name})[0].network == name


@pytest.mark.parametrize("name", ["mpl", "nets.py", "nets.py:", ":Cnn", "nets.py:1", "nets.py:a b"])
def test_other_names_of_networks_are_refused(name: str) -> None:
    assert refusal({"network": name}).code == "E202"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_configuration_is_read_as_windows_writes_it(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "regchoose.toml").write_bytes('exclude = ["größe"]\r\n'.encode(encoding))
    assert read_config({}, environ={}, folder=tmp_path) == ("regchoose.toml", 'exclude = ["größe"]\r\n')
