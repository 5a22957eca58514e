"""Writes to the gradebook what the exchange knows: due times, extensions, and the names of people.

nbgrader computes late penalties and exports from the gradebook alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Gradebook, MissingEntry
from nbgrader.api import Student as Entry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Column, MetaData, String, Table, delete, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from .dates import shown
from .errors import CourierError, some
from .transport import DETAILS, ForGradebook, Student

# The rows have an empty student for the due time of the assignment. nbgrader does not look at tables of others.
_WRITTEN = Table(
    "nbcourier_written",
    MetaData(),
    Column("assignment", String(255), primary_key=True),
    Column("student", String(255), primary_key=True),
    Column("value", String(64), nullable=False),
)


class CourseGradebook:
    """The gradebook of a course."""

    def __init__(
        self,
        coursedir: CourseDirectory,
        course: str,
        zone: tzinfo,
        log: logging.Logger,
    ) -> None:
        self._database = coursedir.db_url
        self._course = course
        self._zone = zone
        self._log = log
        self._creation: Future[None] | None = None

    def due(self, assignment: str) -> datetime | None:
        """Returns the assignment's due time in the gradebook, as a naive time in UTC."""
        try:
            with Gradebook(self._database, self._course) as gradebook:
                found = _found(gradebook, assignment)
                return None if found is None else found.duedate
        except SQLAlchemyError as error:
            raise CourierError(
                f"the due date of '{assignment}' cannot be read from the gradebook: {error}. Make it readable, and try again"
            ) from error

    def create_meanwhile(self, known: ForGradebook) -> None:
        """Begins to create the gradebook on another thread if `learn` would create it; does nothing the second time.

        nbgrader waits for another program whenever it creates a gradebook, which takes as long as collecting a class.
        """
        if self._creation is None and _is_news(known) and not exists(self._database):
            threads = ThreadPoolExecutor(max_workers=1)
            self._creation = threads.submit(self._create)
            threads.shutdown(wait=False)

    def _create(self) -> None:
        Gradebook(self._database, self._course).close()

    def learn(
        self,
        assignment: str,
        known: ForGradebook,
        collected: Iterable[str],
        *,
        may_create: bool,
    ) -> None:
        """Takes over dates, and the names of students whose work was collected; logs the differences that stay.

        Students who are missing in the gradebook are added only if `may_create`.
        """
        if not _is_news(known) and (
            not known.keeps_dates or not exists(self._database)
        ):
            return
        collected = set(collected)
        try:
            if self._creation is not None:
                self._creation.result()
            with Gradebook(self._database, self._course) as gradebook:
                self._learn_names(gradebook, known, collected, may_create)
                self._learn_due(gradebook, assignment, known)
                self._learn_extensions(gradebook, assignment, known, collected)
        except SQLAlchemyError as error:
            raise CourierError(
                "The submissions are collected, but the due date, the extensions and the names of students could not be"
                f" written to the gradebook: {error}. Make the gradebook writable and collect again"
            ) from error

    def _learn_names(
        self,
        gradebook: Gradebook,
        known: ForGradebook,
        collected: set[str],
        may_create: bool,
    ) -> None:
        entries = {entry.id: entry for entry in gradebook.students}
        differ: list[str] = []
        for student in known.students:
            details = _details(student)
            entry = entries.get(student.username)
            if entry is None:
                if details and may_create and student.username in collected:
                    # Added together: nbgrader's own methods flush to the disk for each student.
                    gradebook.db.add(Entry(id=student.username, **details))
                continue
            for detail, text in details.items():
                if not getattr(entry, detail):
                    setattr(entry, detail, text)
                elif getattr(entry, detail) != text:
                    differ.append(student.username)
        gradebook.db.commit()
        if differ:
            self._log.warning(
                "The gradebook and the exchange have different names or addresses of: %s. The gradebook keeps its own."
                " To change the exchange's, run `nbcourier roster add COURSE USER` with --first-name, --last-name or"
                " --email",
                some(sorted(set(differ))),
            )

    def _learn_due(self, gradebook: Gradebook, assignment: str, known: ForGradebook) -> None:
        entry = _found(gradebook, assignment)
        before = None if entry is None else entry.duedate
        written = WrittenTimes(gradebook, assignment)
        if known.due is None:
            if before is not None and known.keeps_dates:
                self._lose_due(gradebook, entry, written)
            return
        due = _naive(known.due)
        if before == due:
            return
        gradebook.update_or_create_assignment(assignment, duedate=due)
        written.note(None, due)
        if before is None:
            self._log.info(
                "The gradebook has the due date of '%s' now: %s",
                assignment,
                shown(known.due, self._zone),
            )
        else:
            self._log.warning(
                "The gradebook had another due date of '%s' than the exchange, %s. It has the exchange's now, which"
                " students see: %s",
                assignment,
                shown(_aware(before), self._zone),
                shown(known.due, self._zone),
            )

    def _lose_due(self, gradebook: Gradebook, entry: Assignment, written: WrittenTimes) -> None:
        """Removes the due date, which the exchange no longer has, if an earlier collecting wrote it."""
        before = shown(_aware(entry.duedate), self._zone)
        extended = [each for each in entry.submissions if each.extension]
        by_hand = [
            each.student.id
            for each in extended
            if not written.holds(each.student.id, each.extension)
        ]
        if not written.holds(None, entry.duedate):
            self._log.warning(
                "'%s' has no due date at the exchange, and %s in the gradebook, by which penalties for lateness"
                " count. Remove the gradebook's in Manage Assignments, or set the exchange's with `nbcourier dates`",
                entry.name,
                before,
            )
        elif by_hand:
            # Autograding fails for a submission that has an extension and no due date.
            self._log.warning(
                "'%s' has no due date at the exchange any more. The gradebook keeps it, %s, because extensions that did"
                " not come from the exchange refer to it: %s. Take them out of the gradebook with"
                " Gradebook.grant_extension without a time, and collect again",
                entry.name,
                before,
                some(sorted(by_hand)),
            )
        else:
            students = sorted(each.student.id for each in extended)
            for each in extended:
                each.extension = None
                written.note(each.student.id, None)
            entry.duedate = None
            written.note(None, None)
            gradebook.db.commit()
            self._log.warning(
                "'%s' has no due date at the exchange any more. The gradebook had it from there, %s, and has none now%s",
                entry.name,
                before,
                f". The extensions that refer to it are removed as well: {some(students)}" if students else "",
            )

    def _learn_extensions(
        self,
        gradebook: Gradebook,
        assignment: str,
        known: ForGradebook,
        collected: set[str],
    ) -> None:
        entry = _found(gradebook, assignment)
        wanted = {
            student: due for student, due in known.own_due.items() if student in collected
        }
        if wanted and (entry is None or entry.duedate is None):
            self._log.warning(
                "'%s' is due for some students only, which a gradebook has no place for: %s. Give the assignment a due"
                " date and collect again",
                assignment,
                some(sorted(wanted)),
            )
            return
        if wanted and not entry.notebooks:
            self._log.warning(
                "The gradebook does not know the notebooks of '%s' yet, so it lacks the extensions of %s. Run"
                " `nbgrader generate_assignment`, and collect again",
                assignment,
                some(sorted(wanted)),
            )
            return
        written = WrittenTimes(gradebook, assignment)
        for student, due in wanted.items():
            self._extend(gradebook, entry, student, _naive(due) - entry.duedate, written)
        if entry is not None and known.keeps_dates:
            self._lose_extensions(gradebook, entry, known, written)

    def _extend(
        self,
        gradebook: Gradebook,
        entry: Assignment,
        student: str,
        more: timedelta,
        written: WrittenTimes,
    ) -> None:
        gradebook.update_or_create_student(student)
        # nbgrader adds the parts of a submission before the submission itself. Flushing in between loses them.
        with gradebook.db.no_autoflush:
            # Autograding finds this submission and keeps its extension.
            submission = gradebook.update_or_create_submission(entry.name, student)
        before = submission.extension or timedelta()
        if before == more:
            return
        is_ours = not before or written.holds(student, before)
        _grant(gradebook, entry, student, more)
        written.note(student, submission.extension)
        if is_ours:
            self._log.info(
                "The gradebook has the extension of '%s' for '%s' now", student, entry.name
            )
        else:
            self._log.warning(
                "The gradebook had another extension of '%s' for '%s' than the exchange, %s. It has the exchange's now,"
                " %s, which the student sees",
                student,
                entry.name,
                before,
                more,
            )

    def _lose_extensions(
        self,
        gradebook: Gradebook,
        entry: Assignment,
        known: ForGradebook,
        written: WrittenTimes,
    ) -> None:
        """Removes the extensions that the exchange no longer has, if an earlier collecting wrote them."""
        gone, others = [], []
        # A copy, because granting loads the submissions again.
        for submission in list(entry.submissions):
            student = submission.student.id
            if not submission.extension or student in known.own_due:
                continue
            if written.holds(student, submission.extension):
                _grant(gradebook, entry, student, timedelta())
                written.note(student, None)
                gone.append(student)
            else:
                others.append(student)
        if gone:
            self._log.warning(
                "These students have no extension of '%s' at the exchange any more. The gradebook had it from there, and"
                " has none now: %s",
                entry.name,
                some(sorted(gone)),
            )
        if others:
            self._log.warning(
                "The gradebook has extensions of '%s' that the exchange has not: %s. The exchange calls their work late."
                " Give them there with `nbcourier extension set`, or take them out of the gradebook with"
                " Gradebook.grant_extension without a time",
                entry.name,
                some(sorted(others)),
            )


