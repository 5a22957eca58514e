"""A course for tests of the plugin. Its people have the plugin; the state before a test is made without it."""

import base64
import json
import textwrap
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests
from people import Person, WarmPerson
from standalone import ADMIN, ANSWER_LIMIT_S, Standalone
from trees import Tree, decoded

# The two protocols. The plugin has to do the same in both, which some of the tests check.
V1, NGSHARE = "v1", "ngshare"
both_wires = pytest.mark.parametrize("wire", [V1, NGSHARE], indirect=True)
ngshare_only = pytest.mark.parametrize("wire", [NGSHARE], indirect=True)

PYTHON_SOURCE = Path(__file__).resolve().parents[2] / "python"
RELEASED: Tree = {
    "p1.ipynb": b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "data/table (1).csv": "ä;b\n".encode(),
    "data/empty": b"",
}
# Prints what the plugin's lister returns to nbgrader's pages.
LISTING = """\
import json, sys
from nbgrader.apps.baseapp import NbGrader
app = NbGrader()
app.initialize([])
app.config.merge(json.loads(sys.argv[1]))
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
coursedir = CourseDirectory(config=app.config)
lister = ExchangeFactory(config=app.config).List(
    coursedir=coursedir, authenticator=Authenticator(config=app.config), config=app.config
)
print(json.dumps(lister.start()))
"""


class PluginPerson(WarmPerson):
    """A person whose nbgrader uses the plugin."""

    config = textwrap.dedent("""\
        import nbcourier

        c = get_config()
        nbcourier.configure(c, {url!r})
        """)

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.env["PYTHONPATH"] = str(PYTHON_SOURCE)

    def post(self, path: str, **form: str) -> dict[str, Any]:
        """Sends a request that must succeed, for things that a test is not about."""
        return self.send("POST", path, data=form)

    def post_json(self, path: str, content: Any) -> Any:
        """Sends a POST request with JSON that must succeed, for the API below v1/."""
        return self.send("POST", path, json=content)

    def put_json(self, path: str, content: Any) -> Any:
        """Sends a PUT request with JSON that must succeed."""
        return self.send("PUT", path, json=content)

    def send(self, method: str, path: str, **body: Any) -> Any:
        """Sends a request that must succeed; returns the answer."""
        reply = requests.request(
            method,
            f"{self.url}/{path}",
            headers={"Authorization": f"token {self.token}"},
            timeout=ANSWER_LIMIT_S,
            **body,
        )
        assert reply.ok, f"{path}: {reply.status_code} {reply.text}"
        return reply.json()

    def refused(self, *arguments: str) -> str:
        """Runs an nbgrader command that must fail without a traceback, and returns its sentences."""
        outcome = self.attempt("nbgrader", *arguments)
        assert outcome.code != 0, str(outcome)
        assert "Traceback" not in outcome.text, str(outcome)
        return outcome.stderr

    def listed(self, **settings: dict) -> list[dict]:
        """Returns what the lister returns to nbgrader's pages under these settings."""
        outcome = self.attempt("python", "-c", LISTING, json.dumps(settings))
        assert outcome.code == 0, str(outcome)
        return json.loads(outcome.stdout.splitlines()[-1])


class PluginStandalone(Standalone):
    """nbcourier without a hub, for people with the plugin."""

    person_class = PluginPerson

    @cached_property
    def admin(self) -> PluginPerson:
        """Returns the administrator, who makes the courses."""
        return self.person(ADMIN)


class ProgramPerson(PluginPerson):
    """A person who starts the program `nbgrader` anew each time, as people do outside of tests."""

    attempt = Person.attempt


class ProgramStandalone(PluginStandalone):
    """nbcourier for people who start the program."""

    person_class = ProgramPerson


def enrol(
    course: str,
    admin: PluginPerson,
    instructor: PluginPerson,
    students: Iterable[PluginPerson],
) -> None:
    """Makes the course and gives each person a role in it."""
    teachers = json.dumps([instructor.name])
    admin.post(f"course/{course}", instructors=teachers)
    names = {"first_name": "", "last_name": "", "email": ""}
    for student in students:
        instructor.post(f"student/{course}/{student.name}", **names)


class Course:
    """A course with its people, and requests instead of commands for everything that a test is not about."""

    def __init__(self, service: PluginStandalone, number: int) -> None:
        self.name = f"course {number}"
        self.url = service.url
        self.service = service
        self.instructor = service.person(f"ira{number}")
        self.first = service.person(f"ada+{number}")
        self.second = service.person(f"bob{number}")
        enrol(self.name, service.admin, self.instructor, (self.first, self.second))

    @property
    def people(self) -> tuple[PluginPerson, ...]:
        """Returns all people of the course."""
        return self.instructor, self.first, self.second

    @property
    def option(self) -> str:
        """Returns the option that names the course to nbgrader."""
        return f"--course={self.name}"

    def release(self, assignment: str = "ps1", tree: Tree = RELEASED) -> None:
        """Releases an assignment."""
        path = f"assignment/{self.name}/{assignment}"
        self.instructor.post(path, files=_encoded(tree))

    def submit(self, student: Person, tree: Tree, assignment: str = "ps1") -> str:
        """Submits for a student and returns the time."""
        path = f"submission/{self.name}/{assignment}"
        return student.post(path, files=_encoded(tree))["timestamp"]

    def give_feedback(self, student: Person, timestamp: str, tree: Tree) -> None:
        """Releases feedback on one of the student's submissions."""
        path = f"feedback/{self.name}/ps1/{student.name}"
        files = _encoded(tree)
        self.instructor.post(path, timestamp=timestamp, files=files)

    def entries(self) -> list[dict]:
        """Returns all submissions, as the API below v1/ lists them."""
        return self._get(f"v1/courses/{self.name}/submissions")["submissions"]

    def released(self, assignment: str = "ps1") -> Tree:
        """Returns the released files of the assignment."""
        return decoded(self._get(f"assignment/{self.name}/{assignment}")["files"])

    def assignments(self) -> list[str]:
        """Returns the names of the released assignments."""
        return self._get(f"assignments/{self.name}")["assignments"]

    def submissions(self, student: Person) -> list[str]:
        """Returns the times of the student's submissions, oldest first."""
        reply = self._get(f"submissions/{self.name}/ps1")
        return [
            each["timestamp"]
            for each in reply["submissions"]
            if each["student_id"] == student.name
        ]

    def submitted(self, student: Person) -> Tree:
        """Returns the files of the student's latest submission."""
        reply = self._get(f"submission/{self.name}/ps1/{student.name}")
        return decoded(reply["files"])

    def feedback(self, student: Person, timestamp: str) -> Tree:
        """Returns the pages of the feedback."""
        path = f"feedback/{self.name}/ps1/{student.name}"
        return decoded(self._get(path, timestamp=timestamp)["files"])

    def _get(self, path: str, **query: str) -> dict:
        return self.instructor.get(path, **query)


def through(front_url: str, person: Person) -> None:
    """Makes the person reach the service by another address from now on."""
    config = person.home / ".jupyter" / "nbgrader_config.py"
    config.write_text(PluginPerson.config.format(url=front_url))


def _encoded(tree: Tree) -> str:
    return json.dumps(
        [
            {"path": path, "content": base64.b64encode(content).decode()}
            for path, content in tree.items()
        ]
    )
