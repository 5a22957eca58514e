"""The settings of a course, without a browser."""

import re

import requests
from lesson import ADMIN, COURSE, HOSTILE, TEACHER, Lesson
from pages import session
from standalone import Standalone


# The part of the form that these tests leave as the lesson has it.
KEPT = {"sharing": "course", "sharing-was": "course", "activity": "on", "activity-was": "on"}


def send(
    server: Standalone, who: str, path: str, **fields: str
) -> requests.Response:
    """Sends a form of the page of settings."""
    opened = session(who)
    page = opened.get(f"{server.url}/c/{COURSE}/settings", timeout=30).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    address = f"{server.url}/c/{COURSE}/{path}"
    return opened.post(address, data={"csrf_token": token} | fields, timeout=30)


def settings(lesson: Lesson) -> dict:
    return lesson.call("GET", f"v1/courses/{COURSE}/settings", TEACHER)


def test_the_title_of_a_course_stands_before_its_name(
    server: Standalone, lesson: Lesson
) -> None:
    title = f"Lineare Algebra {HOSTILE[:20]}"
    given = {"title": title, "zone": "Europe/Berlin"}
    done = send(server, TEACHER, "settings", **KEPT, **given)
    assert "The settings of the course are changed." in done.text
    rest = {"sharing": "course", "activity": True}
    assert settings(lesson) == {"title": title, "time_zone": "Europe/Berlin"} | rest
    escaped = "Lineare Algebra &#60;img src=x"
    for name, path in [("ada", ""), (TEACHER, ""), (TEACHER, f"c/{COURSE}")]:
        page = session(name).get(f"{server.url}/{path}", timeout=30).text
        assert escaped in page and f"({COURSE})" in page, (name, path)
    board = session(TEACHER).get(f"{server.url}/c/{COURSE}/a/ps4", timeout=30).text
    assert "Europe/Berlin" in board
    # It was changed since the form was made.
    stale = send(server, TEACHER, "settings", **KEPT, title="Other")
    assert stale.status_code == 409
    assert settings(lesson)["title"] == title
    was = KEPT | {"title-was": title, "zone-was": "Europe/Berlin"}
    for wrong in ({"zone": "Europe/Nowhere"}, {"title": "x" * 201}):
        refused = send(server, TEACHER, "settings", **was, **wrong)
        assert refused.status_code == 400
        assert "Nothing was changed." in refused.text
    deed = re.search(r'name="deed" value="([^"]+)"', done.text)[1]
    undone = send(server, TEACHER, "undo", deed=deed)
    assert undone.ok, undone.text
    assert settings(lesson) == {"title": None, "time_zone": None} | rest


def test_an_administrator_deletes_a_course_by_typing_its_name(
    server: Standalone, lesson: Lesson
) -> None:
    refused = send(server, TEACHER, "delete", name=COURSE)
    assert refused.status_code == 403
    wrong = send(server, ADMIN, "delete", name="Algebra")
    assert wrong.status_code == 400
    assert "not the name of the course" in wrong.text
    gone = send(server, ADMIN, "delete", name=COURSE)
    assert gone.ok and gone.url.rstrip("/") == server.url
    page = session(TEACHER).get(f"{server.url}/c/{COURSE}", timeout=30)
    assert page.status_code == 404
