"""Runs `nbcourier sync run` beside a Jupyter server, if folders of the home are kept equal with directories.

The program ends with the server: its standard input is a pipe, and ends when this process does, however that happens.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .at_start import has_token, program

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# The time for the batch in hand, when the server ends.
END_LIMIT_S = 5


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
        child.stdin.close()
    try:
        child.wait(END_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
