"""`nbgrader collect`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Callable

from nbgrader.exchange.abc import ExchangeCollect
from nbgrader.utils import parse_utc

from .. import progress
from ..errors import CourierError, some
from ..patterns import selects
from ..transport import Content, ForGradebook, Submission
from ..trees import mark_of, share_with_group, staged, write_file
from .base import NbCourierExchange

_STAND_IN = "\0"


class _NothingNew(Exception):
    """A submission that was collected in part would be collected in the same part again."""


class Collect(NbCourierExchange, ExchangeCollect):
    """Copies the submissions to the instructor's directory."""

    def init_src(self) -> None:
        """Finds the submissions to collect."""
        self.listed = self.transport.submissions(self.course, self.assignment)
        if {each.student for each in self.listed} <= {self.username}:
            # A student gets this listing too, but students must not collect.
            self.transport.require_instructor(self.course)
        by_student: dict[str, list[Submission]] = {}
        for submission in self.listed:
            if selects(self.coursedir.student_id, submission.student):
                by_student.setdefault(submission.student, []).append(submission)
        is_in_time = self._rule() if self.before_duedate else None
        self.src_records = [_chosen(each, is_in_time) for each in by_student.values()]
        for chosen in self.src_records:
            self._tell_same_in_time(chosen, by_student[chosen.student])

    def _tell_same_in_time(self, chosen: Submission, others: list[Submission]) -> None:
        same = [each for each in others if each.tree and each.tree == chosen.tree]
        in_time = [each.timestamp for each in same if not each.late]
        if chosen.late and in_time:
            self.log.warning(
                "%s: the submission of %s is late, but has the same files as the one of %s, which was in time."
                " To collect that one, use --before-duedate",
                chosen.student,
                chosen.timestamp,
                max(in_time),
            )

    def copy_files(self) -> None:
        """Copies the submissions that are missing or newer; each replaces the old one only when it is complete."""
        if not self.src_records:
            self.log.warning(
                "There are no submissions of '%s' in '%s' to collect",
                self.assignment,
                self.course,
            )
        failed: list[str] = []
        self.incomplete: list[str] = []
        wanted = []
        for each in self.src_records:
            with self.one_of_many(each.student, "not collected", failed):
                if self._is_wanted(each):
                    wanted.append(each)
        facts = self._early_facts() if wanted else None
        with progress.bar("Collecting", len(wanted), unit=" submissions") as done:

            def receive(submission: Submission, content: Content) -> None:
                with self.one_of_many(submission.student, "not collected", failed):
                    self._bring(submission, content)
                    if facts is not None:
                        self.gradebook.create_meanwhile(facts)
                done(1)

            self.transport.collect(wanted, self.listed, receive)
        self.tell_page("The class")
        self._tell_gradebook()
        if failed:
            raise CourierError(f"Not collected: {', '.join(failed)}")
        if self.incomplete:
            sentence = f"Collected, but not whole: {', '.join(self.incomplete)}"
            if not self.allow_incomplete:
                raise CourierError(
                    f"{sentence}. To go on without the files that cannot be written here, add"
                    " --NbCourierExchange.allow_incomplete=True"
                )
            self.notice(sentence)

    def _is_wanted(self, submission: Submission) -> bool:
        destination = self._destination(submission)
        if not destination.is_dir():
            return True
        if _PartialCopy.at(destination) is not None:
            # Not all of it was collected. The rest may be possible now.
            return True
        here = self.coursedir.get_existing_timestamp(str(destination))
        there = _time(submission)
        if self.update and (here is None or there > here):
            return True
        if self.before_duedate and here != there:
            return True
        advice = "nothing newer" if self.update else "use --update to get a newer one"
        self.log.info("%s: collected already, %s", submission.student, advice)
        return False

    def _bring(self, submission: Submission, content: Content) -> None:
        destination = self._destination(submission)
        before = _PartialCopy.at(destination)
        try:
            with staged(destination, below=self._root) as fresh:
                part = _PartialCopy(submission.timestamp, self._write(submission, content, fresh))
                if part.missing and part == before:
                    # It would be the same part again, and the instructor may have changed this one.
                    raise _NothingNew
                if part.missing:
                    # Noted first: a part is never taken for the whole, even if this process is killed now.
                    part.note(destination)
        except _NothingNew:
            pass
        if not part.missing:
            mark_of(destination).unlink(missing_ok=True)
            self.log.info("Collected: %s %s", submission.student, submission.assignment)
            return
        self.log.error(
            "%s: not all was collected: %s. The next collect tries again",
            submission.student,
            some(part.missing),
        )
        self.incomplete.append(submission.student)

    def _write(self, submission: Submission, content: Content, fresh: Path) -> list[str]:
        """Writes the submission into a new directory; returns why some of its files cannot be written."""
        written = [
            self.write(fresh, path, file, unread=True) for path, file in content
        ]
        lost = [each for each in written if each is not None]
        if lost and len(lost) == len(written):
            raise CourierError(f"nothing of it can be written here: {some(lost)}")
        # Written last: a submitted file of this name is no evidence of the time of submission.
        (fresh / "timestamp.txt").write_text(submission.timestamp, "utf-8")
        if self.coursedir.groupshared:
            share_with_group(fresh)
        return lost

    def _destination(self, submission: Submission) -> Path:
        step = self.coursedir.submitted_directory
        return Path(
            self.coursedir.format_path(step, submission.student, self.assignment)
        )

    @cached_property
    def _root(self) -> Path:
        """Returns the directory that contains all students' directories, whatever the layout of the course."""
        step = self.coursedir.submitted_directory
        # The stand-in replaces the student's name. The path before it is the same for all students.
        path = self.coursedir.format_path(step, _STAND_IN, self.assignment)
        return Path(os.path.dirname(path.partition(_STAND_IN)[0]))

    @cached_property
    def facts(self) -> ForGradebook:
        """Returns the dates and names that the exchange knows."""
        return self.transport.for_gradebook(self.course, self.assignment)

    def _early_facts(self) -> ForGradebook | None:
        """Returns the facts; None if they cannot be had. They are asked for again when all is collected."""
        try:
            return self.facts
        except CourierError:
            return None

    def _rule(self) -> Callable[[Submission], bool] | None:
        """Returns the rule for being in time; None if the assignment has no due time."""
        # The exchange's date comes first: students see it, and some students may have an extension.
        if self.facts.due is not None:
            return lambda submission: not submission.late
        due = self.gradebook.due(self.assignment)
        return None if due is None else lambda submission: _time(submission) <= due

    def _tell_gradebook(self) -> None:
        """Updates the gradebook for all collected work, because earlier work is graded by the same dates."""
        here = {
            each.student for each in self.src_records if self._destination(each).is_dir()
        }
        if not here:
            return
        setting = self.config.get("Autograde", {}).get("create_student", True)
        # The setting is text on the command line. If autograding must not create students, collecting must not either.
        may_create = str(setting).lower() not in ("false", "0")
        self.gradebook.learn(self.assignment, self.facts, here, may_create=may_create)


def _chosen(
    submissions: list[Submission], is_in_time: Callable[[Submission], bool] | None
) -> Submission:
    """Returns the latest submission in time; if there is none, or no due time, the latest submission."""
    ordered = sorted(submissions, key=_time)
    in_time = [each for each in ordered if is_in_time is not None and is_in_time(each)]
    return (in_time or ordered)[-1]


@dataclass(frozen=True)
class _PartialCopy:
    """A note beside a collected submission of which not every file could be written."""

    timestamp: str
    # Why the other files could not be written.
    missing: list[str]

    @staticmethod
    def at(destination: Path) -> _PartialCopy | None:
        """Returns the note about what is in the directory; None if that is whole."""
        try:
            note = json.loads(mark_of(destination).read_bytes())
            part = _PartialCopy(note["timestamp"], note["missing"])
            here = (destination / "timestamp.txt").read_text("utf-8").strip()
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        return part if part.timestamp == here else None

    def note(self, destination: Path) -> None:
        """Writes the note."""
        mark, text = mark_of(destination), json.dumps(asdict(self)).encode()
        write_file(mark.parent, mark.name, BytesIO(text))


def _time(submission: Submission) -> datetime:
    return parse_utc(submission.timestamp)
