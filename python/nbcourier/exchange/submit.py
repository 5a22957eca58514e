"""`nbgrader submit`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nbgrader.exchange.abc import ExchangeSubmit

from ..errors import CourierError, Refused, Unreachable, some
from ..transport import AcceptedSubmission, Receipt, Release, Submission
from ..trees import LocalFile, Selection, select, shown
from .base import NbCourierExchange


class Submit(NbCourierExchange, ExchangeSubmit):
    """Submits a student's work."""

    def init_src(self) -> None:
        """Finds the directory to submit, from a name or a path."""
        self.src_path = self.work_directory(self.course, self.assignment)
        # Tab completion in a shell writes `ps1/` or `./ps1` for a name.
        self.coursedir.assignment_id = self.src_path.name
        if not self.src_path.name or not self.src_path.is_dir():
            raise CourierError(
                f"Assignment not found: there is no directory '{self.src_path}'."
                " Run this where that directory lies, not inside of it"
            )

    def init_dest(self) -> None:
        """Finds the student whose work it is. The exchange decides whether it may be submitted for another student."""
        student = self.student
        self.in_place_of = None if student == self.username else student

    def copy_files(self) -> None:
        """Sends the work and keeps a copy of it."""
        course, assignment = self.course, self.assignment
        # Asked first: a path may be wrong, and the directory there may hold any number of files.
        release = self.transport.find_release(course, assignment)
        chosen = select(self.src_path, self.coursedir)
        chosen.report(self.log)
        self.notices.extend(f"Not handed in: {each}" for each in chosen.unasked)
        if excluded := chosen.excluded_by_course(self.coursedir):
            names = some([f"'{shown(each.path)}'" for each in excluded])
            self.notices.append(f"Not handed in, as the course's settings say: {names}")
        files = chosen.files
        self._require_notebooks(release, chosen)
        self._compare_notebooks(release, files)
        accepted = self._hand_in(files)
        submission = Submission(course, assignment, self.student, accepted.timestamp)
        self.log.info("Submitted: %s %s %s", course, assignment, accepted.timestamp)
        self.tell_page("Your submissions")
        self.outcome.append(
            f"'{assignment}' was submitted at {accepted.timestamp} UTC and is safe"
            + (", but not all of it." if chosen.unasked else ".")
        )
        # The extension of another student is not known here.
        if self.in_place_of is None and release.dates.is_late(accepted.timestamp):
            dates = release.dates.in_words(self.zone)
            self.notice(f"This is late: '{assignment}' was {dates}")
            self._tell_same_in_time(submission, accepted)
        self._keep(submission, files, accepted)

    def _tell_same_in_time(self, late: Submission, accepted: AcceptedSubmission) -> None:
        tree = accepted.receipt.tree if accepted.receipt else None
        try:
            listed = self.transport.submissions(late.course, late.assignment, late.student)
        except CourierError as error:
            # The work was submitted; this would only have been additional information.
            self.log.info("It is not known what was handed in before: %s", error)
            return
        if in_time := [each for each in listed if each.tree == tree and not each.late]:
            self.notice(
                f"The same files were handed in before, in time, at {in_time[-1].timestamp} UTC;"
                " your instructor sees both"
            )

    @property
    def must_be_whole(self) -> bool:
        """Whether it is a failure if some files were left out: no, because people would submit again."""
        return False

    def _require_notebooks(self, release: Release, chosen: Selection) -> None:
        if not chosen.files and chosen.unexpected:
            raise CourierError(
                f"Not submitted, because nothing would be: {some([str(each) for each in chosen.unexpected])}"
            )
        if self.allow_incomplete:
            return
        released = self.transport.released(release)
        expected = [file.path for file in released if file.path.endswith(".ipynb")]
        lost = [
            str(each)
            for each in chosen.left
            if any(each.holds(path) for path in expected)
        ]
        if lost:
            raise CourierError(
                f"Not submitted, because notebooks of the assignment would be missing: {some(lost)}."
                " To hand in the rest, add --NbCourierExchange.allow_incomplete=True"
            )

    def _hand_in(self, files: list[LocalFile]) -> AcceptedSubmission:
        try:
            return self.transport.submit(
                self.course, self.assignment, files, self.in_place_of
            )
        except Unreachable as error:
            raise Unreachable(
                f"{error}. It is not known whether your submission arrived: submit again, the newest one counts"
            ) from error
        except Refused as refused:
            # The exchange's sentence after the cut-off (api-specifications.md).
            if refused.says(409) and refused.message.startswith("Too late"):
                raise CourierError(
                    f"Not submitted. {refused.message}. Only an instructor can give you more time"
                ) from refused
            raise

    def _compare_notebooks(self, release: Release, files: list[LocalFile]) -> None:
        released = self.transport.released(release)
        expected = {file.path for file in released if file.path.endswith(".ipynb")}
        found = {file.path for file in files if file.path.endswith(".ipynb")}
        missing, extra = (
            [shown(path) for path in sorted(paths)]
            for paths in (expected - found, found - expected)
        )
        if missing and self.strict:
            raise CourierError(
                f"Not submitted, because notebooks are missing: {', '.join(missing)}."
                " Check that they have the names they were released under"
            )
        if missing:
            self.notice(f"These notebooks are missing: {', '.join(missing)}")
        if extra:
            self.log.warning("These notebooks are extra: %s", ", ".join(extra))

    def _keep(
        self, submission: Submission, files: list[LocalFile], accepted: AcceptedSubmission
    ) -> None:
        with self._not_in_vain("No copy of the submission could be kept here"):
            self.submission_cache.add(submission, files)
        if accepted.receipt is not None:
            with self._not_in_vain("The receipt could not be kept here"):
                self._keep_receipt(submission, accepted.receipt)

    @contextmanager
    def _not_in_vain(self, failure: str) -> Iterator[None]:
        """Turns a local failure into a notice, because the work was submitted and people would submit it again."""
        try:
            yield
        except (CourierError, OSError) as error:
            self.notice(f"{failure}: {error}")
        except Exception as error:
            self.log.error("%s: %r", failure, error, exc_info=True)
            self.notice(f"{failure}: {error!r}")

    def _keep_receipt(self, submission: Submission, receipt: Receipt) -> None:
        path = self.submission_cache.add_receipt(submission, receipt.signed)
        self.log.info(
            "Receipt: submission %d of %s UTC, %d files, SHA-256 %s; signed, in %s",
            receipt.id,
            submission.timestamp,
            receipt.files,
            receipt.tree,
            path,
        )
