"""The ngshare protocol: what every nbcourier understands, and a real ngshare as well."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote_plus

from .errors import CourierError, Refused, Unreachable
from .http import Connection
from .transport import Accepted, Content, RemoteFile, Submission
from .trees import LocalFile


class NgshareTransport:
    """A `Transport` with a request for each thing asked: the protocol has no listings of whole courses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def courses(self) -> list[str]:
        return self._connection.get("courses")["courses"]

    def assignments(self, course: str) -> list[str]:
        return self._connection.get("assignments", course)["assignments"]

    def released(self, course: str, assignment: str) -> list[RemoteFile]:
        reply = self._connection.get("assignment", course, assignment, list_only="true")
        return _listed(reply)

    def fetch(self, course: str, assignment: str) -> Content:
        return _content(self._connection.get("assignment", course, assignment))

    def release(self, course: str, assignment: str, files: list[LocalFile]) -> None:
        self._connection.post("assignment", course, assignment, form=_form(files))

    def release_again(
        self, course: str, assignment: str, files: list[LocalFile]
    ) -> None:
        """Takes back and releases: the protocol knows no other way, and an ngshare forgets submissions with it."""
        if self._forgets_submissions() and self._has_submissions(course, assignment):
            raise CourierError(
                f"Releasing '{assignment}' again would delete what students have submitted, because the server is"
                " an ngshare. Release it under another name"
            )
        form = _form(files)
        earlier = self._connection.get("assignment", course, assignment)
        self.unrelease(course, assignment)
        try:
            self._connection.post("assignment", course, assignment, form=form)
        except CourierError:
            # Whatever was wrong with the new files, students should not be left without any.
            form = _encoded(
                (item["path"], item["content"]) for item in earlier["files"]
            )
            self._connection.post("assignment", course, assignment, form=form)
            raise

    def unrelease(self, course: str, assignment: str) -> None:
        self._connection.delete("assignment", course, assignment)

    def submit(self, course: str, assignment: str, files: list[LocalFile]) -> Accepted:
        form = _form(files)
        try:
            reply = self._connection.post("submission", course, assignment, form=form)
        except Unreachable as error:
            # The protocol has nothing by which a repeated submission could be recognised.
            raise Unreachable(
                f"{error}. It is not known whether your submission arrived: submit again, the newest one counts"
            ) from error
        return Accepted(reply["timestamp"])

    def submissions(
        self, course: str, assignment: str | None = None, student: str | None = None
    ) -> list[Submission]:
        if assignment is None:
            return [
                submission
                for each in self.assignments(course)
                for submission in self.submissions(course, each, student)
            ]
        names = ["submissions", course, assignment]
        try:
            reply = self._connection.get(*names, *([student] if student else []))
        except Refused as refused:
            if refused.message == "Student not found":
                return []
            raise
        return [
            Submission(course, assignment, each["student_id"], each["timestamp"])
            for each in reply["submissions"]
        ]

    def submitted(self, submission: Submission) -> list[RemoteFile]:
        try:
            return _listed(self._about("submission", submission, list_only="true"))
        except Refused as refused:
            # An ngshare does not show students what they handed in themselves.
            if refused.status != 403:
                raise
            return []

    def collect(
        self, submissions: list[Submission]
    ) -> Iterator[tuple[Submission, Content]]:
        for submission in submissions:
            yield submission, self._submission(submission)

    def _submission(self, submission: Submission) -> Content:
        # Asked for when it is read, so that a refusal concerns this submission and no other.
        yield from _content(self._about("submission", submission))

    def feedback(self, submission: Submission) -> list[RemoteFile]:
        return _listed(self._about("feedback", submission, list_only="true"))

    def fetch_feedback(self, submission: Submission) -> Content:
        return _content(self._about("feedback", submission, list_only="false"))

    def give_feedback(self, submission: Submission, files: list[LocalFile]) -> None:
        form = b"timestamp=" + quote_plus(submission.timestamp).encode()
        self._connection.post(
            "feedback",
            submission.course,
            submission.assignment,
            submission.student,
            form=form + b"&" + _form(files),
            repeatable=True,
        )

    def is_student(self, course: str, student: str) -> bool:
        try:
            self._connection.get("student", course, student)
        except Refused as refused:
            if refused.message == "Student not found":
                return False
            raise
        return True

    def enrol(self, course: str, student: str) -> None:
        form = b"first_name=&last_name=&email="
        self._connection.post("student", course, student, form=form, repeatable=True)

    def remove_student(self, course: str, student: str) -> None:
        self._connection.delete("student", course, student)

    def _about(self, what: str, of: Submission, **query: str) -> dict[str, Any]:
        names = (what, of.course, of.assignment, of.student)
        return self._connection.get(*names, timestamp=of.timestamp, **query)

    def _forgets_submissions(self) -> bool:
        try:
            self._connection.get("readyz")
        except Refused as refused:
            return refused.missing
        return False

    def _has_submissions(self, course: str, assignment: str) -> bool:
        return bool(self.submissions(course, assignment))


def _listed(reply: dict[str, Any]) -> list[RemoteFile]:
    return [RemoteFile(item["path"], item["checksum"]) for item in reply["files"]]


def _content(reply: dict[str, Any]) -> Content:
    for item in reply["files"]:
        try:
            content = base64.b64decode(item["content"])
        except (binascii.Error, ValueError) as error:
            raise CourierError(f"'{item['path']}' arrived damaged") from error
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != item["checksum"]:
            raise CourierError(f"'{item['path']}' arrived damaged")
        yield item["path"], BytesIO(content)


def _form(files: list[LocalFile]) -> bytes:
    return _encoded(
        (file.path, base64.b64encode(file.source.read_bytes()).decode())
        for file in files
    )


def _encoded(files: Iterator[tuple[str, str]]) -> bytes:
    # By hand: to quote a hundred megabytes character by character, as urllib does, takes longer than to send them.
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
