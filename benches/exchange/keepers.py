"""Programs that keep a folder and its copy on a server equal: nbcourier, rclone and unison.

Each reaches its server through a relay that counts. All servers are on this machine, and keep the files on the same
disk.
"""

import contextlib
import hashlib
import http.client
import io
import os
import socket
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import Bench
from relay import Relay
from servers import ADMIN, PREFIX, Broken, Nbcourier, Process, environment, free_port
from tools import run
from wire import REQUEST_LIMIT_S

COMMAND_LIMIT_S = 300
START_LIMIT_S = 30
START_POLL_S = 0.02
# What nbcourier notes in the folder. It is no part of the files.
OWN = ".nbcourier"
# Without it, rclone sends at most 100 requests per second, which is most of its time
# (https://rclone.org/webdav/#webdav-pacer-min-sleep).
NO_PAUSE = "pacer_min_sleep=0"

Sums = dict[str, str]


@dataclass(frozen=True)
class Cost:
    """The time of a sync in seconds, and its bytes to the server and from there."""

    seconds: float
    up: int
    down: int


class Keeper:
    """A program with a folder of its own, and its server."""

    name: str

    def __init__(self, place: Path, relay: Relay) -> None:
        self.here = place / "work"
        self._place = place
        self._relay = relay
        self._is_first = True
        self.here.mkdir(parents=True)

    def run(self) -> Cost:
        """Makes both sides equal, and returns the cost."""
        # The next program that flushes would wait for what others have not written yet.
        os.sync()
        begun = time.monotonic()
        self._run(is_first=self._is_first)
        seconds = time.monotonic() - begun
        self._is_first = False
        up, down = self._relay.take()
        return Cost(seconds, up, down)

    def there(self) -> Sums:
        """Returns the checksums of the files that the server has, by their paths."""
        raise NotImplementedError

    def _run(self, *, is_first: bool) -> None:
        raise NotImplementedError

    def _command(self, *command: str, **more: str) -> None:
        env = environment(None, self._relay.port) | {"HOME": str(self._place)} | more
        run(list(command), limit=COMMAND_LIMIT_S, env=env)


class OurAgent(Keeper):
    """`nbcourier sync`, and an exchange."""

    name = "nbcourier"

    def __init__(
        self, place: Path, relay: Relay, program: Path, server: Nbcourier
    ) -> None:
        super().__init__(place, relay)
        self._program = program
        self._server = server

    def _run(self, *, is_first: bool) -> None:
        if is_first:
            self._sync("add", str(self.here))
        self._sync("run", "--once")

    def _sync(self, *arguments: str) -> None:
        url = f"http://127.0.0.1:{self._relay.port}{PREFIX}"
        command = (str(self._program), "sync", *arguments, f"--url={url}")
        self._command(*command, JUPYTERHUB_API_TOKEN=ADMIN)

    def there(self) -> Sums:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._server.port, timeout=REQUEST_LIMIT_S
        )
        path = f"{PREFIX}/v1/directories/{ADMIN}/{self.here.name}/tree"
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Authorization": f"token {ADMIN}"})
            reply = connection.getresponse()
            body = reply.read()
        if reply.status != 200:
            raise Broken(f"GET {path}: {reply.status} {body[:300]!r}")
        sums = {}
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            for entry in archive:
                if file := archive.extractfile(entry):
                    sums[entry.name] = hashlib.sha256(file.read()).hexdigest()
        return sums


class WithFolder(Keeper):
    """A program whose server keeps the files as files of a folder."""

    def __init__(self, place: Path, relay: Relay, program: str, server: Path) -> None:
        super().__init__(place, relay)
        self._program = program
        self._server = server

    def there(self) -> Sums:
        return sums_of(self._server)


class Rclone(WithFolder):
    """`rclone bisync`, and `rclone serve webdav`."""

    name = "rclone"

    def _run(self, *, is_first: bool) -> None:
        url = f"http://127.0.0.1:{self._relay.port}"
        there = f':webdav,url="{url}",vendor=rclone,{NO_PAUSE}:'
        command = [self._program, "bisync", str(self.here), there]
        command.append(f"--workdir={self._place / 'state'}")
        self._command(*command, *(["--resync"] if is_first else []), RCLONE_CONFIG="")


class Unison(WithFolder):
    """`unison` that asks nothing, and `unison -socket`."""

    name = "unison"

    def _run(self, *, is_first: bool) -> None:
        there = f"socket://127.0.0.1:{self._relay.port}/{self._server}"
        command = [self._program, str(self.here), there, "-ui", "text", "-batch"]
        self._command(*command, UNISON=str(self._place / "state"))


@contextlib.contextmanager
def start_nbcourier(bench: Bench, place: Path) -> Iterator[Keeper]:
    """Starts an exchange, and yields the agent of a folder."""
    with bench.start_nbcourier() as server, Relay(server.port) as relay:
        yield OurAgent(place, relay, bench.nbcourier, server)


@contextlib.contextmanager
def start_rclone(bench: Bench, place: Path) -> Iterator[Keeper]:
    """Starts rclone's server of WebDAV."""
    program, port, folder = str(rclone(bench)), free_port(), place / "server"
    command = [program, "serve", "webdav", str(folder), f"--addr=127.0.0.1:{port}"]
    with _serve(command, folder, port, RCLONE_CONFIG=""), Relay(port) as relay:
        yield Rclone(place, relay, program, folder)


@contextlib.contextmanager
def start_unison(_bench: Bench, place: Path) -> Iterator[Keeper]:
    """Starts unison's server, which speaks the protocol of unison without encryption."""
    program, port, folder = "unison", free_port(), place / "server"
    command = [program, "-socket", str(port), "-listen", "127.0.0.1"]
    state = str(place / "server-state")
    with _serve(command, folder, port, UNISON=state), Relay(port) as relay:
        yield Unison(place, relay, program, folder)


def rclone(bench: Bench) -> Path:
    """Returns the rclone with which object stores are tested."""
    return bench.client.parents[2] / "s3" / "bin" / "rclone"


def sums_of(folder: Path) -> Sums:
    """Returns the checksums of the files of a folder by their paths."""
    sums = {}
    for above, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != OWN]
        for name in names:
            path = Path(above, name)
            content = path.read_bytes()
            sums[str(path.relative_to(folder))] = hashlib.sha256(content).hexdigest()
    return sums


@contextlib.contextmanager
def _serve(
    command: list[str], folder: Path, port: int, **variables: str
) -> Iterator[None]:
    """Runs a server of this folder, which is made, until the block ends."""
    folder.mkdir(parents=True)
    env = environment(None, port) | {"HOME": f"{folder}-home"} | variables
    process = Process(command, env=env, log=folder.with_suffix(".txt"))
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not _listens(port):
            process.require_alive()
            if time.monotonic() > deadline:
                raise Broken(f"{command[0]} does not listen")
            time.sleep(START_POLL_S)
        yield
    finally:
        process.stop()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
