"""What keeps the tests off the network does so, in this process and in others; and the program needs none."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from regchoose.table.large.duckdb_session import connect_in_memory
from tests.cli.conftest import clean_environment
from tests.cli.test_real_terminal import QUICK
from tests.run.test_walk_chart import write

FAR = "192.0.2.1"  # of no network: RFC 5737
LEAVING: dict[str, Callable[[], object]] = {
    "connect": lambda: socket.create_connection((FAR, 80), timeout=1),
    "connect, asked for the error": lambda: _udp().connect_ex((FAR, 80)),
    "send": lambda: _udp().sendto(b"", (FAR, 53)),
    "look up": lambda: socket.getaddrinfo("example.org", 80),
    "look up, the older way": lambda: socket.gethostbyname("example.org"),
}


def _udp() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


@pytest.fixture
def attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the attempts of this test are noted; those of all others must be none."""
    monkeypatch.setenv("OFFLINE_LOG", str(tmp_path / "attempts.txt"))
    return tmp_path / "attempts.txt"


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("way", LEAVING)
def test_no_socket_leaves_this_machine(way: str, attempts: Path) -> None:
    with pytest.raises(OSError, match="the tests have no network"):
        LEAVING[way]()
    assert len(attempts.read_text(encoding="utf-8").splitlines()) == 1


def test_no_process_that_a_test_starts_does(attempts: Path) -> None:
    code = f"import urllib.request; urllib.request.urlopen('http://{FAR}/')"
    for environ in (clean_environment(), None):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environ, timeout=60, check=False
        )
        assert done.returncode == 1
        assert "the tests have no network" in done.stderr
    assert len(attempts.read_text(encoding="utf-8").splitlines()) == 2


def test_this_machine_is_reached(attempts: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        assert socket.getaddrinfo("localhost", 80)
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"x")
    assert not attempts.exists()


# ---- the program -----------------------------------------------------------------------------------


class Proxy:
    """Counts who calls, and hangs up."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.calls = 0
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        while True:
            caller, _ = self._server.accept()
            with caller:
                if caller.recv(1) == b"\0":  # ours: no more
                    return
            self.calls += 1

    def close(self) -> int:
        """Stop; return how often it was called."""
        if self._thread.is_alive():
            with socket.create_connection(self._server.getsockname()) as last:
                last.sendall(b"\0")
                self._thread.join()
            self._server.close()
        return self.calls

    @property
    def environ(self) -> dict[str, str]:
        """What makes this the proxy for everything."""
        names = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
        return {way: f"http://{self.place}" for name in names for way in (name, name.upper())}


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    yield (one := Proxy())
    one.close()


COMMANDS = [
    ["recommend", "table.csv", *QUICK, "--no-input", "-o", "r.json", "--report", "r.html"],
    ["inspect", "table.csv"],
    ["sample", "table.csv", "--rows", "40", "-o", "s.parquet"],
    ["inspect", "s.parquet"],
    ["doctor"],
]
ALL = """
import sys
from regchoose.cli.app import main

sys.exit(str([main(line.split()) for line in sys.stdin.read().splitlines()]))
"""


def statuses(commands: list[list[str]], *, folder: Path, proxy: Proxy) -> str:
    """Give commands to one process behind the proxy; return their exit statuses, after what they said."""
    done = subprocess.run(
        [sys.executable, "-c", ALL],
        input="\n".join(map(" ".join, commands)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=clean_environment(**proxy.environ, HOME=str(folder)),
        timeout=600,
        check=False,
    )
    return done.stderr


@pytest.mark.slow
def test_proxies_are_not_asked_for_anything(proxy: Proxy, tmp_path: Path) -> None:
    write(tmp_path, "regression")
    said = statuses(COMMANDS, folder=tmp_path, proxy=proxy)
    assert said.splitlines()[-1] == str([0] * len(COMMANDS)), said
    assert proxy.close() == 0


@pytest.mark.slow
def test_an_address_of_the_web_is_no_file(proxy: Proxy, tmp_path: Path) -> None:
    kinds = ("http", "https", "s3", "hf")
    said = statuses(
        [["inspect", f"{kind}://{proxy.place}/{name}"] for kind in kinds for name in ("a.csv", "*.parquet")],
        folder=tmp_path,
        proxy=proxy,
    )
    assert said.count("error[E201]: ") == 8
    assert said.splitlines()[-1] == str([2] * 8)
    assert proxy.close() == 0


def test_the_database_fetches_no_extension(proxy: Proxy, tmp_path: Path) -> None:
    with closing(connect_in_memory(extension_directory=str(tmp_path))) as connection:
        connection.execute(f"SET custom_extension_repository = 'http://{proxy.place}'")
        for query in (f"SELECT * FROM 'http://{proxy.place}/a.csv'", "SELECT * FROM 'a.xlsx'"):
            with pytest.raises(duckdb.Error):
                connection.execute(query)
    assert proxy.close() == 0


def test_the_proxy_would_have_noticed(proxy: Proxy) -> None:
    code = "import urllib.request; urllib.request.urlopen('http://example.org/')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=clean_environment(**proxy.environ),
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert proxy.close() == 1
