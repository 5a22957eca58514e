"""Dates and people agree: the exchange's facts reach the gradebook, and the gradebook's due date the exchange."""

import csv
import errno
import threading
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from course import NGSHARE, Course, PluginPerson, both_wires, through
from front import Front, problem
from in_process import Desk
from material import NOTEBOOK, answers, release_tree, source_tree
from nbcourier.exchange import Collect
from nbcourier.transport import Content, Submission
from nbgrader import api
from people import Person
from sqlalchemy.exc import SAWarning
from standalone import ANSWER_LIMIT_S
from trees import write_tree

NOW = datetime.now(UTC).replace(microsecond=0)
PAST, LATER = NOW - timedelta(days=200), NOW + timedelta(days=30)
GRADES = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as gradebook:
    for each in gradebook.students:
        print("student", each.id, each.first_name, each.last_name, each.email)
    for each in gradebook.assignments:
        print("assignment", each.name, each.duedate)
        for submission in each.submissions:
            print("extension", submission.student.id, submission.extension)
"""
GRANT = """
import sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as gradebook:
    gradebook.update_or_create_student(sys.argv[1])
    gradebook.update_or_create_submission("ps1", sys.argv[1])
    gradebook.grant_extension("ps1", sys.argv[1], days=int(sys.argv[2]))
