"""Feedback on submissions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .. import digest, tar
from ..answer import Answer
from ..digest import HashedFile
from ..errors import CourierError, Refused, Unreachable
from ..transport import Files, ReceiveSubmission, Submission
from ..trees import LocalFile
from .client import at_assignment
from .submissions import V1Submissions

# The approximate maximum size of one request, in bytes: all pages of a class, unless they contain many pictures.
_AT_ONCE = 1 << 26
# The statuses that one student's pages may cause. The pages of the others can then be released without them.
_PERHAPS_ONE = (400, 404, 409, 413)


class V1Feedback(V1Submissions):
    """The part of a `Transport` about feedback."""

    def feedback(self, submissions: list[Submission]) -> dict[Submission, Files]:
        known = {each: each.feedback for each in submissions}
        for course in {each.course for each in submissions if each.feedback is None}:
            unknown = [each for each in submissions if each.course == course]
            for each in self._as_listed(course, unknown):
                if each in known:
                    known[each] = each.feedback
        return {each: files or () for each, files in known.items()}

    def _as_listed(
        self, course: str, submissions: list[Submission]
    ) -> list[Submission]:
        students = {each.student for each in submissions}
        try:
            return self.submissions(
                course,
                student=students.pop() if len(students) == 1 else None,
                with_files=True,
            )
        except Refused as refused:
            # The course is gone, or the person is no longer in it.
            if not refused.says(403, 404):
                raise
            return []

    def fetch_feedback(
        self, submissions: list[Submission], receive: ReceiveSubmission
    ) -> None:
        listed = map(self._listed, submissions)
        wanted = {each.id: each for each in listed if each.feedback_tree}
        if len(wanted) > 1:
            some = next(iter(wanted.values()))
            self._trees(
                "feedback",
                wanted,
                receive,
                "courses",
                some.course,
                "feedback",
                query={"assignment": some.assignment},
            )
        for each in wanted.values():
            self._tree_of(each, "feedback", receive)

    def give_feedback(
        self, pages: dict[Submission, list[LocalFile]]
    ) -> dict[Submission, CourierError]:
        failed: dict[Submission, CourierError] = {}
        for batch in _batches(self._changed(pages, failed)):
            try:
                self._give(batch, failed)
            except Unreachable:
                raise
            except Refused as refused:
                if not refused.says(*_PERHAPS_ONE):
                    raise
                # The request is atomic, so one faulty submission makes all of it fail.
                self._give_each(batch, failed)
            except CourierError:
                # For example, a page changed while it was sent.
                self._give_each(batch, failed)
        return failed

    def _changed(
        self,
        pages: dict[Submission, list[LocalFile]],
        failed: dict[Submission, CourierError],
    ) -> Iterator[tuple[Submission, list[HashedFile]]]:
        """Yields the feedback that differs from the released feedback, with the ID of the submission."""
        some = next(iter(pages), None)
        listed = self.submissions(some.course, some.assignment) if some else []
        by_name = {each: each for each in listed}
        for name, files in pages.items():
            try:
                submission = by_name.get(name)
                if submission is None:
                    raise Refused(404, "Submission not found")
                sums = digest.hashed(files)
            except (CourierError, OSError) as error:
                failed[name] = CourierError(str(error))
                continue
            if submission.feedback_tree != digest.of_files(sums):
                yield submission, sums

    def _give(
        self,
        batch: dict[Submission, list[HashedFile]],
        failed: dict[Submission, CourierError],
    ) -> None:
        some = next(iter(batch))
        members = [
            tar.Member.at(f"{of.id}/{each.file.path}", each.size, each.file.source)
            for of, sums in batch.items()
            for each in sums
        ]
        names = (*at_assignment(some.course, some.assignment), "feedback")
        answer = self._post(tar.body(members), *names)
        given = {
            each.number("submission"): each.text("tree")
            for each in answer.parts("feedback")
        }
        for of, sums in batch.items():
            if given.get(of.id) != digest.of_files(sums):
                failed[of] = _changed_meanwhile()

    def _give_each(
        self,
        batch: dict[Submission, list[HashedFile]],
        failed: dict[Submission, CourierError],
    ) -> None:
        for of, sums in batch.items():
            members = [
                tar.Member.at(each.file.path, each.size, each.file.source)
                for each in sums
            ]
            names = ("courses", of.course, "submissions", str(of.id), "feedback")
            try:
                answer = self._post(tar.body(members), *names)
            except Unreachable:
                raise
            except CourierError as error:
                failed[of] = error
            else:
                if answer.text("tree") != digest.of_files(sums):
                    failed[of] = _changed_meanwhile()

    def _post(self, body: tar.Body, *names: str) -> Answer:
        # Repeatable, because the same pages change nothing.
        return self._ask("POST", *names, body=body.compressed(), repeatable=True)


def _changed_meanwhile() -> CourierError:
    return CourierError(
        "Pages changed while they were sent, and what students get may be no good: release the feedback again"
    )


def _batches(
    given: Iterable[tuple[Submission, list[HashedFile]]],
) -> Iterator[dict[Submission, list[HashedFile]]]:
    batch: dict[Submission, list[HashedFile]] = {}
    size = 0
    for submission, sums in given:
        own = sum(each.size for each in sums)
        if batch and size + own > _AT_ONCE:
            yield batch
            batch, size = {}, 0
        batch[submission] = sums
        size += own
    if batch:
        yield batch
