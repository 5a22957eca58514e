"""What the extension does when a Jupyter server starts."""

import logging
import sysconfig
import time
from pathlib import Path

import pytest
from nbcourier import at_start
from traitlets.config import Config, Configurable

WAIT_S = 20
POLL_S = 0.02


class Server(Configurable):
    """As much of a Jupyter server as the start needs."""

    log = logging.getLogger("server")


@pytest.fixture
def bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for the program, and a hub's token."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "ada")
    monkeypatch.delenv("NBCOURIER_AT_START", raising=False)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path


def install(bin: Path, script: str) -> Path:
    program = bin / "nbcourier"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return program


def appears(file: Path) -> bool:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if file.is_file() and file.read_text():
            return True
        time.sleep(POLL_S)
    return False


def test_the_program_is_started_and_nobody_waits_for_it(bin: Path) -> None:
    done = bin / "done"
    install(bin, f'while [ ! -e {bin}/go ]; do sleep 0.02; done; echo "$@" > {done}')
    at_start.begin(Server())
    assert not done.exists()
    (bin / "go").touch()
    assert appears(done)
    assert done.read_text() == "start\n"


@pytest.mark.parametrize("switch", ["variable", "setting", "token"])
def test_a_switch_turns_it_off(
    bin: Path, switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    install(bin, "exit 0")
    start = lambda *given, **_: started.append(given)  # noqa: E731
    monkeypatch.setattr(at_start.subprocess, "Popen", start)
    config = Config()
    if switch == "variable":
        monkeypatch.setenv("NBCOURIER_AT_START", "0")
    elif switch == "setting":
        config.NbCourier.at_start = False
    else:
        monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
        monkeypatch.delenv("NBCOURIER_TOKEN_FILE", raising=False)
    at_start.begin(Server(config=config))
    assert started == []


def test_a_program_that_cannot_run_is_a_line_in_the_log(
    bin: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(bin, "").chmod(0o600)
    at_start.begin(Server())
    assert "the courses' folders are not brought up to date" in caplog.text


def test_without_a_program_nothing_happens(bin: Path) -> None:
    assert at_start.program() is None
    at_start.begin(Server())
