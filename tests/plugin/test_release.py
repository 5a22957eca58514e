"""`nbgrader release_assignment`."""

import os

from course import RELEASED, Course, both_wires, ngshare_only, through
from front import ForwardedRequest, Front, Spoil, answer, cut, from_exchange, problem
from trees import assert_same_tree, write_tree

SENTENCE = "larger than the limit"
TOO_LARGE = from_exchange(413, b'{"success": false, "message": "%s"}' % SENTENCE.encode())


def prepare(course: Course, tree: dict[str, bytes] = RELEASED) -> None:
    write_tree(course.instructor.home / "release" / "ps1", tree)


@both_wires
def test_an_assignment_is_released_without_what_the_course_leaves_out(
    course: Course,
) -> None:
    left_out = {
        ".ipynb_checkpoints/p1-checkpoint.ipynb": b"old",
        "data/__pycache__/x.bin": b"cache",
        "feedback/p1.html": b"page",
        "helper.pyc": b"compiled",
        "big.bin": b"x" * 2001,
    }
    prepare(course, RELEASED | {"ps1/p1.ipynb": b"{}"} | left_out)
    outcome = course.instructor.nbgrader(
        "release_assignment", "ps1", course.option, "--CourseDirectory.max_file_size=2"
    )
    assert "'big.bin' is too large and stays here" in outcome.stderr
    assert_same_tree(course.released(), RELEASED | {"ps1/p1.ipynb": b"{}"})


def test_only_files_that_are_to_be_included_are_released(course: Course) -> None:
    prepare(course)
    course.instructor.nbgrader(
        "release_assignment",
        "ps1",
        course.option,
        "--CourseDirectory.include=['*.ipynb', '*.csv']",
    )
    assert sorted(course.released()) == ["data/table (1).csv", "p1.ipynb"]


@both_wires
def test_a_second_release_needs_force_and_keeps_every_submission(
    course: Course,
) -> None:
    course.release()
    course.submit(course.first, {"p1.ipynb": b"mine"})
    prepare(course, {"p1.ipynb": b"new"})
    command = ("release_assignment", "ps1", course.option)
    assert "released already: add --force" in course.instructor.refused(*command)
    assert_same_tree(course.released(), RELEASED)
    course.instructor.nbgrader(*command, "--force")
    assert_same_tree(course.released(), {"p1.ipynb": b"new"})
    assert_same_tree(course.submitted(course.first), {"p1.ipynb": b"mine"})


def test_a_forced_release_that_is_refused_leaves_students_the_earlier_one(
    course: Course, front: Front
) -> None:
    course.release()
    prepare(course, {"p1.ipynb": b"new"})
    through(front.url, course.instructor)
    refusal = problem(413, SENTENCE)
    front.rule = lambda asked: refusal if asked.method == "PUT" else None
    complaint = course.instructor.refused(
        "release_assignment", "ps1", course.option, "--force"
    )
    assert f"more than the exchange accepts; make it smaller ({SENTENCE})" in complaint
    assert_same_tree(course.released(), RELEASED)


@ngshare_only
def test_a_forced_release_that_an_ngshare_refuses_is_made_undone(
    course: Course, front: Front
) -> None:
    course.release()
    prepare(course, {"p1.ipynb": b"new"})
    through(front.url, course.instructor)
    posts = []

    def first_post_is_too_large(asked):
        if asked.method == "POST":
            posts.append(asked)
        return TOO_LARGE if asked.method == "POST" and len(posts) == 1 else None

    front.rule = first_post_is_too_large
    complaint = course.instructor.refused(
        "release_assignment", "ps1", course.option, "--force"
    )
    assert "more than the exchange accepts" in complaint
    assert_same_tree(course.released(), RELEASED)


