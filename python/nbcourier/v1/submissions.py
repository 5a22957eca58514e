"""Submissions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial

from .. import dates, digest, manifest, plan
from ..answer import Answer
from ..errors import BrokenOff, CourierError, Refused
from ..transport import (
    AcceptedSubmission,
    Content,
    Files,
    Receipt,
    ReceiveSubmission,
    RemoteFile,
    Submission,
)
from ..trees import LocalFile
from .client import V1Client, at_assignment


class V1Submissions(V1Client):
    """The part of a `Transport` about submissions."""

    def submit(
        self, course: str, assignment: str, files: list[LocalFile], student: str | None
    ) -> AcceptedSubmission:
        sums = digest.hashed(files)
        # The exchange recognises a repeated submission by this key.
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        query = {} if student is None else {"student": student}
        answer = manifest.send(
            sums,
            lambda body: self._ask(
                "POST",
                *at_assignment(course, assignment),
                "submissions",
                body=body,
                query=query,
                headers=headers,
                repeatable=True,
            ),
        )
        receipt = Receipt.read(answer)
        if receipt.tree != digest.of_files(sums):
            raise CourierError(
                "Files changed while they were sent, and what was handed in may be no good: submit again"
            )
        return AcceptedSubmission(receipt.timestamp, receipt)

    def submissions(
        self,
        course: str,
        assignment: str | None = None,
        student: str | None = None,
        *,
        with_files: bool = False,
    ) -> list[Submission]:
        given = {
            "assignment": assignment,
            "student": student,
            "files": "true" if with_files else None,
        }
        query = {key: value for key, value in given.items() if value is not None}
        found: list[Submission] = []
        # Many submissions may have the same files, which are kept once.
        known: dict[str, tuple[RemoteFile, ...]] = {}
        try:
            for page in self._pages("courses", course, "submissions", **query):
                trees = page.part("trees") if with_files else None

                def read(listed: Answer, trees: Answer | None = trees) -> Submission:
                    submission = self._read(course, listed, trees, known)
                    submission.require(assignment, student)
                    return submission

                found.extend(self._connection.usable(page.parts("submissions"), read))
        except Refused as refused:
            if refused.message == "Student not found":
                return []
            raise
        return found

    def submitted(self, submission: Submission) -> list[RemoteFile]:
        if submission.files is None:
            submission = self._listed(submission, with_files=True)
        return list(submission.files or ())

    def collect(
        self,
        wanted: list[Submission],
        listed: list[Submission],
        receive: ReceiveSubmission,
    ) -> None:
        missing = {each.id: each for each in map(self._listed, wanted)}
        attempt = 0
        while missing:
            before = len(missing)
            try:
                self._collect(missing, listed, receive)
            except BrokenOff as error:
                # The received submissions stay. The next attempt may choose other requests, because fewer are missing.
                attempt = 1 if len(missing) < before else attempt + 1
                if attempt >= self._connection.attempts:
                    break
                self._connection.rest(attempt, error)
        # One submission may break off the stream each time, so the rest is requested one by one.
        for each in missing.values():
            try:
                self._tree_of(each, "tree", receive, resumable=True)
            except BrokenOff as error:
                receive(each, _raising(CourierError(str(error))))

    def remove_submission(self, submission: Submission) -> None:
        number = str(self._listed(submission).id)
        self._delete("courses", submission.course, "submissions", number)

    def _collect(
        self,
        missing: dict[int, Submission],
        listed: list[Submission],
        receive: ReceiveSubmission,
    ) -> None:
        for time in plan.streams(missing.values(), listed):
            some = next(iter(missing.values()))
            self._trees(
                "submissions",
                missing,
                receive,
                *at_assignment(some.course, some.assignment),
                "collect",
                query={"before": dates.rfc3339(time)},
                resumable=True,
            )
        for each in list(missing.values()):
            self._tree_of(each, "tree", receive, resumable=True)
            del missing[each.id]

    def _tree_of(
        self,
        submission: Submission,
        what: str,
        receive: ReceiveSubmission,
        resumable: bool = False,
    ) -> None:
        """Gets what belongs to one submission; a refusal is raised when its content is read, and affects no other."""
        names = ("courses", submission.course, "submissions", str(submission.id), what)
        try:
            self._tree(partial(receive, submission), *names, resumable=resumable)
        except Refused as refused:
            receive(submission, _raising(refused))

    def _read(
        self,
        course: str,
        listed: Answer,
        trees: Answer | None,
        known: dict[str, tuple[RemoteFile, ...]],
    ) -> Submission:
        def files(of: Answer) -> Files:
            if trees is None:
                return None
            tree = of.text("tree")
            if tree not in known:
                known[tree] = self._remote_files(trees.parts(tree))
            return known[tree]

        feedback = listed.part("feedback") if "feedback" in listed else None
        return Submission(
            course,
            listed.text("assignment"),
            listed.text("student"),
            dates.naive(listed.text("submitted_at")),
            id=listed.number("id"),
            # A server without dates marks nothing as late.
            late=listed.flag("late"),
            files=files(listed),
            feedback=() if feedback is None else files(feedback),
            size=listed.number("bytes"),
            tree=listed.text("tree"),
            feedback_tree="" if feedback is None else feedback.text("tree"),
        )

    def _listed(
        self, submission: Submission, *, with_files: bool = False
    ) -> Submission:
        """Returns the submission as the exchange lists it, with its ID."""
        if submission.id is not None and not with_files:
            return submission
        listed = self.submissions(
            submission.course,
            submission.assignment,
            submission.student,
            with_files=with_files,
        )
        for each in listed:
            if each == submission:
                return each
        raise Refused(404, "Submission not found")


def _raising(error: CourierError) -> Iterator[Content]:
    raise error
    yield
