"""`nbgrader release_feedback`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from nbgrader.exchange.abc import ExchangeReleaseFeedback
from nbgrader.utils import parse_utc

from ..errors import CourierError
from ..transport import Submission
from ..trees import LocalFile
from .base import NbCourierExchange, selects

_STAND_IN = "\0"


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
            try:
                pages = [
                    LocalFile(page.name, page)
                    for page in sorted(directory.glob("*.html"))
                    if page.is_file()
                ]
                if not pages:
                    self.log.warning("There is no feedback in '%s'", directory)
                    continue
                time = _graded_time(directory)
                of = Submission(self.course, self.assignment, student, time)
            except (CourierError, OSError, ValueError) as error:
                failed[student] = error
                continue
            yield of, pages

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
        # A stand-in for the name, and no pattern: names hold characters that mean something there, or a dot in front.
        path = self.coursedir.format_path(step, _STAND_IN, self.assignment)
        above = os.path.dirname(path.partition(_STAND_IN)[0])
        if not os.path.isdir(above):
            return []
        level = path[len(above) :].lstrip("/").partition("/")[0]
        form = re.escape(level).replace(re.escape(_STAND_IN), "(.+)", 1)
        form = form.replace(re.escape(_STAND_IN), r"\1")
        matches = (re.fullmatch(form, name, re.DOTALL) for name in os.listdir(above))
        students = sorted(match.group(1) for match in matches if match)
        named = [(each, Path(path.replace(_STAND_IN, each))) for each in students]
        return [(each, directory) for each, directory in named if directory.is_dir()]


def _graded_time(directory: Path) -> str:
    """Of the submission that the pages are about: nbgrader carries it along from what was collected."""
    text = (directory / "timestamp.txt").read_text("utf-8").strip()
    # However it is written: the submission may have come by way of another exchange.
    return parse_utc(text).strftime("%Y-%m-%d %H:%M:%S.%f")
