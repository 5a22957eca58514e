"""`nbgrader fetch_feedback`."""

from __future__ import annotations

import os
from pathlib import Path

from nbgrader.exchange.abc import ExchangeFetchFeedback

from ..errors import CourierError, some
from ..transport import Content, Submission
from ..trees import make_below, shown
from . import feedback_state
from .base import NbCourierExchange


class FetchFeedback(NbCourierExchange, ExchangeFetchFeedback):
    """Fetches the feedback on all submissions of a student. The exchange knows them, so no local copy is needed."""

    def init_src(self) -> None:
        """Asks the exchange for the submissions."""
        self.src_records = self.transport.submissions(
            self.course, self.assignment, self.student, with_files=True
        )
        if not self.src_records:
            self.notice(f"There are no submissions of '{self.assignment}' yet")

    def init_dest(self) -> None:
        """Finds the directory for the pages."""
        work = self.work_directory(self.course, self.assignment)
        self.dest_path = work / "feedback"

    def copy_files(self) -> None:
        """Fetches the pages, which replace those of an earlier fetch."""
        self.found: dict[Submission, set[str]] = {}
        failed: list[str] = []
        wanted = [each for each in self.src_records if not self._is_here(each)]

        def receive(submission: Submission, content: Content) -> None:
            with self.one_of_many(submission.timestamp, "not fetched", failed):
                self._receive(submission, content)

        self.transport.fetch_feedback(wanted, receive)
        without = [
            f"There is no feedback yet on '{self.assignment}' submitted at {submission.timestamp}"
            for submission in wanted
            if submission not in self.found and submission.timestamp not in failed
        ]
        for sentence in without:
            self.log.warning("%s", sentence)
        # Usually only the newest submission is graded, and nobody expects feedback on the others.
        if len(without) == len(self.src_records):
            self.notices.extend(without[-1:])
        for submission in self.src_records:
            if submission.timestamp not in failed:
                self._settle(submission)
        if failed:
            why = some(list(dict.fromkeys(self.reasons)), separator="; ")
            raise CourierError(f"Feedback was not fetched on: {', '.join(failed)}. {why}")

    def _settle(self, submission: Submission) -> None:
        """Removes fetched pages that the exchange no longer has, and remembers the ones that it has."""
        directory = self._directory(submission)
        if directory.is_symlink() or self.dest_path.is_symlink():
            # Files behind a link belong to somebody else.
            return
        listed = {page.path for page in submission.feedback or ()}
        there = self.found.get(submission, listed)
        before = self.submission_cache.fetched_pages(submission)
        self._remove_withdrawn(directory, before, there)
        now = {name: feedback_state.checksum(directory / name) for name in there}
        pages = {name: sum_ for name, sum_ in now.items() if sum_ is not None}
        if pages != before:
            try:
                self.submission_cache.set_fetched_pages(submission, pages)
            except (CourierError, OSError) as error:
                self.log.warning(
                    "The pages that were fetched to %s cannot be remembered, and stay if they are withdrawn: %s",
                    directory,
                    error,
                )

    def _remove_withdrawn(
        self, directory: Path, before: dict[str, str], there: set[str]
    ) -> None:
        """Removes only pages that were fetched and are unchanged: any other page is the student's own."""
        withdrawn = [
            directory / name
            for name, sum_ in sorted(before.items())
            if name not in there
            and Path(name).name == name
            and feedback_state.checksum(directory / name) == sum_
        ]
        for page in withdrawn:
            page.unlink()
            sentence = f"Withdrawn since, and removed here: {shown(str(page))}"
            self.log.info("%s", sentence)
            self.notices.append(sentence)
        if withdrawn and not os.listdir(directory):
            directory.rmdir()

    def _receive(self, submission: Submission, content: Content) -> None:
        directory = self._directory(submission)
        lost = []
        for path, file in content:
            page = directory / path
            make_below(self.dest_path.parent, directory)
            if reason := self.write(directory, path, file):
                lost.append(reason)
                continue
            self.log.info("Fetched feedback: %s", shown(str(page)))
            self.found.setdefault(submission, set()).add(path)
        if lost:
            raise CourierError(some(lost))

    def _is_here(self, submission: Submission) -> bool:
        """Whether there is feedback and all of it was fetched, according to the listing."""
        directory = self._directory(submission)
        pages = submission.feedback or ()
        here = bool(pages) and all(
            feedback_state.checksum(directory / page.path) == page.checksum
            for page in pages
        )
        if here:
            self.log.info("Feedback fetched already: %s", directory)
        return here

    def _directory(self, submission: Submission) -> Path:
        return self.dest_path / submission.timestamp
