"""Runs `nbcourier sync run` beside a Jupyter server, if folders of the home are kept equal with directories.

The program ends with the server: its standard input is a pipe, and ends when this process does, however that happens.
Through this pipe it also learns which notebooks are open, because it does not replace those.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .at_start import spawn, wanted_program
from .other_threads import ask

if TYPE_CHECKING:
    from logging import Logger

    from jupyter_server.serverapp import ServerApp

# The time for the batch in hand, when the server ends.
END_LIMIT_S = 5
# The time between two looks at the sessions.
LOOK_S = 1
# The time between two looks for pairs while the program does not run.
PAIRS_S = 30


def begin(server: ServerApp) -> None:
    """Starts the program as a process of its own, once there are pairs, if there are a hub's token and the program."""
    found = wanted_program(server, "NBCOURIER_SYNC", "sync")
    if found is None:
        return
    agent = _Agent(found)
    atexit.register(agent.end)
    told: list[str] = []

    async def look() -> None:
        nonlocal told
        try:
            if not agent.is_running():
                return
            found = await open_notebooks(server, Path(server.root_dir))
            if found != told:
                await ask(agent.tell_open, found)
                told = found
        except Exception as error:  # noqa: BLE001
            # Whatever a session manager does, the next look may succeed. A program that has ended reads nothing.
            server.log.debug("nbcourier: open notebooks were not looked at (%s)", error)

    async def start() -> None:
        nonlocal told
        if await ask(_start, agent, server.log):
            told = []

    from tornado.ioloop import PeriodicCallback

    _start(agent, server.log)
    # A look begins only after the look before it has ended.
    PeriodicCallback(look, LOOK_S * 1000).start()
    PeriodicCallback(start, PAIRS_S * 1000).start()


def _start(agent: _Agent, log: Logger) -> bool:
    """Starts the program if there are pairs and it does not run. Returns whether it was started."""
    if agent.is_running() or agent.is_broken or not has_pairs():
        return False
    try:
        agent.start()
    except OSError as error:
        agent.is_broken = True
        log.warning("nbcourier: the folders are not synced (%s)", error)
        return False
    return True


class _Agent:
    """The program."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._child: subprocess.Popen[bytes] | None = None
        self.is_broken = False

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        self._child = spawn([self._path, "sync", "run", "--attached"], subprocess.PIPE)

    def tell_open(self, notebooks: list[str]) -> None:
        """Tells the program which notebooks are open."""
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.write(json.dumps({"open": notebooks}).encode() + b"\n")
            self._child.stdin.flush()

    def end(self) -> None:
        """Asks the program to end after the batch in hand."""
        child = self._child
        if child is None or child.stdin is None:
            return
        # A program that has ended reads no more.
        with contextlib.suppress(OSError):
            child.stdin.close()
        try:
            child.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()


async def open_notebooks(server: ServerApp, root: Path) -> list[str]:
    """Returns the paths of the notebooks that pages of a browser have open, without links."""
    paths = set()
    for each in await server.session_manager.list_sessions():
        # JupyterLab lets a kernel run when its notebook is closed. Then nothing is connected to it.
        kernel = each.get("kernel") or {}
        if each.get("type") == "notebook" and kernel.get("connections", 0) > 0:
            paths.add(each["path"])
    return await ask(_resolved, root, paths)


# Runs on another thread, because the disk of a home can be far away.
def _resolved(root: Path, paths: set[str]) -> list[str]:
    return sorted({os.path.realpath(root / path) for path in paths})


def has_pairs() -> bool:
    """Whether folders are listed. The program says what is wrong with a list that cannot be read."""
    pairs = Path.home() / ".nbcourier" / "pairs.json"
    try:
        return bool(json.loads(pairs.read_bytes())["folders"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True
