"""`nbgrader release_assignment`."""

from __future__ import annotations

import shlex
from datetime import datetime, timezone
from pathlib import Path

from nbgrader.exchange.abc import ExchangeReleaseAssignment

from ..dates import shown
from ..errors import CourierError, Refused, some
from ..trees import ReasonKind, Selection, notebooks_among, select
from .base import NbCourierExchange


class ReleaseAssignment(NbCourierExchange, ExchangeReleaseAssignment):
    """Releases an assignment to the course."""

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
        """Sends the files."""
        course, assignment = self.course, self.assignment
        chosen = select(self.src_path, self.coursedir)
        chosen.report(self.log)
        self._require_notebooks(chosen)
        files = chosen.files
        try:
            self.transport.release(course, assignment, files, again=self.force)
        except Refused as refused:
            if not refused.says(409):
                raise
            raise CourierError(
                f"'{assignment}' is released already: add --force to put the new files in its place"
            ) from refused
        self.log.info("Released: %s %s (%d files)", course, assignment, len(files))
        self.tell_page("The class")
        self._agree_on_due_date()

    def _agree_on_due_date(self) -> None:
        """Sets the gradebook's due time at the exchange, if the exchange has none: students see the exchange's."""
        course, assignment = self.course, self.assignment
        due = self.gradebook.due(assignment)
        if due is None:
            return
        due = due.replace(tzinfo=timezone.utc)
        try:
            there = self.transport.dates(course, assignment).due
            if there is None:
                self._set_due_date(due)
                return
        except CourierError as error:
            raise CourierError(
                f"'{assignment}' is released, but students are not told that it is due {shown(due, self.zone)}: {error}."
                f" Set the date with `nbcourier dates {shlex.quote(course)} {shlex.quote(assignment)} --due TIME`"
            ) from error
        if there != due:
            self.log.warning(
                "'%s' is due %s at the exchange, which students see, and %s in the gradebook. Change the first with"
                " `nbcourier dates %s %s --due TIME`; collecting puts it into the gradebook",
                assignment,
                shown(there, self.zone),
                shown(due, self.zone),
                shlex.quote(course),
                shlex.quote(assignment),
            )

    def _set_due_date(self, due: datetime) -> None:
        if self.transport.set_due(self.course, self.assignment, due):
            # After an earlier release the date may have been removed on purpose.
            log = self.log.warning if self.force else self.log.info
            log(
                "'%s' is due %s now, as in the gradebook. The exchange had no due date",
                self.assignment,
                shown(due, self.zone),
            )
        else:
            self.log.info("This exchange keeps no due dates, so students see none")

    def _require_notebooks(self, chosen: Selection) -> None:
        if not chosen.files:
            why = some([str(each) for each in chosen.left]) or "it is empty"
            raise CourierError(
                f"Nothing was released, because no file of '{self.src_path}' would be: {why}"
            )
        if self.allow_incomplete:
            return
        graded = {f"{name}.ipynb" for name in self.graded_notebooks()}
        lost = [
            str(each)
            for each in chosen.left
            if each.path in graded
            or (each.path.endswith(".ipynb") and each.kind is ReasonKind.UNEXPECTED)
        ]
        if lost:
            raise CourierError(
                f"Not released, because notebooks of the assignment would be missing: {some(lost)}."
                " To release the rest, add --NbCourierExchange.allow_incomplete=True"
            )
        paths = {file.path for file in chosen.files}
        if not notebooks_among(sorted(paths)):
            raise CourierError(
                f"Not released, because there is no notebook at the top of '{self.src_path}' that nbgrader can grade."
                " To release it so, add --NbCourierExchange.allow_incomplete=True"
            )
        if missing := sorted(graded - paths):
            self.log.warning(
                "The gradebook has notebooks that are not released: %s", some(missing)
            )

    def _directory(self, step: str) -> Path:
        return Path(self.coursedir.format_path(step, ".", self.assignment))
