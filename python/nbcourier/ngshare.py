"""The ngshare protocol, which every nbcourier and a real ngshare understand."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from io import BytesIO
from urllib.parse import quote_plus, urlencode

from . import dates
from .answer import Answer
from .body import Body
from .dates import NO_DATES, Dates
from .errors import CourierError, Refused, Unreachable
from .http import Connection
from .names import course_name, shown
from .reply import Reply
from .transport import (
    DETAILS,
    AcceptedSubmission,
    Content,
    Files,
    ForGradebook,
    Receive,
    ReceiveSubmission,
    Release,
    RemoteFile,
    Student,
    Submission,
)
from .trees import LocalFile


# The message about an instructor among the students to enrol.
_TEACHES = "Cannot add instructor as student"


class NgshareTransport:
    """A `Transport` that sends one request for each item, because the protocol has no listings of whole courses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def left_out(self) -> list[str]:
        return self._connection.left_out

    @property
    def has_pages(self) -> bool:
        return False

    def require_exchange(self) -> None:
        """Raises an error unless the server speaks the protocol: only an exchange answers this request in this form."""
        self._get("healthz")

    def courses(self) -> list[str]:
        listed = self._get("courses").texts("courses")
        return self._connection.usable(listed, course_name)

    def require_instructor(self, course: str) -> None:
        """Checks nothing: the exchange refuses any listing of a class to students."""

    def releases(self, course: str) -> list[Release]:
        listed = self._get("assignments", course).texts("assignments")
        return self._connection.usable(listed, partial(Release, course))

    def find_release(self, course: str, assignment: str) -> Release:
        reply = self._get("assignment", course, assignment, list_only="true")
        return Release(course, assignment, self._listed(reply))

    def dates(self, course: str, assignment: str) -> Dates:
        """Returns no dates: the protocol has none."""
        return NO_DATES

    def set_due(self, course: str, assignment: str, due: datetime) -> bool:
        """Returns False: the protocol has no dates."""
        return False

    def for_gradebook(self, course: str, assignment: str) -> ForGradebook:
        """Returns the names only: the protocol has no dates."""
        return ForGradebook(students=self.students(course))

    def released(self, release: Release) -> list[RemoteFile]:
        if release.files is None:
            release = self.find_release(release.course, release.assignment)
        return list(release.files or ())

    def fetch(self, course: str, assignment: str, receive: Receive) -> None:
        receive(_content(self._get("assignment", course, assignment)))

    def release(
        self, course: str, assignment: str, files: list[LocalFile], *, again: bool
    ) -> None:
        """Releases again by removing the release first, the only way; an ngshare loses the submissions with it."""
        released = self._get("assignments", course).texts("assignments")
        if again and assignment in released:
            self._release_again(course, assignment, files)
        elif assignment in released:
            raise Refused(409, "Assignment already exists")
        else:
            self._post("assignment", course, assignment, form=_form(files))

    def _release_again(
        self, course: str, assignment: str, files: list[LocalFile]
    ) -> None:
        if self._forgets_submissions() and self._has_submissions(course, assignment):
            raise CourierError(
                f"Releasing '{assignment}' again would delete what students have submitted, because the server is"
                " an ngshare. Release it under another name"
            )
        form = _form(files)
        earlier = self._get("assignment", course, assignment)
        self.unrelease(course, assignment)
        try:
            self._post("assignment", course, assignment, form=form)
        except CourierError:
            # Students should still have the old files, even if something is wrong with the new ones.
            form = _encoded(
                (item.text("path"), item.text("content"))
                for item in earlier.parts("files")
            )
            try:
                self._post("assignment", course, assignment, form=form)
            except CourierError as error:
                raise CourierError(
                    f"'{assignment}' was taken back and could not be released again, so students do not see it now:"
                    f" {error}. Release it again"
                ) from error
            raise

    def unrelease(self, course: str, assignment: str) -> None:
        self._delete("assignment", course, assignment)

    def submit(
        self, course: str, assignment: str, files: list[LocalFile], student: str | None
    ) -> AcceptedSubmission:
        if student is not None:
            raise CourierError(
                f"This exchange takes submissions from the students themselves only, so not for '{student}'"
            )
        # Never repeated: the protocol cannot recognise a repeated submission.
        reply = self._post("submission", course, assignment, form=_form(files))
        return AcceptedSubmission(dates.naive(reply.text("timestamp")))

    def submissions(
        self,
        course: str,
        assignment: str | None = None,
        student: str | None = None,
        *,
        with_files: bool = False,
    ) -> list[Submission]:
        # This protocol lists no files with submissions.
        if assignment is None:
            return [
                submission
                for each in self.releases(course)
                for submission in self.submissions(course, each.assignment, student)
            ]
        names = ["submissions", course, assignment]
        try:
            reply = self._get(*names, *([student] if student else []))
        except Refused as refused:
            if refused.message == "Student not found":
                return []
            raise

        def read(listed: Answer) -> Submission:
            time = dates.naive(listed.text("timestamp"))
            found = Submission(course, assignment, listed.text("student_id"), time)
            found.require(assignment, student)
            return found

        return self._connection.usable(reply.parts("submissions"), read)

    def submitted(self, submission: Submission) -> list[RemoteFile]:
        try:
            reply = self._about("submission", submission, list_only="true")
        except Refused as refused:
            # An ngshare does not show students their own submissions.
            if not refused.says(403):
                raise
            return []
        return list(self._listed(reply))

    def collect(
        self,
        wanted: list[Submission],
        listed: list[Submission],
        receive: ReceiveSubmission,
    ) -> None:
        for submission in wanted:
            receive(submission, self._submission(submission))

    def _submission(self, submission: Submission) -> Content:
        # Requested only when it is read, so that a refusal concerns only this submission.
        yield from _content(self._about("submission", submission))

    def remove_submission(self, submission: Submission) -> None:
        raise CourierError(
            "This exchange keeps what was submitted; no command removes it"
        )

    def feedback(self, submissions: list[Submission]) -> dict[Submission, Files]:
        return {each: self._feedback(each) for each in submissions}

    def _feedback(self, submission: Submission) -> Files:
        try:
            return self._listed(self._about("feedback", submission, list_only="true"))
        except Refused as refused:
            # The course is gone, or the person is no longer in it.
            if not refused.says(403, 404):
                raise
            return ()

    def fetch_feedback(
        self, submissions: list[Submission], receive: ReceiveSubmission
    ) -> None:
        for submission in submissions:
            reply = self._about("feedback", submission, list_only="false")
            if reply.parts("files"):
                receive(submission, _content(reply))

    def give_feedback(
        self, pages: dict[Submission, list[LocalFile]]
    ) -> dict[Submission, CourierError]:
        failed: dict[Submission, CourierError] = {}
        for submission, files in pages.items():
            try:
                self._give_feedback(submission, files)
            except Unreachable:
                raise
            except (CourierError, OSError) as error:
                failed[submission] = CourierError(str(error))
        return failed

    def _give_feedback(self, submission: Submission, files: list[LocalFile]) -> None:
        form = b"timestamp=" + quote_plus(submission.timestamp).encode()
        self._post(
            "feedback",
            submission.course,
            submission.assignment,
            submission.student,
            form=form + b"&" + _form(files),
            repeatable=True,
        )

    def students(self, course: str) -> list[Student]:
        listed = self._get("students", course).parts("students")
        return self._connection.usable(listed, Student.read)

    def is_student(self, course: str, student: str) -> bool:
        return self._find_student(course, student) is not None

    def _find_student(self, course: str, student: str) -> Student | None:
        try:
            return Student.read(self._get("student", course, student))
        except Refused as refused:
            if refused.message == "Student not found":
                return None
            raise

    def enrol(self, course: str, student: Student) -> None:
        # The protocol always replaces all details, so the missing ones are filled in with the current values.
        known = self._find_student(course, student.username)
        wanted = student if known is None else student.over(known)
        if wanted != known:
            details = {name: getattr(wanted, name) or "" for name in DETAILS}
            form = urlencode(details).encode()
            names = ("student", course, student.username)
            self._post(*names, form=form, repeatable=True)

    def enrol_all(self, course: str, students: list[Student]) -> list[str]:
        known = {each.username: each for each in self.students(course)}
        wanted = []
        for student in students:
            before = known.get(student.username)
            complete = student if before is None else student.over(before)
            details = {name: getattr(complete, name) or "" for name in DETAILS}
            wanted.append({"username": student.username} | details)
        form = urlencode({"students": json.dumps(wanted)}).encode()
        answer = self._post("students", course, form=form, repeatable=True)
        refused = [each for each in answer.parts("status") if not each.flag("success")]
        for each in refused:
            if each.text("message") != _TEACHES:
                name = shown(each.text("username"))
                raise Refused(400, f"{name}: {each.text('message')}")
        return [each.text("username") for each in refused]

    def remove_student(self, course: str, student: str) -> None:
        if self.is_student(course, student):
            self._delete("student", course, student)

    def _listed(self, reply: Answer) -> tuple[RemoteFile, ...]:
        def read(listed: Answer) -> RemoteFile:
            return RemoteFile(listed.text("path"), listed.text("checksum"))

        return tuple(self._connection.usable(reply.parts("files"), read))

    def _get(self, *names: str, **query: str) -> Answer:
        ask = self._connection.ask
        return ask("GET", *names, use=_succeeded, query=query, repeatable=True)

    def _delete(self, *names: str) -> None:
        # Not repeatable, because a second attempt would answer that nothing is there.
        self._connection.ask("DELETE", *names, use=_succeeded)

    def _post(self, *names: str, form: bytes, repeatable: bool = False) -> Answer:
        body = Body.of("application/x-www-form-urlencoded", form)
        ask = self._connection.ask
        return ask("POST", *names, use=_succeeded, body=body, repeatable=repeatable)

    def _about(self, what: str, of: Submission, **query: str) -> Answer:
        names = (what, of.course, of.assignment, of.student)
        return self._get(*names, timestamp=of.timestamp, **query)

    def _forgets_submissions(self) -> bool:
        try:
            self._get("readyz")
        except Refused as refused:
            # An ngshare answers this address with a page.
            if refused.status != 404:
                # The kind of server is unknown then, and a wrong guess could delete submissions.
                raise
            return True
        return False

    def _has_submissions(self, course: str, assignment: str) -> bool:
        return bool(self.submissions(course, assignment))


