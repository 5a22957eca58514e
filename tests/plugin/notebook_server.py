"""A notebook server with nbgrader's pages and the extension."""

from urllib.parse import quote

import requests
from course import PYTHON_SOURCE
from people import PROGRAMS, Person
from processes import Program, free_ports

# What the pages show of a student, in this order.
Details = tuple[str | None, ...]
DETAILS = ("first_name", "last_name", "email")
TOKEN = "a token of the notebook server"
ANSWER_LIMIT_S = 60
# What the wheel puts into an environment, from where it takes it.
WHEEL_CONFIG = PYTHON_SOURCE / "install" / "data" / "etc" / "jupyter"


class NotebookServer:
    """Somebody's notebook server, asked as their browser asks it."""

    def __init__(self, person: Person, course: str) -> None:
        config = person.home / ".jupyter" / "nbgrader_config.py"
        with config.open("a") as file:
            file.write(f"c.CourseDirectory.course_id = {course!r}\n")
            file.write("c.NbCourier.attempts = 1\n")
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        options = [
            f"--ServerApp.port={port}",
            f"--IdentityProvider.token={TOKEN}",
            "--ServerApp.open_browser=False",
            "--ServerApp.allow_root=True",
        ]
        self._program = Program(
            [str(PROGRAMS / "jupyter"), "server", *options],
            env=person.env | {"JUPYTER_CONFIG_PATH": str(WHEEL_CONFIG)},
            cwd=person.home,
            log=person.home / "server.log",
        )
        self._program.wait_until(self._answers, "notebook server")

    def ask(
        self, method: str, path: str, body: dict | None = None
    ) -> requests.Response:
        """One request."""
        return requests.request(
            method,
            f"{self.url}/{path}",
            json=body,
            headers={"Authorization": f"token {TOKEN}"},
            timeout=ANSWER_LIMIT_S,
        )

    def save_student(self, name: str, **typed: str) -> requests.Response:
        """What *Manage Students* sends when somebody is added or edited."""
        details = {"first_name": None, "last_name": None, "email": None} | typed
        return self.ask("PUT", f"formgrader/api/student/{quote(name)}", details)

    def remove_student(self, name: str) -> requests.Response:
        """What it sends when somebody is to be removed."""
        return self.ask("DELETE", f"formgrader/api/student/{quote(name)}")

    def listing(self) -> requests.Response:
        """What it asks for when it is opened."""
        reply = self.ask("GET", "formgrader/api/students")
        assert reply.ok, reply.text
        return reply

    def students(self) -> dict[str, Details]:
        """Who is on the page, and what it shows of them."""
        return {
            each["id"]: tuple(each[name] for name in DETAILS)
            for each in self.listing().json()
        }

    def stop(self) -> str:
        """Ends it and returns all that it said."""
        self._program.stop()
        return self._program.log.read_text()

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "api/status").ok
        except requests.ConnectionError:
            return False
