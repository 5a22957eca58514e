"""Courses and their released assignments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .. import digest, manifest
from ..answer import Answer
from ..dates import Dates, parse
from ..digest import HashedFile
from ..errors import CourierError, Refused
from ..names import course_name
from ..transport import ForGradebook, Receive, Release, RemoteFile, Student
from ..trees import LocalFile
from .client import V1Client, at_assignment, json_body


class V1Releases(V1Client):
    """The part of a `Transport` about releases."""

    def courses(self) -> list[str]:
        listed = list(self._courses())
        # An administrator sees every course of the hub, and asking each of them would take at least one request.
        own = [each.text("course") for each in listed if "role" in each]
        if listed and not own:
            self._connection.log.info(
                "You are in no course, and administer %d. Name one with --course",
                len(listed),
            )
        return self._connection.usable(own, course_name)

    def require_instructor(self, course: str) -> None:
        for each in self._courses():
            # An administrator who is not in the course has no role there.
            role = each.text_or_none("role")
            if each.text("course") == course and role != "student":
                return
        raise Refused(403, "Permission denied")

    def releases(self, course: str) -> list[Release]:
        found: list[Release] = []
        for page in self._releases(course, files="true"):
            trees = page.part("trees")

            def read(listed: Answer, trees: Answer = trees) -> Release:
                return Release(
                    course,
                    listed.text("assignment"),
                    self._remote_files(trees.parts(listed.text("tree"))),
                    self._readable_dates(listed),
                )

            found.extend(self._connection.usable(page.parts("assignments"), read))
        return found

    def _readable_dates(self, listed: Answer) -> Dates:
        """Returns the dates of a release; none if they cannot be read, because the release counts without them."""
        (dates,) = self._connection.usable([listed], Dates.read) or [Dates()]
        return dates

    def find_release(self, course: str, assignment: str) -> Release:
        for each in self.releases(course):
            if each.assignment == assignment:
                return each
        raise Refused(404, "Assignment not found")

    def dates(self, course: str, assignment: str) -> Dates:
        for page in self._releases(course):
            for each in page.parts("assignments"):
                if each.text("assignment") == assignment:
                    return Dates.read(each)
        raise Refused(404, "Assignment not found")

    def set_due(self, course: str, assignment: str, due: datetime) -> bool:
        released = (
            each
            for page in self._releases(course)
            for each in page.parts("assignments")
        )
        for each in released:
            if each.text("assignment") == assignment:
                # The request replaces all dates, so it repeats the other ones.
                others = ("opens_at", "cutoff_at")
                dates = {key: each.text_or_none(key) for key in others}
                self._ask(
                    "PUT",
                    *at_assignment(course, assignment),
                    "dates",
                    body=json_body(dates | {"due_at": due.isoformat()}),
                    repeatable=True,
                )
                return True
        raise Refused(404, "Assignment not found")

    def for_gradebook(self, course: str, assignment: str) -> ForGradebook:
        pages = list(self._pages(*at_assignment(course, assignment), "gradebook"))
        first = pages[0]
        return ForGradebook(
            keeps_dates=True,
            due=parse(first.text("due_at")) if "due_at" in first else None,
            own_due={
                each.text("student"): parse(each.text("due_at"))
                for page in pages
                for each in page.parts("extensions")
                if "due_at" in each
            },
            students=self._connection.usable(
                [each for page in pages for each in page.parts("students")],
                Student.read,
            ),
        )

    def released(self, release: Release) -> list[RemoteFile]:
        if release.files is None:
            release = self.find_release(release.course, release.assignment)
        return list(release.files or ())

    def fetch(self, course: str, assignment: str, receive: Receive) -> None:
        self._tree(receive, *at_assignment(course, assignment), "tree")

    def release(
        self, course: str, assignment: str, files: list[LocalFile], *, again: bool
    ) -> None:
        sums = digest.hashed(files)
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
            # The conflict may be an earlier attempt of this release whose answer was lost.
            may_be_ours = refused.says(409) and refused.repeated
            if not (may_be_ours and self._is_released(course, assignment, sums)):
                raise
            return
        if answer.text("tree") != digest.of_files(sums):
            raise CourierError(
                "Files changed while they were sent, and what students get may be no good: release again with --force"
            )

    def unrelease(self, course: str, assignment: str) -> None:
        self._delete(*at_assignment(course, assignment), "release")

    def _is_released(self, course: str, assignment: str, sums: list[HashedFile]) -> bool:
        tree = digest.of_files(sums)
        return any(
            (each.text("assignment"), each.text("tree")) == (assignment, tree)
            for page in self._releases(course)
            for each in page.parts("assignments")
        )

    def _courses(self) -> Iterator[Answer]:
        for page in self._pages("courses"):
            yield from page.parts("courses")

    def _releases(self, course: str, **query: str) -> Iterator[Answer]:
        return self._pages("courses", course, "assignments", **query)
