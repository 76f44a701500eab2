"""Look for inputs that break the program: `python -m tests.fuzz --minutes 5`.

The suite tries the same few inputs each time; this tries new ones until the time is over, in turn for each
target. What it finds is printed in its simplest form: it becomes a test in test_found.py, and is mended.
"""

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence

from hypothesis import HealthCheck, given, seed, settings
from rich.console import Console

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Try inputs until the time is over; return 1 where one broke the program."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0, help="of the first turn; each turn adds one")
    parser.add_argument("--only", choices=list(TARGETS), nargs="*", help="these targets alone")
    options = parser.parse_args(arguments)
    console, end = Console(highlight=False), time.monotonic() + 60 * options.minutes
    tried, broken, turn = Counter[str](), Counter[str](), options.seed
    while time.monotonic() < end:
        for name in options.only or TARGETS:
            tried[name] += TARGETS[name].few
            if found := attempt(TARGETS[name], turn):
                broken[name] += 1
                console.print(f"--- {name}, turn {turn}\n{found}", markup=False)
            if time.monotonic() > end:
                break
        turn += 1
    for name, count in tried.items():
        console.print(f"{name}: {count:,} inputs, {broken[name]} turns found a fault", markup=False)
    return int(broken.total() > 0)


def attempt(target: Target, turn: int) -> str:
    """Try some inputs; return the simplest that breaks the program, with what it does."""
    look = settings(
        max_examples=target.few,
        deadline=None,
        derandomize=False,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        seed(turn)(look(given(target.inputs)(target.check)))()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
        last = "".join(traceback.format_exception(error)[-6:])
        return "\n".join([last, *getattr(error, "__notes__", ())])
    return ""


if __name__ == "__main__":
    sys.exit(main())
