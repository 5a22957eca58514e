"""A course in JupyterLab, in a browser: nbgrader's pages with our plugin behind them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from browser import start_browser
from hub import ADMIN, Hub
from lab import Desk, Formgrader, Lab
from material import ASSIGNMENT, COURSE, NOTEBOOK, answers, source_tree
from people import Person, all_at_once
from plugin_person import lab_servers
from trees import Tree, assert_same_tree, read_tree, without, write_tree

INSTRUCTOR = "ira"
STUDENT = "ada.l"
# A student whom only the instructor enrols, with a name that must be encoded in addresses.
NEWCOMER = "zoë (2)"
# A student whom an administrator enrolled at the exchange, and one who comes only from a group of the hub.
ELSEWHERE = "kim"
GROUPED = "bob"
CALL_LIMIT_S = 30
# The instructor's own configuration, beside that of the operator on every notebook server.
COURSE_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = {course!r}
c.CourseDirectory.root = {root!r}
"""


@pytest.fixture(scope="module")
def hub(
    binary: Path, cache: Path, proxy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """A hub whose notebook servers have JupyterLab, nbgrader and the plugin, set up as an operator does it."""
    directory = tmp_path_factory.mktemp("hub")
    servers = lab_servers(cache, directory)
    running = Hub(cache / "hub6", proxy, binary, directory, servers)
    yield running
    running.stop()


@dataclass
class Classroom:
    """The people of the course, each with a browser, and the files on their notebook servers."""

    hub: Hub
    admin: Person
    instructor: Desk
    student: Desk
    newcomer: Desk
    handed_in: Tree = field(default_factory=dict)

    @property
    def course(self) -> Path:
        """Returns the instructor's course directory."""
        return self.home(INSTRUCTOR) / "course"

    @property
    def work(self) -> Path:
        """Returns the student's directory of the assignment."""
        return self.home(STUDENT) / ASSIGNMENT

    def home(self, name: str) -> Path:
        """Returns the directory of a person's notebook server."""
        return self.hub.directory / "servers" / name

    def asked(self, path: str) -> dict:
        """Returns the exchange's answer to an administrator, independent of the pages."""
        return self.admin.get(path)


@pytest.fixture(scope="module")
def people(
    hub: Hub, screenshots: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Classroom]:
    """The people, logged in; the hub's groups give instructor and students their roles."""
    hub.add_user(ADMIN)
    admin = hub.person(ADMIN)
    names = {"first_name": "Kim", "last_name": "L", "email": ""}
    for path, form in (("course", {}), ("student", names)):
        elsewhere = f"/{ELSEWHERE}" if form else ""
        made = requests.post(
            f"{hub.service_url}/{path}/{quote(COURSE)}{elsewhere}",
            data=form,
            headers={"Authorization": f"token {admin.token}"},
            timeout=CALL_LIMIT_S,
        )
        assert made.ok, made.text
    hub.add_user(INSTRUCTOR, f"formgrade-{COURSE}")
    hub.add_user(STUDENT, f"nbgrader-{COURSE}")
    hub.add_user(NEWCOMER)
    hub.add_user(GROUPED, f"nbgrader-{COURSE}")
    # The exchange learns a person's groups at their first request.
    hub.person(GROUPED).get("courses")
    desks = [
        Desk(start_browser(tmp_path_factory.mktemp("profile")), hub, name, screenshots)
        for name in (INSTRUCTOR, STUDENT, NEWCOMER)
    ]
    everybody = Classroom(hub, admin, *desks)
    write_tree(everybody.course / "source" / ASSIGNMENT, source_tree())
    config = COURSE_CONFIG.format(course=COURSE, root=str(everybody.course))
    write_tree(
        everybody.home(INSTRUCTOR) / ".jupyter", {"nbgrader_config.py": config.encode()}
    )
    try:
        all_at_once(*(desk.log_in for desk in desks))
        yield everybody
    finally:
        for desk in desks:
            desk.leave()


class TestCourseInJupyterLab:
    """Each step leaves its pages and files to the next."""

    in_order = True

    def test_formgrader_releases_an_assignment(self, people: Classroom) -> None:
        formgrader = Formgrader(people.instructor)
        formgrader.open("manage_assignments")
        formgrader.find("status", "draft")
        formgrader.press("assign", said="Successfully created the student version")
        formgrader.press("release", said="Successfully released")
        formgrader.find("status", "released")
        people.instructor.picture("the assignment is released")
        released = people.asked(f"assignments/{quote(COURSE)}")
        assert released["assignments"] == [ASSIGNMENT]

    def test_a_student_fetches_it_in_the_assignment_list(
        self, people: Classroom
    ) -> None:
        lab = Lab(people.student)
        lab.open("Assignment List")
        lab.find(ASSIGNMENT, under="released")
        people.student.picture("an assignment is there")
        # An existing file prevents the fetch.
        people.work.write_bytes(b"")
        lab.press("Fetch")
        people.student.read("Assignment not fetched")
        people.student.read(f"You already have a copy of '{ASSIGNMENT}' at")
        people.student.picture("the assignment is not fetched")
        people.work.unlink()
        lab.put_away()
        lab.press("Fetch")
        lab.find(ASSIGNMENT, under="fetched")
        assert_same_tree(
            read_tree(people.work), read_tree(people.course / "release" / ASSIGNMENT)
        )

    def test_a_student_submits_in_the_assignment_list(self, people: Classroom) -> None:
        lab = Lab(people.student)
        write_tree(people.work, answers(read_tree(people.work), STUDENT, 1))
        people.handed_in = read_tree(people.work)
        lab.follow(ASSIGNMENT)
        lab.follow(NOTEBOOK)
        for cell in ("Write square.", "return x * x", "assert square(3) == 9"):
            people.student.read(cell)
        people.student.picture("the notebook is open")
        lab.return_to("Assignments")
        lab.press("Submit")
        lab.find(ASSIGNMENT, under="submitted")
        (submission,) = people.asked(
            f"submissions/{quote(COURSE)}/{quote(ASSIGNMENT)}"
        )["submissions"]
        assert submission["student_id"] == STUDENT
        people.student.read(submission["timestamp"])
        people.student.picture("the work is handed in")
        with people.student.other_tab(lab.link("Due dates and submissions")):
            people.student.read(COURSE)
            people.student.read(ASSIGNMENT)
            people.student.picture("the page of the course")

    def test_a_student_reads_that_there_is_no_feedback_yet(
        self, people: Classroom
    ) -> None:
        lab = Lab(people.student)
        lab.press("Fetch Feedback")
        people.student.read(f"There is no feedback yet on '{ASSIGNMENT}' submitted at")
        people.student.picture("there is no feedback yet")
        lab.put_away()

    def test_a_student_reads_what_was_not_handed_in(self, people: Classroom) -> None:
        lab = Lab(people.student)
        odd = people.work / "a\\b.csv"
        odd.write_bytes(b"1")
        lab.press("Submit")
        people.student.read("and is safe, but not all of it.")
        people.student.read("Not handed in: 'a\\b.csv' stays here: a name with a backslash")
        people.student.picture("not all was handed in")
        lab.put_away()
        lab.find(ASSIGNMENT, under="submitted")
        odd.unlink()
        submitted = people.asked(f"submissions/{quote(COURSE)}/{quote(ASSIGNMENT)}")
        assert len(submitted["submissions"]) == 2

    def test_formgrader_collects_and_gives_feedback(self, people: Classroom) -> None:
        formgrader = Formgrader(people.instructor)
        formgrader.press("collect", said="Successfully collected submissions")
        formgrader.find("num-submissions", "1")
        collected = read_tree(people.course / "submitted" / STUDENT / ASSIGNMENT)
        # The notebook was open, so JupyterLab has put a checkpoint beside it, which must not be collected.
        assert_same_tree(without(collected, "timestamp.txt"), people.handed_in)
        formgrader.follow("num-submissions")
        formgrader.press("autograde", said="Successfully autograded")
        formgrader.open("manage_assignments")
        formgrader.press("generate-feedback", said="Successfully generated feedback")
        formgrader.press("release-feedback", said="Successfully released feedback")

    def test_formgrader_leads_to_the_page_of_the_course(self, people: Classroom) -> None:
        link = people.instructor.find("//a[normalize-space()='Exchange: who has submitted']")
        with people.instructor.other_tab(link):
            people.instructor.read(COURSE)
            people.instructor.read(ASSIGNMENT)
            people.instructor.picture("the page of the course")

    def test_a_student_sees_the_feedback_in_the_assignment_list(
        self, people: Classroom
    ) -> None:
        lab = Lab(people.student)
        lab.refresh()
        people.student.read("(feedback available to fetch)")
        people.student.picture("feedback is there")
        lab.press("Fetch Feedback")
        lab.follow("(view feedback)")
        lab.open_file(f"{NOTEBOOK}.html")
        people.student.read_frame("//iframe", "Score: 2.0 / 2.0")
        people.student.picture("the feedback is open")

    def test_formgrader_lists_the_roster_of_the_exchange_and_adds_to_it(
        self, people: Classroom
    ) -> None:
        roster = f"students/{quote(COURSE)}"
        assert NEWCOMER not in str(people.asked(roster))
        formgrader = Formgrader(people.instructor)
        formgrader.open("manage_students")
        formgrader.find("id", STUDENT)
        for name in (ELSEWHERE, GROUPED):
            formgrader.find("id", name)
        formgrader.find("name", "L, Kim")
        formgrader.add_student(NEWCOMER, "Zoë")
        # The row appears before the server has answered, the score only after that.
        formgrader.find("score", "0 / 2")
        formgrader.open("manage_students")
        formgrader.find("id", NEWCOMER)
        formgrader.find("name", "None, Zoë")
        people.instructor.picture("the student is on the list")
        students = people.asked(roster)["students"]
        names = {each["username"]: each["first_name"] for each in students}
        assert names.pop(GROUPED) is names.pop(STUDENT) is None
        assert names == {ELSEWHERE: "Kim", NEWCOMER: "Zoë"}

    def test_formgrader_changes_what_the_roster_says_of_somebody(
        self, people: Classroom
    ) -> None:
        formgrader = Formgrader(people.instructor)
        formgrader.edit_student(NEWCOMER, "last-name", "Zett")
        formgrader.find("name", "Zett, Zoë")
        people.instructor.picture("the student has another name")
        (known,) = (
            each
            for each in people.asked(f"students/{quote(COURSE)}")["students"]
            if each["username"] == NEWCOMER
        )
        assert (known["first_name"], known["last_name"]) == ("Zoë", "Zett")

    def test_formgrader_removes_who_was_added_by_hand_and_no_one_else(
        self, people: Classroom
    ) -> None:
        formgrader = Formgrader(people.instructor)
        formgrader.remove_student(ELSEWHERE)
        formgrader.miss("id", ELSEWHERE)
        # nbgrader requires this before grades are deleted.
        formgrader.remove_student(STUDENT)
        people.instructor.read("the gradebook has grades of theirs")
        people.instructor.picture("a student with grades stays")
        formgrader.put_away()
        formgrader.find("id", STUDENT)
        formgrader.remove_student(GROUPED)
        people.instructor.read(f"'{GROUPED}' was not removed. The exchange says:")
        people.instructor.read(f"nbgrader-{COURSE}")
        people.instructor.picture("a student of a group stays")
        formgrader.put_away()
        formgrader.find("id", GROUPED)
        students = people.asked(f"students/{quote(COURSE)}")["students"]
        listed = {each["username"] for each in students}
        assert listed == {STUDENT, GROUPED, NEWCOMER}

    def test_a_student_added_in_formgrader_sees_the_course(
        self, people: Classroom
    ) -> None:
        lab = Lab(people.newcomer)
        lab.open("Assignment List")
        lab.find(ASSIGNMENT, under="released")
        people.newcomer.read(COURSE)
        people.newcomer.picture("the course is there")

    def test_the_course_list_shows_the_formgrader_of_ones_own_server(
        self, people: Classroom
    ) -> None:
        lab = Lab(people.instructor)
        people.instructor.go_to("lab")
        lab.open("Course List")
        people.instructor.find(f"//div[@id='courses']//a[normalize-space()='{COURSE}']")
        people.instructor.picture("the formgrader is on the course list")

    def test_nothing_went_wrong_unseen(self, people: Classroom) -> None:
        log = people.hub.log()
        assert "nbcourier | extension was successfully loaded" in log
        for trouble in ("Traceback", "Uncaught exception", "panicked"):
            assert trouble not in log