"""


def at(course: Course) -> str:
    return f"v1/courses/{course.name}/assignments/ps1"


def generated(course: Course, due: datetime | None = None) -> None:
    """Generates the assignment without its solutions, with this due date in the gradebook."""
    instructor = course.instructor
    write_tree(instructor.home / "source" / "ps1", source_tree())
    if due is not None:
        date = due.strftime("%Y-%m-%d %H:%M:%S UTC")
        instructor.nbgrader("db", "assignment", "add", "ps1", f"--duedate={date}")
    instructor.nbgrader("generate_assignment", "ps1", course.option)


def set_due(course: Course, due: datetime | None) -> None:
    course.instructor.put_json(f"{at(course)}/dates", {"due_at": due and due.isoformat()})


def due_at(course: Course) -> datetime | None:
    due = course.instructor.get(f"{at(course)}/gradebook")["due_at"]
    return due and datetime.fromisoformat(due)


def extend(course: Course, student: Person, due: datetime) -> None:
    path = f"{at(course)}/extensions/{student.name}"
    course.instructor.put_json(path, {"due_at": due.isoformat()})


def name(course: Course, student: Person, first: str, last: str, email: str) -> None:
    details = {"first_name": first, "last_name": last, "email": email}
    course.instructor.post(f"student/{course.name}/{student.name}", **details)


def hand_in(course: Course, students: Iterable[Person]) -> None:
    for student in students:
        course.submit(student, answers(release_tree(), student.name, 1))


def known(person: PluginPerson, what: str) -> list[str]:
    """Returns the lines of this kind in the gradebook."""
    outcome = person.attempt("python", "-c", GRADES)
    assert outcome.code == 0, str(outcome)
    beginning = f"{what} "
    lines = outcome.stdout.splitlines()
    return [line[len(beginning) :] for line in lines if line.startswith(beginning)]


def collect(course: Course, *more: str) -> str:
    return course.instructor.nbgrader("collect", "ps1", course.option, *more).stderr


def test_an_extension_counts_in_late_penalties_and_names_stand_in_the_exported_grades(
    course: Course,
) -> None:
    generated(course, PAST)
    course.instructor.nbgrader("release_assignment", "ps1", course.option)
    assert due_at(course) == PAST
    name(course, course.first, "Ada", "Lovelace", "ada@uni.example")
    hand_in(course, (course.first, course.second))
    extend(course, course.first, LATER)
    said = collect(course)
    assert f"The gradebook has the extension of '{course.first.name}' for 'ps1' now" in said
    zero = "--LateSubmissionPlugin.penalty_method=zero"
    course.instructor.nbgrader("autograde", "ps1", course.option, zero)
    course.instructor.nbgrader("export", course.option)
    with open(course.instructor.home / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    first, second = (rows[each.name] for each in (course.first, course.second))
    assert (float(first["late_submission_penalty"]), float(first["score"])) == (0, 2)
    assert (float(second["late_submission_penalty"]), float(second["score"])) == (2, 0)
    names = (first["first_name"], first["last_name"], first["email"])
    assert names == ("Ada", "Lovelace", "ada@uni.example")
    # Collecting and grading again does not change these.
    assert "extension" not in collect(course, "--update")
    course.instructor.nbgrader("autograde", "ps1", course.option, zero, "--force")
    assert known(course.instructor, "extension")[0].startswith(course.first.name)


def test_dates_that_change_after_collecting_reach_the_gradebook_when_it_is_collected_again(
    course: Course,
) -> None:
    generated(course)
    course.release(tree=release_tree())
    hand_in(course, (course.first, course.second))
    collect(course)
    assert known(course.instructor, "assignment") == ["ps1 None"]
    set_due(course, PAST)
    extend(course, course.second, PAST + timedelta(hours=36, microseconds=5))
    said = collect(course)
    assert "The gradebook has the due date of 'ps1' now" in said
    naive = PAST.replace(tzinfo=None)
    assert known(course.instructor, "assignment") == [f"ps1 {naive}"]
    name = course.second.name
    assert known(course.instructor, "extension") == [f"{name} 1 day, 12:00:00.000005"]
    # The due time of the others moves past the student's own, which does not change.
    set_due(course, PAST + timedelta(days=1))
    said = collect(course)
    assert "had another due date of 'ps1' than the exchange" in said
    assert known(course.instructor, "extension") == [f"{name} 12:00:00.000005"]
    extend(course, course.second, PAST)
    collect(course)
    assert known(course.instructor, "extension") == [f"{name} -1 day, 0:00:00"]


def test_an_allowance_is_an_extension_in_the_gradebook(course: Course) -> None:
    generated(course, PAST)
    course.instructor.nbgrader("release_assignment", "ps1", course.option)
    hand_in(course, (course.first, course.second))
    allowance = f"v1/courses/{course.name}/allowances/{course.first.name}"
    course.instructor.put_json(allowance, {"hours": 48})
    said = collect(course)
    assert f"The gradebook has the extension of '{course.first.name}' for 'ps1' now" in said
    extended = known(course.instructor, "extension")
    assert f"{course.first.name} 2 days, 0:00:00" in extended
    assert len([each for each in extended if "days" in each]) == 1


def test_an_extension_where_nothing_is_due_is_named_and_grading_goes_on(
    course: Course,
) -> None:
    generated(course)
    course.release(tree=release_tree())
    hand_in(course, (course.first,))
    extend(course, course.first, LATER)
    said = collect(course)
    assert f"due for some students only, which a gradebook has no place for: {course.first.name}" in said
    course.instructor.nbgrader("autograde", "ps1", course.option)


def test_an_extension_waits_until_the_gradebook_knows_the_notebooks(
    course: Course,
) -> None:
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first,))
    extend(course, course.first, LATER)
    said = collect(course)
    assert f"it lacks the extensions of {course.first.name}" in said
    generated(course)
    collect(course)
    assert len(known(course.instructor, "extension")) == 1
    course.instructor.nbgrader("autograde", "ps1", course.option)


def grant(course: Course, student: Person, days: int) -> None:
    """Grants an extension in the gradebook by hand."""
    outcome = course.instructor.attempt("python", "-c", GRANT, student.name, str(days))
    assert outcome.code == 0, str(outcome)


def take_back(course: Course, student: Person) -> None:
    """Removes the student's extension at the exchange."""
    reply = requests.delete(
        f"{course.url}/{at(course)}/extensions/{student.name}",
        headers={"Authorization": f"token {course.instructor.token}"},
        timeout=ANSWER_LIMIT_S,
    )
    assert reply.status_code == 204, reply.text


