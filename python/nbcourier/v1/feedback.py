"""Feedback on what was handed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .. import digest, tar
from ..digest import Summed
from ..errors import CourierError, Refused
from ..transport import Files, ReceiveSubmission, Submission
from ..trees import LocalFile
from .client import at_assignment
from .submissions import V1Submissions

# A request holds about so many bytes of it at most: all pages of a class, unless they are full of pictures.
_AT_ONCE = 1 << 26
# One student's pages may be the reason for these, in which case the others' can be given without them.
_PERHAPS_ONE = (400, 404, 409, 413)


class V1Feedback(V1Submissions):
    """That part of a `Transport`."""

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
                course, student=students.pop() if len(students) == 1 else None
            )
        except Refused as refused:
            # The course is gone, or the person's place in it.
            if refused.status not in (403, 404):
                raise
            return []

    def fetch_feedback(
        self, submissions: list[Submission], receive: ReceiveSubmission
    ) -> None:
        listed = map(self._listed, submissions)
        wanted = {each.id: each for each in listed if each.feedback}
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
                self._give(batch)
            except Refused as refused:
                if refused.status not in _PERHAPS_ONE:
                    raise
                # It is all or nothing, and one of them is enough for nothing.
                self._give_each(batch, failed)
        return failed

    def _changed(
        self,
        pages: dict[Submission, list[LocalFile]],
        failed: dict[Submission, CourierError],
    ) -> Iterator[tuple[Submission, list[Summed]]]:
        """Those that differ from what students can fetch already, with the number of the submission."""
        some = next(iter(pages), None)
        listed = self.submissions(some.course, some.assignment) if some else []
        by_name = {each: each for each in listed}
        for name, files in pages.items():
            try:
                submission = by_name.get(name)
                if submission is None:
                    raise Refused(404, "Submission not found")
                sums = digest.summed(files)
            except (Refused, OSError) as error:
                failed[name] = CourierError(str(error))
                continue
            there = {(file.path, file.sha256) for file in submission.feedback or ()}
            if there != {(each.file.path, each.sha256) for each in sums}:
                yield submission, sums

    def _give(self, batch: dict[Submission, list[Summed]]) -> None:
        some = next(iter(batch))
        members = [
            tar.Member.at(f"{of.id}/{each.file.path}", each.size, each.file.source)
            for of, sums in batch.items()
            for each in sums
        ]
        names = (*at_assignment(some.course, some.assignment), "feedback")
        answer = self._post(tar.body(members), *names)
        given = {each["submission"]: each["tree"] for each in answer["feedback"]}
        for of, sums in batch.items():
            _require_same(given[of.id], sums)

    def _give_each(
        self,
        batch: dict[Submission, list[Summed]],
        failed: dict[Submission, CourierError],
    ) -> None:
        for of, sums in batch.items():
            members = [
                tar.Member.at(each.file.path, each.size, each.file.source)
                for each in sums
            ]
            names = ("courses", of.course, "submissions", str(of.id), "feedback")
            try:
                _require_same(self._post(tar.body(members), *names)["tree"], sums)
            except Refused as refused:
                failed[of] = refused

    def _post(self, body: tar.Body, *names: str) -> dict[str, Any]:
        # The same pages once more change nothing.
        return self._ask("POST", *names, body=body.compressed(), repeatable=True)


def _require_same(tree: str, sums: list[Summed]) -> None:
    if tree != digest.of_files(sums):
        raise CourierError(
            "Pages changed while they were sent, and what students get may be no good: release the feedback again"
        )


def _batches(
    given: Iterable[tuple[Submission, list[Summed]]],
) -> Iterator[dict[Submission, list[Summed]]]:
    batch: dict[Submission, list[Summed]] = {}
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
