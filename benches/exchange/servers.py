"""The two servers, each with its own port and data."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ADMIN = "root"
PREFIX = "/api"
STANDALONE = Path(__file__).with_name("ngshare_standalone.py")
START_LIMIT_S = 30
STOP_LIMIT_S = 20
# Shorter than any server's start, and long enough to leave the processor to the server.
START_POLL_S = 0.002


class Broken(Exception):
    """A program did not do what the measurement needs."""


def free_port() -> int:
    """Returns an unused port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A running program with its output in a file."""

    def __init__(self, command: list[str], *, env: dict[str, str], log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._log = log

    @property
    def pid(self) -> int:
        """The ID of the process."""
        return self._process.pid

    def status(self, field: str) -> float:
        """Returns a size from /proc/PID/status in MiB."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return int(value.split()[0]) / 1024
        raise Broken(f"no {field} in the status of {self._process.args}")

    def used_s(self) -> float:
        """Returns the processor time so far, in seconds."""
        # The program's name stands in parentheses and may hold anything, so the text up to its end is skipped.
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def require_alive(self) -> None:
        """Fails with the last output of the program if it has ended."""
        if self._process.poll() is not None:
            words = self._log.read_text(errors="replace")[-2000:]
            raise Broken(f"{self._process.args} ended:\n{words}")

    def stop(self) -> None:
        """Stops the program, by force if needed."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Server:
    """A server that was started on a fresh directory, and its time until it answered."""

    name: str

    def __init__(
        self, command: list[str], *, directory: Path, env: dict[str, str], port: int
    ) -> None:
        self.directory = directory
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.url = f"http://{self.address}{PREFIX}"
        begun = time.monotonic()
        self.process = Process(command, env=env, log=directory / "log.txt")
        try:
            self._wait(begun)
        except BaseException:
            self.process.stop()
            raise
        self.start_s = time.monotonic() - begun

    def _wait(self, begun: float) -> None:
        while not self.is_healthy(timeout=START_LIMIT_S):
            self.process.require_alive()
            if time.monotonic() - begun > START_LIMIT_S:
                raise Broken(f"{self.name} does not answer")
            time.sleep(START_POLL_S)

    def is_healthy(self, *, timeout: float) -> bool:
        """Whether the server says on a new connection that it is healthy."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        return False

    def settle(self) -> None:
        """Waits until the server has processed the queue of an earlier load."""
        if not self.is_healthy(timeout=120):
            raise Broken(f"{self.name} is not healthy after a load")

    def stop(self) -> None:
        """Stops the server."""
        self.process.stop()


class Nbcourier(Server):
    """The release build with two changes. Requests are not logged, as in ngshare. The request rate of a caller has no
    limit, since here one caller sends the requests of a whole class.
    """

    name = "nbcourier"

    def __init__(self, program: Path, directory: Path, hub: str | None = None) -> None:
        port = free_port()
        directory.mkdir(parents=True)
        command = [
            str(program),
            "serve",
            f"--admins={ADMIN}",
            f"--data-dir={directory / 'data'}",
            "--max-request-rate=0",
            "--max-open-requests=0",
        ]
        if hub is None:
            command += ["--standalone", f"--port={port}"]
        env = environment(hub, port) | {"RUST_LOG": "warn"}
        super().__init__(command, directory=directory, env=env, port=port)


class Ngshare(Server):
    """ngshare behind a hub, started as in its documentation, or in its stand-alone mode."""

    name = "ngshare"

    def __init__(self, python: Path, directory: Path, hub: str | None = None) -> None:
        port = free_port()
        directory.mkdir(parents=True)
        self.database = directory / "ngshare.db"
        self.storage = directory / "files"
        started_by = ["-m", "ngshare"] if hub else [str(STANDALONE)]
        command = [
            str(python),
            *started_by,
            f"--admins={ADMIN}",
            f"--storage={self.storage}",
            f"--database=sqlite:///{self.database}",
        ]
        if hub is None:
            command += ["--vngshare", f"--port={port}"]
        # ngshare requires these variables even without a hub.
        env = environment(hub or "http://127.0.0.1:1/hub/api", port)
        super().__init__(command, directory=directory, env=env, port=port)


def environment(hub: str | None, port: int) -> dict[str, str]:
    """An environment without anything of the caller's but where programs are, with what a hub gives a service."""
    env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    if hub is None:
        return env
    return env | {
        "JUPYTERHUB_API_URL": hub,
        "JUPYTERHUB_API_TOKEN": "service",
        "JUPYTERHUB_CLIENT_ID": "service-exchange",
        "JUPYTERHUB_SERVICE_NAME": "exchange",
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{PREFIX}/oauth_callback",
        "JUPYTERHUB_SERVICE_PREFIX": f"{PREFIX}/",
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
    }
