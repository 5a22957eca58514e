"""The newer of two protocols if the server knows it, else the older one."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Callable, TypeVar

from .dates import Dates
from .errors import CourierError, Unreachable, UnknownRequest
from .ngshare import NgshareTransport
from .transport import (
    AcceptedSubmission,
    Files,
    ForGradebook,
    Receive,
    ReceiveSubmission,
    Release,
    RemoteFile,
    Student,
    Submission,
    Transport,
)
from .trees import LocalFile

T = TypeVar("T")

# The exchanges that were reported already: a command makes several of these objects, and formgrader one for each page.
_announced: set[str] = set()


class Fallback:
    """A `Transport` that asks `newer`, and `older` for everything that the server does not know."""

    def __init__(
        self, newer: Transport, older: NgshareTransport, url: str, log: logging.Logger
    ) -> None:
        self._newer = newer
        self._older = older
        self._url = url
        self._log = log
        self._unspoken: set[str] = set()
        self._newer_is_unspoken = False

    @property
    def left_out(self) -> list[str]:
        return list(dict.fromkeys((*self._newer.left_out, *self._older.left_out)))

    @property
    def has_pages(self) -> bool:
        asked = self._older if self._newer_is_unspoken else self._newer
        return asked.has_pages

    def courses(self) -> list[str]:
        return self._ask("courses", lambda on: on.courses())

    def require_instructor(self, course: str) -> None:
        self._ask("require_instructor", lambda on: on.require_instructor(course))

    def releases(self, course: str) -> list[Release]:
        return self._ask("releases", lambda on: on.releases(course))

    def find_release(self, course: str, assignment: str) -> Release:
        return self._ask("find_release", lambda on: on.find_release(course, assignment))

    def dates(self, course: str, assignment: str) -> Dates:
        return self._ask("dates", lambda on: on.dates(course, assignment))

    def set_due(self, course: str, assignment: str, due: datetime) -> bool:
        return self._ask("set_due", lambda on: on.set_due(course, assignment, due))

    def for_gradebook(self, course: str, assignment: str) -> ForGradebook:
        return self._ask("for_gradebook", lambda on: on.for_gradebook(course, assignment))

    def released(self, release: Release) -> list[RemoteFile]:
        return self._ask("released", lambda on: on.released(release))

    def fetch(self, course: str, assignment: str, receive: Receive) -> None:
        self._ask("fetch", lambda on: on.fetch(course, assignment, receive))

    def release(
        self, course: str, assignment: str, files: list[LocalFile], *, again: bool
    ) -> None:
        def ask(on: Transport) -> None:
            on.release(course, assignment, files, again=again)

        self._ask("release", ask)

    def unrelease(self, course: str, assignment: str) -> None:
        self._ask("unrelease", lambda on: on.unrelease(course, assignment))

    def submit(
        self, course: str, assignment: str, files: list[LocalFile], student: str | None
    ) -> AcceptedSubmission:
        def ask(on: Transport) -> AcceptedSubmission:
            return on.submit(course, assignment, files, student)

        return self._ask("submit", ask)

    def submissions(
        self,
        course: str,
        assignment: str | None = None,
        student: str | None = None,
        *,
        with_files: bool = False,
    ) -> list[Submission]:
        def ask(on: Transport) -> list[Submission]:
            return on.submissions(course, assignment, student, with_files=with_files)

        return self._ask("submissions", ask)

    def submitted(self, submission: Submission) -> list[RemoteFile]:
        return self._ask("submitted", lambda on: on.submitted(submission))

    def collect(
        self,
        wanted: list[Submission],
        listed: list[Submission],
        receive: ReceiveSubmission,
    ) -> None:
        self._ask("collect", lambda on: on.collect(wanted, listed, receive))

    def remove_submission(self, submission: Submission) -> None:
        self._ask("remove_submission", lambda on: on.remove_submission(submission))

    def feedback(self, submissions: list[Submission]) -> dict[Submission, Files]:
        return self._ask("feedback", lambda on: on.feedback(submissions))

    def fetch_feedback(
        self, submissions: list[Submission], receive: ReceiveSubmission
    ) -> None:
        self._ask("fetch_feedback", lambda on: on.fetch_feedback(submissions, receive))

    def give_feedback(
        self, pages: dict[Submission, list[LocalFile]]
    ) -> dict[Submission, CourierError]:
        return self._ask("give_feedback", lambda on: on.give_feedback(pages))

    def students(self, course: str) -> list[Student]:
        return self._ask("students", lambda on: on.students(course))

    def enrol(self, course: str, student: Student) -> None:
        self._ask("enrol", lambda on: on.enrol(course, student))

    def enrol_all(self, course: str, students: list[Student]) -> list[str]:
        return self._ask("enrol_all", lambda on: on.enrol_all(course, students))

    def remove_student(self, course: str, student: str) -> None:
        self._ask("remove_student", lambda on: on.remove_student(course, student))

    def is_student(self, course: str, student: str) -> bool:
        return self._ask("is_student", lambda on: on.is_student(course, student))

    def _ask(self, what: str, ask: Callable[[Transport], T]) -> T:
        if not self._newer_is_unspoken and what not in self._unspoken:
            try:
                return ask(self._newer)
            except UnknownRequest as unspoken:
                if unspoken.entirely:
                    self._require_exchange(unspoken)
                self._remember(what, unspoken)
        return ask(self._older)

    def _require_exchange(self, unspoken: UnknownRequest) -> None:
        # Any server may answer "not found", for example a hub without a service of that name.
        try:
            self._older.require_exchange()
        except Unreachable:
            raise
        except CourierError:
            raise unspoken.refused from unspoken

    def _remember(self, what: str, unspoken: UnknownRequest) -> None:
        self._unspoken.add(what)
        self._newer_is_unspoken = unspoken.entirely
        if self._url not in _announced:
            _announced.add(self._url)
            self._log.info(
                "The exchange at %s is an ngshare, or older than this plugin: some things take longer,"
                " and there may be no receipts",
                self._url,
            )
