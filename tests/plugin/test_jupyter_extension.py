"""A notebook server with formgrader and the extension, and the requests of formgrader's pages to it."""

import json
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote, unquote

import pytest
from course import NGSHARE, Course, both_wires, through
from front import Front, from_exchange, problem
from material import source_tree
from notebook_server import ANSWER_LIMIT_S, DETAILS, Details, NotebookServer
from trees import write_tree

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


def roster(course: Course) -> dict[str, Details]:
    """Returns the exchange's roster."""
    reply = course.instructor.get(f"students/{course.name}")
    return {
        each["username"]: tuple(each[name] for name in DETAILS)
        for each in reply["students"]
    }


def enrolled(course: Course) -> set[str]:
    return set(roster(course))


def gradebook(course: Course) -> list[str]:
    """Returns the students in the gradebook, independent of the pages."""
    database = course.instructor.home / "gradebook.db"
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT id FROM student ORDER BY id").fetchall()
    return [name for (name,) in rows]


@both_wires
def test_formgrader_and_the_exchange_have_the_same_students(
    course: Course, start: Start
) -> None:
    known, other = course.first.name, course.second.name
    path = f"student/{course.name}/{known}"
    names = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@here"}
    course.instructor.post(path, **names)
    server = start(course)
    # The gradebook is still empty.
    assert server.students() == {
        known: ("Ada", "Lovelace", "ada@here"),
        other: (None, None, None),
    }
    assert gradebook(course) == []

    typed = {"first_name": "Zoë", "last_name": "Ü & Sons", "email": "zoë@there"}
    shown = tuple(typed.values())
    assert server.save_student("zoë (2)", **typed).json()["first_name"] == "Zoë"
    assert roster(course)["zoë (2)"] == server.students()["zoë (2)"] == shown
    assert gradebook(course) == ["zoë (2)"]

    # An emptied detail is removed, for students in the gradebook and for those known only to the exchange.
    server.save_student("zoë (2)", last_name="Z")
    server.save_student(known, first_name="Augusta")
    assert roster(course)["zoë (2)"] == ("", "Z", "")
    assert roster(course)[known] == ("Augusta", "", "")
    assert server.students()[known] == ("Augusta", None, None)

    for name in ("zoë (2)", other, "nobody"):
        assert server.remove_student(name).status_code == 204
    assert enrolled(course) == set(server.students()) == {known}
    assert gradebook(course) == [known]


@both_wires
def test_a_student_with_grades_is_removed_only_at_the_terminal(
    course: Course, start: Start
) -> None:
    name = course.first.name
    option = f"--CourseDirectory.course_id={course.name}"
    work = course.instructor.home / "submitted" / name / "ps1"
    write_tree(course.instructor.home / "source" / "ps1", source_tree())
    course.instructor.nbgrader("generate_assignment", "ps1", option)
    shutil.copytree(course.instructor.home / "release" / "ps1", work)
    course.instructor.nbgrader("autograde", "ps1", option)
    server = start(course)
    reply = server.remove_student(name)
    assert reply.status_code == 409
    assert f"`nbgrader db student remove {name} --force`" in reply.json()["message"]
    assert gradebook(course) == [name]
    assert name in enrolled(course)


@both_wires
def test_a_refusal_is_reported_and_nothing_is_done(
    course: Course, start: Start, front: Front, wire: str
) -> None:
    through(front.url, course.instructor)
    server = start(course)
    server.save_student("zoë", first_name="Zoë")
    by_group = "zoë is in the course by the hub's group nbgrader-x"
    refusal = problem(409, by_group)
    if wire == NGSHARE:
        answered = {"success": False, "message": by_group}
        refusal = from_exchange(409, json.dumps(answered).encode())
    front.rule = lambda asked: refusal if asked.method == "DELETE" else None
    reply = server.remove_student("zoë")
    assert reply.status_code == 502
    assert reply.json()["message"] == (
        f"'zoë' was not removed. The exchange says: {by_group}."
    )
    assert "zoë" in enrolled(course)
    assert gradebook(course) == ["zoë"]
    complaint = course.instructor.refused(
        "db", "student", "remove", "zoë", f"--CourseDirectory.course_id={course.name}"
    )
    assert f"'zoë' was not removed from '{course.name}'" in complaint
    assert by_group in complaint
    assert gradebook(course) == ["zoë"]


