"""nbcourier without a hub, for the duration of a test module."""

from pathlib import Path

import places
import requests
from people import Person, WarmPerson
from processes import STOP_LIMIT_S, Program, clean_environment, free_ports

ADMIN = "root"
ANSWER_LIMIT_S = 5


class Standalone:
    """`nbcourier serve --standalone` with its own port and data directory."""

    # The class of its people, which determines their client.
    person_class = Person

    def __init__(self, binary: Path, directory: Path, *options: str) -> None:
        """`options` are further ones of the command."""
        self.directory = directory
        self.data = directory / "data"
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}/api"
        self._command = [
            str(binary),
            "serve",
            "--standalone",
            f"--port={port}",
            f"--data-dir={self.data}",
            f"--admins={ADMIN}",
            *places.options(),
            *options,
        ]
        self._env = clean_environment(path_first=binary.parent, home=directory)
        # Courses count no work before they turn it on.
        self._env |= places.keys() | {"NBCOURIER_ACTIVITY": "true"}
        self.start()

    def start(self) -> None:
        """Starts it, for the first time or again on the same data."""
        self._program = Program(
            self._command,
            env=self._env,
            cwd=self.directory,
            log=self.directory / "nbcourier.log",
        )
        self._program.wait_until(self._answers, "healthz")

    def kill(self) -> None:
        """Kills it without a clean end."""
        self._program.process.kill()
        self._program.process.wait(STOP_LIMIT_S)

    def person(self, name: str) -> Person:
        """Returns a person whose token is their name, which is all that standalone mode requires."""
        home = self.directory / "home" / name
        identity = {"USER": name, "JUPYTERHUB_API_TOKEN": name}
        return self.person_class(name=name, home=home, url=self.url, identity=identity)

    def stop(self) -> int:
        """Ends the service and returns its exit code."""
        return self._program.stop()

    def log(self) -> str:
        """Returns the output of the service."""
        return self._program.log.read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=ANSWER_LIMIT_S).ok
        except requests.ConnectionError:
            return False


class WarmStandalone(Standalone):
    """A service whose people's commands run in processes that are already started."""

    person_class = WarmPerson