@ngshare_only
def test_an_ngshare_is_not_made_to_forget_submissions(
    course: Course, front: Front
) -> None:
    course.release()
    course.submit(course.first, {"p1.ipynb": b"mine"})
    prepare(course)
    through(front.url, course.instructor)
    # The address that only nbcourier has.
    front.rule = lambda asked: (
        answer(404, b"no such page") if asked.path == "/readyz" else None
    )
    complaint = course.instructor.refused(
        "release_assignment", "ps1", course.option, "--force"
    )
    assert "would delete what students have submitted" in complaint
    known = [asked for asked in front.asked if not asked.path.startswith("/v1/")]
    assert {asked.method for asked in known} == {"GET"}


def test_a_first_release_with_a_lost_answer_is_not_taken_for_an_earlier_one(
    course: Course, front: Front
) -> None:
    prepare(course)
    through(front.url, course.instructor)
    puts = []

    def first_answer_is_lost(asked: ForwardedRequest) -> Spoil | None:
        puts.extend([asked] if asked.method == "PUT" else [])
        return cut if len(puts) == 1 else None

    front.rule = first_answer_is_lost
    course.instructor.nbgrader("release_assignment", "ps1", course.option)
    assert len(puts) == 2
    assert_same_tree(course.released(), RELEASED)


def test_a_corrected_release_moves_only_what_was_corrected(
    course: Course, front: Front
) -> None:
    data = {f"data/{n}.bin": os.urandom(20_000) for n in range(10)}
    prepare(course, RELEASED | data)
    through(front.url, course.instructor)
    command = ("release_assignment", "ps1", course.option, "--force")
    course.instructor.nbgrader(*command)
    assert sum(asked.sent for asked in front.asked) > 200_000
    front.asked.clear()
    corrected = {"p1.ipynb": b"corrected"}
    prepare(course, corrected)
    course.instructor.nbgrader(*command)
    assert sum(asked.sent for asked in front.asked) < 10_000
    assert_same_tree(course.released(), RELEASED | data | corrected)


def test_a_directory_that_is_too_large_is_not_released(course: Course) -> None:
    prepare(course, {"a": b"x" * 600, "b/c": b"x" * 600})
    complaint = course.instructor.refused(
        "release_assignment", "ps1", course.option, "--CourseDirectory.max_dir_size=1"
    )
    assert "too large: 1200 bytes, and 1000 are allowed" in complaint
    assert course.assignments() == []


def test_a_missing_student_version_is_reported(course: Course) -> None:
    write_tree(course.instructor.home / "source" / "ps1", RELEASED)
    complaint = course.instructor.refused("release_assignment", "ps1", course.option)
    assert "run `nbgrader generate_assignment` first" in complaint


@both_wires
def test_a_student_cannot_release(course: Course) -> None:
    write_tree(course.first.home / "release" / "ps1", RELEASED)
    complaint = course.first.refused("release_assignment", "ps1", course.option)
    assert "You are not allowed to do this" in complaint
    assert course.assignments() == []


def test_a_course_that_does_not_exist_is_named_as_the_reason(course: Course) -> None:
    prepare(course)
    complaint = course.instructor.refused("release_assignment", "ps1", "--course=no")
    assert "The exchange says: Course not found" in complaint


@ngshare_only
def test_nothing_is_taken_back_while_it_is_not_known_what_that_would_delete(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.instructor)
    prepare(course, RELEASED | {"new": b"1"})
    trouble = answer(500, b"<html>", Content_Type="text/html")
    front.rule = lambda asked: trouble if asked.path == "/readyz" else None
    course.instructor.refused("release_assignment", "ps1", course.option, "--force")
    assert not any(asked.method == "DELETE" for asked in front.asked)
    assert_same_tree(course.released(), RELEASED)


@ngshare_only
def test_an_assignment_that_could_not_be_released_again_is_said_to_be_gone(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.instructor)
    prepare(course)
    front.rule = lambda asked: TOO_LARGE if asked.method == "POST" else None
    said = course.instructor.refused("release_assignment", "ps1", course.option, "--force")
    assert "'ps1' was taken back and could not be released again" in said
    assert "Release it again" in said
