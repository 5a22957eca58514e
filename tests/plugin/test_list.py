"""`nbgrader list`, and the dictionaries that nbgrader's pages get."""

from course import Course
from people import Person
from trees import write_tree

NONE = "no feedback available"
READY = "feedback ready to be fetched"


def in_course(course: Course, **settings: bool) -> dict[str, dict]:
    return {
        "CourseDirectory": {"course_id": course.name},
        "ExchangeList": settings,
    }


def submit(course: Course, student: Person) -> str:
    write_tree(student.home / "ps1", {"p1.ipynb": b"1", "data/p2.ipynb": b"{}"})
    student.nbgrader("submit", "ps1", course.option)
    return course.submissions(student)[-1]


def test_what_is_released_is_listed_and_what_was_fetched_has_its_place(
    course: Course,
) -> None:
    course.release("ps1")
    course.release("ps2", {"b.ipynb": b"", "a.ipynb": b"", "a.py": b""})
    work = course.first.home / "ps1"
    write_tree(work, {"p1.ipynb": b"1", "mine.ipynb": b"2", "sub/x.ipynb": b"3"})
    assert course.first.listing(course.option) == [
        f"{course.name} ps1 (already downloaded)",
        f"{course.name} ps2",
    ]
    assert course.first.listing("ps2", course.option) == [f"{course.name} ps2"]

    # Without a course named: all of one's own.
    fetched, released = course.first.listed()
    assert fetched == {
        "course_id": course.name,
        "assignment_id": "ps1",
        "status": "fetched",
        "path": str(work),
        "notebooks": [
            {"notebook_id": "mine", "path": str(work / "mine.ipynb")},
            {"notebook_id": "p1", "path": str(work / "p1.ipynb")},
        ],
    }
    assert released == {
        "course_id": course.name,
        "assignment_id": "ps2",
        "status": "released",
        "path": f"{course.name}/ps2",
        "notebooks": [
            {"notebook_id": "a", "path": f"{course.name}/ps2/a.ipynb"},
            {"notebook_id": "b", "path": f"{course.name}/ps2/b.ipynb"},
        ],
    }


def test_a_released_assignment_is_taken_back(course: Course) -> None:
    course.release("ps1")
    course.release("ps2")
    assert course.instructor.listing("ps1", course.option, "--remove") == [
        f"{course.name} ps1"
    ]
    assert course.assignments() == ["ps2"]
    assert "No course was given" in course.instructor.refused("list", "--remove")
    complaint = course.first.refused("list", "ps2", course.option, "--remove")
    assert "You are not allowed to do this" in complaint
    assert course.assignments() == ["ps2"]


def test_a_copy_is_listed_with_each_of_the_four_states_of_its_feedback(
    course: Course,
) -> None:
    course.release()
    student = course.first
    time = submit(course, student)
    name = f"{course.name} {student.name} ps1 {time}"
    cached = in_course(course, cached=True)
    feedback = student.home / "ps1" / "feedback" / time
    path = student.home / ".local/share/jupyter/nbgrader_cache" / course.name
    path /= f"{student.name}+ps1+{time}"

    def expected(here: bool, there: bool, changed: bool = False) -> list[dict]:
        state = {
            "has_local_feedback": here,
            "has_exchange_feedback": there,
            "feedback_updated": changed,
        }
        page = {"local_feedback_path": str(feedback / "p1.html") if here else None}
        notebook = {"notebook_id": "p1", "path": str(path / "p1.ipynb")}
        submission = {
            "course_id": course.name,
            "student_id": student.name,
            "assignment_id": "ps1",
            "timestamp": time,
            "status": "submitted",
            "path": str(path),
            "notebooks": [notebook | state | page],
            "local_feedback_path": str(feedback) if here else None,
        }
        return [
            {
                "course_id": course.name,
                "student_id": student.name,
                "assignment_id": "ps1",
                "status": "submitted",
                "submissions": [submission | state],
            }
        ]

    assert student.listed(**cached) == expected(here=False, there=False)

    course.give_feedback(student, time, {"p1.html": b"good"})
    assert student.listed(**cached) == expected(here=False, there=True)

    write_tree(feedback, {"p1.html": b"good"})
    assert student.listed(**cached) == expected(here=True, there=True)

    course.give_feedback(student, time, {"p1.html": b"better"})
    assert student.listed(**cached) == expected(here=True, there=True, changed=True)
    assert student.listing("--cached", course.option) == [f"{name} ({READY})"]

    assert student.listing("--cached", "--remove", course.option) == [name]
    assert student.listing("--cached", course.option) == []
    assert course.submissions(student) == [time]


def test_who_has_lost_the_copies_still_sees_what_they_submitted(
    course: Course,
) -> None:
    course.release()
    time = course.submit(course.first, {"p1.ipynb": b"1"})
    course.submit(course.second, {"p1.ipynb": b"2"})
    course.give_feedback(course.first, time, {"p1.html": b"good"})
    assert course.first.listing("--cached") == [
        f"{course.name} {course.first.name} ps1 {time} ({READY})"
    ]


def test_inbound_shows_the_instructor_everybody_and_a_student_themselves(
    course: Course,
) -> None:
    course.release()
    work = {"p1.ipynb": b"1", "data/p2.ipynb": b"{}"}
    one = course.submit(course.first, work)
    two = course.submit(course.second, work)
    three = course.submit(course.first, work)
    course.give_feedback(course.first, one, {"p1.html": b"good"})
    first, second = course.first.name, course.second.name
    lines = [
        f"{course.name} {first} ps1 {one} ({READY})",
        f"{course.name} {first} ps1 {three} ({NONE})",
        f"{course.name} {second} ps1 {two} ({NONE})",
    ]
    inbound = ("--inbound", "ps1", course.option)
    assert course.instructor.listing(*inbound) == lines
    option = f"--student={second}"
    assert course.instructor.listing(*inbound, option) == lines[2:]
    assert course.first.listing(*inbound) == lines[:2]

    entry, _ = course.instructor.listed(**in_course(course, inbound=True))
    assert entry["student_id"] == first
    assert [each["timestamp"] for each in entry["submissions"]] == [one, three]
    assert entry["submissions"][0] == {
        "course_id": course.name,
        "student_id": first,
        "assignment_id": "ps1",
        "timestamp": one,
        "status": "submitted",
        "path": f"{course.name}/ps1/{first}",
        "notebooks": [
            {
                "notebook_id": "p1",
                "path": f"{course.name}/ps1/{first}/p1.ipynb",
                "has_local_feedback": False,
                "has_exchange_feedback": True,
                "feedback_updated": False,
                "local_feedback_path": None,
            }
        ],
        "has_local_feedback": False,
        "has_exchange_feedback": True,
        "feedback_updated": False,
        "local_feedback_path": None,
    }


def test_what_cannot_be_done_is_refused_in_words(course: Course) -> None:
    course.release()
    time = course.submit(course.first, {"p1.ipynb": b"1"})
    complaint = course.instructor.refused("list", "--inbound", "--cached")
    assert "incompatible" in complaint
    complaint = course.instructor.refused(
        "list", "ps1", "--inbound", "--remove", course.option
    )
    assert "keeps what was submitted" in complaint
    assert course.submissions(course.first) == [time]
    assert "Course not found" in course.first.refused("list", "--course=no")
