"""`nbgrader release_feedback`."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from pathlib import Path

from nbgrader.exchange.abc import ExchangeReleaseFeedback
from nbgrader.utils import parse_utc

from ..errors import CourierError
from ..transport import Submission
from ..trees import LocalFile
from .base import NbCourierExchange, selects


class ReleaseFeedback(NbCourierExchange, ExchangeReleaseFeedback):
    """Gives the graded pages back. May be repeated: the same pages change nothing."""

    def copy_files(self) -> None:
        """Sends everybody's; one that fails does not keep the others from theirs."""
        failed: dict[str, Exception] = {}
        pages = dict(self._all_pages(failed))
        refused = self.transport.give_feedback(pages)
        for submission in pages:
            if submission in refused:
                failed[submission.student] = refused[submission]
            else:
                name = submission.student
                self.log.info("Feedback released: %s %s", name, self.assignment)
        for student, error in failed.items():
            self.log.error("No feedback for '%s': %s", student, error)
        if failed:
            raise CourierError(f"No feedback was released for: {', '.join(failed)}")

    def _all_pages(
        self, failed: dict[str, Exception]
    ) -> Iterator[tuple[Submission, list[LocalFile]]]:
        for student, directory in self._feedback_directories():
            pages = [
                LocalFile(page.name, page)
                for page in sorted(directory.glob("*.html"))
                if page.is_file()
            ]
            if not pages:
                self.log.warning("There is no feedback in '%s'", directory)
                continue
            try:
                time = _graded_time(directory)
            except (OSError, ValueError) as error:
                failed[student] = error
                continue
            yield Submission(self.course, self.assignment, student, time), pages

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


def _graded_time(directory: Path) -> str:
    """Of the submission that the pages are about: nbgrader carries it along from what was collected."""
    text = (directory / "timestamp.txt").read_text("utf-8").strip()
    # However it is written: the submission may have come by way of another exchange.
    return parse_utc(text).strftime("%Y-%m-%d %H:%M:%S.%f")
