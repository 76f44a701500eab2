"""Starts commands by forking a process that has the heavy libraries loaded: three seconds less for each.

A line on stdin asks for one: `{"argv", "folder", "environ", "stdout", "stderr"}`; its exit status comes back
as a line. Nothing of the tree under test is loaded before the fork. The only other thread by then is
OpenBLAS's, which sees to forks itself; that the outputs are those of new processes, `--afresh` shows.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

LIBRARIES = """numpy pandas scipy.stats scipy.special scipy.cluster.hierarchy sklearn.model_selection
sklearn.ensemble sklearn.linear_model sklearn.neighbors sklearn.decomposition sklearn.compose sklearn.impute
torch torch.func duckdb jinja2 rich.console pydantic pydantic.json_schema xml.etree.ElementTree PIL.Image"""


def become(asked: dict[str, Any]) -> None:
    """Be the process that was asked for, up to its end."""
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.chdir(asked["folder"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = asked["argv"]
    if sys.argv[0] == "-m":
        sys.path[0] = asked["folder"]
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = os.path.dirname(sys.argv[0])
        runpy.run_path(sys.argv[0], run_name="__main__")


def end(work: Callable[[], None]) -> NoReturn:
    """Do the work and leave as Python leaves, but for taking down the libraries, which takes longest."""
    status = 0
    try:
        work()
    except SystemExit as asked:
        status = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, Python would print it
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # as multiprocessing ends its forks
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """Answer requests until stdin ends."""
    for name in LIBRARIES.split():
        importlib.import_module(name)
    gc.freeze()  # what is loaded stays shared
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            answers.close()
            end(partial(become, json.loads(line)))
        status = os.waitpid(child, 0)[1]
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
