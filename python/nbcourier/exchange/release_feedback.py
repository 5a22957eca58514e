"""`nbgrader release_feedback`."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from pathlib import Path

from nbgrader.exchange.abc import ExchangeReleaseFeedback

from ..errors import CourierError, Refused
from ..transport import Submission
from ..trees import LocalFile
from .base import NbCourierExchange, selects


class ReleaseFeedback(NbCourierExchange, ExchangeReleaseFeedback):
    """Gives the graded pages back. May be repeated: the same pages change nothing."""

    def copy_files(self) -> None:
        """Sends each student's; one that fails does not keep the others from theirs."""
        failed = []
        for student, directory in self._feedback_directories():
            try:
                self._give(student, directory)
            except (Refused, OSError, UnicodeDecodeError) as error:
                self.log.error("No feedback for '%s': %s", student, error)
                failed.append(student)
        if failed:
            raise CourierError(f"No feedback was released for: {', '.join(failed)}")

    def _give(self, student: str, directory: Path) -> None:
        pages = [
            LocalFile(page.name, page)
            for page in sorted(directory.glob("*.html"))
            if page.is_file()
        ]
        if not pages:
            self.log.warning("There is no feedback in '%s'", directory)
            return
        # What nbgrader carries along from the collected submission tells which one these pages are about.
        timestamp = (directory / "timestamp.txt").read_text("utf-8").strip()
        submission = Submission(self.course, self.assignment, student, timestamp)
        self.transport.give_feedback(submission, pages)
        self.log.info("Feedback released: %s %s", student, self.assignment)

    def _feedback_directories(self) -> Iterator[tuple[str, Path]]:
        excluded = self.coursedir.student_id_exclude.split(",")
        for student, directory in self._graded():
            if not selects(self.coursedir.student_id, student):
                continue
            if student in excluded:
                self.log.info("Excluded: %s", student)
                continue
            yield student, directory

    def _graded(self) -> list[tuple[str, Path]]:
        step = self.coursedir.feedback_directory
        # A stand-in for the name, since the names around it may hold characters that mean something in a pattern.
        stand_in = "\0"
        path = self.coursedir.format_path(step, stand_in, self.assignment)
        found = []
        for directory in glob.glob(glob.escape(path).replace(stand_in, "*")):
            form = re.escape(path).replace(re.escape(stand_in), "([^/]+)", 1)
            match = re.fullmatch(form.replace(re.escape(stand_in), r"\1"), directory)
            if match and Path(directory).is_dir():
                found.append((match.group(1), Path(directory)))
        return sorted(found)
