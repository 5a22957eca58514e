"""The allowance of a student on pages: given, told, shown, taken back."""

import re

import requests
from lesson import COURSE, TEACHER, Lesson
from pages import session
from standalone import Standalone

ALLOWANCES = f"v1/courses/{COURSE}/allowances"
PERSON = f"c/{COURSE}/people/bob"
MORE_TIME = f"c/{COURSE}/a/ps3/more-time"


def post(
    server: Standalone, path: str, form_on: str, **fields: str
) -> requests.Response:
    opened = session(TEACHER)
    page = opened.get(f"{server.url}/{form_on}", timeout=30).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    sent = fields | {"csrf_token": token}
    return opened.post(f"{server.url}/{path}", data=sent, timeout=30)


def deed(reply: requests.Response) -> str:
    return re.search(r'name="deed" value="([^"]+)"', reply.text)[1]


def given(lesson: Lesson) -> dict[str, int]:
    listed = lesson.call("GET", ALLOWANCES, TEACHER)["allowances"]
    return {each["student"]: each["hours"] for each in listed}


def test_an_instructor_gives_an_allowance_on_the_page_of_a_student_and_undoes_it(
    server: Standalone, lesson: Lesson
) -> None:
    set_ = f"{PERSON}/allowance"
    for hours in ("0", "8761", "-1", "soon", "", "9" * 30):
        refused = post(server, set_, PERSON, hours=hours, note="<b>why</b>")
        assert refused.status_code == 400, hours
        assert "from 1 to 8760" in refused.text
        assert "&#60;b&#62;why" in refused.text or "&lt;b&gt;why" in refused.text
    long = post(server, set_, PERSON, hours="48", note="x" * 501)
    assert long.status_code == 400
    assert given(lesson) == {}

    done = post(server, set_, PERSON, hours="48", note="Dyslexia")
    assert "bob always has 48 hours more in this course." in done.text
    assert "This student has 48 hours more" in done.text and "Dyslexia" in done.text
    assert given(lesson) == {"bob": 48}
    own = session("bob").get(f"{server.url}/c/{COURSE}/a/ps3", timeout=30).text
    assert "your own time" in own and "Dyslexia" not in own
    mine = session("bob").get(f"{server.url}/{PERSON}", timeout=30).text
    assert "Always more time" not in mine

    changed = post(server, set_, PERSON, hours="1", note="")
    assert "bob always has 1 hour more" in changed.text
    undone = post(server, f"c/{COURSE}/undo", PERSON, deed=deed(changed))
    assert "This was taken back:" in undone.text and "Dyslexia" in undone.text
    assert given(lesson) == {"bob": 48}

    removed = post(server, f"{set_}/remove", PERSON)
    assert "bob has no allowance in this course any more." in removed.text
    assert given(lesson) == {}
    again = post(server, f"{set_}/remove", PERSON)
    assert again.status_code == 404 and "has no allowance" in again.text
    undone = post(server, f"c/{COURSE}/undo", PERSON, deed=deed(removed))
    assert given(lesson) == {"bob": 48}
    activity = session(TEACHER).get(f"{server.url}/c/{COURSE}/activity", timeout=30)
    assert "gave bob 48 hours more for every assignment" in activity.text
    post(server, f"{set_}/remove", PERSON)


def test_the_page_for_more_time_gives_several_students_an_allowance_or_none(
    server: Standalone, lesson: Lesson
) -> None:
    always = {"by": "always", "hours": "24", "note": ""}
    refused = post(server, MORE_TIME, MORE_TIME, who="bob\nnobody-here", **always)
    assert refused.status_code == 400 and given(lesson) == {}
    asked = post(server, MORE_TIME, MORE_TIME, who="ada\nbob", **always)
    assert "2 students always get more time in this course. Hours more: 24." in asked.text
    # Ada has submitted to two assignments after their due times.
    assert "would be in time" in asked.text and "Give more time" in asked.text
    assert given(lesson) == {}, "the first step changes nothing"
    was = re.search(r'name="was" value="([^"]+)"', asked.text)[1]
    sent = always | {"who": "ada\nbob", "step": "give"}
    both = post(server, MORE_TIME, MORE_TIME, was=was, **sent)
    assert "2 students always have more time in this course." in both.text
    assert given(lesson) == {"ada": 24, "bob": 24}
    page = session(TEACHER).get(f"{server.url}/{MORE_TIME}", timeout=30).text
    assert page.count("always 24 hours more") == 2
    assert f"/{PERSON}#allowance" in page
    # What was looked at has changed.
    stale = post(server, MORE_TIME, MORE_TIME, was=was, **sent)
    assert stale.status_code == 409 and "Nothing was changed now" in stale.text
    post(server, f"c/{COURSE}/undo", PERSON, deed=deed(both))
    assert given(lesson) == {}


def test_several_students_get_an_extension_after_a_look_at_its_consequences(
    server: Standalone, lesson: Lesson
) -> None:
    path = f"c/{COURSE}/a/ps2/more-time"
    address = f"v1/courses/{COURSE}/assignments/ps2/extensions"

    def extended() -> list[str]:
        found = lesson.call("GET", address, TEACHER)["extensions"]
        return [each["student"] for each in found]

    form = {"who": "ada\neb7\nbob", "by": "days", "days": "1"}
    asked = post(server, path, path, **form)
    assert "3 students get time until" in asked.text
    # Two of them have submitted an hour late.
    assert "2 submissions that are late now would be in time." in asked.text
    assert "would be late" in asked.text and "which this replaces" not in asked.text
    assert extended() == [], "the first step changes nothing"
    was = re.search(r'name="was" value="([^"]+)"', asked.text)[1]
    done = post(server, path, path, was=was, step="give", **form)
    assert "3 students have more time for ps2." in done.text
    assert sorted(extended()) == ["ada", "bob", "eb7"]
    again = post(server, path, path, **form | {"days": "2"})
    assert "3 of them have other time of their own now" in again.text
    post(server, f"c/{COURSE}/undo", PERSON, deed=deed(done))
    assert extended() == []