def test_a_student_who_cannot_be_enrolled_is_not_added_to_the_gradebook(
    course: Course, start: Start, front: Front
) -> None:
    through(front.url, course.instructor)
    server = start(course)
    server.save_student("bob")
    front.die()
    reply = server.save_student("zoë")
    assert reply.status_code == 502
    assert "does not answer" in reply.json()["message"]
    listing = server.listing()
    assert [each["id"] for each in listing.json()] == ["bob"]
    notice = unquote(listing.headers["X-NbCourier-Notice"])
    assert notice.startswith("Only students of this gradebook are shown here.")


def test_an_instructor_may_be_in_the_gradebook_to_try_an_assignment_out(
    course: Course, start: Start
) -> None:
    before = enrolled(course)
    server = start(course)
    assert server.save_student(course.instructor.name).status_code == 200
    assert course.instructor.name in server.students()
    assert enrolled(course) == before


def test_the_page_shows_what_the_exchange_says(course: Course, start: Start) -> None:
    page = start(course).ask("GET", "formgrader/manage_students")
    assert "Backbone.sync = " in page.text


@pytest.mark.parametrize("page", ["manage_assignments", "gradebook", "manage_students"])
def test_the_menu_of_formgrader_leads_to_the_page_of_the_course(
    course: Course, start: Start, page: str
) -> None:
    shown = start(course).ask("GET", f"formgrader/{page}").text
    link = f'href="{course.instructor.url}/c/{quote(course.name)}" target="_blank" rel="noopener"'
    assert shown.count(link) == 1
    # The link ends the menu, which is a list.
    assert re.search(rf"Manage Students</a></li><li [^>]*><a {re.escape(link)}>[^<]+</a></li>\s*</ul>", shown)


def test_formgrader_is_unchanged_without_the_exchange_in_its_configuration(
    course: Course, start: Start
) -> None:
    before = enrolled(course)
    config = course.instructor.home / ".jupyter" / "nbgrader_config.py"
    config.write_text("c = get_config()\n")
    server = start(course)
    assert server.save_student("zoë").status_code == 200
    assert set(server.students()) == {"zoë"}
    assert server.remove_student("zoë").status_code == 405
    assert "nbcourier" not in server.ask("GET", "formgrader/manage_students").text
    assert enrolled(course) == before


def test_without_formgrader_none_of_its_requests_is_answered(
    course: Course, start: Start
) -> None:
    settings = course.instructor.home / ".jupyter" / "jupyter_server_config.json"
    extensions = {"nbgrader.server_extensions.formgrader": False}
    settings.write_text(json.dumps({"ServerApp": {"jpserver_extensions": extensions}}))
    server = start(course)
    assert server.save_student("zoë").status_code == 404
    assert "zoë" not in enrolled(course)


def test_a_slow_exchange_leaves_the_notebook_server_to_all_else(
    course: Course, front: Front, start: Start
) -> None:
    through(front.url, course.instructor)
    server = start(course)
    name = course.first.name
    server.save_student(name)
    for ask in (
        server.listing,
        lambda: server.save_student(name, first_name="Ada"),
        lambda: server.remove_student(name),
    ):
        asked, enough = threading.Event(), threading.Event()

        def slowly(
            _: object, handler: BaseHTTPRequestHandler, asked=asked, enough=enough
        ) -> None:
            # Blanks before the answer, so that the connection is never silent for long.
            handler.send_response(403)
            handler.send_header("Content-Type", "application/problem+json")
            handler.send_header("X-NbCourier", "exchange")
            handler.end_headers()
            while not enough.wait(0.1):
                handler.wfile.write(b" ")
                asked.set()
            handler.wfile.write(b'{"status": 403, "detail": "Enough"}')

        slowly.asks = False
        front.rule = lambda asked, slowly=slowly: slowly
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ask)
            try:
                assert asked.wait(ANSWER_LIMIT_S)
                assert server.ask("GET", "api/status").ok
                assert not waiting.done()
            finally:
                enough.set()
            reply = waiting.result(ANSWER_LIMIT_S)
        assert "Enough" in unquote(reply.text + reply.headers.get("X-NbCourier-Notice", ""))
