"""`nbgrader list`, and what assignment_list and formgrader show: the dictionaries are a contract with their scripts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from nbgrader.exchange.abc import ExchangeList

from ..cache import Cached
from ..errors import CourierError, Refused
from ..transport import RemoteFile, Submission
from ..trees import notebooks_among
from . import feedback_state
from .base import NbCourierExchange, selects

Info = dict[str, Any]


class List(NbCourierExchange, ExchangeList):
    """Lists, or removes, what is released, what was submitted, and what was submitted from here."""

    def copy_files(self) -> None:
        """Nothing moves."""

    def list_files(self) -> list[Info]:
        """What there is, in nbgrader's form."""
        if self.inbound or self.cached:
            found = self._submitted()
            self._tell("Submitted assignments:", found)
        else:
            found = self._released()
            self._tell("Released assignments:", found)
        return found

    def remove_files(self) -> list[Info]:
        """What there was."""
        if self.inbound:
            raise CourierError(
                "This exchange keeps what was submitted; no command removes it"
            )
        if self.cached:
            found = self._submitted()
            self._tell("Removing submitted assignments:", found)
            for copy in self._copies():
                shutil.rmtree(copy.path)
        else:
            # One course's, never those of every course that the person happens to teach.
            found = [self._as_removed(info) for info in self._released(self.course)]
            self._tell("Removing released assignments:", found)
            for info in found:
                self.transport.unrelease(info["course_id"], info["assignment_id"])
        return found

    def _released(self, course: str = "") -> list[Info]:
        return [
            self._released_info(course, assignment)
            for course, assignment in self._assignments(course)
        ]

    def _assignments(self, course: str = "") -> Iterator[tuple[str, str]]:
        for each in [course] if course else self._courses():
            for assignment in sorted(self.transport.assignments(each)):
                if selects(self.coursedir.assignment_id, assignment):
                    yield each, assignment

    def _courses(self) -> list[str]:
        given = self.coursedir.course_id
        return [given] if given else self.transport.courses()

    def _released_info(self, course: str, assignment: str) -> Info:
        directory = self.work_directory(course, assignment)
        if directory.is_dir():
            status, path = "fetched", str(directory)
            names = notebooks_among(os.listdir(directory))
        else:
            status, path = "released", f"{course}/{assignment}"
            names = notebooks_among(_paths(self.transport.released(course, assignment)))
        return {
            "course_id": course,
            "assignment_id": assignment,
            "status": status,
            "path": path,
            "notebooks": [_notebook(name, path) for name in names],
        }

    def _as_removed(self, info: Info) -> Info:
        return info | {"status": "removed"}

    def _submitted(self) -> list[Info]:
        if self.inbound:
            return _grouped(map(self._exchange_info, self._inbound()))
        found = [self._cached_info(each) for each in self._copies()]
        if not self.remove:
            found.extend(map(self._exchange_info, self._without_cache()))
        return _grouped(found)

    def _inbound(self) -> Iterator[Submission]:
        for course in self._courses():
            try:
                yield from self._submissions(course)
            except Refused as refused:
                if refused.status != 403:
                    raise
                # A student may see none but their own.
                yield from self._submissions(course, self.username)

    def _without_cache(self) -> Iterator[Submission]:
        """One's own submissions to courses of which nothing is kept here: the home is new, or was lost."""
        for course in self._courses():
            if not self.submission_cache.has(course):
                yield from self._submissions(course, self.username)

    def _submissions(
        self, course: str, student: str | None = None
    ) -> Iterator[Submission]:
        named = self.coursedir.assignment_id
        # One assignment's where it can only be one; a pattern is for the exchange no name.
        assignment = named if named and not set(named) & set("*?[") else None
        for submission in self.transport.submissions(course, assignment, student):
            if selects(named, submission.assignment) and selects(
                self.coursedir.student_id, submission.student
            ):
                yield submission

    def _exchange_info(self, submission: Submission) -> Info:
        path = f"{submission.course}/{submission.assignment}/{submission.student}"
        names = notebooks_among(_paths(self.transport.submitted(submission)))
        return self._submission_info(submission, path, names)

    def _copies(self) -> Iterator[Cached]:
        for copy in self.submission_cache.entries():
            submission = copy.submission
            if (
                selects(self.coursedir.course_id, submission.course)
                and selects(self.coursedir.assignment_id, submission.assignment)
                and selects(self.coursedir.student_id, submission.student)
            ):
                yield copy

    def _cached_info(self, copy: Cached) -> Info:
        names = notebooks_among(os.listdir(copy.path))
        return self._submission_info(copy.submission, str(copy.path), names)

    def _submission_info(
        self, submission: Submission, path: str, names: list[str]
    ) -> Info:
        info = {
            "course_id": submission.course,
            "student_id": submission.student,
            "assignment_id": submission.assignment,
            "timestamp": submission.timestamp,
            "status": "removed" if self.remove else "submitted",
            "path": path,
            "notebooks": [_notebook(name, path) for name in names],
        }
        return info if self.remove else info | self._feedback_info(submission, info)

    def _feedback_info(self, submission: Submission, info: Info) -> Info:
        work = self.work_directory(submission.course, submission.assignment)
        directory = work / "feedback" / submission.timestamp
        exchange = feedback_state.checksums(self._feedback(submission))
        notebooks = [
            each | feedback_state.of_notebook(each["notebook_id"], exchange, directory)
            for each in info["notebooks"]
        ]
        return {
            "notebooks": notebooks,
            **feedback_state.of_submission(notebooks, directory),
        }

    def _feedback(self, submission: Submission) -> list[RemoteFile]:
        try:
            return self.transport.feedback(submission)
        except Refused as refused:
            # A copy outlives the course it was submitted to, and the person's place in it.
            if self.cached and refused.status in (403, 404):
                return []
            raise

    def _tell(self, heading: str, found: list[Info]) -> None:
        self.log.info(heading)
        for info in found:
            if "submissions" in info:
                for submission in info["submissions"]:
                    self.log.info(_submission_line(submission))
            else:
                self.log.info(self._released_line(info))

    def _released_line(self, info: Info) -> str:
        line = f"{info['course_id']} {info['assignment_id']}"
        directory = self.work_directory(info["course_id"], info["assignment_id"])
        return f"{line} (already downloaded)" if directory.exists() else line


def _submission_line(info: Info) -> str:
    keys = ("course_id", "student_id", "assignment_id", "timestamp")
    line = " ".join(info[key] for key in keys)
    if info["status"] == "removed":
        return line
    return f"{line} ({feedback_state.in_words(info)})"


def _paths(files: list[RemoteFile]) -> list[str]:
    return [file.path for file in files]


def _notebook(name: str, directory: str) -> Info:
    return {
        "notebook_id": name.removesuffix(".ipynb"),
        "path": str(Path(directory, name)),
    }


def _grouped(found: Iterable[Info]) -> list[Info]:
    """One entry for each student and assignment, with all of their submissions, oldest first."""
    keys = ("course_id", "student_id", "assignment_id")

    def key(info: Info) -> tuple:
        return tuple(info[name] for name in keys)

    ordered = sorted(found, key=lambda info: (*key(info), info["timestamp"]))
    grouped = []
    for _, each in groupby(ordered, key):
        submissions = list(each)
        first = submissions[0]
        grouped.append(
            {name: first[name] for name in keys}
            | {"status": first["status"], "submissions": submissions}
        )
    return grouped
