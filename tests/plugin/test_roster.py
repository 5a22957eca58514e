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
    names = ("--first-name=Zoë", "--email=z@here")
    course.instructor.nbgrader(*gradebook, "add", "zoë", option, *names)
    course.instructor.nbgrader(*gradebook, "add", known, option)
    assert students(course) == {known: "Ada", course.second.name: "", "zoë": "Zoë"}
    course.instructor.nbgrader(*gradebook, "remove", "zoë", option)
    assert students(course) == {known: "Ada", course.second.name: ""}


def test_who_the_exchange_refuses_is_not_in_the_gradebook_either(
    course: Course,
) -> None:
    gradebook = ("db", "student")
    option = "--CourseDirectory.course_id=no"
    complaint = course.instructor.refused(*gradebook, "add", "zoë", option)
    assert (
        "'zoë' was not added to 'no': The exchange says: Course not found" in complaint
    )
    listed = course.instructor.nbgrader(*gradebook, "list", in_course(course))
    assert "zoë" not in listed.text
    # Who teaches the course may try an assignment out.
    name = course.instructor.name
    course.instructor.nbgrader(*gradebook, "add", name, in_course(course))
    assert name not in students(course)


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