def test_an_extension_that_is_removed_at_the_exchange_leaves_the_gradebook(
    course: Course,
) -> None:
    generated(course, PAST)
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first, course.second))
    for student in (course.first, course.second):
        extend(course, student, LATER)
    collect(course)
    assert len(known(course.instructor, "extension")) == 2
    zero = "--LateSubmissionPlugin.penalty_method=zero"
    course.instructor.nbgrader("autograde", "ps1", course.option, zero)
    take_back(course, course.first)
    said = collect(course)
    assert "no extension of 'ps1' at the exchange any more" in said
    assert f"has none now: {course.first.name}\n" in said
    extensions = dict(line.split(" ", 1) for line in known(course.instructor, "extension"))
    assert extensions[course.first.name] == "None"
    assert extensions[course.second.name] != "None"
    # It is said once.
    assert "any more" not in collect(course)
    course.instructor.nbgrader("autograde", "ps1", course.option, zero, "--force")
    course.instructor.nbgrader("export", course.option)
    with open(course.instructor.home / "grades.csv", newline="") as file:
        late = {row["student_id"]: float(row["late_submission_penalty"]) for row in csv.DictReader(file)}
    assert late == {course.first.name: 2, course.second.name: 0}
    # An extension that is given again comes again.
    extend(course, course.first, LATER)
    assert f"extension of '{course.first.name}'" in collect(course)


def test_an_extension_that_was_changed_by_hand_stays_when_it_is_removed_at_the_exchange(
    course: Course,
) -> None:
    generated(course, PAST)
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first,))
    extend(course, course.first, LATER)
    collect(course)
    grant(course, course.first, 5)
    take_back(course, course.first)
    said = collect(course)
    assert f"extensions of 'ps1' that the exchange has not: {course.first.name}" in said
    assert known(course.instructor, "extension") == [f"{course.first.name} 5 days, 0:00:00"]


def test_an_extension_that_was_set_by_hand_gives_way_to_the_exchanges_and_that_is_said(
    course: Course,
) -> None:
    generated(course, PAST)
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first,))
    grant(course, course.first, 5)
    extend(course, course.first, PAST + timedelta(days=2))
    said = collect(course)
    assert (
        f"had another extension of '{course.first.name}' for 'ps1' than the exchange, 5 days, 0:00:00. It has the"
        " exchange's now, 2 days, 0:00:00"
    ) in said
    assert known(course.instructor, "extension") == [f"{course.first.name} 2 days, 0:00:00"]
    # The exchange's own changes are nothing to warn of.
    extend(course, course.first, PAST + timedelta(days=3))
    assert "WARNING" not in collect(course)


def test_a_due_date_from_the_exchange_leaves_the_gradebook_when_it_is_removed_there(
    course: Course,
) -> None:
    generated(course)
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first, course.second))
    extend(course, course.first, LATER)
    collect(course)
    naive = PAST.replace(tzinfo=None)
    assert known(course.instructor, "assignment") == [f"ps1 {naive}"]
    set_due(course, None)
    take_back(course, course.first)
    said = collect(course)
    assert "no due date at the exchange any more" in said and "has none now" in said
    assert f"The extensions that refer to it are removed as well: {course.first.name}" in said
    assert known(course.instructor, "assignment") == ["ps1 None"]
    assert f"{course.first.name} None" in known(course.instructor, "extension")
    course.instructor.nbgrader("autograde", "ps1", course.option)
    assert "no due date" not in collect(course)


def test_a_due_date_that_an_extension_by_hand_needs_stays_and_is_named(
    course: Course,
) -> None:
    generated(course)
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first,))
    collect(course)
    grant(course, course.first, 5)
    set_due(course, None)
    said = collect(course)
    assert f"did not come from the exchange refer to it: {course.first.name}." in said
    naive = PAST.replace(tzinfo=None)
    assert known(course.instructor, "assignment") == [f"ps1 {naive}"]
    course.instructor.nbgrader("autograde", "ps1", course.option)


def test_a_due_date_that_was_changed_by_hand_stays_when_it_is_removed_at_the_exchange(
    course: Course,
) -> None:
    generated(course)
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first,))
    collect(course)
    by_hand = (PAST + timedelta(days=1)).replace(tzinfo=None)
    date = f"--duedate={by_hand} UTC"
    course.instructor.nbgrader("db", "assignment", "add", "ps1", date)
    set_due(course, None)
    said = collect(course)
    assert "'ps1' has no due date at the exchange, and" in said
    assert known(course.instructor, "assignment") == [f"ps1 {by_hand}"]