def _succeeded(reply: Reply) -> Answer:
    answer = reply.answer()
    if not answer.flag("success"):
        raise reply.strange("it does not say that it succeeded")
    return answer


def _content(reply: Answer) -> Content:
    for item in reply.parts("files"):
        path = item.text("path")
        damaged = CourierError(f"{shown(path)} arrived damaged")
        try:
            content = base64.b64decode(item.text("content"))
        except (binascii.Error, ValueError) as error:
            raise damaged from error
        checksum = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if checksum != item.text("checksum"):
            raise damaged
        yield path, BytesIO(content)


def _form(files: list[LocalFile]) -> bytes:
    return _encoded(
        (file.path, base64.b64encode(file.source.read_bytes()).decode())
        for file in files
    )


def _encoded(files: Iterator[tuple[str, str]]) -> bytes:
    # Encoded by hand: urllib quotes character by character, which takes longer for 100 MB than sending them.
    items = [
        b"%s%s%s"
        % (
            quote_plus(f'{{"path":{json.dumps(path)},"content":"').encode(),
            _quoted(content),
            b"%22%7D",
        )
        for path, content in files
    ]
    return b"files=%5B" + b"%2C".join(items) + b"%5D"


def _quoted(content: str) -> bytes:
    text = content.encode("ascii").replace(b"\n", b"").replace(b"+", b"%2B")
    return text.replace(b"/", b"%2F").replace(b"=", b"%3D")
