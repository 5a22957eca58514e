"""`nbgrader fetch_feedback`."""

from __future__ import annotations

from nbgrader.exchange.abc import ExchangeFetchFeedback

from ..transport import Submission
from ..trees import write_file
from .base import NbCourierExchange


class FetchFeedback(NbCourierExchange, ExchangeFetchFeedback):
    """Brings a student the feedback on all they submitted: the exchange knows what that is, so no copy is needed."""

    def init_src(self) -> None:
        """Asks for the submissions."""
        self.src_records = self.transport.submissions(
            self.course, self.assignment, self.student
        )
        if not self.src_records:
            self.log.warning("There are no submissions of '%s' yet", self.assignment)

    def init_dest(self) -> None:
        """Says where the pages go."""
        work = self.work_directory(self.course, self.assignment)
        self.dest_path = work / "feedback"

    def copy_files(self) -> None:
        """Fetches the pages, in place of those from an earlier time."""
        for submission in self.src_records:
            if not self._fetch(submission):
                self.log.warning(
                    "There is no feedback yet on '%s' submitted at %s",
                    self.assignment,
                    submission.timestamp,
                )

    def _fetch(self, submission: Submission) -> bool:
        directory = self.dest_path / submission.timestamp
        found = False
        for path, content in self.transport.fetch_feedback(submission):
            write_file(directory, path, content)
            self.log.info("Fetched feedback: %s", directory / path)
            found = True
        return found
