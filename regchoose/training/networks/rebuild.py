"""Rebuilding a network in a process that has never seen it.

A network's spec is plain values: its kind and its sizes. For a network of the user's own it says what to
import, with which arguments, and carries the source of the files it needs. No other code is sent, and it runs
where the user's own file would be.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import nn

from regchoose.errors import RegchooseError, UsageError, setting
from regchoose.records.table import Image
from regchoose.training.networks.cnn import cnn_network
from regchoose.training.networks.linear import Linear
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.network import Network
from regchoose.training.networks.torch_module import ModuleNetwork, module_network
from regchoose.training.networks.user_network import UserNetwork, code_beside, files_beside, load_network

NetworkSpec = Mapping[str, Any]


def build_user_network(
    user: UserNetwork,
    options: Mapping[str, Any],
    *,
    input_names: Sequence[str],
    n_outputs: int,
    penalize: Sequence[str],
    batched: bool,
) -> ModuleNetwork:
    """Return a user's network, which can be rebuilt in another process; see `module_network`."""
    network = module_network(
        user.builder(input_names, n_outputs, options),
        n_inputs=len(input_names),
        n_outputs=n_outputs,
        penalize=penalize,
    )
    place, _, attribute = user.name.rpartition(":")
    by_file = place.endswith(".py")
    spec = {
        "kind": "users",
        "name": f"{user.file}:{attribute}" if by_file else user.name,
        "source": user.source,
        "sources": _sources(user.file) if by_file else {},
        "options": dict(options),
        "input_names": list(input_names),
        "n_outputs": n_outputs,
        "penalize": list(penalize),
        "batched": batched,
    }
    arguments = (attribute, sorted(options.items()), tuple(input_names), n_outputs)
    return replace(
        network,
        batched=batched,
        file=user.file,
        source=user.source,
        identity=f"{code_beside(user.file)} {arguments!r}",
        recipe=spec,
    )


def _sources(file: Path) -> dict[str, str]:
    folder = file.parent
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files_beside(file)}


def rebuild(spec: NetworkSpec) -> Network:
    """Return the network of a spec; for the same spec always the same object.

    Raises
    ------
    UsageError, TrainingError
        Where a user's network cannot be imported or built here.
    """
    return _rebuild(json.dumps(spec))


@cache
def _rebuild(text: str) -> Network:
    spec = json.loads(text)
    return BUILDERS[spec.pop("kind")](spec)


def _rebuild_users(spec: NetworkSpec) -> ModuleNetwork:
    name, sources = spec["name"], spec["sources"]
    if not sources:
        user = load_network(name)
        if user.source != spec["source"]:
            raise UsageError(
                "E210",
                f"{user.file} is not the file of that name where the run was started",
                where=user.where,
                fix="the same release of it on all machines, or "
                + setting("network")
                + " with the path of a file, which is sent along",
            )
        return _build_from_spec(user, spec)
    place, _, attribute = name.rpartition(":")
    file = Path(place)
    if not _is_here(file, sources):
        file = _folder_of(spec) / file.name
        for path, source in sources.items():
            copy = file.parent / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(source, encoding="utf-8")
    _forget(file.parent, sources)
    try:
        return _build_from_spec(load_network(f"{file}:{attribute}"), spec)
    finally:  # another network may have a module of the same name beside it
        _forget(file.parent, sources)


def _build_from_spec(user: UserNetwork, spec: NetworkSpec) -> ModuleNetwork:
    arguments = ("input_names", "n_outputs", "penalize", "batched")
    return build_user_network(user, spec["options"], **{name: spec[name] for name in arguments})


@cache
def _copies() -> TemporaryDirectory[str]:
    """Return the folder of all copies. It lasts as long as the process, since errors quote lines of them."""
    return TemporaryDirectory(prefix="regchoose-")


def _folder_of(spec: NetworkSpec) -> Path:
    mark = hashlib.sha256(json.dumps(spec["sources"], sort_keys=True).encode()).hexdigest()
    return Path(_copies().name, mark[:16])


def with_original_paths(error: RegchooseError, spec: NetworkSpec) -> RegchooseError:
    """Return an error with the paths that the network's author knows, rather than those of the copies."""
    if not spec.get("sources"):
        return error
    copies, home = str(_folder_of(spec)), str(Path(spec["name"].rpartition(":")[0]).parent)
    return error.map_text(lambda text: text.replace(copies, home))


def _is_here(file: Path, sources: Mapping[str, str]) -> bool:
    """Whether the files of a network are here, and unchanged."""
    try:
        return all((file.parent / path).read_text(encoding="utf-8") == text for path, text in sources.items())
    except (OSError, ValueError):
        return False


def _forget(folder: Path, sources: Mapping[str, str]) -> None:
    """Forget modules that were imported from these files, so that they are read again as they are now."""
    places = {str(folder / path) for path in sources}
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) in places:
            del sys.modules[name]


# ---- networks of ours ----------------------------------------------------------------------------


def layered_mlp(sizes: Sequence[int], penalize: Sequence[str]) -> ModuleNetwork:
    """Return the mlp as torch's own layers, so that its weights have names: 0.weight, 2.weight and so on."""

    def build() -> nn.Module:
        layers = [layer for pair in pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU())]
        return nn.Sequential(*layers[:-1])

    network = module_network(build, n_inputs=sizes[0], n_outputs=sizes[-1], penalize=penalize)
    spec = {"kind": "layered mlp", "sizes": list(sizes), "penalize": list(penalize)}
    return replace(network, identity=f"mlp of layers {tuple(sizes)}", recipe=spec)


def _rebuild_cnn(spec: NetworkSpec) -> ModuleNetwork:
    image = Image(**spec["image"])
    return cnn_network(image, spec["channels"], spec["n_outputs"], penalize=spec["penalize"])


BUILDERS: Mapping[str, Callable[[NetworkSpec], Network]] = {
    "mlp": lambda spec: Mlp(tuple(spec["sizes"])),
    "linear": lambda spec: Linear(**spec),
    "cnn": _rebuild_cnn,
    "layered mlp": lambda spec: layered_mlp(spec["sizes"], spec["penalize"]),
    "users": _rebuild_users,
}


def is_module(spec: NetworkSpec) -> bool:
    """Whether a network runs as a torch module, which is to be kept quiet from before it is built."""
    return spec["kind"] not in ("mlp", "linear")
