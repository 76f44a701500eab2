"""How a network that is not built in is built anew, in a process that has never seen it.

A recipe is plain text: what to import, with which arguments, and the source of the files it needs. No code
is sent but that source, and it is run where the user's own file would be.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import nn

from regchoose.errors import RegchooseError, UsageError, setting
from regchoose.records.table import Image
from regchoose.training.networks.any_network import AnyNetwork
from regchoose.training.networks.cnn import Cnn
from regchoose.training.networks.inspect_module import any_network
from regchoose.training.networks.user_network import UserNetwork, files_beside, load

Recipe = Mapping[str, Any]


def recipe_of_mlp(sizes: Sequence[int], penalize: Sequence[str]) -> Recipe:
    """Say how the mlp is built as torch's own layers."""
    return {"sizes": list(sizes), "penalize": list(penalize)}


def recipe_of_users(
    user: UserNetwork,
    options: Mapping[str, Any],
    *,
    input_names: Sequence[str],
    n_outputs: int,
    penalize: Sequence[str],
    batched: bool,
) -> Recipe:
    """Say how a user's network is built: by its name, and the sources of its file and those beside it."""
    place, _, attribute = user.name.rpartition(":")
    by_file = place.endswith(".py")
    return {
        "name": f"{user.file}:{attribute}" if by_file else user.name,
        "source": user.source,
        "sources": _sources(user.file) if by_file else {},
        "options": dict(options),
        "input_names": list(input_names),
        "n_outputs": n_outputs,
        "penalize": list(penalize),
        "batched": batched,
    }


def _sources(file: Path) -> dict[str, str]:
    folder = file.parent
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files_beside(file)}


def rebuilt(recipe: Recipe) -> AnyNetwork:
    """Return the network of a recipe; of one recipe always the same.

    Raises
    ------
    UsageError, TrainingError
        Where the network cannot be imported or built here.
    """
    return _rebuilt(json.dumps(recipe))


@cache
def _rebuilt(text: str) -> AnyNetwork:
    recipe = json.loads(text)
    if "sizes" in recipe:
        return layered(recipe["sizes"], recipe["penalize"])
    if "cnn" in recipe:
        return named_cnn(cnn_of(recipe["cnn"]), recipe["penalize"])
    name, sources = recipe["name"], recipe["sources"]
    if not sources:
        user = load(name)
        if user.source != recipe["source"]:
            raise UsageError(
                "E210",
                f"{user.file} is not the file of that name where the run was started",
                where=user.where,
                fix="the same release of it on all machines, or "
                + setting("network")
                + " with the path of a file, which is sent along",
            )
        return _of_user(user, recipe)
    place, _, attribute = name.rpartition(":")
    file = Path(place)
    if not _is_here(file, sources):
        file = _folder_of(recipe) / file.name
        for path, source in sources.items():
            copy = file.parent / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(source, encoding="utf-8")
    _forget(file.parent, sources)
    try:
        return _of_user(load(f"{file}:{attribute}"), recipe)
    finally:  # another network may have a module of the same name beside it
        _forget(file.parent, sources)


@cache
def _copies() -> TemporaryDirectory[str]:
    """Return the folder of all copies, which goes with the process: errors quote the lines in it."""
    return TemporaryDirectory(prefix="regchoose-")


def _folder_of(recipe: Recipe) -> Path:
    mark = hashlib.sha256(json.dumps(recipe["sources"], sort_keys=True).encode()).hexdigest()
    return Path(_copies().name, mark[:16])


def at_home(error: RegchooseError, recipe: Recipe) -> RegchooseError:
    """Return an error with the places that the network's author knows, rather than those of the copies."""
    if not recipe.get("sources"):
        return error
    copies, home = str(_folder_of(recipe)), str(Path(recipe["name"].rpartition(":")[0]).parent)
    return error.changed(lambda text: text.replace(copies, home))


def _is_here(file: Path, sources: Mapping[str, str]) -> bool:
    """Tell whether the files of a network are there, and the same."""
    try:
        return all((file.parent / path).read_text(encoding="utf-8") == text for path, text in sources.items())
    except (OSError, ValueError):
        return False


def _forget(folder: Path, sources: Mapping[str, str]) -> None:
    """Forget modules that were imported from these places, so that the files as they are now are read."""
    places = {str(folder / path) for path in sources}
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) in places:
            del sys.modules[name]


def _of_user(user: UserNetwork, recipe: Recipe) -> AnyNetwork:
    build = user.builder(recipe["input_names"], recipe["n_outputs"], recipe["options"])
    return any_network(
        build,
        n_inputs=len(recipe["input_names"]),
        n_outputs=recipe["n_outputs"],
        penalize=recipe["penalize"],
        batched=recipe["batched"],
        file=user.file,
        source=user.source,
    )


def layered(sizes: Sequence[int], penalize: Sequence[str]) -> AnyNetwork:
    """Return the mlp as torch's own layers, their weights called 0.weight, 2.weight and so on."""

    def build() -> nn.Module:
        layers = [layer for pair in pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU())]
        return nn.Sequential(*layers[:-1])

    network = any_network(build, n_inputs=sizes[0], n_outputs=sizes[-1], penalize=penalize)
    return replace(
        network,
        identity=f"mlp of layers {tuple(sizes)}",
        recipe=recipe_of_mlp(sizes, penalize),
    )


def cnn_said(network: Cnn) -> Recipe:
    """Say in plain values what a convolutional network is like."""
    return asdict(network)


def cnn_of(said: Recipe) -> Cnn:
    """Return the network that `cnn_said` speaks of."""
    return Cnn(Image(**said["image"]), tuple(said["channels"]), said["n_outputs"])


def named_cnn(network: Cnn, penalize: Sequence[str]) -> AnyNetwork:
    """Return the same as torch's own layers, their weights called 1.weight, 3.weight and 6.weight."""
    named = any_network(
        network.module, n_inputs=network.image.n_numbers, n_outputs=network.n_outputs, penalize=penalize
    )
    recipe = {"cnn": cnn_said(network), "penalize": list(penalize)}
    return replace(named, identity=f"cnn {network}", recipe=recipe)
