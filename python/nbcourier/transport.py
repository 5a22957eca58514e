"""What the plugin asks of an exchange, whatever protocol it is asked in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from .trees import LocalFile


@dataclass(frozen=True)
class RemoteFile:
    """A file as the exchange lists it."""

    path: str
    # MD5, because that is what both protocols know of a file; it tells versions apart and guards nothing.
    checksum: str


@dataclass(frozen=True)
class Submission:
    """One hand-in. `timestamp` is the exchange's, naive UTC with six decimals, and tells it from the others."""

    course: str
    assignment: str
    student: str
    timestamp: str


@dataclass(frozen=True)
class Accepted:
    """The exchange's word that it has a submission."""

    timestamp: str
    # Signed by the exchange, where it does that.
    receipt: dict | None = None


# The files of a tree with their contents, to be read in the order they come.
Content = Iterable[tuple[str, BinaryIO]]


class Transport(Protocol):
    """One exchange, asked as one person. Everything may raise `CourierError`, `Refused` when the exchange says no."""

    def courses(self) -> list[str]:
        """The courses the person teaches or takes, sorted."""

    def assignments(self, course: str) -> list[str]:
        """What is released in the course, in order of release."""

    def released(self, course: str, assignment: str) -> list[RemoteFile]:
        """The files of a released assignment."""

    def fetch(self, course: str, assignment: str) -> Content:
        """The same with their contents."""

    def release(self, course: str, assignment: str, files: list[LocalFile]) -> None:
        """Releases an assignment that is not released."""

    def release_again(
        self, course: str, assignment: str, files: list[LocalFile]
    ) -> None:
        """Puts new files in place of the released ones; submissions stay."""

    def unrelease(self, course: str, assignment: str) -> None:
        """Takes an assignment back."""

    def submit(self, course: str, assignment: str, files: list[LocalFile]) -> Accepted:
        """Hands in the person's work; returns only when it is safe."""

    def submissions(
        self, course: str, assignment: str | None = None, student: str | None = None
    ) -> list[Submission]:
        """Everybody's or one student's, to all assignments or to one; those to one are oldest first."""

    def submitted(self, submission: Submission) -> list[RemoteFile]:
        """The files of a submission."""

    def collect(
        self, submissions: list[Submission]
    ) -> Iterator[tuple[Submission, Content]]:
        """The submissions with their contents; each is to be read before the next."""

    def feedback(self, submission: Submission) -> list[RemoteFile]:
        """The feedback on a submission; empty when there is none."""

    def fetch_feedback(self, submission: Submission) -> Content:
        """The same with their contents."""

    def give_feedback(self, submission: Submission, files: list[LocalFile]) -> None:
        """Puts these files in place of any earlier feedback on the submission."""

    def is_student(self, course: str, student: str) -> bool:
        """Whether somebody is enrolled in the course."""

    def enrol(self, course: str, student: str) -> None:
        """Adds a student of whom no more is known than the name they log in with."""

    def remove_student(self, course: str, student: str) -> None:
        """Takes a student off the roster; what they submitted stays."""