def test_the_first_extension_comes_without_warnings_of_the_database(
    course: Course, tmp_path: Path
) -> None:
    generated(course, PAST)
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first,))
    extend(course, course.first, LATER)
    ira = Desk(course.url, course.instructor.name, course.instructor.home)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SAWarning)
        ira.run("Collect", course.name, "ps1")
    assert len(known(course.instructor, "extension")) == 1
    # The submission has the cells of the assignment.
    course.instructor.nbgrader("autograde", "ps1", course.option)
    course.instructor.nbgrader("export", course.option)
    with open(course.instructor.home / "grades.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["max_score"]) > 0


def test_an_extension_that_only_the_gradebook_has_is_kept_and_named(
    course: Course,
) -> None:
    generated(course, PAST)
    course.release(tree=release_tree())
    set_due(course, PAST)
    hand_in(course, (course.first,))
    granted = course.instructor.attempt("python", "-c", GRANT, course.first.name, "3")
    assert granted.code == 0, str(granted)
    said = collect(course)
    assert f"extensions of 'ps1' that the exchange has not: {course.first.name}" in said
    assert known(course.instructor, "extension") == [f"{course.first.name} 3 days, 0:00:00"]


@both_wires
def test_names_are_filled_in_where_the_gradebook_has_none_and_differences_are_said(
    course: Course,
) -> None:
    course.release()
    name(course, course.first, "Ada", "Lovelace", "ada@uni.example")
    name(course, course.second, "Bob", "", "bob@uni.example")
    own = ("--Authenticator.plugin_class=nbgrader.auth.NoAuthPlugin", "--last-name=King")
    course.instructor.nbgrader("db", "student", "add", course.first.name, *own)
    hand_in(course, (course.first, course.second))
    said = collect(course)
    first, second = course.first.name, course.second.name
    assert f"different names or addresses of: {first}. The gradebook keeps its own" in said
    assert sorted(known(course.instructor, "student")) == [
        f"{first} Ada King ada@uni.example",
        f"{second} Bob None bob@uni.example",
    ]


def test_students_without_submissions_are_not_added_to_the_gradebook_nor_anybody_if_grading_forbids_it(
    course: Course,
) -> None:
    course.release()
    for student in (course.first, course.second):
        name(course, student, "A", "B", "")
    hand_in(course, (course.first,))
    collect(course, "--Autograde.create_student=False")
    assert known(course.instructor, "student") == []
    collect(course)
    assert known(course.instructor, "student") == [f"{course.first.name} A B None"]


def test_a_gradebook_that_cannot_be_written_is_named_and_what_was_collected_is_here(
    course: Course,
) -> None:
    course.release()
    set_due(course, PAST)
    hand_in(course, (course.first,))
    (course.instructor.home / "gradebook.db").write_bytes(b"no database at all" * 100)
    complaint = course.instructor.refused("collect", "ps1", course.option)
    assert "The submissions are collected, but the due date, the extensions and the names" in complaint
    notebook = f"submitted/{course.first.name}/ps1/{NOTEBOOK}.ipynb"
    assert (course.instructor.home / notebook).is_file()


def test_a_new_gradebook_is_created_while_the_submissions_arrive(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.release()
    set_due(course, PAST)
    hand_in(course, (course.first, course.second))
    begun, arrived = threading.Event(), []
    version, bring = api.get_alembic_version, Collect._bring

    def get_version() -> str:
        begun.set()
        return version()

    def bring_after_the_first(collecting: Collect, submission: Submission, content: Content) -> None:
        assert not arrived or begun.wait(ANSWER_LIMIT_S), "nothing was begun"
        bring(collecting, submission, content)
        arrived.append(submission.student)

    monkeypatch.setattr(api, "get_alembic_version", get_version)
    monkeypatch.setattr(Collect, "_bring", bring_after_the_first)
    Desk(course.url, course.instructor.name, tmp_path).run("Collect", course.name, "ps1")
    assert sorted(arrived) == sorted((course.first.name, course.second.name))
    with api.Gradebook(f"sqlite:///{tmp_path}/gradebook.db") as gradebook:
        assert gradebook.find_assignment("ps1").duedate == PAST.replace(tzinfo=None)


def test_a_new_gradebook_that_cannot_be_created_is_named_and_what_was_collected_is_here(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.release()
    set_due(course, PAST)
    hand_in(course, (course.first,))

    def no_version() -> str:
        raise OSError(errno.ENOENT, "No such file", "alembic")

    monkeypatch.setattr(api, "get_alembic_version", no_version)
    complaint = Desk(course.url, course.instructor.name, tmp_path).fail("Collect", course.name, "ps1")
    assert "alembic" in complaint
    notebook = f"submitted/{course.first.name}/ps1/{NOTEBOOK}.ipynb"
    assert (tmp_path / notebook).is_file()


def test_nothing_collected_creates_no_gradebook(course: Course, tmp_path: Path) -> None:
    course.release()
    set_due(course, PAST)
    Desk(course.url, course.instructor.name, tmp_path).run("Collect", course.name, "ps1")
    assert not (tmp_path / "gradebook.db").exists()


def test_releasing_gives_the_exchange_the_due_date_of_the_gradebook_and_leaves_the_others(
    course: Course,
) -> None:
    generated(course, LATER)
    opens, cut_off = PAST, LATER + timedelta(days=3)
    dates = {"opens_at": opens.isoformat(), "cutoff_at": cut_off.isoformat()}
    course.instructor.put_json(f"{at(course)}/dates", dates)
    release = ("release_assignment", "ps1", course.option)
    said = course.instructor.nbgrader(*release).stderr
    assert "'ps1' is due" in said and "as in the gradebook" in said
    gradebook = course.instructor.get(f"{at(course)}/gradebook")
    times = [gradebook[key] and datetime.fromisoformat(gradebook[key]) for key in ("opens_at", "due_at", "cutoff_at")]
    assert times == [opens, LATER, cut_off]
    # The students see the due time.
    assert ", due " in course.first.listing(course.option)[0]
    assert "due" not in course.instructor.nbgrader(*release, "--force").stderr


def test_a_due_date_that_was_removed_at_the_exchange_is_named(course: Course) -> None:
    generated(course, PAST)
    release = ("release_assignment", "ps1", course.option)
    course.instructor.nbgrader(*release)
    hand_in(course, (course.first,))
    course.instructor.put_json(f"{at(course)}/dates", {})
    said = collect(course)
    assert "'ps1' has no due date at the exchange" in said
    said = course.instructor.nbgrader(*release, "--force").stderr
    assert "WARNING" in said and "The exchange had no due date" in said


def test_releasing_says_that_dates_differ_and_changes_neither(course: Course) -> None:
    generated(course, PAST)
    set_due(course, LATER)
    said = course.instructor.nbgrader("release_assignment", "ps1", course.option).stderr
    assert "'ps1' is due" in said and "at the exchange, which students see, and" in said
    assert due_at(course) == LATER
    naive = PAST.replace(tzinfo=None)
    assert known(course.instructor, "assignment") == [f"ps1 {naive}"]


def test_a_due_date_that_the_exchange_refuses_is_no_success(
    course: Course,
) -> None:
    generated(course, LATER)
    course.instructor.put_json(f"{at(course)}/dates", {"cutoff_at": PAST.isoformat()})
    complaint = course.instructor.refused("release_assignment", "ps1", course.option)
    assert "'ps1' is released, but students are not told that it is due" in complaint
    assert course.assignments() == ["ps1"]


@pytest.mark.parametrize("wire", [NGSHARE], indirect=True)
def test_an_exchange_without_dates_is_released_to_and_the_lack_is_said(
    course: Course,
) -> None:
    generated(course, LATER)
    said = course.instructor.nbgrader("release_assignment", "ps1", course.option).stderr
    assert "This exchange keeps no due dates, so students see none" in said


def test_facts_that_cannot_be_had_are_no_success(course: Course, front: Front) -> None:
    course.release()
    hand_in(course, (course.first,))
    through(front.url, course.instructor)
    front.rule = lambda asked: (
        problem(403, "Permission denied") if asked.path.endswith("/gradebook") else None
    )
    course.instructor.refused("collect", "ps1", course.option)
    assert (course.instructor.home / "submitted" / course.first.name / "ps1").is_dir()
