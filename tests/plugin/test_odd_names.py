"""Courses, assignments and students of any name that a directory can have."""

from pathlib import Path
from urllib.parse import quote

import pytest
from course import NGSHARE, PluginStandalone
from front import Front
from in_process import Desk
from trees import assert_same_tree, read_tree, without, write_tree

ODD = [
    "a b",
    "(1)",
    "[x]*?",
    "Übung – 日本",
    "50%",
    "%2F%00",
    "a#b",
    "a&b=c;d",
    ".hidden",
    "{student_id}",
    "'\"$(x)`",
    "~",
    "c:d",
    "a\\b",
    "--force",
]
# The name of a copy is split from its end, so only a student's name may contain a plus sign.
ODD_STUDENTS = [*ODD, "ada+l", "a+b+c"]
NOTHING = ["..", "a/b"]
RELEASED = {"p1.ipynb": b"{}", "data/d.csv": b"1"}
PAGE = {"p1.html": b"well done"}


def there_and_back(url: str, service: PluginStandalone, home: Path, name: str) -> None:
    """Runs a whole course in which every name is the odd one."""
    course, assignment = f"{name} {home.name}", name.replace("+", "-")
    ira = Desk(url, "ira", home / "ira")
    student = Desk(url, name, home / "student")
    service.admin.post(f"course/{quote(course, safe='')}", instructors='["ira"]')
    path = f"student/{quote(course, safe='')}/{quote(name, safe='')}"
    service.admin.post(path, first_name="", last_name="", email="")

    write_tree(ira.home / "release" / assignment, RELEASED)
    ira.run("ReleaseAssignment", course, assignment)
    (released,) = student.run("List", course, assignment)
    assert (released["course_id"], released["assignment_id"]) == (course, assignment)
    student.run("FetchAssignment", course, assignment)
    work = student.home / assignment
    assert_same_tree(read_tree(work), RELEASED)
    student.run("Submit", course, assignment)

    ira.run("Collect", course, assignment)
    collected = ira.home / "submitted" / name / assignment
    assert_same_tree(without(read_tree(collected), "timestamp.txt"), RELEASED)
    time = (collected / "timestamp.txt").read_bytes()
    write_tree(
        ira.home / "feedback" / name / assignment, PAGE | {"timestamp.txt": time}
    )
    ira.run("ReleaseFeedback", course, assignment)
    student.run("FetchFeedback", course, assignment)
    assert_same_tree(read_tree(work / "feedback" / time.decode()), PAGE)
    for who, how in ((student, {"cached": True}), (ira, {"inbound": True})):
        (listed,) = who.run("List", course, assignment, **how)
        assert listed["student_id"] == name
        assert listed["submissions"][0]["has_exchange_feedback"]
    assert ira.run("List", course, assignment, inbound=True, student=name)


@pytest.mark.parametrize("name", ODD_STUDENTS)
def test_a_course_of_odd_names_is_a_course(
    service: PluginStandalone, tmp_path: Path, name: str
) -> None:
    there_and_back(service.url, service, tmp_path, name)


@pytest.mark.parametrize("name", ODD_STUDENTS)
def test_it_is_one_in_the_ngshare_protocol_too(
    service: PluginStandalone, as_ngshare: Front, tmp_path: Path, name: str
) -> None:
    there_and_back(as_ngshare.url, service, tmp_path, name)


@pytest.mark.parametrize("name", NOTHING)
def test_impossible_directory_names_are_refused_with_a_message(
    service: PluginStandalone, tmp_path: Path, name: str
) -> None:
    service.admin.post(f"course/{tmp_path.name}", instructors='["ira"]')
    ira = Desk(service.url, "ira", tmp_path)
    write_tree(tmp_path / "release" / name, RELEASED)
    course = tmp_path.name
    ira.fail("ReleaseAssignment", course, name)
    ira.fail("FetchAssignment", course, f"{name}/new")
    ira.fail("Collect", course, name)
    ira.fail("List", name, "ps1")
    assert ira.run("List", course) == []
