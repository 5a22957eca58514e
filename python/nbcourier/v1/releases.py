"""Courses and what is released in them."""

from __future__ import annotations

from .. import digest, manifest
from ..answer import Answer
from ..dates import Dates
from ..digest import Summed
from ..errors import CourierError, Refused
from ..names import course_name
from ..transport import Receive, Release, RemoteFile
from ..trees import LocalFile
from .client import V1Client, at_assignment


class V1Releases(V1Client):
    """That part of a `Transport`."""

    def courses(self) -> list[str]:
        listed = self._get("courses").texts_of("courses", "course")
        return self._connection.usable(listed, course_name)

    def require_instructor(self, course: str) -> None:
        for each in self._get("courses").parts("courses"):
            # An admin who is not in the course has no role there.
            role = each.text_or_none("role")
            if each.text("course") == course and role != "student":
                return
        raise Refused(403, "Permission denied")

    def releases(self, course: str) -> list[Release]:
        def read(listed: Answer) -> Release:
            return Release(
                course,
                listed.text("assignment"),
                self._remote_files(listed.parts("files")),
                Dates.read(listed),
            )

        return self._connection.usable(self._releases(course), read)

    def find_release(self, course: str, assignment: str) -> Release:
        for each in self.releases(course):
            if each.assignment == assignment:
                return each
        raise Refused(404, "Assignment not found")

    def dates(self, course: str, assignment: str) -> Dates:
        return self.find_release(course, assignment).dates

    def released(self, release: Release) -> list[RemoteFile]:
        if release.files is None:
            release = self.find_release(release.course, release.assignment)
        return list(release.files or ())

    def fetch(self, course: str, assignment: str, receive: Receive) -> None:
        self._tree(receive, *at_assignment(course, assignment), "tree")

    def release(
        self, course: str, assignment: str, files: list[LocalFile], *, again: bool
    ) -> None:
        sums = digest.summed(files)
        query = {} if again else {"only_first": "true"}
        try:
            answer = manifest.send(
                sums,
                lambda body: self._ask(
                    "PUT",
                    *at_assignment(course, assignment),
                    "tree",
                    body=body,
                    query=query,
                    repeatable=True,
                ),
            )
        except Refused as refused:
            # What is in the way may be what an earlier attempt released, the answer to which was lost.
            may_be_ours = refused.status == 409 and refused.repeated
            if not (may_be_ours and self._is_released(course, assignment, sums)):
                raise
            return
        if answer.text("tree") != digest.of_files(sums):
            raise CourierError(
                "Files changed while they were sent, and what students get may be no good: release again with --force"
            )

    def unrelease(self, course: str, assignment: str) -> None:
        self._delete(*at_assignment(course, assignment), "release")

    def _is_released(self, course: str, assignment: str, sums: list[Summed]) -> bool:
        tree = digest.of_files(sums)
        return any(
            (each.text("assignment"), each.text("tree")) == (assignment, tree)
            for each in self._releases(course)
        )

    def _releases(self, course: str) -> list[Answer]:
        return self._get("courses", course, "assignments").parts("assignments")