class WrittenTimes:
    """The times of an assignment that collecting wrote to the gradebook, in a table of our own in it.

    A time that differs from this was set by hand.
    """

    def __init__(self, gradebook: Gradebook, assignment: str) -> None:
        self._db = gradebook.db
        self._assignment = assignment

    def holds(self, student: str | None, value: datetime | timedelta | None) -> bool:
        """Whether this value was written; it is an extension, or the due time without a student."""
        connection = self._db.connection()
        if not inspect(connection).has_table(_WRITTEN.name):
            return False
        query = select(_WRITTEN.c.value).where(*self._of(student))
        return self._db.execute(query).scalar() == _text(value)

    def note(self, student: str | None, value: datetime | timedelta | None) -> None:
        """Remembers that this value was written; None forgets it."""
        _WRITTEN.create(self._db.connection(), checkfirst=True)
        self._db.execute(delete(_WRITTEN).where(*self._of(student)))
        if value is not None:
            row = {
                "assignment": self._assignment,
                "student": student or "",
                "value": _text(value),
            }
            self._db.execute(insert(_WRITTEN).values(row))
        self._db.commit()

    def _of(self, student: str | None) -> tuple[Any, ...]:
        return (
            _WRITTEN.c.assignment == self._assignment,
            _WRITTEN.c.student == (student or ""),
        )


