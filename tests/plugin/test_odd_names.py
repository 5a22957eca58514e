"""Courses, assignments and students of any name that a directory can have."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

import pytest
from course import NGSHARE, Course, PluginStandalone, both_wires
from front import Front
from in_process import Desk
from nbcourier import digest
from trees import Tree, assert_same_tree, read_tree, without, write_tree

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


DEEP = "/".join(["d"] * 70)


def deepen(course: Course, path: str) -> None:
    """Moves this file of all stored trees into more directories than new trees may have, as old trees have them."""
    database = sqlite3.connect(course.service.data / "nbcourier.db", timeout=60)
    with database:
        deep = f"{DEEP}/{path}"
        ids = database.execute(
            "UPDATE tree_files SET path = ? WHERE path = ? RETURNING tree_id", (deep, path)
        ).fetchall()
        assert ids
        for (tree,) in ids:
            files = database.execute(
                "SELECT path, sha256 FROM tree_files JOIN blobs ON blobs.id = blob_id WHERE tree_id = ?", (tree,)
            )
            sum_ = digest.of_tree({path: sum_.hex() for path, sum_ in files})
            database.execute(
                "UPDATE trees SET digest = ? WHERE id = ?", (bytes.fromhex(sum_), tree)
            )
    database.close()


@both_wires
@pytest.mark.parametrize("more", [{}, {"large.bin": bytes(range(256)) * 2_000}], ids=["small", "large"])
def test_a_stored_file_that_lies_too_deep_is_named_and_the_rest_comes(
    course: Course, front: Front, tmp_path: Path, more: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    # A name of its own, because other tests use the same database.
    deep = f"deep {course.name}.html"
    tree = RELEASED | more
    course.release(tree=tree | {deep: b"1"})
    time = course.submit(course.second, tree | {deep: b"1"})
    course.submit(course.first, tree)
    course.give_feedback(course.second, time, PAGE | {deep: b"1"})
    deepen(course, deep)
    ira = Desk(front.url, course.instructor.name, tmp_path / "ira")
    ada = Desk(front.url, course.second.name, tmp_path / "ada")
    named = f"'{DEEP}/{deep}' was left out: it lies in too many directories"

    said = ada.fail("FetchAssignment", course.name, "ps1")
    assert f"'ps1' was fetched, but {named}" in said
    assert_same_tree(read_tree(ada.home / "ps1"), tree)

    said = ira.fail("Collect", course.name, "ps1")
    assert f"Collected, but not whole: {course.second.name}" in said
    assert f"{course.second.name}: not all was collected: {named}" in caplog.text
    for student in (course.first, course.second):
        collected = read_tree(ira.home / "submitted" / student.name / "ps1")
        assert_same_tree(without(collected, "timestamp.txt"), tree)

    said = ada.fail("FetchFeedback", course.name, "ps1")
    assert named in said
    assert_same_tree(read_tree(ada.home / "ps1" / "feedback" / time), PAGE)
    for who in (ira, ada):
        for how in ({}, {"inbound": True}, {"cached": True}):
            who.run("List", course.name, "ps1", **how)
            assert not any("Left out of what the exchange sent" in each for each in who.said)
    # The work without that file can be handed in.
    ada.run("Submit", course.name, "ps1")
    assert course.submitted(course.second) == tree


@both_wires
def test_a_submission_of_which_nothing_can_be_written_is_not_called_collected(
    course: Course, front: Front, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deep = f"deep {course.name}.csv"
    course.release(tree=RELEASED)
    course.submit(course.second, {deep: b"1"})
    course.submit(course.first, RELEASED)
    deepen(course, deep)
    ira = Desk(front.url, course.instructor.name, tmp_path)
    said = ira.fail("Collect", course.name, "ps1")
    assert f"Not collected: {course.second.name}" in said
    assert f"nothing of it can be written here: '{DEEP}/{deep}'" in caplog.text
    collected = [each.parent.name for each in (tmp_path / "submitted").glob("*/ps1")]
    assert collected == [course.first.name]
