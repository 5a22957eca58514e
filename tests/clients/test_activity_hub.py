"""The work of three students on notebooks, in their Jupyter servers on a real hub."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from browser import log_in, picture, start_browser, wait_for_text
from hub import ADMIN, CALL_LIMIT_S, Hub
from lab import Desk, Lab
from lab_hub import JupyterServer, lab_hub, put, until
from people import Person
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

COURSE = "algebra"
# A course that does not count work.
OTHER = "history"
TEACHER = "ira"
IN_BROWSER = "ada"
STUDENTS = [IN_BROWSER, "bob", "cleo"]
P1 = f"{COURSE}/ps1/p1.ipynb"
HERS = f"{COURSE}/ps1/hers.ipynb"
LEFT = f"{COURSE}/ps1/left.ipynb"
LAST = f"{COURSE}/last.ipynb"
ELSEWHERE = f"{OTHER}/h1.ipynb"
MINUTE_S = 60
# Opened, saved, minutes.
Figures = tuple[int, int, int]


@dataclass
class Class:
    """The hub, the teacher, and the servers of the students."""

    hub: Hub
    ira: Person
    teacher: Chrome
    ada: Desk
    pictures: Path
    servers: dict[str, JupyterServer] = field(default_factory=dict)
    last_saves: int = 0

    def figures(self, by: str, course: str = COURSE, **only: str) -> dict[str, Figures]:
        """Returns the figures of a course as the teacher gets them."""
        reply = self.ira.get(f"v1/courses/{course}/activity", by=by, **only)
        key = {"notebook": "path"}.get(by, by)
        return {
            each[key]: (each["opens"], each["saves"], each["minutes"])
            for each in reply["activity"]
        }

    def page(self, course: str, by: str, first: int) -> dict[str, Figures]:
        """Returns the figures on the page *Work on notebooks* of a course, which begin in this column."""
        self.teacher.get(f"{self.hub.service_url}/c/{course}/notebooks?by={by}")
        wait_for_text(self.teacher, "By notebook")
        found = {}
        for row in self.teacher.find_elements(By.XPATH, "//main//table//tbody/tr"):
            cells = [cell.text for cell in row.find_elements(By.XPATH, "./*")]
            opens, saves, minutes = map(int, cells[first : first + 3])
            found[cells[0]] = (opens, saves, minutes)
        return found

    def asked(self, method: str, student: str) -> int:
        """Returns the number of requests of a student to `v1/activity`, by the log of the exchange."""
        found = 0
        for line in self.hub.log().splitlines():
            if line.startswith("{") and "v1/activity" in line:
                each = json.loads(line)
                is_it = each["path"].endswith("/v1/activity")
                found += is_it and (each["caller"], each["method"]) == (student, method)
        return found

    def opens(self, student: str, path: str) -> int:
        """Returns how often a student has opened a notebook."""
        return self.figures("notebook", student=student).get(path, (0, 0, 0))[0]

    def of_notebooks(self) -> dict[str, dict[str, Figures]]:
        """Returns the figures of each student for each notebook but the last."""
        found = {}
        for student in STUDENTS:
            found[student] = self.figures("notebook", student=student)
            del found[student][LAST]
        return found

    def wait_for_reports(self) -> None:
        """Saves one notebook more for each student. When that is counted, all work before it was reported."""
        self.last_saves += 1
        for server in self.servers.values():
            server.save(LAST)
        for student in STUDENTS:
            until(
                lambda student=student: self._saves(student) == self.last_saves,
                lambda: self.figures("student", path=LAST),
            )

    def _saves(self, student: str) -> int:
        return self.figures("student", path=LAST).get(student, (0, 0, 0))[1]


@pytest.fixture
def work(
    binary: Path,
    cache: Path,
    proxy: Path,
    screenshots: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Class]:
    """Two courses with the same students, whose servers report often."""
    hub = lab_hub(
        binary,
        cache,
        proxy,
        tmp_path / "hub",
        "--activity",
        "--log-format=json",
        activity_every=0.2,
    )
    profiles = [tmp_path_factory.mktemp("profile") for _ in range(2)]
    teacher = start_browser(profiles[0], "--accept-lang=en")
    ada = Desk(start_browser(profiles[1]), hub, IN_BROWSER, screenshots)
    try:
        hub.add_user(ADMIN)
        hub.add_user(TEACHER, *(f"formgrade-{course}" for course in (COURSE, OTHER)))
        for student in STUDENTS:
            hub.add_user(student, *(f"nbgrader-{course}" for course in (COURSE, OTHER)))
            for path in (P1, HERS, LEFT, ELSEWHERE):
                put(hub.directory / "servers" / student, path, "6 * 7")
        boss = hub.person(ADMIN)
        for course in (COURSE, OTHER):
            boss.manage("create_course", course)
        ira = hub.person(TEACHER)
        turn_on(ira)
        yield Class(hub, ira, teacher, ada, screenshots)
    finally:
        teacher.quit()
        ada.leave()
        hub.stop()


def turn_on(ira: Person) -> None:
    """Lets the course count work."""
    reply = requests.put(
        f"{ira.url}/v1/courses/{COURSE}/settings",
        json={"activity": True},
        headers={"Authorization": f"token {ira.token}"},
        timeout=CALL_LIMIT_S,
    )
    assert reply.ok, reply.text


def saved_in_browser(hub: Hub, path: str) -> int:
    """Returns how often JupyterLab has saved a notebook, also by itself, as the log of the Jupyter server has it."""
    return hub.log().count(f"Saving file at /{path}\n")


def minutes_since(begin: float) -> int:
    """Returns the number of minutes of the clock that have begun since then, with the one of then."""
    return int(time.time() // MINUTE_S) - int(begin // MINUTE_S) + 1


def test_teachers_see_the_work_of_their_students_and_nothing_of_another_course(
    work: Class,
) -> None:
    hub, ada, lab = work.hub, work.ada, Lab(work.ada)
    ada.log_in()
    for student in STUDENTS[1:]:
        hub.start_server(student)
    work.servers = {student: JupyterServer(hub, student) for student in STUDENTS}
    bob, cleo = (work.servers[student] for student in STUDENTS[1:])

    # All work in the course that does not count it.
    ada.go_to(f"lab/workspaces/first/tree/{ELSEWHERE}")
    lab.run()
    ada.read("42")
    lab.save()
    for server in (bob, cleo):
        session = server.open(ELSEWHERE)
        assert server.run(session, "print(6 * 7)") == "42\n"
        server.save(ELSEWHERE)
        server.save(ELSEWHERE)
    for student in STUDENTS:
        until(lambda: work.asked("GET", student) > 0, lambda: f"{student} asks nothing")
    # Then each saves a notebook of the course that does, and that is the only report.
    work.wait_for_reports()
    assert work.figures("student") == dict.fromkeys(STUDENTS, (0, 1, 1))
    for student in STUDENTS:
        assert (work.asked("GET", student), work.asked("POST", student)) == (1, 1)
    assert work.figures("notebook", OTHER) == {}
    assert set(work.figures("student", OTHER).values()) <= {(0, 0, 0)}

    # Ada opens two notebooks in JupyterLab, and runs and saves the first. Bob saves twice. Cleo opens hers twice.
    begin = time.time()
    # In a workspace of its own, the notebook is the only one that can be in front.
    ada.go_to(f"lab/workspaces/second/tree/{HERS}")
    lab.run()
    ada.read("42")
    lab.save()
    until(lambda: saved_in_browser(hub, HERS) > 0, lambda: "JupyterLab does not save")
    ada.go_to(f"lab/workspaces/second/tree/{LEFT}")
    until(lambda: work.opens(IN_BROWSER, LEFT) == 1, lambda: work.figures("notebook"))
    ada.picture("work on a notebook")
    session = bob.open(P1)
    assert bob.run(session, "print(6 * 7)") == "42\n"
    bob.save(P1)
    bob.save(P1)
    session = cleo.open(P1)
    until(lambda: work.opens("cleo", P1) == 1, lambda: work.figures("notebook"))
    cleo.close(session)
    cleo.open(P1)
    until(lambda: work.opens("cleo", P1) == 2, lambda: work.figures("notebook"))
    work.wait_for_reports()

    # The tabs stay open, and nobody works. The first report of a later minute has nothing of them.
    ran_before = work.servers[IN_BROWSER].last_runs()
    work.wait_for_reports()
    before = work.of_notebooks()
    reports = {student: work.asked("POST", student) for student in STUDENTS}
    minute = time.time() // MINUTE_S
    until(lambda: time.time() // MINUTE_S > minute, lambda: "the clock stands")
    work.wait_for_reports()
    for student in STUDENTS[1:]:
        assert work.asked("POST", student) == reports[student] + 1
    # JupyterLab may save by itself what it has added to a notebook.
    until(
        lambda: {path: saves for path, (_, saves, _) in work.of_notebooks()[IN_BROWSER].items()}
        == {path: saved_in_browser(hub, path) for path in (HERS, LEFT)},
        lambda: (work.of_notebooks(), hub.log()[-2000:]),
    )
    figures = work.of_notebooks()
    most = minutes_since(begin)
    ran = work.servers[IN_BROWSER].last_runs()
    for path in (HERS, LEFT):
        was, now = before[IN_BROWSER][path], figures[IN_BROWSER][path]
        assert now[0] == 1
        # A busy machine may show late what JupyterLab asks a kernel that has just started.
        has_run = ran[path] != ran_before[path]
        assert now[2] - was[2] <= now[1] - was[1] + has_run, "minutes without work"
    assert 1 <= figures[IN_BROWSER][HERS][2] <= most
    opened, saved, minutes = figures["bob"].pop(P1)
    assert (opened, saved) == (1, 2) and 1 <= minutes <= most
    assert figures["cleo"].pop(P1) == (2, 0, 0)
    assert (figures["bob"], figures["cleo"]) == ({}, {})
    for student in STUDENTS:
        assert work.asked("GET", student) == 1, "a server asks once an hour"

    # The page has the same figures, and nothing of the other course.
    log_in(work.teacher, hub, TEACHER, f"{hub.service_url}/c/{COURSE}/notebooks")
    for by, first in (("day", 3), ("notebook", 2), ("student", 2)):
        until(
            lambda: work.page(COURSE, by, first) == work.figures(by),
            lambda: (work.page(COURSE, by, first), work.figures(by)),
        )
        picture(work.teacher, work.pictures, f"work on notebooks by {by}")
    assert work.page(OTHER, "notebook", 2) == {}
    wait_for_text(work.teacher, "The work on notebooks is not counted in this course.")
    assert work.figures("notebook", OTHER) == {}
