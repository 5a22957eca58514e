"""Messages about due times, and submissions after them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from course import RELEASED, Course
from people import Person
from trees import read_tree, write_tree

NOW = datetime.now(UTC)
PAST, LATER, LATEST = (NOW + timedelta(hours=hours) for hours in (-3, 48, 72))


def rfc3339(time: datetime | None) -> str | None:
    return time and time.isoformat()


def shown(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC")


def set_dates(
    course: Course, due: datetime | None, cut_off: datetime | None = None
) -> None:
    dates = {"due_at": rfc3339(due), "cutoff_at": rfc3339(cut_off)}
    course.instructor.put_json(f"{at(course)}/dates", dates)


def extend(course: Course, student: Person, due: datetime) -> None:
    path = f"{at(course)}/extensions/{student.name}"
    course.instructor.put_json(path, {"due_at": rfc3339(due), "cutoff_at": None})


def at(course: Course) -> str:
    return f"v1/courses/{course.name}/assignments/ps1"


def submit(course: Course, student: Person) -> str:
    write_tree(student.home / "ps1", RELEASED)
    return student.nbgrader("submit", "ps1", course.option).stderr


def test_fetching_and_listing_show_the_due_time(course: Course) -> None:
    course.release()
    set_dates(course, LATER, LATEST)
    extend(course, course.second, LATEST)
    fetch = ("fetch_assignment", "ps1", course.option)
    said = course.first.nbgrader(*fetch).stderr
    due = f"due {shown(LATER)}; nothing is accepted after {shown(LATEST)}"
    assert f"ps1 is {due}" in said
    assert course.first.listing(course.option) == [
        f"{course.name} ps1 (already downloaded), {due}"
    ]
    zone = "--Exchange.timezone=Asia/Tokyo"
    assert "JST" in course.first.listing(course.option, zone)[0]
    said = course.second.nbgrader(*fetch).stderr
    until = f"nothing is accepted after {shown(LATEST)}"
    assert f"due {shown(LATEST)}; {until}; you have an extension" in said


def test_a_later_cut_off_alone_is_no_later_due_time(course: Course) -> None:
    course.release()
    set_dates(course, PAST, PAST)
    path = f"{at(course)}/extensions/{course.second.name}"
    course.instructor.put_json(path, {"due_at": None, "cutoff_at": rfc3339(LATER)})
    until = f"due {shown(PAST)}; nothing is accepted after {shown(LATER)}; you have an extension"
    assert f"This is late: 'ps1' was {until}" in submit(course, course.second)
    (line,) = course.second.listing(course.option)
    assert line.endswith(until)


def test_a_late_submission_is_reported_unless_there_is_an_extension(
    course: Course,
) -> None:
    course.release()
    set_dates(course, PAST)
    extend(course, course.second, LATER)
    said = submit(course, course.first)
    assert f"This is late: 'ps1' was due {shown(PAST)}" in said
    assert "Submitted" in said
    assert "late" not in submit(course, course.second)


def test_after_the_cut_off_nothing_is_handed_in_and_the_reason_is_given(
    course: Course,
) -> None:
    course.release()
    set_dates(course, PAST, PAST)
    write_tree(course.first.home / "ps1", RELEASED)
    complaint = course.first.refused("submit", "ps1", course.option)
    assert "Not submitted. Too late: the cut-off of ps1 was" in complaint
    assert "Only an instructor can give you more time" in complaint
    assert course.submissions(course.first) == []


def test_before_the_due_date_everybodys_own_counts(course: Course) -> None:
    course.release()
    for student in (course.first, course.second):
        course.submit(student, {"p1.ipynb": b"early"})
    between = datetime.now(UTC)
    for student in (course.first, course.second):
        course.submit(student, {"p1.ipynb": b"later"})
    set_dates(course, between)
    extend(course, course.second, LATER)
    # A due date in the gradebook alone is not one that students were shown.
    course.instructor.nbgrader("db", "assignment", "add", "ps1", "--duedate=2001-01-01")
    course.instructor.nbgrader("collect", "ps1", course.option, "--before-duedate")
    submitted = course.instructor.home / "submitted"
    work = {
        who.name: read_tree(submitted / who.name / "ps1")["p1.ipynb"]
        for who in (course.first, course.second)
    }
    assert work == {course.first.name: b"early", course.second.name: b"later"}


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_off_changes_nothing(
    course: Course, hours: int
) -> None:
    course.release()
    before = datetime.now(UTC)
    set_dates(course, before + timedelta(minutes=30))
    course.first.env |= off_by(hours)
    stamped = course.first.attempt("python", "-c", "import time; print(time.time())")
    assert abs(float(stamped.stdout) - before.timestamp() - 3600 * hours) < 600

    said = submit(course, course.first) + submit(course, course.first)
    assert "late" not in said
    first, second = course.submissions(course.first)
    assert first < second
    for time in (first, second):
        taken = datetime.fromisoformat(f"{time}+00:00")
        assert abs(taken - before) < timedelta(minutes=10)
    assert len(course.first.listing("--cached", course.option)) == 2


def off_by(hours: int) -> dict[str, str]:
    """Returns the environment in which a program sees a shifted time."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert libraries, "no libfaketime: run scripts/setup-clients.sh"
    return {"LD_PRELOAD": str(libraries[0]), "FAKETIME": f"{hours:+}h"}


def test_the_same_files_again_after_the_due_date_are_said_to_have_come_in_time(
    course: Course,
) -> None:
    course.release()
    first = RELEASED | {"p1.ipynb": b"first"}
    in_time = course.submit(course.first, RELEASED)
    course.submit(course.second, first)
    set_dates(course, datetime.now(UTC))
    said = submit(course, course.first)
    assert "This is late" in said
    assert f"The same files were handed in before, in time, at {in_time} UTC" in said
    said = submit(course, course.second)
    assert "This is late" in said and "in time, at" not in said
    late = course.submissions(course.first)[-1]
    collect = ("collect", "ps1", course.option)
    said = course.instructor.nbgrader(*collect).stderr
    name = course.first.name
    assert (
        f"{name}: the submission of {late} is late, but has the same files as the one of {in_time}, which was in time"
    ) in said
    assert f"{course.second.name}: the submission" not in said
    collected = course.instructor.home / "submitted" / name / "ps1" / "timestamp.txt"
    # As in nbgrader's own exchange, the latest submission is collected, unless an option asks for those in time.
    assert collected.read_text() == late
    course.instructor.nbgrader(*collect, "--before-duedate")
    assert collected.read_text() == in_time
