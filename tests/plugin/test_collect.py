"""`nbgrader collect`."""

import hashlib
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from course import Course, through
from front import Asked, Front, answer, cut
from people import Person
from trees import Tree, assert_same_tree, read_tree

FIRST: Tree = {"p1.ipynb": b"first", "data/deep/x.bin": b"\0\1"}
SECOND: Tree = {"p1.ipynb": b"second", "ps1/p1.ipynb": b"below its own name"}


def collected(course: Course, student: Person) -> Path:
    return course.instructor.home / "submitted" / student.name / "ps1"


def collect(course: Course, *more: str) -> str:
    return course.instructor.nbgrader("collect", "ps1", course.option, *more).stderr


def stamped(tree: Tree, time: str) -> Tree:
    return tree | {"timestamp.txt": time.encode()}


def set_due_date(course: Course, time: str) -> None:
    course.instructor.nbgrader("db", "assignment", "add", "ps1", f"--duedate={time}")


def test_nothing_to_collect_is_no_failure(course: Course) -> None:
    course.release()
    assert "no submissions of 'ps1'" in collect(course)
    assert not (course.instructor.home / "submitted").exists()


def test_the_newest_is_collected_and_only_update_replaces_it(course: Course) -> None:
    course.release()
    forged = {"timestamp.txt": b"2001-01-01 00:00:00"}
    first = course.submit(course.first, FIRST | forged)
    other = course.submit(course.second, {})
    collect(course)
    assert_same_tree(read_tree(collected(course, course.first)), stamped(FIRST, first))
    assert_same_tree(read_tree(collected(course, course.second)), stamped({}, other))

    second = course.submit(course.first, SECOND)
    assert "use --update" in collect(course)
    assert_same_tree(read_tree(collected(course, course.first)), stamped(FIRST, first))
    assert f"{course.second.name}: collected already, nothing newer" in collect(
        course, "--update"
    )
    assert_same_tree(
        read_tree(collected(course, course.first)), stamped(SECOND, second)
    )
    assert_same_tree(read_tree(collected(course, course.second)), stamped({}, other))


def test_one_student_alone_is_collected(course: Course) -> None:
    course.release()
    course.submit(course.first, FIRST)
    course.submit(course.second, FIRST)
    collect(course, f"--student={course.first.name}")
    assert collected(course, course.first).is_dir()
    assert not collected(course, course.second).exists()


def test_before_the_due_date_the_last_in_time_counts_and_else_the_last(
    course: Course,
) -> None:
    course.release()
    in_time = course.submit(course.first, FIRST)
    course.submit(course.first, SECOND)
    late = course.submit(course.second, SECOND)
    set_due_date(course, f"{in_time} UTC")
    # Without the option the due date means nothing.
    collect(course)
    assert read_tree(collected(course, course.first))["p1.ipynb"] == b"second"
    collect(course, "--before-duedate")
    assert_same_tree(
        read_tree(collected(course, course.first)), stamped(FIRST, in_time)
    )
    assert_same_tree(read_tree(collected(course, course.second)), stamped(SECOND, late))


def test_without_a_due_date_the_last_counts(course: Course) -> None:
    course.release()
    course.submit(course.first, FIRST)
    course.submit(course.first, SECOND)
    collect(course, "--before-duedate")
    assert read_tree(collected(course, course.first))["p1.ipynb"] == b"second"


def test_one_students_odd_files_do_not_keep_the_others_from_being_collected(
    course: Course, front: Front
) -> None:
    course.release()
    course.submit(course.first, FIRST)
    time = course.submit(course.second, FIRST)
    through(front.url, course.instructor)
    checksum = hashlib.md5(b"").hexdigest()
    outside = {"path": "../../../escaped", "content": "", "checksum": checksum}
    odd = answer(200, json.dumps({"success": True, "files": [outside]}).encode())
    name = quote(course.first.name)
    front.rule = lambda asked: odd if name in asked.path else None
    complaint = course.instructor.refused("collect", "ps1", course.option)
    assert f"Not collected: {course.first.name}" in complaint
    assert not collected(course, course.first).exists()
    assert not list(course.instructor.home.rglob("escaped"))
    assert_same_tree(read_tree(collected(course, course.second)), stamped(FIRST, time))


def is_download(asked: Asked) -> bool:
    return asked.path.startswith("/submission/")


@pytest.mark.parametrize("dies", ["in the middle of a file", "for good"])
def test_a_server_that_dies_in_mid_collect_costs_no_copy_that_was_there(
    course: Course, front: Front, dies: str
) -> None:
    course.release()
    old = {s.name: course.submit(s, FIRST) for s in (course.first, course.second)}
    collect(course)
    new = course.submit(course.first, SECOND)
    course.submit(course.second, SECOND)

    through(front.url, course.instructor)
    downloads = []

    def one_comes_and_the_next_breaks_off(asked: Asked):
        downloads.extend([asked] if is_download(asked) else [])
        if len(downloads) < 2:
            return None
        if dies == "for good":
            front.die()
        return cut

    front.rule = one_comes_and_the_next_breaks_off
    complaint = course.instructor.refused(
        "collect", "ps1", course.option, "--update", "--NbCourier.attempts=2"
    )
    assert "The exchange at" in complaint
    # Who came first is there, and complete; the other's copy is the old one, complete as well.
    assert_same_tree(read_tree(collected(course, course.first)), stamped(SECOND, new))
    assert_same_tree(
        read_tree(collected(course, course.second)),
        stamped(FIRST, old[course.second.name]),
    )
    submitted = course.instructor.home / "submitted"
    assert [path.name for path in sorted(submitted.glob("*/*"))] == ["ps1", "ps1"]

    through(course.url, course.instructor)
    collect(course, "--update")
    assert read_tree(collected(course, course.second))["p1.ipynb"] == b"second"


def test_a_student_cannot_collect(course: Course) -> None:
    course.release()
    course.submit(course.second, FIRST)
    complaint = course.first.refused("collect", "ps1", course.option)
    assert "You are not allowed to do this" in complaint
    assert not (course.first.home / "submitted").exists()
