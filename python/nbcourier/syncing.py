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
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .at_start import has_token, program
from .other_threads import ask

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# The time for the batch in hand, when the server ends.
END_LIMIT_S = 5
# The time between two looks at the sessions.
LOOK_S = 1


def begin(server: ServerApp) -> None:
    """Starts the program as a process of its own, if there are pairs, a hub's token and the program."""
    from .settings import NbCourier

    is_off = os.environ.get("NBCOURIER_SYNC") == "0"
    if is_off or not NbCourier(parent=server).sync:
        return
    found = program()
    if found is None or not has_token() or not has_pairs():
        return
    try:
        child = subprocess.Popen(
            [found, "sync", "run", "--attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        server.log.warning("nbcourier: the folders are not synced (%s)", error)
        return
    atexit.register(end, child)
    # Otherwise a dead child would stay in the list of processes.
    reaper = threading.Thread(target=child.wait, name="nbcourier sync", daemon=True)
    reaper.start()
    _tell_open(server, child)


def _tell_open(server: ServerApp, child: subprocess.Popen[bytes]) -> None:
    """Tells the program which notebooks are open, whenever that changes."""
    from tornado.ioloop import PeriodicCallback

    root = Path(server.root_dir)
    told: list[str] = []

    async def look() -> None:
        nonlocal told
        try:
            found = await open_notebooks(server, root)
            if found != told:
                await ask(_write, child, found)
                told = found
        except Exception as error:  # noqa: BLE001
            # Whatever a session manager does, the next look may succeed. A program that has ended reads nothing.
            server.log.debug("nbcourier: open notebooks were not looked at (%s)", error)

    # A look begins only after the look before it has ended.
    PeriodicCallback(look, LOOK_S * 1000).start()


async def open_notebooks(server: ServerApp, root: Path) -> list[str]:
    """Returns the paths of the notebooks that pages of a browser have open, without links."""
    found = set()
    for each in await server.session_manager.list_sessions():
        # JupyterLab lets a kernel run when its notebook is closed. Then nothing is connected to it.
        kernel = each.get("kernel") or {}
        if each.get("type") == "notebook" and kernel.get("connections", 0) > 0:
            found.add(os.path.realpath(root / each["path"]))
    return sorted(found)


def _write(child: subprocess.Popen[bytes], notebooks: list[str]) -> None:
    if child.stdin is not None:
        child.stdin.write(json.dumps({"open": notebooks}).encode() + b"\n")
        child.stdin.flush()


def has_pairs() -> bool:
    """Whether folders are listed. The program says what is wrong with a list that cannot be read."""
    pairs = Path.home() / ".nbcourier" / "pairs.json"
    try:
        return bool(json.loads(pairs.read_bytes())["folders"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True


def end(child: subprocess.Popen[bytes]) -> None:
    """Asks the program to end after the batch in hand."""
    if child.stdin is not None:
        # A program that has ended reads no more.
        with contextlib.suppress(OSError):
            child.stdin.close()
    try:
        child.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
