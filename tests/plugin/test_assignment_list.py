"""JupyterLab's *Assignment List*: the answers to its requests, which the page and the dialog show to a person."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from course import RELEASED, V1, Course, both_wires, through
from front import Front, problem
from notebook_server import ANSWER_LIMIT_S, NotebookServer
from own_exchange import configure_page
from trees import assert_same_tree, write_tree

LATER = datetime(2100, 1, 1, tzinfo=timezone.utc)


class AssignmentList:
    """The requests of the page to a person's notebook server."""

    def __init__(self, course: Course) -> None:
        self._course = course.name
        self._server = NotebookServer(course.first, course.name)

    def press(self, action: str, assignment: str = "ps1") -> dict[str, Any]:
        """Presses one of the buttons: fetch, submit, fetch_feedback."""
        body = {"course_id": self._course, "assignment_id": assignment}
        reply = self._server.ask("POST", f"assignments/{action}", body)
        assert reply.ok, reply.text
        return reply.json()

    def get(self, path: str) -> dict[str, Any]:
        """Sends a request of the page."""
        reply = self._server.ask("GET", path)
        assert reply.ok, reply.text
        return reply.json()

    def listed(self) -> dict[str, Any]:
        """Returns the lists of the course."""
        return self.get(f"assignments?course_id={self._course}")

    def stop(self) -> str:
        """Stops the server and returns its log."""
        return self._server.stop()


@pytest.fixture
def page(course: Course, front: Front) -> Iterator[AssignmentList]:
    """The page of a student."""
    through(front.url, course.first)
    made = AssignmentList(course)
    yield made
    said = made.stop()
    assert "Traceback" not in said, said


@both_wires
def test_each_click_is_answered_with_what_was_done_and_what_was_not(
    course: Course, front: Front, page: AssignmentList, wire: str
) -> None:
    work = course.first.home / "ps1"
    course.release()
    work.write_bytes(b"")
    reply = page.press("fetch")
    assert not reply["success"]
    assert f"You already have a copy of 'ps1' at '{work}'" in reply["value"]
    assert reply["nbcourier"] == {
        "title": "Assignment not fetched",
        "sentences": [reply["value"]],
        "reload": True,
    }
    work.unlink()

    reply = page.press("fetch")
    assert reply["success"] and "nbcourier" not in reply
    (entry,) = reply["value"]
    assert (entry["status"], entry["path"]) == ("fetched", "ps1")

    reply = page.press("submit")
    assert reply["success"] and "nbcourier" not in reply
    assert [each["status"] for each in reply["value"]] == ["fetched", "submitted"]

    reply = page.press("fetch_feedback")
    assert reply["success"]
    (sentence,) = reply["nbcourier"]["sentences"]
    assert sentence.startswith("There is no feedback yet on 'ps1' submitted at")

    odd = work / "data" / "a\\b"
    odd.write_bytes(b"1")
    reply = page.press("submit")
    assert reply["success"]
    times = course.submissions(course.first)
    assert reply["nbcourier"]["sentences"] == [
        f"'ps1' was submitted at {times[-1]} UTC and is safe, but not all of it.",
        "Not handed in: 'data/a\\b' stays here: a name with a backslash is a path on Windows. Rename it",
    ]
    assert_same_tree(course.submitted(course.first), RELEASED)

    # The work was submitted, even if the lists fail after that.
    posted = threading.Event()

    def after_submitting(asked: Any) -> Any:
        if asked.method == "POST":
            posted.set()
        elif posted.is_set():
            return problem(507, "no room")
        return None

    front.rule = after_submitting
    reply = page.press("submit")
    assert reply["success"] and reply["value"] == []
    assert "and is safe" in reply["nbcourier"]["sentences"][0]
    assert reply["nbcourier"]["sentences"][-1].startswith("The lists cannot be shown. ")
    assert len(course.submissions(course.first)) == 3
    front.rule = lambda asked: None

    (work / "p1.ipynb").unlink()
    os.mkfifo(work / "p1.ipynb")
    reply = page.press("submit")
    assert not reply["success"] and "nbcourier" not in reply
    assert reply["value"].startswith("Not submitted, because notebooks")
    assert "Traceback" not in reply["value"]
    assert max(map(len, reply["value"].splitlines())) <= 90

    front.rule = lambda asked: problem(507, "no room")
    for reply in (page.listed(), page.get("courses")):
        assert not reply["success"]
        # nbgrader's own message would speak of a directory.
        assert "could not be created" not in reply["value"]
        if wire == V1:
            assert reply["value"].startswith("The exchange has no room left; tell the administrators")


def test_the_lists_are_those_of_nbgraders_own_handlers_and_tell_extensions(
    course: Course,
    page: AssignmentList,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course.release()
    at = f"v1/courses/{course.name}/assignments/ps1"
    past = {"due_at": "2026-01-01T00:00:00Z", "cutoff_at": None}
    course.instructor.put_json(f"{at}/dates", past)
    due = {"due_at": LATER.isoformat(), "cutoff_at": None}
    course.instructor.put_json(f"{at}/extensions/{course.first.name}", due)
    reply = page.press("fetch")
    assert "you have an extension" in reply["nbcourier"]["sentences"][-1]
    page.press("submit")
    course.give_feedback(
        course.first, course.submissions(course.first)[0], {"p1.html": b"<p>"}
    )
    reply = page.press("fetch_feedback")
    assert reply["success"] and "nbcourier" not in reply
    course.release("ps2")

    other = configure_page(tmp_path, course.first, course.url, monkeypatch, "")
    # The directory where a notebook server is started.
    monkeypatch.chdir(course.first.home)
    other.root_dir = str(course.first.home)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(course.first.home / ".local/share/jupyter"))
    listed = page.listed()
    # The address for a link to the exchange's page of the course.
    assert listed.pop("nbcourierPage").endswith(f"/c/{quote(course.name)}")
    assert listed == other.list_assignments(course_id=course.name)
    assert page.get("courses") == other.list_courses()


def test_the_notebook_server_goes_on_while_the_exchange_says_nothing(
    course: Course, front: Front, page: AssignmentList
) -> None:
    course.release()
    write_tree(course.first.home / "ps1", RELEASED)
    asked, answered = threading.Event(), threading.Event()

    def silence(_: object, handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        answered.wait(ANSWER_LIMIT_S)
        problem(507, "Enough")(None, handler)

    silence.asks = False
    front.rule = lambda _: silence
    for ask in (
        lambda: page.press("submit"),
        lambda: page.press("fetch", "ps2"),
        page.listed,
    ):
        asked.clear()
        answered.clear()
        with ThreadPoolExecutor() as thread:
            waiting = thread.submit(ask)
            try:
                assert asked.wait(ANSWER_LIMIT_S)
                assert page.get("api/status")["started"]
            finally:
                answered.set()
            assert "Enough" in waiting.result(ANSWER_LIMIT_S)["value"]


def test_with_another_exchange_they_are_nbgraders_own(course: Course) -> None:
    config = course.first.home / ".jupyter" / "nbgrader_config.py"
    root = course.first.home / "exchange"
    root.mkdir()
    root.chmod(0o777)
    config.write_text(f"c = get_config()\nc.Exchange.root = {str(root)!r}\n")
    page = AssignmentList(course)
    try:
        assert page.listed() == {"success": True, "value": []}
        assert page.get("courses") == {"success": True, "value": []}
        # The page does not show the sentences about what was done.
        assert page.press("fetch") == {"success": True, "value": []}
    finally:
        page.stop()
