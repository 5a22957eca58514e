"""A hub whose people have JupyterLab, the extension and the program, and the requests of a browser to their servers."""

import json
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import websocket
from hub import CALL_LIMIT_S, Hub
from plugin_person import lab_servers
from processes import POLL_S

# A server or a kernel that starts, on a machine that is busy with other tests.
LIMIT_S = 180


def lab_hub(
    binary: Path,
    cache: Path,
    proxy: Path,
    directory: Path,
    *options: str,
    **settings: object,
) -> Hub:
    """Starts the hub. `options` are those of the exchange, `settings` are of the class `NbCourier` in all servers."""
    directory.mkdir(exist_ok=True)
    programs = directory / "bin"
    programs.mkdir()
    (programs / "nbcourier").symlink_to(binary)
    paths = (cache / "hub6" / "bin", programs, os.environ["PATH"])
    servers = lab_servers(cache, directory) | {
        "PATH": os.pathsep.join(map(str, paths)),
        "TEST_SERVE_OPTIONS": "\n".join(options),
    }
    lines = [f"c.NbCourier.{name} = {value!r}" for name, value in settings.items()]
    config = directory / "etc" / "jupyter_server_config.py"
    config.write_text("\n".join(["c = get_config()", *lines, ""]))
    return Hub(cache / "hub6", proxy, binary, directory, servers)


def notebook(source: str) -> dict:
    """Returns a notebook with one cell."""
    cell = {
        "cell_type": "code",
        "id": "only",
        "source": source,
        "metadata": {},
        "execution_count": None,
        "outputs": [],
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"kernelspec": kernel}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": [cell]}


def put(home: Path, path: str, source: str) -> None:
    """Writes a notebook below a home."""
    target = home / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(notebook(source)))


def until(is_so: Callable[[], bool], what: Callable[[], object]) -> None:
    """Waits for a state. `what` describes the present one."""
    limit = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < limit, what()
        time.sleep(POLL_S)


@dataclass
class Session:
    """A notebook that is open."""

    name: str
    kernel: str


class JupyterServer:
    """The Jupyter server of a person, which runs already, with the requests that JupyterLab sends."""

    def __init__(self, hub: Hub, name: str) -> None:
        self._url = f"{hub.url}/user/{quote(name)}"
        self._headers = {"Authorization": f"token {hub.token(name)}"}

    def save(self, path: str, source: str = "1") -> None:
        """Saves a notebook."""
        body = {"type": "notebook", "content": notebook(source)}
        self._ask("PUT", f"contents/{quote(path)}", body)

    def open(self, path: str) -> Session:
        """Opens a notebook."""
        kind = {"type": "notebook", "kernel": {"name": "python3"}}
        made = self._ask("POST", "sessions", kind | {"path": path, "name": path})
        return Session(made["id"], made["kernel"]["id"])

    def close(self, session: Session) -> None:
        """Closes a notebook and ends its kernel."""
        self._ask("DELETE", f"sessions/{session.name}")

    def last_runs(self) -> dict[str, str]:
        """Returns for each open notebook when its kernel was last asked something."""
        sessions = self._ask("GET", "sessions")
        return {each["path"]: each["kernel"]["last_activity"] for each in sessions}

    def run(self, session: Session, code: str) -> str:
        """Runs code in an open notebook until its end, and returns what it printed."""
        number = uuid.uuid4().hex
        header = {
            "msg_id": number,
            "msg_type": "execute_request",
            "session": number,
            "username": "",
            "version": "5.3",
        }
        request = {
            "channel": "shell",
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": {"code": code, "silent": False, "allow_stdin": False},
        }
        address = self._url.replace("http", "ws", 1)
        channels = websocket.create_connection(
            f"{address}/api/kernels/{session.kernel}/channels?session_id={number}",
            header=self._headers,
            timeout=LIMIT_S,
        )
        printed = ""
        try:
            channels.send(json.dumps(request))
            while True:
                message = json.loads(channels.recv())
                content = message["content"]
                if message["parent_header"].get("msg_id") != number:
                    continue
                if message["msg_type"] == "stream":
                    printed += content["text"]
                if content.get("execution_state") == "idle":
                    return printed
        finally:
            channels.close()

    def command(self, *command: str) -> str:
        """Runs a program in the home with the environment of the server, as in a terminal, and returns its output."""
        code = (
            "import json, subprocess\n"
            f"done = subprocess.run({command!r}, capture_output=True, text=True, timeout={LIMIT_S})\n"
            "print(json.dumps([done.returncode, done.stdout, done.stderr]))"
        )
        kernel = self._ask("POST", "kernels", {"name": "python3"})["id"]
        returned, output, errors = json.loads(self.run(Session("", kernel), code))
        self._ask("DELETE", f"kernels/{kernel}")
        assert returned == 0, f"{' '.join(command)}: exit {returned}\n{output}{errors}"
        return output

    def _ask(self, method: str, path: str, body: dict | None = None) -> Any:
        reply = requests.request(
            method,
            f"{self._url}/api/{path}",
            json=body,
            headers=self._headers,
            timeout=CALL_LIMIT_S,
        )
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else {}
