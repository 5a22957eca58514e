"""The agent beside a Jupyter server."""

import json
import logging
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nbcourier import syncing
from traitlets.config import Config, Configurable

WAIT_S = 60
POLL_S = 0.02


class Server(Configurable):
    """As much of a Jupyter server as the start needs."""

    log = logging.getLogger("server")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a pair, a directory `bin` for the program, and a hub's token."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "ada")
    monkeypatch.delenv("NBCOURIER_SYNC", raising=False)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "bin"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    pairs(tmp_path, ["/thesis"])
    return tmp_path


def pairs(home: Path, folders: list[str]) -> None:
    (home / ".nbcourier").mkdir(exist_ok=True)
    listed = json.dumps({"form": 1, "folders": folders})
    (home / ".nbcourier" / "pairs.json").write_text(listed)


def install(home: Path, script: str) -> None:
    program = home / "bin" / "nbcourier"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)


def becomes(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(POLL_S)
    return False


# Says its arguments, waits for the end of its input, and says that it ended.
SCRIPT = 'echo "$@" > "$HOME/began"; cat > /dev/null; echo ended > "$HOME/ended"'


@pytest.mark.parametrize("how", ["in peace", "killed"])
def test_the_agent_ends_with_the_server_however_that_ends(home: Path, how: str) -> None:
    install(home, SCRIPT)
    code = f"""
import sys, sysconfig
sys.path[:] = {sys.path!r}
sysconfig.get_path = lambda _: {str(home / "bin")!r}
from nbcourier import syncing
from traitlets.config import Configurable
syncing.begin(Configurable())
sys.stdin.read()
"""
    server = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        began = home / "began"
        assert becomes(lambda: began.is_file() and began.read_text() != "")
        assert began.read_text() == "sync run --attached\n"
        assert not (home / "ended").exists()
        if how == "killed":
            server.send_signal(signal.SIGKILL)
        assert server.stdin is not None
        server.stdin.close()
        server.wait(WAIT_S)
        assert becomes((home / "ended").is_file)
    finally:
        server.kill()


@pytest.mark.parametrize("switch", ["variable", "setting", "token", "no pairs", "none"])
def test_without_pairs_or_with_a_switch_nothing_is_started(
    home: Path, switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    install(home, "exit 0")
    start = lambda *given, **_: started.append(given)  # noqa: E731
    monkeypatch.setattr(syncing.subprocess, "Popen", start)
    config = Config()
    match switch:
        case "variable":
            monkeypatch.setenv("NBCOURIER_SYNC", "0")
        case "setting":
            config.NbCourier.sync = False
        case "token":
            monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
            monkeypatch.delenv("NBCOURIER_TOKEN_FILE", raising=False)
        case "no pairs":
            pairs(home, [])
        case "none":
            (home / ".nbcourier" / "pairs.json").unlink()
    syncing.begin(Server(config=config))
    assert started == []


def test_a_program_that_cannot_run_is_a_line_in_the_log(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(home, "")
    (home / "bin" / "nbcourier").chmod(0o600)
    syncing.begin(Server())
    assert "the folders are not synced" in caplog.text
