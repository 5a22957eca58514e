"""A formgrader that the hub runs as a service of its own, after the one step in docs/operators.md."""

import secrets
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import ngshare
import pytest
import requests
from hub import ADMIN, Hub
from material import NOTEBOOK, answers, source_tree
from plugin_person import PluginPerson, lab_servers
from processes import free_ports
from trees import read_tree, write_tree

COURSE = "course101"
SERVICE = f"service:{COURSE}"
INSTRUCTOR = "ira"
STUDENT = "ada"
ASSIGNMENT = "ps1"
# A course of an ngshare, taught by the service and another account for formgraders.
OLD_COURSE = "geometry"
OLD_GRADER = f"grader-{COURSE}"
# Names that must be encoded in addresses.
NAMES = ["dom\\user", "a+b", "c d", "ü", "50%", "x@y.org"]
# Some of these requests include nbgrader's work on whole assignments, on a machine that may be busy.
PAGE_LIMIT_S = 300


@dataclass
class Formgrader:
    """The service, with the requests of the instructor's browser and a terminal of its own."""

    hub: Hub
    url: str
    terminal: PluginPerson
    admin: PluginPerson
    student: PluginPerson
    instructor_token: str
    # The output of the import without any option for services.
    imported: str

    def person(self, name: str) -> PluginPerson:
        """Returns a user of the hub who finds the exchange as the service does."""
        person = self.hub.person(name)
        address = f"{self.hub.url}/hub/"
        person.env["JUPYTERHUB_PUBLIC_HUB_URL"] = address
        return person

    def ask(
        self, method: str, path: str, body: dict | None = None
    ) -> requests.Response:
        """Sends one request of formgrader's pages."""
        return requests.request(
            method,
            f"{self.url}/formgrader/{path}",
            json=body,
            headers={"Authorization": f"token {self.instructor_token}"},
            allow_redirects=False,
            timeout=PAGE_LIMIT_S,
        )

    def press(self, action: str) -> dict:
        """Presses a button of *Manage Assignments*; the action may fail."""
        reply = self.ask("POST", f"api/assignment/{ASSIGNMENT}/{action}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def assignment(self) -> dict:
        """Returns the row of the assignment on *Manage Assignments*."""
        reply = self.ask("GET", "api/assignments")
        assert reply.status_code == 200, reply.text
        (found,) = reply.json()
        return found


@pytest.fixture(scope="module", params=["hub6", "hub5"])
def formgrader(
    request: pytest.FixtureRequest,
    binary: Path,
    cache: Path,
    proxy: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Formgrader]:
    """A hub with the service, and the course, which an administrator made."""
    directory = tmp_path_factory.mktemp(request.param)
    home = directory / "home" / COURSE
    token = secrets.token_hex(32)
    (port,) = free_ports(1)
    about = {
        "TEST_FORMGRADER": COURSE,
        "TEST_FORMGRADER_HOME": str(home),
        "TEST_FORMGRADER_TOKEN": token,
        "TEST_FORMGRADER_URL": f"http://127.0.0.1:{port}",
    }
    write_tree(home / "source" / ASSIGNMENT, source_tree())
    servers = lab_servers(cache, directory) | about
    config = f"c = get_config()\nc.CourseDirectory.course_id = {COURSE!r}\n"
    # The environment that the hub sets for a service.
    identity = {
        "JUPYTERHUB_API_TOKEN": token,
        "JUPYTERHUB_SERVICE_NAME": COURSE,
        "JUPYTERHUB_SERVICE_PREFIX": f"/services/{COURSE}/",
    }
    PluginPerson.binary = binary
    terminal = PluginPerson(name=COURSE, home=home, url="", identity=identity)
    write_tree(home, {"nbgrader_config.py": config.encode()})
    imported = move_old_course(binary, directory)
    hub = Hub(cache / request.param, proxy, binary, directory, servers)
    try:
        hub.person_class = PluginPerson
        public = {"JUPYTERHUB_PUBLIC_HUB_URL": f"{hub.url}/hub/"}
        for name in (ADMIN, INSTRUCTOR):
            hub.add_user(name)
        hub.add_user(STUDENT, f"nbgrader-{COURSE}")
        admin, student = hub.person(ADMIN), hub.person(STUDENT)
        for person in (admin, student, terminal):
            person.env |= public
        made = admin.attempt("nbcourier", "course", "create", COURSE)
        assert made.code == 0, str(made)
        yield Formgrader(
            hub,
            f"{hub.url}/services/{COURSE}",
            terminal,
            admin,
            student,
            hub.token(INSTRUCTOR),
            imported,
        )
    finally:
        hub.stop()


def move_old_course(binary: Path, directory: Path) -> str:
    """Imports an ngshare twice: as it is, and then as the note of the first import says."""
    source = ngshare.small(directory / "ngshare")
    with sqlite3.connect(source.database) as database:
        for name in (COURSE, OLD_GRADER):
            database.execute(
                "INSERT INTO instructor_assoc_table (left_id, right_id) VALUES (?, ?)",
                (name, OLD_COURSE),
            )
    database.close()
    command = [str(binary), "import", "ngshare", f"--database={source.database}"]
    command += [f"--storage={source.storage}", f"--data-dir={directory / 'data'}"]
    said = ""
    for more in ([], [f"--service={COURSE}", f"--service={OLD_GRADER}"]):
        done = subprocess.run(
            [*command, *more],
            capture_output=True,
            text=True,
            timeout=PAGE_LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said = said or done.stdout + done.stderr
    return said


class TestFormgraderAsAService:
    """Each step leaves its files to the next."""

    in_order = True

    def test_its_pages_are_those_of_the_service(self, formgrader: Formgrader) -> None:
        assert formgrader.ask("GET", "manage_assignments").status_code == 200
        assert formgrader.press("assign")["success"] is True

    def test_before_the_step_each_refusal_names_the_service_and_the_command(
        self, formgrader: Formgrader
    ) -> None:
        said = [
            formgrader.press("release")["error"],
            formgrader.press("collect")["error"],
        ]
        for command in (
            ("nbgrader", "release_assignment", ASSIGNMENT),
            ("nbgrader", "list", "--inbound", f"--course={COURSE}"),
            ("nbgrader", "collect", ASSIGNMENT),
            ("nbcourier", "course", "show", COURSE),
            ("nbcourier", "submissions", COURSE, ASSIGNMENT),
            ("nbcourier", "roster", "list", COURSE),
        ):
            outcome = formgrader.terminal.attempt(*command)
            assert outcome.code != 0, str(outcome)
            assert "Traceback" not in outcome.text, str(outcome)
            said.append(outcome.text)
        for each in said:
            assert f"'{SERVICE}'" in each
            assert f"nbcourier roster add COURSE {SERVICE} --role instructor" in each
        assert formgrader.assignment()["status"] == "draft"

    def test_after_the_step_the_service_teaches(self, formgrader: Formgrader) -> None:
        step = ("roster", "add", COURSE, SERVICE, "--role", "instructor")
        outcome = formgrader.admin.attempt("nbcourier", *step)
        assert outcome.code == 0, str(outcome)
        assert formgrader.assignment()["status"] == "draft"
        assert formgrader.press("release")["success"] is True
        assert formgrader.assignment()["status"] == "released"
        assert formgrader.assignment()["num_submissions"] == 0
        # The hub's user with the same name is a different caller.
        formgrader.hub.add_user(COURSE)
        namesake = formgrader.hub.token(COURSE)
        reply = requests.get(
            f"{formgrader.hub.service_url}/students/{quote(COURSE)}",
            headers={"Authorization": f"token {namesake}"},
            timeout=PAGE_LIMIT_S,
        )
        assert reply.status_code == 403, reply.text

    def test_it_lists_and_collects_what_a_student_handed_in(
        self, formgrader: Formgrader
    ) -> None:
        student = formgrader.student
        option = f"--course={COURSE}"
        student.nbgrader("fetch_assignment", ASSIGNMENT, option)
        work = student.home / ASSIGNMENT
        write_tree(work, answers(read_tree(work), STUDENT, 1))
        student.nbgrader("submit", ASSIGNMENT, option)
        (listed,) = formgrader.terminal.listing("--inbound")
        assert listed.startswith(f"{COURSE} {STUDENT} {ASSIGNMENT} ")
        assert formgrader.press("collect")["success"] is True
        assert formgrader.assignment()["num_submissions"] == 1
        collected = read_tree(
            formgrader.terminal.home / "submitted" / STUDENT / ASSIGNMENT
        )
        assert collected.items() >= read_tree(work).items()

    def test_it_gives_feedback_that_the_student_gets(
        self, formgrader: Formgrader
    ) -> None:
        graded = formgrader.ask("POST", f"api/submission/{ASSIGNMENT}/{STUDENT}/autograde")
        assert graded.json()["success"] is True, graded.text
        for action in ("generate_feedback", "release_feedback"):
            assert formgrader.press(action)["success"] is True
        fetch = ("fetch_feedback", ASSIGNMENT, f"--course={COURSE}")
        formgrader.student.nbgrader(*fetch)
        feedback = formgrader.student.home / ASSIGNMENT / "feedback"
        (page,) = feedback.glob(f"*/{NOTEBOOK}.html")
        assert "square" in page.read_text(encoding="utf-8")

    def test_manage_students_is_the_roster_of_the_exchange(
        self, formgrader: Formgrader
    ) -> None:
        reply = formgrader.ask("GET", "api/students")
        assert [each["id"] for each in reply.json()] == [STUDENT]

    @pytest.mark.parametrize("name", NAMES)
    def test_manage_students_takes_names_as_a_hub_has_them(
        self, formgrader: Formgrader, name: str
    ) -> None:
        at = f"api/student/{quote(name, safe='')}"
        details = {"first_name": "Zoë", "last_name": None, "email": None}
        saved = formgrader.ask("PUT", at, details)
        assert saved.status_code == 200, saved.text
        assert saved.json()["id"] == name
        listed = formgrader.ask("GET", "api/students").json()
        (found,) = [each for each in listed if each["id"] == name]
        assert found["first_name"] == "Zoë"
        formgrader.hub.add_user(name)
        student = formgrader.person(name)
        option = f"--course={COURSE}"
        student.nbgrader("fetch_assignment", ASSIGNMENT, option)
        student.nbgrader("submit", ASSIGNMENT, option)
        inbound = formgrader.terminal.listing("--inbound")
        start = f"{COURSE} {name} {ASSIGNMENT} "
        assert [line for line in inbound if line.startswith(start)]
        assert formgrader.press("collect")["success"] is True
        assert (formgrader.terminal.home / "submitted" / name / ASSIGNMENT).is_dir()
        removed = formgrader.ask("DELETE", at)
        assert removed.status_code in (200, 204), removed.text
        # The gradebook keeps students with submissions; the roster does not.
        roster = formgrader.terminal.attempt("nbcourier", "roster", "list", COURSE)
        assert roster.code == 0, str(roster)
        assert name not in roster.stdout
        refused = student.attempt("nbgrader", "fetch_assignment", "ps2", option)
        assert refused.code != 0
        assert f"knows you as '{name}'" in refused.text

    def test_an_instructor_hands_in_as_students_do(
        self, formgrader: Formgrader
    ) -> None:
        instructor = formgrader.person(INSTRUCTOR)
        option = f"--course={COURSE}"
        instructor.nbgrader("fetch_assignment", ASSIGNMENT, option)
        instructor.nbgrader("submit", ASSIGNMENT, option)
        (mine,) = instructor.listing("--cached", option)
        assert f" {ASSIGNMENT} " in mine
        start = f"{COURSE} {INSTRUCTOR} {ASSIGNMENT} "
        inbound = formgrader.terminal.listing("--inbound")
        assert [line for line in inbound if line.startswith(start)]
        assert formgrader.press("collect")["success"] is True
        place = formgrader.terminal.home / "submitted" / INSTRUCTOR / ASSIGNMENT
        assert place.is_dir()

    def test_the_import_of_an_ngshare_says_what_lets_the_service_in(
        self, formgrader: Formgrader
    ) -> None:
        assert f"{OLD_COURSE} / {OLD_GRADER}" in formgrader.imported
        assert "--service" in formgrader.imported
        shown = formgrader.terminal.attempt("nbcourier", "roster", "list", OLD_COURSE)
        assert shown.code == 0, str(shown)
        assert SERVICE in shown.text
        assert f"service:{OLD_GRADER}" in shown.text
        listed = formgrader.terminal.listing(f"--course={OLD_COURSE}")
        assert any(ASSIGNMENT in line for line in listed)
