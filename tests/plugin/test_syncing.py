"""The agent beside a Jupyter server."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbcourier import syncing
from traitlets.config import Config, Configurable

WAIT_S = 60
POLL_S = 0.02


class Sessions:
    """The sessions of a Jupyter server."""

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []

    async def list_sessions(self) -> list[dict[str, Any]]:
        return self.listed


class Server(Configurable):
    """As much of a Jupyter server as the start needs."""

    log = logging.getLogger("server")
    root_dir = "/"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.session_manager = Sessions()


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
import asyncio, logging
from nbcourier import syncing
from traitlets.config import Configurable
class Server(Configurable):
    log = logging.getLogger()
    root_dir = "/"
async def main():
    syncing.begin(Server())
    await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
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


def test_the_agent_starts_when_the_first_folder_is_added_and_again_after_its_end(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(home, 'echo "$@" >> "$HOME/began"')
    monkeypatch.setattr(syncing, "PAIRS_S", POLL_S)
    (home / ".nbcourier" / "pairs.json").unlink()
    began = home / "began"

    async def begins(times: int) -> None:
        end = time.monotonic() + WAIT_S
        while not began.is_file() or len(began.read_text().splitlines()) < times:
            assert time.monotonic() < end
            await asyncio.sleep(POLL_S)

    async def day() -> None:
        syncing.begin(Server())
        assert not began.is_file()
        pairs(home, ["/thesis"])
        await begins(2)

    asyncio.run(day())
    assert set(began.read_text().splitlines()) == {"sync run --attached"}


def test_a_program_that_cannot_run_is_tried_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install(home, "")
    (home / "bin" / "nbcourier").chmod(0o600)
    monkeypatch.setattr(syncing, "PAIRS_S", POLL_S)
    looks = []
    monkeypatch.setattr(syncing, "has_pairs", lambda: not looks.append(1))

    async def day() -> None:
        syncing.begin(Server())
        await syncing.ask(time.monotonic)

    asyncio.run(day())
    # The agents of other tests may say the same.
    said = [line for line in caplog.text.splitlines() if str(home) in line]
    assert len(said) == 1 and "the folders are not synced" in said[0]
    assert looks == [1]


def session(path: str, connections: int, kind: str = "notebook") -> dict[str, Any]:
    return {"type": kind, "path": path, "kernel": {"connections": connections}}


def test_the_agent_learns_which_notebooks_are_open(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(home, 'cat > "$HOME/told"')
    monkeypatch.setattr(syncing, "LOOK_S", POLL_S)
    (home / "real").mkdir()
    (home / "link").symlink_to("real")
    server = Server()
    server.root_dir = str(home)
    sessions = server.session_manager
    told = home / "told"

    async def is_told(*lines: list[str]) -> bool:
        want = [json.dumps({"open": [str(home / path) for path in line]}) for line in lines]
        end = time.monotonic() + WAIT_S
        while not told.is_file() or told.read_text().splitlines() != want:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(POLL_S)
        return True

    async def day() -> None:
        syncing.begin(server)
        sessions.listed = [
            session("link/b.ipynb", 1),
            session("a ä.ipynb", 2),
            session("closed.ipynb", 0),
            session("console", 1, "console"),
            {"type": "notebook", "path": "starting.ipynb", "kernel": None},
        ]
        first = ["a ä.ipynb", "real/b.ipynb"]
        assert await is_told(first), told.read_text()
        sessions.listed = [session("link/b.ipynb", 1)]
        assert await is_told(first, ["real/b.ipynb"]), told.read_text()
        sessions.listed = []
        assert await is_told(first, ["real/b.ipynb"], []), told.read_text()

    asyncio.run(day())


def test_no_path_is_resolved_where_the_server_would_wait(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    server.session_manager.listed = [session("a.ipynb", 1), session("b.ipynb", 1)]
    threads, resolve = [], os.path.realpath

    def resolved(path: Any) -> str:
        threads.append(threading.get_ident())
        return resolve(path)

    monkeypatch.setattr(syncing.os.path, "realpath", resolved)
    found = asyncio.run(syncing.open_notebooks(server, home))
    assert found == [resolve(home / name) for name in ("a.ipynb", "b.ipynb")]
    assert len(threads) >= 2
    assert threading.get_ident() not in threads


def test_an_agent_that_reads_nothing_does_not_disturb_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # It reads nothing, and closes its input.
    install(home, "exec <&-; exec sleep 60")
    monkeypatch.setattr(syncing, "LOOK_S", POLL_S)
    caplog.set_level(logging.DEBUG)
    server = Server()
    server.session_manager.listed = [session("a.ipynb", 1)]

    async def day() -> None:
        syncing.begin(server)
        end = time.monotonic() + WAIT_S
        while "were not looked at" not in caplog.text and time.monotonic() < end:
            await asyncio.sleep(POLL_S)

    asyncio.run(day())
    assert "were not looked at" in caplog.text
    assert not [each for each in caplog.records if each.levelno > logging.DEBUG]
