"""`nbgrader submit`."""

from __future__ import annotations

from nbgrader.exchange.abc import ExchangeSubmit

from ..errors import CourierError
from ..transport import Accepted, Submission
from ..trees import LocalFile, files_below
from .base import NbCourierExchange


class Submit(NbCourierExchange, ExchangeSubmit):
    """Hands in a student's work."""

    def init_src(self) -> None:
        """Finds the directory to submit; what was given may be a path to it."""
        self.src_path = self.work_directory(self.course, self.assignment)
        # `ps1/` and `./ps1` are what a shell's completion makes of a name.
        self.coursedir.assignment_id = self.src_path.name
        if not self.src_path.is_dir():
            raise CourierError(
                f"Assignment not found: there is no directory '{self.src_path}'."
                " Run this where that directory lies, not inside of it"
            )

    def init_dest(self) -> None:
        """Only one's own work can be handed in: this protocol knows no other way."""
        if self.student != self.username:
            raise CourierError(
                f"This exchange takes submissions from the students themselves only, so not for '{self.student}'"
            )

    def copy_files(self) -> None:
        """Sends the work, and keeps a copy of it."""
        course, assignment = self.course, self.assignment
        files = files_below(self.src_path, self.coursedir, self.log)
        self._compare_notebooks(files)
        accepted = self.transport.submit(course, assignment, files)
        self._keep_copy(accepted, files)
        self.log.info("Submitted: %s %s %s", course, assignment, accepted.timestamp)

    def _compare_notebooks(self, files: list[LocalFile]) -> None:
        released = self.transport.released(self.course, self.assignment)
        expected = {file.path for file in released if file.path.endswith(".ipynb")}
        found = {file.path for file in files if file.path.endswith(".ipynb")}
        missing, extra = sorted(expected - found), sorted(found - expected)
        if missing and self.strict:
            raise CourierError(
                f"Not submitted, because notebooks are missing: {', '.join(missing)}."
                " Check that they have the names they were released under"
            )
        if missing:
            self.log.warning("These notebooks are missing: %s", ", ".join(missing))
        if extra:
            self.log.warning("These notebooks are extra: %s", ", ".join(extra))

    def _keep_copy(self, accepted: Accepted, files: list[LocalFile]) -> None:
        submission = Submission(
            self.course, self.assignment, self.username, accepted.timestamp
        )
        try:
            self.submission_cache.add(submission, files)
        except OSError as error:
            # The work is handed in; to call that a failure would make people submit again.
            self.log.warning("No copy of the submission could be kept here: %s", error)
