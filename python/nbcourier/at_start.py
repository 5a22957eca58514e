"""Starts `nbcourier start` when a Jupyter server starts: it brings the folders up to date that courses deliver.

Nothing waits for it, and no failure of it stops the server from starting.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def begin(server: ServerApp) -> None:
    """Starts the program as a process of its own, if there are a hub's token and the program."""
    # The wheel is also installed without the plugin's dependencies. A Jupyter server has them.
    from .settings import NbCourier

    is_off = os.environ.get("NBCOURIER_AT_START") == "0"
    if is_off or not NbCourier(parent=server).at_start:
        return
    found = program()
    if found is None or not has_token():
        return
    try:
        child = subprocess.Popen(
            [found, "start"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        server.log.warning(
            "nbcourier: the courses' folders are not brought up to date (%s)", error
        )
        return
    # Otherwise a dead child would stay in the list of processes.
    reaper = threading.Thread(target=child.wait, name="nbcourier start", daemon=True)
    reaper.start()


def has_token() -> bool:
    """Whether the environment has a hub's token, or names a file with one."""
    tokens = ("JUPYTERHUB_API_TOKEN", "NBCOURIER_TOKEN_FILE")
    return any(map(os.environ.get, tokens))


def program() -> str | None:
    """Returns the path of the program: that of the wheel, or else one of the path."""
    beside = Path(sysconfig.get_path("scripts"), "nbcourier")
    return str(beside) if beside.is_file() else shutil.which("nbcourier")
