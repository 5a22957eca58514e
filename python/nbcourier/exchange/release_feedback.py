"""`nbgrader release_feedback`."""

from __future__ import annotations

import filecmp
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from nbgrader.exchange.abc import ExchangeReleaseFeedback
from nbgrader.utils import parse_utc

from ..errors import CourierError, Refused
from ..patterns import selects
from ..transport import Submission
from ..trees import LocalFile, notebooks_among, shown
from .base import NbCourierExchange

_STAND_IN = "\0"


class ReleaseFeedback(NbCourierExchange, ExchangeReleaseFeedback):
    """Releases the graded pages as feedback. Releasing the same pages again changes nothing."""

    excluded = False

    def copy_files(self) -> None:
        """Sends the pages of all students; a failure with one does not stop the others."""
        failed: dict[str, Exception] = {}
        directories = list(self._feedback_directories())
        pages = dict(self._all_pages(directories, failed))
        if not pages and not failed and not self.excluded:
            whose = self.coursedir.student_id
            of = f" of '{whose}'" if whose not in ("", "*") else ""
            raise CourierError(
                f"There is no feedback on '{self.assignment}'{of} to release:"
                " run `nbgrader generate_feedback` first"
            )
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
        self, directories: list[tuple[str, Path]], failed: dict[str, Exception]
    ) -> Iterator[tuple[Submission, list[LocalFile]]]:
        if directories:
            # Read first, so that an exchange that does not answer ends the action for all.
            self._notebooks  # noqa: B018
        for student, directory in directories:
            try:
                pages = [
                    LocalFile(page.name, page)
                    for page in sorted(directory.glob("*.html"))
                    if page.is_file() and self._is_generated(student, page)
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

    def _is_generated(self, student: str, page: Path) -> bool:
        """Whether generate_feedback made the page from a notebook; it also copies pages that the student submitted."""
        notebook = f"{page.stem}.ipynb"
        autograded, submitted = (
            Path(self.coursedir.format_path(step, student, self.assignment))
            for step in (
                self.coursedir.autograded_directory,
                self.coursedir.submitted_directory,
            )
        )
        is_copy = any(
            (directory / page.name).is_file()
            and filecmp.cmp(directory / page.name, page, shallow=False)
            for directory in (autograded, submitted)
        )
        is_graded = (
            (autograded / notebook).is_file()
            or page.stem in self._notebooks
            or (submitted / notebook).is_file()
        )
        if not is_copy and is_graded:
            return True
        self.log.warning(
            "'%s' of '%s' is no feedback on a notebook of '%s'; it is not released",
            shown(page.name),
            student,
            self.assignment,
        )
        return False

    @cached_property
    def _notebooks(self) -> set[str]:
        """Returns the assignment's notebooks, without extension, from the gradebook and the release."""
        graded = self.graded_notebooks()
        try:
            release = self.transport.find_release(self.course, self.assignment)
            paths = [file.path for file in self.transport.released(release)]
        except Refused as refused:
            if not refused.missing:
                raise
            paths = []
        return graded | {each.removesuffix(".ipynb") for each in notebooks_among(paths)}

    def _feedback_directories(self) -> Iterator[tuple[str, Path]]:
        excluded = self.coursedir.student_id_exclude.split(",")
        for student, directory in self._graded():
            if not selects(self.coursedir.student_id, student):
                continue
            if student in excluded:
                self.log.info("Excluded: %s", student)
                self.excluded = True
                continue
            yield student, directory

    def _graded(self) -> list[tuple[str, Path]]:
        step = self.coursedir.feedback_directory
        # A stand-in instead of a pattern: names may contain wildcard characters or begin with a dot.
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
    """Returns the time of the graded submission, which nbgrader copies along from the collected work."""
    path = directory / "timestamp.txt"
    advice = (
        "which says on which submission it is: run `nbgrader collect`, `nbgrader autograde` and"
        " `nbgrader generate_feedback` again"
    )
    if not path.is_file():
        raise CourierError(f"there is no '{path}', {advice}")
    try:
        # Parsed in any form, because the submission may have come through another exchange.
        time = parse_utc(path.read_text("utf-8").strip())
        return time.strftime("%Y-%m-%d %H:%M:%S.%f")
    except (ValueError, OverflowError) as error:
        raise CourierError(f"there is no time in '{path}', {advice}") from error
