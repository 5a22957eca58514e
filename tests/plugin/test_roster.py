"""nbgrader's own list of students and the exchange's."""

from course import Course, both_wires, through
from front import Front


def in_course(course: Course) -> str:
    # `nbgrader db` has no --course.
    return f"--CourseDirectory.course_id={course.name}"


def students(course: Course) -> dict[str, str]:
    reply = course.instructor.get(f"students/{course.name}")
    return {each["username"]: each["first_name"] or "" for each in reply["students"]}


@both_wires
def test_who_is_added_to_the_gradebook_is_enrolled_and_who_is_removed_is_not(
    course: Course,
) -> None:
    known = course.first.name
    details = {"first_name": "Ada", "last_name": "L", "email": ""}
    course.instructor.post(f"student/{course.name}/{known}", **details)
    gradebook = ("db", "student")
    option = in_course(course)
    course.instructor.nbgrader(*gradebook, "add", "zoë", option)
    course.instructor.nbgrader(*gradebook, "add", known, option)
    assert students(course) == {known: "Ada", course.second.name: "", "zoë": ""}
    course.instructor.nbgrader(*gradebook, "remove", "zoë", option)
    assert students(course) == {known: "Ada", course.second.name: ""}


def test_a_gradebook_works_without_the_exchange_and_says_what_is_missing(
    course: Course, front: Front
) -> None:
    through(front.url, course.instructor)
    front.die()
    outcome = course.instructor.attempt(
        "nbgrader", "db", "student", "add", "zoë", in_course(course)
    )
    assert outcome.code == 0, str(outcome)
    assert f"'zoë' was not added to '{course.name}' at the exchange" in outcome.stderr
