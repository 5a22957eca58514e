"""A network of its own for a pod, with a hub in it."""

import ctypes
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
LIMIT_S = 30
HUB = Path(__file__).parent / "hub.py"


class Network:
    """A network namespace with nothing in it but the hub, or with nothing at all."""

    def __init__(self, *, with_hub: bool = True) -> None:
        alone = [] if with_hub else ["alone"]
        self._hub = subprocess.Popen(
            ["unshare", "--net", sys.executable, HUB, *alone],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._hub.stdout.readline() == "ready\n"

    @property
    def path(self) -> str:
        """Returns the path that names the namespace."""
        return f"/proc/{self._hub.pid}/ns/net"

    def inside(self, work: Callable[[], T]) -> T:
        """Calls `work` in a thread that is in this network. Sockets that it opens stay there."""

        def enter_and_work() -> T:
            with open(self.path) as namespace:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            return work()

        with ThreadPoolExecutor(1) as threads:
            return threads.submit(enter_and_work).result(LIMIT_S)

    def get(
        self, port: int, path: str, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Sends a GET request, and returns the status and the reply."""
        return self.send("GET", port, path, headers)

    def send(
        self,
        method: str,
        port: int,
        path: str,
        headers: dict[str, str] | None = None,
        body: str | None = None,
    ) -> tuple[int, str]:
        """Sends a request, and returns the status and the reply."""

        def work() -> tuple[int, str]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()

        return self.inside(work)

    def asked(self) -> list[dict]:
        """Returns the requests that the hub has received."""
        return json.loads(self.get(8081, "/asked")[1])

    def close(self) -> None:
        """Stops the hub. The namespace ends with its last process."""
        self._hub.stdin.close()
        self._hub.stdout.close()
        if self._hub.wait(LIMIT_S) != 0:
            raise AssertionError("the hub has failed")


def require_root() -> None:
    """Fails if this process may not run containers."""
    if os.geteuid() != 0:
        raise PermissionError(
            "These tests run containers, which takes root. Run scripts/test-deploy.sh, which uses sudo"
        )
