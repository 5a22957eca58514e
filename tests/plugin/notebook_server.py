"""A notebook server with nbgrader's pages and the extension."""

import time
from pathlib import Path
from urllib.parse import quote

import requests
from course import PYTHON_SOURCE
from jupyter_client import BlockingKernelClient
from people import Person
from processes import POLL_S, START_LIMIT_S, STOP_LIMIT_S, free_ports
from warm import NOTEBOOK_SERVER, kitchen

# The details of a student that the pages show, in this order.
Details = tuple[str | None, ...]
DETAILS = ("first_name", "last_name", "email")
TOKEN = "a token of the notebook server"
ANSWER_LIMIT_S = 60
# A kernel that loads its modules shows within this time that it is there.
BEAT_LIMIT_S = 30
# The configuration that the wheel installs, at its place in the repository.
WHEEL_CONFIG = PYTHON_SOURCE / "install" / "data" / "etc" / "jupyter"


class NotebookServer:
    """A person's notebook server, with the requests of their browser."""

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
        self._home = person.home
        self._log = person.home / "server.log"
        with self._log.open("wb") as log:
            self._program = kitchen(person.env["PYTHONPATH"], NOTEBOOK_SERVER).start(
                ["jupyter-server", *options],
                cwd=person.home,
                env=person.env | {"JUPYTER_CONFIG_PATH": str(WHEEL_CONFIG)},
                outputs=(log, log),
            )
        limit = time.monotonic() + START_LIMIT_S
        while not self._answers():
            is_waited_for = Path(f"/proc/{self._program.pid}").exists()
            assert is_waited_for and time.monotonic() < limit, self._log.read_text()
            time.sleep(POLL_S)

    def ask(
        self, method: str, path: str, body: dict | None = None
    ) -> requests.Response:
        """Sends one request."""
        return requests.request(
            method,
            f"{self.url}/{path}",
            json=body,
            headers={"Authorization": f"token {TOKEN}"},
            timeout=ANSWER_LIMIT_S,
        )

    def save_student(self, name: str, **typed: str) -> requests.Response:
        """Sends the request of *Manage Students* for adding or editing a student."""
        details = {"first_name": None, "last_name": None, "email": None} | typed
        return self.ask("PUT", f"formgrader/api/student/{quote(name)}", details)

    def remove_student(self, name: str) -> requests.Response:
        """Sends the request of *Manage Students* for removing a student."""
        return self.ask("DELETE", f"formgrader/api/student/{quote(name)}")

    def listing(self) -> requests.Response:
        """Sends the request of *Manage Students* for its list."""
        reply = self.ask("GET", "formgrader/api/students")
        assert reply.ok, reply.text
        return reply

    def students(self) -> dict[str, Details]:
        """Returns the students on the page, with the details that it shows."""
        return {
            each["id"]: tuple(each[name] for name in DETAILS)
            for each in self.listing().json()
        }

    def wait_for_kernel(self, kernel: str) -> None:
        """Waits until a kernel answers.

        A server that stops interrupts its kernels. A kernel that still loads its modules
        then writes a traceback into the server's log.
        """
        (connection,) = self._home.rglob(f"kernel-{kernel}.json")
        client = BlockingKernelClient(connection_file=str(connection))
        client.load_connection_file()
        # A kernel that loads its modules on a busy machine is not dead.
        client.hb_channel.time_to_dead = BEAT_LIMIT_S
        client.start_channels()
        try:
            client.wait_for_ready(timeout=START_LIMIT_S)
        finally:
            client.stop_channels()

    def stop(self) -> str:
        """Stops the server and returns its log."""
        self._program.stop(STOP_LIMIT_S)
        return self._log.read_text()

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "api/status").ok
        except requests.ConnectionError:
            return False
