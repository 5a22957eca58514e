"""`nbgrader release_feedback` and `nbgrader fetch_feedback`."""

from course import Course
from people import Person
from trees import Tree, assert_same_tree, read_tree, write_tree

PAGE: Tree = {"p1.html": b"<p>good</p>"}
BETTER: Tree = {"p1.html": b"<p>better</p>"}


def graded(course: Course, student: Person, time: str, pages: Tree) -> None:
    """Leaves what generate_feedback would: the pages and, beside them, what was copied along."""
    directory = course.instructor.home / "feedback" / student.name / "ps1"
    write_tree(directory, pages | {"timestamp.txt": time.encode(), "plot.png": b"png"})


def give(course: Course, *more: str) -> None:
    course.instructor.nbgrader("release_feedback", "ps1", course.option, *more)


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


def test_who_submitted_nothing_is_told_so(course: Course) -> None:
    course.release()
    outcome = course.first.nbgrader("fetch_feedback", "ps1", course.option)
    assert "no submissions of 'ps1' yet" in outcome.stderr


def test_a_student_does_not_get_another_ones_feedback(course: Course) -> None:
    course.release()
    time = course.submit(course.second, {"p1.ipynb": b"2"})
    course.give_feedback(course.second, time, PAGE)
    option = f"--student={course.second.name}"
    complaint = course.first.refused("fetch_feedback", "ps1", course.option, option)
    assert "You are not allowed to do this" in complaint
    assert not (course.first.home / "ps1").exists()
