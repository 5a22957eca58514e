"""`nbgrader release_feedback` and `nbgrader fetch_feedback`."""

import pytest
from course import Course, both_wires, through
from front import ForwardedRequest, Front, Spoil, cut, problem
from people import Person
from trees import Tree, assert_same_tree, read_tree, write_tree

PAGE: Tree = {"p1.html": b"<p>good</p>"}
BETTER: Tree = {"p1.html": b"<p>better</p>"}


def graded(course: Course, student: Person, time: str, pages: Tree) -> None:
    """Writes what generate_feedback would: the pages, and the files that it copies along."""
    directory = course.instructor.home / "feedback" / student.name / "ps1"
    write_tree(directory, pages | {"timestamp.txt": time.encode(), "plot.png": b"png"})


def give(course: Course, *more: str) -> None:
    course.instructor.nbgrader("release_feedback", "ps1", course.option, *more)


@both_wires
def test_feedback_goes_to_whom_it_is_for_and_again_changes_nothing(
    course: Course,
) -> None:
    course.release()
    one = course.submit(course.first, {"p1.ipynb": b"1"})
    two = course.submit(course.second, {"p1.ipynb": b"2"})
    graded(course, course.first, one, PAGE)
    graded(course, course.second, two, PAGE)

    give(course, f"--student={course.first.name}")
    assert_same_tree(course.feedback(course.first, one), PAGE)
    assert course.feedback(course.second, two) == {}

    graded(course, course.first, one, BETTER)
    give(course, f"--CourseDirectory.student_id_exclude=x,{course.first.name}")
    assert_same_tree(course.feedback(course.first, one), PAGE)
    assert_same_tree(course.feedback(course.second, two), PAGE)

    give(course)
    give(course)
    assert_same_tree(course.feedback(course.first, one), BETTER)


@both_wires
def test_one_students_lost_time_does_not_keep_the_others_from_their_feedback(
    course: Course,
) -> None:
    course.release()
    two = course.submit(course.second, {"p1.ipynb": b"2"})
    graded(course, course.first, "2001-01-01 00:00:00.000000", PAGE)
    graded(course, course.second, two, PAGE)
    complaint = course.instructor.refused("release_feedback", "ps1", course.option)
    assert f"No feedback was released for: {course.first.name}" in complaint
    assert_same_tree(course.feedback(course.second, two), PAGE)


@pytest.mark.parametrize("time", [None, "", "garbage", "\udcff", "99999-01-01 00:00:00"])
def test_a_time_that_is_missing_or_none_is_named_with_its_file(course: Course, time: str | None) -> None:
    course.release()
    course.submit(course.first, {"p1.ipynb": b"1"})
    graded(course, course.first, "", PAGE)
    file = course.instructor.home / "feedback" / course.first.name / "ps1" / "timestamp.txt"
    if time is None:
        file.unlink()
    else:
        file.write_bytes(time.encode(errors="surrogateescape"))
    complaint = course.instructor.refused("release_feedback", "ps1", course.option)
    assert f"No feedback for '{course.first.name}': there is no " in complaint
    assert f"'{file}', which says on which submission it is: run `nbgrader collect`" in complaint


@both_wires
def test_feedback_comes_without_any_copy_of_the_submission(course: Course) -> None:
    course.release()
    time = course.submit(course.first, {"p1.ipynb": b"1"})
    later = course.submit(course.first, {"p1.ipynb": b"2"})
    command = ("fetch_feedback", "ps1", course.option)
    outcome = course.first.nbgrader(*command)
    assert f"no feedback yet on 'ps1' submitted at {time}" in outcome.stderr
    directory = course.first.home / "ps1" / "feedback"
    assert not directory.exists()

    course.give_feedback(course.first, time, PAGE)
    course.first.nbgrader(*command)
    assert_same_tree(read_tree(directory), {f"{time}/p1.html": PAGE["p1.html"]})

    course.give_feedback(course.first, time, BETTER)
    course.give_feedback(course.first, later, PAGE)
    course.first.nbgrader(*command)
    assert_same_tree(
        read_tree(directory),
        {f"{time}/p1.html": BETTER["p1.html"], f"{later}/p1.html": PAGE["p1.html"]},
    )


