"""Starts, waits for and ends the programs that a test needs, each by its own process and never by name."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

START_LIMIT_S = 180
STOP_LIMIT_S = 120
POLL_S = 0.05
# How often a server in a thread looks whether it should end.
STOP_POLL_S = 0.02
# Below the ports that Linux gives to outgoing connections, which might take a port before the service does.
PORTS = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Returns different ports of the loopback address that are not in use."""
    found: list[int] = []
    while len(found) < count:
        port = random.choice(PORTS)
        with socket.socket() as probe:
            taken = probe.connect_ex(("127.0.0.1", port)) == 0
        if not taken and port not in found:
            found.append(port)
    return found


def clean_environment(*, path_first: Path, home: Path) -> dict[str, str]:
    """Returns a new environment, so that no tokens, proxies or settings of the caller leak into a test."""
    return {
        "PATH": f"{path_first}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def kill_by_argument(argument: str) -> None:
    """Kills all programs that were started with this argument."""
    _kill("cmdline", argument)


def kill_by_variable(variable: str, value: str) -> list[str]:
    """Kills all programs whose variable has this value, as the end of a container does. Returns their commands."""
    return _kill("environ", f"{variable}={value}")


def _kill(facts: str, entry: str) -> list[str]:
    killed = []
    for place in Path("/proc").glob(f"[0-9]*/{facts}"):
        with contextlib.suppress(OSError):
            if entry.encode() in place.read_bytes().split(b"\0"):
                command = (place.parent / "cmdline").read_bytes()
                os.kill(int(place.parent.name), signal.SIGKILL)
                words = command.decode(errors="replace").split("\0")
                killed.append(" ".join(words[:-1]))
    return killed


class EndedEarly(AssertionError):
    """A program ended before it was ready."""


class Program:
    """A running program with its output in a file, in a session of its own."""

    def __init__(
        self, command: list[str], *, env: dict[str, str], cwd: Path, log: Path
    ) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        """Waits until `ready` returns true; fails with the program's output if it ends or takes too long."""
        limit = time.monotonic() + START_LIMIT_S
        while not ready():
            code = self.process.poll()
            if code is not None:
                raise EndedEarly(
                    f"ended with {code} before {what}:\n{self.complaints()}\n{self.last_words()}"
                )
            assert time.monotonic() < limit, f"no {what}:\n{self.last_words()}"
            time.sleep(POLL_S)

    def stop(self) -> int:
        """Asks the program to end, as an init system does, and returns its exit code."""
        if self.process.poll() is not None:
            return self.process.returncode
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            # Otherwise its child processes would stay behind.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(STOP_LIMIT_S)
            raise

    def last_words(self) -> str:
        """Returns the end of the program's output."""
        return self.log.read_text(errors="replace")[-4000:]

    def complaints(self) -> str:
        """Returns the lines in which a hub, a Jupyter server or Python reports an error."""
        lines = self.log.read_text(errors="replace").splitlines()
        marks = ("[E ", "[C ", "Traceback", "Error")
        return "\n".join([line for line in lines if any(mark in line for mark in marks)][-40:])
