"""The tested service, and a course with one thing of each kind."""

import io
import itertools
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import places
import pytest
import requests
from people import Hub, permit
from processes import Program, clean_environment, free_ports

LIMIT_S = 60
PREFIX = "/services/nbcourier"


def archive(files: dict[str, bytes]) -> bytes:
    """Returns a tar archive of these files."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


@dataclass
class Course:
    """The names of a course and of the things in it."""

    id: str
    assignment: str
    submission: int


class Service:
    """The program behind a hub."""

    def __init__(self, place: Path) -> None:
        self.hub = Hub()
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}{PREFIX}"
        self._numbers = itertools.count(1)
        self._session = requests.Session()
        environment = clean_environment(path_first=place, home=place) | {
            "JUPYTERHUB_API_URL": self.hub.api_url,
            "JUPYTERHUB_API_TOKEN": "token-of-the-service-itself",
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_SERVICE_NAME": "nbcourier",
            "JUPYTERHUB_SERVICE_PREFIX": f"{PREFIX}/",
            "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
            "JUPYTERHUB_CLIENT_ID": "service-nbcourier",
            "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{PREFIX}/oauth_callback",
        }
        options = ["--admins", "admin", "--data-dir", str(place / "data")]
        options += places.options()
        environment |= places.keys()
        command = [os.environ["NBCOURIER_BIN"], "serve", *options]
        self.program = Program(
            command, env=environment, cwd=place, log=place / "log.txt"
        )
        self.program.wait_until(self.is_healthy, "healthz")

    def is_healthy(self) -> bool:
        """Whether the service answers."""
        try:
            return self._session.get(f"{self.url}/healthz", timeout=LIMIT_S).ok
        except requests.ConnectionError:
            return False

    def ask(self, method: str, path: str, who: str, **more: object) -> requests.Response:
        """Sends a request that must succeed."""
        reply = self._session.request(
            method, f"{self.url}/{path}", headers=permit(who), timeout=LIMIT_S, **more
        )
        assert reply.ok, reply.text
        return reply

    def course(self) -> Course:
        """Creates a course in which every address finds something."""
        made = Course(f"course {next(self._numbers)}", "ps1", 0)
        below = f"v1/courses/{made.id}"
        names = json.dumps(["instructor"])
        self.ask("POST", f"course/{made.id}", "admin", data={"instructors": names})
        details = {"first_name": "", "last_name": "", "email": ""}
        self.ask("POST", f"student/{made.id}/student", "admin", data=details)
        self._send(f"{below}/assignments/ps1/tree", "PUT", "instructor")
        self._send(f"{below}/assignments/ps1/submissions", "POST", "student")
        listed = self.ask("GET", f"{below}/submissions", "instructor").json()
        made.submission = listed["submissions"][0]["id"]
        self._send(f"{below}/submissions/{made.submission}/feedback", "POST", "instructor")
        return made

    def _send(self, path: str, method: str, who: str) -> None:
        reply = self._session.request(
            method,
            f"{self.url}/{path}",
            data=archive({"a.txt": b"hello"}),
            headers=permit(who) | {"Content-Type": "application/x-tar"},
            timeout=LIMIT_S,
        )
        assert reply.ok, reply.text


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests. It must survive them."""
    running = Service(tmp_path_factory.mktemp("service"))
    yield running
    assert running.is_healthy()
    assert running.program.stop() == 0
    running.hub.stop()
    log = running.program.log.read_text(errors="replace")
    assert "panicked" not in log
    assert " ERROR " not in log, log[log.index(" ERROR ") :][:1000]
