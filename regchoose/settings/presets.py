"""Named sets of settings, one TOML file each."""

import tomllib
from pathlib import Path
from typing import Any


def presets() -> dict[str, Path]:
    """Return the presets' files by name, from a wheel or a source checkout."""
    package = Path(__file__).parents[1]
    folders = (package / "configs", package.parent / "configs")
    folder = next(folder for folder in folders if folder.is_dir())
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def preset_values(name: str) -> dict[str, Any]:
    """Return what a preset sets; nothing where there is none of that name."""
    file = presets().get(name)
    return {} if file is None else tomllib.loads(file.read_text(encoding="utf-8"))
