"""`nbgrader fetch_assignment`."""

from __future__ import annotations

import os

from nbgrader.exchange.abc import ExchangeFetchAssignment

from ..errors import CourierError, some
from ..transport import Content
from ..trees import is_ignored, present, shown, staged
from .base import NbCourierExchange


class FetchAssignment(NbCourierExchange, ExchangeFetchAssignment):
    """Copies a released assignment to the student's directory."""

    def init_dest(self) -> None:
        """Finds the destination, and refuses to change existing files."""
        self.dest_path = self.work_directory(self.course, self.assignment)
        restore = self.replace_missing_files and self.dest_path.is_dir()
        if os.path.lexists(self.dest_path) and not restore:
            raise CourierError(
                f"You already have a copy of '{self.assignment}' at '{self.dest_path}':"
                " add --replace to get back files that are missing there, or move it away first"
            )

    def copy_files(self) -> None:
        """Fetches the whole assignment, or only its missing files."""
        course, assignment = self.course, self.assignment
        take = self._restore if self.dest_path.is_dir() else self._bring
        self.transport.fetch(course, assignment, take)
        self.log.info("Fetched: %s %s", course, assignment)
        self.outcome.append(f"'{assignment}' is in '{self.dest_path}'.")
        if self.ignored:
            names = some([f"'{shown(each)}'" for each in self.ignored])
            sentence = (
                f"Not fetched, as your settings say (CourseDirectory.ignore): {names}"
            )
            self.log.info("%s", sentence)
            self.notices.append(sentence)
        self._tell_dates()
        if self.lost:
            raise CourierError(f"'{assignment}' was fetched, but {some(self.lost)}")

    def _bring(self, content: Content) -> None:
        # The person decides where this directory lies, so links to it are followed.
        with staged(self.dest_path, below=self.dest_path.parent) as fresh:
            written = [
                self.write(fresh, path, file, unread=True)
                for path, file in self._welcome(content)
            ]
            self.lost = [each for each in written if each is not None]
            if self.lost and len(self.lost) == len(written):
                raise CourierError(
                    f"'{self.assignment}' was not fetched, because nothing of it can be written: {some(self.lost)}"
                )

    def _restore(self, content: Content) -> None:
        for path, file in self._welcome(content):
            if not present(self.dest_path, path):
                self.log.warning("Replacing missing file '%s'", shown(path))
                self._note(self.write(self.dest_path, path, file))

    def _welcome(self, content: Content) -> Content:
        # Reset, because an earlier attempt may have broken off.
        self.ignored: list[str] = []
        self.lost: list[str] = []
        for path, file in content:
            if is_ignored(path, self.coursedir.ignore):
                self.ignored.append(path)
            else:
                yield path, file

    def _note(self, lost: str | None) -> None:
        if lost is not None:
            self.lost.append(lost)

    def _tell_dates(self) -> None:
        try:
            dates = self.transport.dates(self.course, self.assignment)
        except CourierError as error:
            # The assignment was fetched, so this is only a warning.
            self.log.warning("It is not known when this is due: %s", error)
            return
        if words := dates.in_words(self.zone):
            self.log.info("%s is %s", self.assignment, words)
            if dates.extended:
                self.notices.append(f"'{self.assignment}' is {words}.")
