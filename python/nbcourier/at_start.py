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
    found = wanted_program(server, "NBCOURIER_AT_START", "at_start")
    if found is None:
        return
    try:
        spawn([found, "start"], subprocess.DEVNULL)
    except OSError as error:
        server.log.warning(
            "nbcourier: the courses' folders are not brought up to date (%s)", error
        )


def wanted_program(server: ServerApp, variable: str, setting: str) -> str | None:
    """Returns the path of the program if there is one, there is a hub's token, and neither the variable nor the setting
    turns this off.
    """
    # The wheel is also installed without the plugin's dependencies. A Jupyter server has them.
    from .settings import NbCourier

    if os.environ.get(variable) == "0" or not getattr(NbCourier(parent=server), setting):
        return None
    return program() if has_token() else None


def spawn(command: list[str], stdin: int) -> subprocess.Popen[bytes]:
    """Starts a program as a process of its own."""
    child = subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Otherwise a dead child would stay in the list of processes.
    name = " ".join(["nbcourier", *command[1:2]])
    threading.Thread(target=child.wait, name=name, daemon=True).start()
    return child


def has_token() -> bool:
    """Whether the environment has a hub's token, or names a file with one."""
    tokens = ("JUPYTERHUB_API_TOKEN", "NBCOURIER_TOKEN_FILE")
    return any(map(os.environ.get, tokens))


def program() -> str | None:
    """Returns the path of the program: that of the wheel, or else one of the path."""
    beside = Path(sysconfig.get_path("scripts"), "nbcourier")
    return str(beside) if beside.is_file() else shutil.which("nbcourier")
