"""A machine with too little memory to load what is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, clean_environment

LIMIT_KIB = 400_000  # of address space: PyTorch alone takes more


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit is that of Linux")
def test_where_not_even_the_libraries_find_room_it_is_said(tmp_path: Path) -> None:
    table = ROOT / "data" / "wine.csv"
    command = f'ulimit -v {LIMIT_KIB}; exec "{sys.executable}" -m regchoose recommend "{table}" --no-input'
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
        timeout=120,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "error[E403]: memory ran out" in done.stderr
    assert "Traceback" not in done.stderr
