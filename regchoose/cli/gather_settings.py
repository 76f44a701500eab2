"""From flags to settings: reads the environment and the configuration file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regchoose.cli.failures import Form
from regchoose.settings.options import Settings
from regchoose.settings.sources import config_text, layered, preset_text


def gathered(
    flags: Mapping[str, Any], *, recorded: tuple[str, Mapping[str, Any]] | None = None
) -> tuple[Settings, frozenset[str]]:
    """Return the settings of a run, and the names of those that do not come from the preset or a default.

    Parameters
    ----------
    recorded : (str, mapping), optional
        Name and settings of a result, or of a model, that the run goes on from.
    """
    config = config_text(flags, environ=os.environ, folder=Path.cwd())
    return layered(flags, environ=os.environ, config=config, preset_text=preset_text, recorded=recorded)


def form_for(settings: Settings) -> Form:
    """Return how errors are shown once the settings are known."""
    return Form(json=settings.json or settings.format == "json", debug=settings.debug, format=settings.format)