def _text(value: datetime | timedelta | None) -> str | None:
    if isinstance(value, timedelta):
        return str(value // timedelta(microseconds=1))
    return value and value.isoformat()


def _grant(
    gradebook: Gradebook, entry: Assignment, student: str, more: timedelta
) -> None:
    minutes = timedelta(seconds=more.seconds, microseconds=more.microseconds)
    gradebook.grant_extension(
        entry.name,
        student,
        days=more.days,
        minutes=minutes / timedelta(minutes=1),
    )


def _found(gradebook: Gradebook, assignment: str) -> Assignment | None:
    try:
        return gradebook.find_assignment(assignment)
    except MissingEntry:
        return None


def _is_news(known: ForGradebook) -> bool:
    """Whether the exchange knows anything that a gradebook has a place for."""
    names = any(_details(student) for student in known.students)
    return known.due is not None or bool(known.own_due) or names


def _details(student: Student) -> dict[str, Any]:
    details = {detail: getattr(student, detail) for detail in DETAILS}
    return {detail: text for detail, text in details.items() if text}


def _naive(time: datetime) -> datetime:
    return time.astimezone(timezone.utc).replace(tzinfo=None)


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=timezone.utc)


def exists(url: str) -> bool:
    """Whether a gradebook is at this URL. Opening a missing one would create it; only files can be looked for."""
    path = url.removeprefix("sqlite:///")
    return path == url or Path(path).exists()
