"""A notebook server with formgrader and the extension, and the requests that formgrader's pages make of it."""

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
import requests
from course import PYTHON_SOURCE, Course, through
from front import Front
from people import PROGRAMS, Person
from processes import Program, free_ports

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

    def save_student(self, name: str) -> requests.Response:
        """What *Manage Students* sends when somebody is added or edited."""
        names = {"first_name": None, "last_name": None, "email": None}
        return self.ask("PUT", f"formgrader/api/student/{quote(name)}", names)

    def students(self) -> list[str]:
        """Who is on the page *Manage Students*."""
        reply = self.ask("GET", "formgrader/api/students")
        assert reply.ok, reply.text
        return [each["id"] for each in reply.json()]

    def stop(self) -> str:
        """Ends it and returns all that it said."""
        self._program.stop()
        return self._program.log.read_text()

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "api/status").ok
        except requests.ConnectionError:
            return False


Start = Callable[[Course], NotebookServer]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the notebook server of a course's instructor."""
    servers = []

    def started(course: Course) -> NotebookServer:
        servers.append(NotebookServer(course.instructor, course.name))
        return servers[-1]

    yield started
    for server in servers:
        said = server.stop()
        assert "Traceback" not in said, said


def enrolled(course: Course) -> set[str]:
    reply = course.instructor.get(f"students/{course.name}")
    return {each["username"] for each in reply["students"]}


def test_who_is_saved_in_formgrader_is_enrolled(course: Course, start: Start) -> None:
    before = enrolled(course)
    server = start(course)
    for _ in ("added", "edited"):
        assert server.save_student("zoë (2)").status_code == 200
    assert enrolled(course) == before | {"zoë (2)"}
    assert "zoë (2)" in server.students()


def test_who_cannot_be_enrolled_is_not_in_the_gradebook_either(
    course: Course, start: Start, front: Front
) -> None:
    through(front.url, course.instructor)
    front.die()
    server = start(course)
    assert server.save_student("zoë").status_code == 502
    assert "zoë" not in server.students()


def test_an_instructor_may_be_in_the_gradebook_to_try_an_assignment_out(
    course: Course, start: Start
) -> None:
    before = enrolled(course)
    server = start(course)
    assert server.save_student(course.instructor.name).status_code == 200
    assert course.instructor.name in server.students()
    assert enrolled(course) == before


def test_where_nbgrader_was_not_told_of_the_exchange_formgrader_is_left_alone(
    course: Course, start: Start
) -> None:
    before = enrolled(course)
    config = course.instructor.home / ".jupyter" / "nbgrader_config.py"
    config.write_text("c = get_config()\n")
    server = start(course)
    assert server.save_student("zoë").status_code == 200
    assert server.students() == ["zoë"]
    assert enrolled(course) == before


def test_where_there_is_no_formgrader_none_of_its_requests_is_answered(
    course: Course, start: Start
) -> None:
    settings = course.instructor.home / ".jupyter" / "jupyter_server_config.json"
    extensions = {"nbgrader.server_extensions.formgrader": False}
    settings.write_text(json.dumps({"ServerApp": {"jpserver_extensions": extensions}}))
    server = start(course)
    assert server.save_student("zoë").status_code == 404
    assert "zoë" not in enrolled(course)
