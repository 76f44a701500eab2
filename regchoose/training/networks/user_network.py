"""The user's own network: imported by its name; and the errors that its code raises."""

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from regchoose.errors import UsageError, Word, setting

BuildModule = Callable[[], nn.Module]
PACKAGE = Path(__file__).parents[2]
RUNNING = ("__main__", "__mp_main__")  # names of the script that runs
SHORT = 160  # letters of a message that is passed on


@dataclass(frozen=True)
class UserNetwork:
    """What a name such as `nets.py:Cnn` stands for."""

    name: str  # as the user wrote it
    file: Path
    # (n_inputs, n_outputs, **options) -> torch.nn.Module. If it has a parameter `input_names`, it is told
    # what each input is: `age`, `age is missing`, `town=Rome`.
    make: Callable[..., Any]
    source: str  # hash of the file, which tells networks of the same name apart

    @property
    def where(self) -> str:
        """The file and, if it is known, the line."""
        try:
            return f"{self.file}:{inspect.getsourcelines(self.make)[1]}"
        except (OSError, TypeError):  # made while the file ran, or an object that is called
            return str(self.file)

    def builder(self, input_names: Sequence[str], n_outputs: int, options: Mapping[str, Any]) -> BuildModule:
        """Return what builds a fresh module.

        Raises
        ------
        UsageError
            E211 where it does not take these arguments; the builder raises it where no module comes out.
        """
        n_inputs = len(input_names)
        if "input_names" in self._parameters():
            options = {**options, "input_names": tuple(input_names)}
        self._refuse_arguments(n_inputs, n_outputs, options)

        def build() -> nn.Module:
            module = self.make(n_inputs, n_outputs, **options)
            if not isinstance(module, nn.Module):
                raise UsageError(
                    "E211",
                    f"{self.name} gave {_kind(module)}, wanted a torch.nn.Module",
                    where=self.where,
                    fix="return the module that maps rows (n, n_inputs) to (n, n_outputs)",
                )
            return module

        return build

    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        try:
            return inspect.signature(self.make).parameters
        except ValueError:  # a few callables of C have no signature: calling them will tell
            return {}

    def _refuse_arguments(self, n_inputs: int, n_outputs: int, options: Mapping[str, Any]) -> None:
        if not (parameters := self._parameters()):
            return
        try:
            inspect.signature(self.make).bind(n_inputs, n_outputs, **options)
        except TypeError as error:
            takes = ", ".join(map(str, parameters.values()))
            missing = re.match("missing .* '(.*)'", str(error))
            raise UsageError(
                "E211",
                f"{self.name} cannot be called with (n_inputs, n_outputs, **options): {error}",
                where=self.where,
                detail=[f"it takes ({takes}); given: 2 numbers{_listed_options(options)}"],
                fix=setting(network_options={missing[1]: Word("VALUE")}) + ", or give that argument a default"
                if missing
                else "name in " + setting("network_options") + " what it takes, and nothing else",
            ) from error


def check_network_file(name: str) -> None:
    """Raise E201 where a network is to come from a file that there is not, before anything is read."""
    place, _, attribute = name.rpartition(":")
    if place.endswith(".py") and not Path(place).resolve().is_file():
        raise _no_file(place, Path(place).resolve(), attribute)


def load_network(name: str) -> UserNetwork:
    """Import what `module:attr` or `path.py:attr` names; modules may lie in the current folder.

    Raises
    ------
    UsageError
        E201 where there is no such file, E210 where it cannot be imported or holds no such thing.
    """
    place, _, attribute = name.rpartition(":")
    if place in RUNNING:
        raise UsageError(
            "E210",
            f"{place} is the script or notebook that runs, and the processes that train cannot import it",
            where=setting("network"),
            fix=f"write {attribute} into a file of its own, and " + setting(network=f"nets.py:{attribute}"),
        )
    is_file = place.endswith(".py")
    file = Path(place).resolve() if is_file else None
    check_network_file(name)
    try:
        with _found_from(file.parent if file else Path.cwd()):
            module = _of_file(file) if file else importlib.import_module(place)
    except Exception as error:
        raise UsageError(
            "E210",
            f"{place} cannot be imported: {short_message(error)}",
            fix=f"python {place} shows the error alone"
            if is_file
            else f"python -c 'import {place}' shows the error alone",
            **lines_of_error(error, file or Path(place)),
        ) from error
    file = file or Path(module.__file__ or place)
    return UserNetwork(name, file, _attribute(module, attribute, name=name), _digest(file))


