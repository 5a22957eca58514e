"""`nbgrader list`, and the lists of assignment_list and formgrader."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable, Iterator
from typing import Any, Callable, TypeVar

from nbgrader.exchange.abc import ExchangeList

from ..cache import CachedSubmission
from ..errors import CourierError, Refused
from ..patterns import is_pattern, selects
from ..transport import Files, Release, RemoteFile, Submission
from ..trees import notebooks_among
from . import infos
from .base import NbCourierExchange
from .infos import Info

Found = TypeVar("Found", Release, Submission)
# The longest time that a page waits for the exchange, in seconds.
_LONGEST_SILENCE_S = 10.0


class List(NbCourierExchange, ExchangeList):
    """Lists or removes releases, submissions, and copies of submissions."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Why some entries could not be listed or removed.
        self._odd: list[str] = []
        # The released notebooks by course and assignment, fetched only if the state of feedback depends on them.
        self._notebooks: dict[tuple[str, str], set[str]] = {}
        if _is_in_event_loop():
            # nbgrader's pages list for every request, and the notebook server is blocked meanwhile.
            self.timeout = min(self.timeout, _LONGEST_SILENCE_S)
            self.attempts = 1

    def copy_files(self) -> None:
        """Copies nothing."""

    def start(self) -> list[Info]:
        """Returns the listed or removed entries; a page shows what could be listed even after a failure."""
        found = super().start()
        if self.remove and not found and self.coursedir.assignment_id:
            self.log.warning("Nothing of '%s' was there to remove", self.coursedir.assignment_id)
        if self._odd and (self.must_be_whole or self.remove):
            self.fail(f"Not all was done, as for: {', '.join(dict.fromkeys(self._odd))}")
        return found

    @property
    def must_be_whole(self) -> bool:
        # Imported here, because that module imports the classes that fill nbgrader's slots.
        from nbgrader.apps.listapp import ListApp

        return isinstance(self.parent, ListApp)

    def list_files(self) -> list[Info]:
        """Returns the listed entries in nbgrader's form."""
        if self.inbound:
            return self._tell_submitted(
                "Submitted assignments:", self._at_exchange(list(self._inbound()))
            )
        if self.cached:
            return self._tell_submitted("Submitted assignments:", self._in_cache())
        releases = list(self._in_each(self._courses(), self._named))
        return self._tell_released("Released assignments:", releases)

    def remove_files(self) -> list[Info]:
        """Returns the removed entries."""
        if self.inbound:
            return self._remove_inbound()
        if self.cached:
            return self._remove_cached()
        # Only one course, never all courses that the person teaches.
        releases = self._named(self.course)
        found = self._tell_released("Removing released assignments:", releases)
        for each in releases:
            with self.one_of_many(each.assignment, "not removed", self._odd):
                self.transport.unrelease(each.course, each.assignment)
        return [info | {"status": "removed"} for info in found]

    def _remove_inbound(self) -> list[Info]:
        submissions = list(self._submissions(self.course))
        found = self._tell_submitted(
            "Removing submitted assignments:", self._at_exchange(submissions)
        )
        for submission in submissions:
            with self.one_of_many(_shown(submission), "not removed", self._odd):
                self.transport.remove_submission(submission)
        if submissions:
            self.log.info("They can be restored from the exchange's trash for a while")
        return found

    def _remove_cached(self) -> list[Info]:
        copies = list(self._copies())
        found = [self._of_copy(copy) for copy in copies]
        found = self._tell_submitted("Removing submitted assignments:", found)
        for copy in copies:
            with self.one_of_many(_shown(copy.submission), "not removed", self._odd):
                shutil.rmtree(copy.path)
        return found

    def _courses(self) -> list[str]:
        given = self.coursedir.course_id
        if not given or is_pattern(given):
            return self.courses_like(given)
        if given in (".", "..") or "/" in given:
            raise CourierError(f"'{given}' cannot be the name of a course")
        return [given]

    def _in_each(
        self, courses: list[str], find: Callable[[str], Iterable[Found]]
    ) -> Iterator[Found]:
        """Yields the entries of these courses; skips courses that are gone or that the person is not in."""
        for course in courses:
            try:
                found = list(find(course))
            except Refused as refused:
                # A course on the command line should fail; one from the settings may be for other people.
                if not refused.says(403, 404) or self._is_named_by_hand:
                    raise
                # Any other sentence may be that of another server, whose answer says nothing about the course.
                if not refused.message.startswith(("Course not found", "Permission denied")):
                    raise
                self.log.warning(
                    "Nothing of the course '%s' can be listed: you are not in it, or there is none (%s)",
                    course,
                    refused.message,
                )
                continue
            yield from found

    @property
    def _is_named_by_hand(self) -> bool:
        given = getattr(self.parent, "cli_config", {})
        return "course_id" in given.get("CourseDirectory", {})

    def _named(self, course: str) -> list[Release]:
        named = self.coursedir.assignment_id
        releases = self.transport.releases(course)
        found = [each for each in releases if selects(named, each.assignment)]
        return sorted(found, key=lambda each: each.assignment)

    def _inbound(self) -> Iterator[Submission]:
        yield from self._in_each(self._courses(), self._inbound_of)

    def _inbound_of(self, course: str) -> Iterable[Submission]:
        try:
            return list(self._submissions(course))
        except Refused as refused:
            if not refused.says(403):
                raise
            # Students may see only their own submissions.
            return self._submissions(course, self.username)

    def _submissions(
        self, course: str, student: str | None = None
    ) -> Iterator[Submission]:
        named = self.coursedir.assignment_id
        # The exchange can select one assignment by its name, but it does not know patterns.
        assignment = named if named and not set(named) & set("*?[") else None
        try:
            listed = self.transport.submissions(
                course, assignment, student, with_files=True
            )
        except Refused as refused:
            # As in nbgrader's own exchange, a list of an assignment that does not exist is empty.
            if not (refused.missing and refused.message.startswith("Assignment not found")):
                raise
            return
        for submission in listed:
            if self._is_named(submission):
                yield submission

    def _copies(self) -> Iterator[CachedSubmission]:
        for copy in self.submission_cache.entries():
            course = copy.submission.course
            if selects(self.coursedir.course_id, course) and self._is_named(
                copy.submission
            ):
                yield copy

    def _is_named(self, submission: Submission) -> bool:
        return selects(self.coursedir.assignment_id, submission.assignment) and selects(
            self.coursedir.student_id, submission.student
        )

    def _in_cache(self) -> list[Info]:
        copies = list(self._copies())
        feedback = self.transport.feedback([copy.submission for copy in copies])
        found = [
            self._with_feedback(self._of_copy(copy), copy.submission, feedback)
            for copy in copies
        ]
        # Submissions to courses without any local copy: the home directory is new, or was lost.
        without_copies = [
            each for each in self._courses() if not self.submission_cache.has(each)
        ]
        lost = self._in_each(
            without_copies, lambda course: self._submissions(course, self.username)
        )
        return found + self._at_exchange(list(lost))

    def _at_exchange(self, submissions: list[Submission]) -> list[Info]:
        found = [
            infos.of_submission(
                each,
                self._status,
                f"{each.course}/{each.assignment}/{each.student}",
                notebooks_among(self._files(each)),
            )
            for each in submissions
        ]
        if self.remove:
            return found
        feedback = self.transport.feedback(submissions)
        return [
            self._with_feedback(info, each, feedback)
            for info, each in zip(found, submissions)
        ]

    def _files(self, submission: Submission) -> list[str]:
        # A submission whose files cannot be listed must not hide the others.
        found: list[str] = []
        with self.one_of_many(_shown(submission), "its files are not known", self._odd):
            found = _paths(self.transport.submitted(submission))
        return found

    def _of_copy(self, copy: CachedSubmission) -> Info:
        names = notebooks_among(os.listdir(copy.path))
        return infos.of_submission(copy.submission, self._status, str(copy.path), names)

    @property
    def _status(self) -> str:
        return "removed" if self.remove else "submitted"

    def _with_feedback(
        self, info: Info, submission: Submission, feedback: dict[Submission, Files]
    ) -> Info:
        work = self.work_directory(submission.course, submission.assignment)
        directory = work / "feedback" / submission.timestamp
        return infos.with_feedback(
            info,
            feedback[submission],
            directory,
            lambda: self._released_notebooks(submission.course, submission.assignment),
        )

    def _released_notebooks(self, course: str, assignment: str) -> set[str]:
        if (course, assignment) not in self._notebooks:
            try:
                release = self.transport.find_release(course, assignment)
                paths = _paths(self.transport.released(release))
            except Refused as refused:
                if refused.status not in (403, 404):
                    raise
                # The assignment is no longer released, or the person is no longer in the course.
                paths = []
            names = {each.removesuffix(".ipynb") for each in notebooks_among(paths)}
            self._notebooks[course, assignment] = names
        return self._notebooks[course, assignment]

    def _tell_submitted(self, heading: str, found: list[Info]) -> list[Info]:
        self.log.info(heading)
        entries = infos.grouped(found)
        for entry in entries:
            for submission in entry["submissions"]:
                self.log.info(infos.line_of_submission(submission))
        return entries

    def _tell_released(self, heading: str, releases: list[Release]) -> list[Info]:
        found = [self._of_release(release) for release in releases]
        self.log.info(heading)
        for release in releases:
            self.log.info(self._line(release))
        return found

    def _of_release(self, release: Release) -> Info:
        directory = self.work_directory(release.course, release.assignment)
        if directory.is_dir():
            names = notebooks_among(os.listdir(directory))
            return infos.of_release(release, "fetched", str(directory), names)
        path = f"{release.course}/{release.assignment}"
        names = notebooks_among(_paths(self.transport.released(release)))
        return infos.of_release(release, "released", path, names)

    def _line(self, release: Release) -> str:
        line = f"{release.course} {release.assignment}"
        directory = self.work_directory(release.course, release.assignment)
        if directory.exists():
            line += " (already downloaded)"
        due = release.dates.in_words(self.zone)
        return f"{line}, {due}" if due else line


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _shown(submission: Submission) -> str:
    return f"{submission.student} {submission.assignment} {submission.timestamp}"


def _paths(files: list[RemoteFile]) -> list[str]:
    return [file.path for file in files]
