"""`regchoose doctor`: what is installed, which devices there are, what would be slow or is missing."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from regchoose.cache.location import cache_folder
from regchoose.cli import output
from regchoose.machine import GIB, Machine, describe_extras, find_problems, inspect_machine
from regchoose.report.safe_text import plain
from regchoose.result.json_text import dump_document


def doctor(*, json: bool) -> int:
    """Print what was found; return 0, whatever it is."""
    machine, devices = (
        inspect_machine(os.environ, cache=cache_folder(os.environ.get("REGCHOOSE_CACHE_DIR"), os.environ)),
        _find_devices(),
    )
    problems = find_problems(machine, devices)
    if json:
        listed = {"error": devices} if isinstance(devices, str) else devices
        output.write(
            dump_document(
                {
                    "ok": True,
                    **asdict(machine),
                    "extras": describe_extras(),
                    "devices": listed,
                    "remarks": problems,
                }
            )
        )
        return 0
    output.write("".join(f"{line}\n" for line in _to_lines(machine, devices, problems)))
    return 0


def _find_devices() -> Mapping[str, Any] | str:
    """Return what PyTorch sees, or why it cannot be loaded: the rest is printed all the same."""
    try:
        from regchoose.training.device import describe_devices

        return describe_devices()
    except Exception as error:  # noqa: BLE001 - a broken installation is what is looked for here
        return plain(f"{type(error).__name__}: {error}")


def _to_lines(machine: Machine, devices: Mapping[str, Any] | str, problems: list[str]) -> list[str]:
    cards = (
        [] if isinstance(devices, str) else [f"{c['name']}, {c['memory_gib']} GiB" for c in devices["cuda"]]
    )
    memory = "unknown" if machine.memory is None else f"{machine.memory / GIB:.1f} GiB"
    rows = [
        ("regchoose", machine.regchoose),
        ("Python", machine.python),
        ("system", machine.system),
        *((name, found or "not installed") for name, found in machine.packages.items()),
        ("cores", str(machine.cores)),
        ("memory", memory),
        ("device", "; ".join(["cpu", *cards])),
        ("threads", ", ".join(f"{name}={value}" for name, value in machine.threads.items()) or "as set here"),
        ("temporary", _describe_folder(machine.temporary)),
        ("cache", _describe_folder(machine.cache)),
        *((f"[{name}]", _describe_extra(name, found)) for name, found in describe_extras().items()),
    ]
    text = [f"{name:<13} {plain(value)}" for name, value in rows]
    fine = "All fine: everything that regchoose needs is here."
    serious = [line for line in problems if not line.startswith("no CUDA device")]
    return [*text, "", *([] if serious else [fine]), *(f"–  {plain(line, longest=400)}" for line in problems)]


def _describe_extra(name: str, found: str | None) -> str:
    return found or f"not installed; only if you want it: pip install 'regchoose[{name}]'"


def _describe_folder(place: Mapping[str, Any]) -> str:
    if place["path"] is None:
        return "none can be written"
    free = "" if place["free"] is None else f", {place['free'] / GIB:.1f} GiB free"
    return f"{place['path']}{free}{'' if place['writable'] else ', cannot be written'}"
