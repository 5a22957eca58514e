"""`nbgrader list`, and the dictionaries that nbgrader's pages get."""

from course import Course, both_wires, ngshare_only, through
from front import Front
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


@both_wires
def test_released_assignments_are_listed_and_fetched_ones_have_their_place(
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

    # Without a named course, all of the person's own.
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


@both_wires
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


@both_wires
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


@both_wires
def test_a_student_without_local_copies_still_sees_the_submissions(
    course: Course,
) -> None:
    course.release()
    time = course.submit(course.first, {"p1.ipynb": b"1"})
    course.submit(course.second, {"p1.ipynb": b"2"})
    course.give_feedback(course.first, time, {"p1.html": b"good"})
    assert course.first.listing("--cached") == [
        f"{course.name} {course.first.name} ps1 {time} ({READY})"
    ]


@both_wires
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


def test_an_instructor_removes_to_the_trash_and_a_student_removes_nothing(
    course: Course,
) -> None:
    course.release("ps1")
    course.release("ps2")
    one = course.submit(course.first, {"p1.ipynb": b"1"})
    two = course.submit(course.second, {"p1.ipynb": b"2"})
    course.submit(course.first, {"p1.ipynb": b"3"}, "ps2")
    command = ("list", "ps1", "--inbound", "--remove")
    complaint = course.first.refused(*command, course.option)
    assert "You are not allowed to do this" in complaint
    assert "No course was given" in course.instructor.refused(*command)

    option = f"--student={course.first.name}"
    said = course.instructor.nbgrader(*command, course.option, option).stderr
    assert f"{course.name} {course.first.name} ps1 {one}" in said
    assert "can be restored from the exchange's trash" in said
    left = [(each["assignment"], each["student"]) for each in course.entries()]
    assert left == [("ps1", course.second.name), ("ps2", course.first.name)]
    assert course.submissions(course.second) == [two]

    trash = course.instructor.get(f"v1/courses/{course.name}/trash")
    (submission,) = trash["submissions"]
    path = f"v1/courses/{course.name}/trash/submissions/{submission['id']}"
    course.instructor.post_json(path, {})
    assert course.submissions(course.first) == [one]


@ngshare_only
def test_an_ngshare_keeps_what_was_submitted(course: Course) -> None:
    course.release()
    time = course.submit(course.first, {"p1.ipynb": b"1"})
    complaint = course.instructor.refused(
        "list", "ps1", "--inbound", "--remove", course.option
    )
    assert "keeps what was submitted" in complaint
    assert course.submissions(course.first) == [time]


def test_a_whole_home_is_listed_in_three_requests(course: Course, front: Front) -> None:
    names = [f"ps{number}" for number in range(5)]
    for name in names:
        course.release(name)
        write_tree(course.first.home / name, {"p1.ipynb": b"1"})
        course.first.nbgrader("submit", name, course.option)
    through(front.url, course.first)
    assert len(course.first.listing("--cached")) == len(names)
    assert len(course.first.listing()) == len(names)
    paths = [asked.path.split("?")[0].rsplit("/", 1)[1] for asked in front.asked]
    assert paths == ["submissions", "courses", "courses", "assignments"]


def test_impossible_commands_are_refused_with_a_message(course: Course) -> None:
    complaint = course.instructor.refused("list", "--inbound", "--cached")
    assert "incompatible" in complaint
    assert "Course not found" in course.first.refused("list", "--course=no")
