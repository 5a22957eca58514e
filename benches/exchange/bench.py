"""The context of every scenario: its directories, its duration, and the servers."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from figures import Figure
from servers import Nbcourier, Ngshare, Process, environment, free_port
from tools import Load


@dataclass
class Bench:
    """A run of the benchmark."""

    nbcourier: Path
    # The Python interpreters of the environments with ngshare and with the stock client.
    ngshare: Path
    client: Path
    load: Load
    directory: Path
    quick: bool
    figures: list[Figure] = field(default_factory=list)
    _places: int = 0

    @property
    def rounds(self) -> int:
        """Number of repetitions of a short scenario."""
        return 2 if self.quick else 3

    @property
    def seconds(self) -> int:
        """How long a rate is measured, in seconds."""
        return 1 if self.quick else 2

    def place(self, name: str) -> Path:
        """Returns a directory that does not exist yet."""
        self._places += 1
        return self.directory / f"{self._places}-{name}"

    def figure(self, scenario: str, unit: str, **wanted: object) -> Figure:
        """Adds a row to the table and returns it."""
        figure = Figure(scenario, unit, **wanted)  # type: ignore[arg-type]
        self.figures.append(figure)
        return figure

    @contextlib.contextmanager
    def start_ngshare(self, hub: str | None = None) -> Iterator[Ngshare]:
        """Starts ngshare on fresh data, which is removed afterwards."""
        place = self.place("ngshare")
        server = Ngshare(self.ngshare, place, hub)
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(place)

    @contextlib.contextmanager
    def start_nbcourier(self, hub: str | None = None) -> Iterator[Nbcourier]:
        """Starts nbcourier on fresh data, which is removed afterwards."""
        place = self.place("nbcourier")
        server = Nbcourier(self.nbcourier, place, hub)
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(place)

    @contextlib.contextmanager
    def start_both(self, hub: str | None = None) -> Iterator[tuple[Ngshare, Nbcourier]]:
        """Starts both servers. While one is measured, the other idles."""
        with self.start_ngshare(hub) as ngshare, self.start_nbcourier(hub) as nbcourier:
            yield ngshare, nbcourier

    @contextlib.contextmanager
    def start_hub(self, *, delay_ms: float) -> Iterator[str]:
        """Starts a hub that answers after this time, and yields the address of its API."""
        port = free_port()
        script = Path(__file__).with_name("fake_hub.py")
        process = Process(
            [sys.executable, str(script), str(port), str(delay_ms)],
            env=environment(None, port),
            log=self.directory / "hub.txt",
        )
        try:
            time.sleep(0.5)
            process.require_alive()
            yield f"http://127.0.0.1:{port}/hub/api"
        finally:
            process.stop()


def disk_used(directory: Path) -> float:
    """Returns the disk space that a directory takes, in MiB."""
    said = subprocess.check_output(["du", "-sk", str(directory)], text=True)
    return int(said.split()[0]) / 1024
