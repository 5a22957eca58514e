"""What every scenario is given: where things are, how long it may take, and the servers."""

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
    # Python of the environment that ngshare is in, and of the one the stock client is in.
    ngshare: Path
    client: Path
    load: Load
    directory: Path
    quick: bool
    figures: list[Figure] = field(default_factory=list)
    _places: int = 0

    @property
    def rounds(self) -> int:
        """How often a short scenario is repeated."""
        return 2 if self.quick else 3

    @property
    def seconds(self) -> int:
        """How long a rate is measured."""
        return 1 if self.quick else 2

    def place(self, name: str) -> Path:
        """A directory that is not there yet."""
        self._places += 1
        return self.directory / f"{self._places}-{name}"

    def figure(self, scenario: str, unit: str, **wanted: object) -> Figure:
        """A new row of the table."""
        figure = Figure(scenario, unit, **wanted)  # type: ignore[arg-type]
        self.figures.append(figure)
        return figure

    @contextlib.contextmanager
    def start_ngshare(self, hub: str | None = None) -> Iterator[Ngshare]:
        """ngshare on fresh data, removed afterwards."""
        place = self.place("ngshare")
        server = Ngshare(self.ngshare, place, hub)
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(place)

    @contextlib.contextmanager
    def start_nbcourier(self, hub: str | None = None) -> Iterator[Nbcourier]:
        """nbcourier on fresh data, removed afterwards."""
        place = self.place("nbcourier")
        server = Nbcourier(self.nbcourier, place, hub)
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(place)

    @contextlib.contextmanager
    def start_both(self, hub: str | None = None) -> Iterator[tuple[Ngshare, Nbcourier]]:
        """Both servers; the one that is not measured idles."""
        with self.start_ngshare(hub) as ngshare, self.start_nbcourier(hub) as nbcourier:
            yield ngshare, nbcourier

    @contextlib.contextmanager
    def start_hub(self, *, delay_ms: float) -> Iterator[str]:
        """The address of a hub's API that answers after that time."""
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
    """MiB that a directory takes on the disk."""
    said = subprocess.check_output(["du", "-sk", str(directory)], text=True)
    return int(said.split()[0]) / 1024