def _no_file(place: str, file: Path, attribute: str) -> UsageError:
    near = get_close_matches(file.name, [path.name for path in file.parent.glob("*.py")], n=1)
    fix = (
        setting(network=f"{Path(place).with_name(near[0])}:{attribute}")
        if near
        else setting("network") + " with a file that exists"
    )
    return UsageError("E201", f"no file {place}", where=setting("network"), fix=fix)


def _of_file(file: Path) -> ModuleType:
    """Run a file as a module named after its content, so that files of the same name do not collide."""
    name = f"regchoose_network_{_digest(file)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _found_from(folder: Path) -> Iterator[None]:
    """Let imports find the modules beside the network, as `python file.py` does."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _attribute(module: ModuleType, attribute: str, *, name: str) -> Callable[..., Any]:
    value: Any = module
    try:
        for part in attribute.split("."):
            value = getattr(value, part)
    except AttributeError:
        defined = [n for n, member in vars(module).items() if inspect.getmodule(member) is module]
        near = get_close_matches(attribute, defined, n=1) or defined[:1]
        raise UsageError(
            "E210",
            f"{name.rpartition(':')[0]} has no {attribute!r}",
            where=setting("network"),
            detail=[f"it has: {', '.join(defined[:12]) or 'nothing that can be called'}"],
            fix=setting(network=f"{name.rpartition(':')[0]}:{near[0] if near else 'NAME'}"),
        ) from None
    if not callable(value):
        raise UsageError(
            "E210",
            f"{name} is {_kind(value)}, wanted a class or function (n_inputs, n_outputs, **options)",
            where=setting("network"),
            fix=f"def {attribute}(n_inputs, n_outputs): return the module",
        )
    make: Callable[..., Any] = value
    return make


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def _kind(value: object) -> str:
    kind = type(value).__name__
    return "None" if value is None else f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"


def files_beside(file: Path) -> list[Path]:
    """Return a network's file and those of the modules beside it that are loaded."""
    loaded = {Path(place) for module in list(sys.modules.values()) if (place := _place_of(module))}
    beside = {path for path in loaded if file.parent in path.parents and "site-packages" not in path.parts}
    return sorted({file, *(path for path in beside if path.is_file())})


def code_beside(file: Path) -> str:
    """Return the hash of a network's file and of the modules beside it that are loaded."""
    return hashlib.sha256("".join(map(_digest, files_beside(file))).encode()).hexdigest()


def _place_of(module: ModuleType) -> str:
    file = vars(module).get("__file__") if isinstance(module, ModuleType) else None
    return file if isinstance(file, str) else ""


def _listed_options(options: Mapping[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in options.items())


# ---- errors in its code --------------------------------------------------------------------------


def lines_of_error(error: BaseException, file: Path) -> dict[str, Any]:
    """Return `where` and `detail` for an error: the lines of the user's own code that led to it.

    Whatever lies in the folder of the network's file is the user's too.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return {"where": f"{error.filename}:{error.lineno}", "detail": [(error.text or "").strip()]}
    frames = [f for f in traceback.extract_tb(error.__traceback__) if is_users_code(f.filename, file)]
    if not frames:
        return {"where": str(file)}
    last = frames[-1]
    shown = [f"{frame.lineno}: {frame.line}" for frame in frames[-2:]]
    return {"where": f"{last.filename}:{last.lineno}, in {last.name}", "detail": shown}


def is_users_code(filename: str, file: Path) -> bool:
    """Whether a file is the network's, or lies in its folder and is not installed there."""
    path = Path(filename)
    installed = "site-packages" in path.parts or PACKAGE in path.parents
    return path == file or (file.parent in path.parents and not installed)


def short_message(error: BaseException) -> str:
    """Return the type of an error and the first line of its message."""
    text = (str(error).strip().splitlines() or [""])[0]
    text = text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
