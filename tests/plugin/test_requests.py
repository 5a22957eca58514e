"""The number of requests that a class of five hundred causes."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
import requests
from course import Course, through
from front import Front
from standalone import ANSWER_LIMIT_S
from trees import write_tree

STUDENTS, TIMES = 500, 3
AT_ONCE = 4
AT_MOST = 3


@pytest.fixture
def full(course: Course, front: Front) -> Course:
    """A course in which every student submitted three times; its instructor's requests are counted."""
    course.release()
    names = [f"s{number}" for number in range(STUDENTS)]
    people = [{"username": name, "role": "student"} for name in names]
    path = f"v1/courses/{course.name}/roster"
    course.instructor.put_json(path, {"people": people})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert all(pool.map(lambda each: hand_in(course, *each), work(names)))
    through(front.url, course.instructor)
    return course


def work(names: list[str]) -> list[tuple[str, str]]:
    return [(name, f"{name}, {time}") for time, name in product(range(TIMES), names)]


def hand_in(course: Course, name: str, content: str) -> bool:
    encoded = base64.b64encode(content.encode()).decode()
    files = json.dumps([{"path": "p1.ipynb", "content": encoded}])
    reply = requests.post(
        f"{course.url}/submission/{course.name}/ps1",
        data={"files": files},
        headers={"Authorization": f"token {name}"},
        timeout=ANSWER_LIMIT_S,
    )
    return reply.ok


def test_a_class_is_listed_collected_and_given_feedback_in_three_requests_each(
    full: Course, front: Front
) -> None:
    lines = full.instructor.listing("--inbound", "ps1", full.option)
    assert len(lines) == STUDENTS * TIMES
    assert len(front.asked) <= AT_MOST
    front.asked.clear()

    full.instructor.nbgrader("collect", "ps1", full.option, "--before-duedate")
    assert len(front.asked) <= AT_MOST
    submitted = full.instructor.home / "submitted"
    collected = {
        path.parent.parent.name: path.read_text()
        for path in submitted.glob("*/ps1/p1.ipynb")
    }
    assert collected == {
        f"s{number}": f"s{number}, {TIMES - 1}" for number in range(STUDENTS)
    }
    front.asked.clear()

    for name in collected:
        stamp = (submitted / name / "ps1" / "timestamp.txt").read_bytes()
        page = f"<p>{name}</p>".encode()
        graded = {"p1.html": page, "timestamp.txt": stamp}
        write_tree(full.instructor.home / "feedback" / name / "ps1", graded)
    full.instructor.nbgrader("release_feedback", "ps1", full.option)
    assert len(front.asked) <= AT_MOST
    given = [each for each in full.entries() if each["feedback"]]
    assert len(given) == STUDENTS
    front.asked.clear()

    # Released feedback is not sent again: only the submissions and the released notebooks are read.
    full.instructor.nbgrader("release_feedback", "ps1", full.option)
    assert [asked.method for asked in front.asked] == ["GET", "GET"]
