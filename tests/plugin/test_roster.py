"""nbgrader's own list of students and the exchange's."""

import pytest
from course import Course, both_wires, enrol, through
from front import Front, answer


def in_course(course: Course) -> str:
    # `nbgrader db` has no --course.
    return f"--CourseDirectory.course_id={course.name}"


def students(course: Course) -> dict[str, str]:
    reply = course.instructor.get(f"students/{course.name}")
    return {each["username"]: each["first_name"] or "" for each in reply["students"]}


@both_wires
def test_adding_to_the_gradebook_enrols_and_removing_does_not(
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


def test_a_student_refused_by_the_exchange_is_not_added_to_the_gradebook(
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
    # An instructor may try out an assignment.
    name = course.instructor.name
    course.instructor.nbgrader(*gradebook, "add", name, in_course(course))
    assert name not in students(course)


@both_wires
@pytest.mark.parametrize("given", ["", "*", "[{0}]{1}*"])
def test_the_only_course_that_the_setting_means_gets_the_student(
    course: Course, given: str
) -> None:
    name = course.name
    option = f"--CourseDirectory.course_id={given.format(name[0], name[1:])}"
    command = ("db", "student")
    course.instructor.nbgrader(*command, "add", "zoë", option)
    assert "zoë" in students(course)
    course.instructor.nbgrader(*command, "remove", "zoë", option)
    assert "zoë" not in students(course)


@pytest.mark.parametrize("given", ["", "*", "nothing*"])
def test_the_gradebook_is_unchanged_unless_one_course_is_meant(
    course: Course, given: str
) -> None:
    enrol(f"{course.name} b", course.service.admin, course.instructor, ())
    option = f"--CourseDirectory.course_id={given}"
    complaint = course.instructor.refused("db", "student", "add", "zoë", option)
    assert "One course is needed here" in complaint
    assert "--CourseDirectory.course_id=COURSE" in complaint
    listed = course.instructor.nbgrader("db", "student", "list", in_course(course))
    assert "zoë" not in listed.text


def test_without_the_exchange_nobody_is_added_or_removed_and_the_command_says_so(
    course: Course, front: Front
) -> None:
    student = ("db", "student")
    option = in_course(course)
    course.instructor.nbgrader(*student, "add", course.first.name, option)
    through(front.url, course.instructor)
    front.die()
    complaint = course.instructor.refused(*student, "add", "zoë", option)
    assert f"'zoë' was not added to '{course.name}': The exchange at" in complaint
    assert "The gradebook was not changed" in complaint
    removal = (*student, "remove", course.first.name, option)
    complaint = course.instructor.refused(*removal)
    assert f"'{course.first.name}' was not removed from '{course.name}'" in complaint
    listed = course.instructor.nbgrader(*student, "list", option).stdout
    assert "zoë" not in listed and course.first.name in listed
    # nbgrader can still be configured to change the gradebook alone.
    alone = "--Authenticator.plugin_class=nbgrader.auth.NoAuthPlugin"
    course.instructor.nbgrader(*student, "add", "zoë", option, alone)


HEADER = "id,last_name,first_name,email\n"


def write_class(course: Course, text: str) -> None:
    (course.instructor.home / "class.csv").write_text(text, "utf-8")


def people(course: Course) -> dict[str, tuple[str | None, ...]]:
    reply = course.instructor.get(f"students/{course.name}")
    details = ("first_name", "last_name", "email")
    return {
        each["username"]: tuple(each[detail] for detail in details)
        for each in reply["students"]
    }


def in_gradebook(course: Course) -> str:
    option = in_course(course)
    return course.instructor.nbgrader("db", "student", "list", option).stdout


def import_class(course: Course) -> tuple[str, ...]:
    return "db", "student", "import", "class.csv", in_course(course)


@both_wires
def test_a_class_is_imported_with_all_details_and_what_is_not_said_stays(
    course: Course,
) -> None:
    known, other = course.first.name, course.second.name
    details = {"first_name": "Ada", "last_name": "L", "email": "ada@here"}
    course.instructor.post(f"student/{course.name}/{known}", **details)
    lines = [f"{known},,,a@there", "zoë,Zett,Zoë,z@here", f"{course.instructor.name},I,Ira,"]
    write_class(course, HEADER + "\n".join(lines) + "\n")
    outcome = course.instructor.nbgrader(*import_class(course))
    assert people(course)[known] == ("Ada", "L", "a@there")
    assert people(course)["zoë"] == ("Zoë", "Zett", "z@here")
    assert set(people(course)) == {known, other, "zoë"}
    assert f"'{course.instructor.name}' is no student of" in outcome.stderr
    assert "zoë (Zett, Zoë) -- z@here" in in_gradebook(course)


def test_a_class_is_one_request(course: Course, front: Front) -> None:
    through(front.url, course.instructor)
    lines = [f"s{number},Last,First," for number in range(300)]
    write_class(course, HEADER + "\n".join(lines))
    course.instructor.nbgrader(*import_class(course))
    assert len(front.asked) == 1
    assert len(people(course)) == 302


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a/b,,,", "line 3: 'a/b' cannot be a user name"),
        (",Nobody,,", "line 3: there is no id"),
        ("..,,,", "line 3: '..' cannot be a user name"),
        (" eve,,,", "line 3: ' eve' begins or ends with a blank"),
        ("\u00a0eve,,,", "begins or ends with a blank"),
        ("e\u200bve,,,", "line 3: 'e\\u200bve' holds the invisible character U+200B"),
        ("\u202eeve,,,", "the invisible character U+202E"),
        ("x" * 256 + ",,,", "cannot be a user name"),
    ],
)
@both_wires
def test_a_line_that_names_nobody_is_named_and_nobody_is_enrolled(
    course: Course, line: str, fault: str
) -> None:
    before = people(course)
    write_class(course, f"{HEADER}dan,D,Dan,\n{line}\neve,E,Eve,\n")
    complaint = course.instructor.refused(*import_class(course))
    assert f"Nobody was added to '{course.name}'" in complaint
    assert fault in complaint
    assert "The gradebook was not changed" in complaint
    assert people(course) == before
    assert "dan" not in in_gradebook(course)


def test_a_person_who_is_in_the_file_twice_is_named(course: Course) -> None:
    write_class(course, HEADER + "dan,D,Dan,\neve,E,Eve,\ndan,D,Daniel,\n")
    said = course.instructor.nbgrader(*import_class(course)).stderr
    assert "'dan' is also in line 2; the later line counts" in said
    assert people(course)["dan"] == ("Daniel", "D", None)
    assert "dan (D, Daniel)" in in_gradebook(course)


@both_wires
def test_an_exchange_that_is_down_is_asked_once_for_a_class_and_the_command_fails(
    course: Course, front: Front
) -> None:
    through(front.url, course.instructor)
    front.rule = lambda _: answer(503, b"down")
    lines = [f"s{number},,," for number in range(20)]
    write_class(course, HEADER + "\n".join(lines))
    complaint = course.instructor.refused(*import_class(course), "--NbCourier.attempts=1")
    assert f"Nobody was added to '{course.name}'" in complaint
    # The second request uses the older protocol, which another server might know.
    assert len(front.asked) <= 2
    assert "s0" not in in_gradebook(course)
    front.die()
    course.instructor.refused(*import_class(course))