def test_all_feedback_comes_in_one_transfer_and_none_twice(
    course: Course, front: Front
) -> None:
    course.release()
    times = [course.submit(course.first, {"p1.ipynb": b"%d" % n}) for n in range(3)]
    for time in times:
        course.give_feedback(course.first, time, PAGE)
    through(front.url, course.first)
    command = ("fetch_feedback", "ps1", course.option)
    course.first.nbgrader(*command)
    directory = course.first.home / "ps1" / "feedback"
    assert_same_tree(
        read_tree(directory), {f"{time}/p1.html": PAGE["p1.html"] for time in times}
    )
    assert len(front.asked) == 2

    front.asked.clear()
    write_tree(directory / times[1], {"p1.html": b"scribbled over"})
    said = course.first.nbgrader(*command).stderr
    assert f"Feedback fetched already: {directory / times[0]}" in said
    assert read_tree(directory / times[1]) == PAGE
    assert len(front.asked) == 2


def test_feedback_that_breaks_off_comes_whole_at_the_next_attempt(
    course: Course, front: Front
) -> None:
    course.release()
    times = [course.submit(course.first, {"p1.ipynb": b"%d" % n}) for n in range(2)]
    for time in times:
        course.give_feedback(course.first, time, PAGE)
    through(front.url, course.first)
    front.rule = lambda asked: cut if asked.earlier == 1 else None
    course.first.nbgrader("fetch_feedback", "ps1", course.option)
    directory = course.first.home / "ps1" / "feedback"
    assert_same_tree(
        read_tree(directory), {f"{time}/p1.html": PAGE["p1.html"] for time in times}
    )


def test_one_students_refused_pages_do_not_keep_the_others_from_theirs(
    course: Course, front: Front
) -> None:
    course.release()
    one = course.submit(course.first, {"p1.ipynb": b"1"})
    two = course.submit(course.second, {"p1.ipynb": b"2"})
    graded(course, course.first, one, PAGE | {"p2.html": b"x" * 5_000})
    graded(course, course.second, two, PAGE)
    through(front.url, course.instructor)
    number = next(e["id"] for e in course.entries() if e["submitted_at"][11:26] in one)
    of_one = f"/submissions/{number}/"

    def too_large(asked: ForwardedRequest) -> Spoil | None:
        concerned = asked.path.endswith("/ps1/feedback") or of_one in asked.path
        return problem(413, "too much") if concerned else None

    front.rule = too_large
    complaint = course.instructor.refused("release_feedback", "ps1", course.option)
    assert f"No feedback was released for: {course.first.name}" in complaint
    assert "make it smaller (too much)" in complaint
    assert_same_tree(course.feedback(course.second, two), PAGE)
    assert course.feedback(course.first, one) == {}


def test_a_missing_submission_is_reported(course: Course) -> None:
    course.release()
    outcome = course.first.nbgrader("fetch_feedback", "ps1", course.option)
    assert "no submissions of 'ps1' yet" in outcome.stderr


@both_wires
def test_a_student_does_not_get_another_ones_feedback(course: Course) -> None:
    course.release()
    time = course.submit(course.second, {"p1.ipynb": b"2"})
    course.give_feedback(course.second, time, PAGE)
    option = f"--student={course.second.name}"
    complaint = course.first.refused("fetch_feedback", "ps1", course.option, option)
    assert "You are not allowed to do this" in complaint
    assert not (course.first.home / "ps1").exists()


def test_feedback_is_written_through_no_link_and_removes_nothing_behind_one(
    course: Course,
) -> None:
    course.release()
    time = course.submit(course.first, {"p1.ipynb": b"1"})
    course.give_feedback(course.first, time, PAGE)
    own = {"mine.html": b"my own"}
    work = course.first.home / "ps1"
    write_tree(work / "pages", own)
    write_tree(work / "pages" / time, own)
    fetch = ("fetch_feedback", "ps1", course.option)

    (work / "feedback").symlink_to("pages")
    said = course.first.refused(*fetch)
    assert f"'{work / 'feedback'}' is a link, and nothing is written through it" in said
    assert f"Feedback was not fetched on: {time}. '{work / 'feedback'}' is a link" in said
    (work / "feedback").unlink()

    (work / "feedback").mkdir()
    (work / "feedback" / time).symlink_to(work / "pages")
    course.first.refused(*fetch)
    assert_same_tree(
        read_tree(work / "pages"), own | {f"{time}/mine.html": b"my own"}
    )
    (work / "feedback" / time).unlink()
    course.first.nbgrader(*fetch)
    assert_same_tree(read_tree(work / "feedback"), {f"{time}/p1.html": PAGE["p1.html"]})
