"""`nbgrader release_assignment`."""

from __future__ import annotations

from pathlib import Path

from nbgrader.exchange.abc import ExchangeReleaseAssignment

from ..errors import CourierError, Refused
from ..trees import files_below
from .base import NbCourierExchange


class ReleaseAssignment(NbCourierExchange, ExchangeReleaseAssignment):
    """Gives an assignment to the course."""

    def init_src(self) -> None:
        """Finds the directory to release."""
        self.src_path = self._directory(self.coursedir.release_directory)
        if self.src_path.is_dir():
            return
        if self._directory(self.coursedir.source_directory).is_dir():
            raise CourierError(
                f"There is no student version of '{self.assignment}' yet: run `nbgrader generate_assignment` first"
            )
        raise CourierError(f"Assignment not found: there is no '{self.src_path}'")

    def copy_files(self) -> None:
        """Sends it."""
        course, assignment = self.course, self.assignment
        files = files_below(self.src_path, self.coursedir, self.log)
        try:
            self.transport.release(course, assignment, files, again=self.force)
        except Refused as refused:
            if refused.status != 409:
                raise
            raise CourierError(
                f"'{assignment}' is released already: add --force to put the new files in its place"
            ) from refused
        self.log.info("Released: %s %s (%d files)", course, assignment, len(files))

    def _directory(self, step: str) -> Path:
        return Path(self.coursedir.format_path(step, ".", self.assignment))
