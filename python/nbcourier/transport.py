"""The requests of the plugin to an exchange, independent of the protocol."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, BinaryIO, Callable, Optional, Protocol

from . import names
from .answer import Answer
from .dates import NO_DATES, Dates, naive
from .errors import CourierError, Illegal
from .trees import LocalFile


@dataclass(frozen=True)
class RemoteFile:
    """A file as the exchange lists it; `Illegal` if its path could lead out of a directory."""

    path: str
    # MD5, because both protocols know that of a file. It distinguishes versions and protects against nothing.
    checksum: str
    # If the listing has them: the size in bytes, and the name under which the exchange stores the file.
    size: int = 0
    sha256: str = ""

    def __post_init__(self) -> None:
        names.path(self.path)


# The files in a listing; None if the listing does not contain files, which are then to be requested.
Files = Optional[tuple[RemoteFile, ...]]


@dataclass(frozen=True)
class Release:
    """A released assignment; `Illegal` if its names cannot be those of directories."""

    course: str
    assignment: str
    files: Files = None
    dates: Dates = NO_DATES

    def __post_init__(self) -> None:
        names.name("name of a course", self.course)
        names.name("name of an assignment", self.assignment)


@dataclass(frozen=True)
class Submission:
    """A submission. `timestamp` is the exchange's time, naive UTC with six decimals, and distinguishes submissions.

    `Illegal` if its names or its time cannot be those of directories.
    """

    course: str
    assignment: str
    student: str
    timestamp: str
    # The ID at the exchange, if it has one.
    id: int | None = field(default=None, compare=False)
    # Whether it was after this student's due time.
    late: bool = field(default=False, compare=False)
    files: Files = field(default=None, compare=False)
    # Empty if there is no feedback.
    feedback: Files = field(default=None, compare=False)
    # The size of all its files in bytes, if the listing has it.
    size: int = field(default=0, compare=False)
    # The digest of its tree, if the listing has it.
    tree: str = field(default="", compare=False)
    # The digest of its feedback's tree, if the listing has it; empty if there is no feedback.
    feedback_tree: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        names.name("name of a course", self.course)
        names.name("name of an assignment", self.assignment)
        names.name("name of a student", self.student)
        names.name("time of a submission", self.timestamp)

    def require(self, assignment: str | None, student: str | None) -> None:
        """Raises `Illegal` if it is of another assignment or student than requested."""
        asked = ((assignment, self.assignment), (student, self.student))
        for wanted, sent in asked:
            if wanted is not None and wanted != sent:
                raise Illegal(
                    f"{names.shown(sent)} is not {names.shown(wanted)}, which was asked for"
                )


@dataclass(frozen=True)
class Receipt:
    """A receipt that the exchange signed."""

    id: int
    timestamp: str
    tree: str
    # The number of files.
    files: int
    # The receipt as received, with the signature.
    signed: dict[str, Any] = field(repr=False)

    @staticmethod
    def read(answer: Answer) -> Receipt:
        """Returns the receipt in the answer to a submission."""
        receipt = answer.part("receipt")
        answer.text("signature")
        return Receipt(
            receipt.number("id"),
            naive(receipt.text("submitted_at")),
            receipt.text("tree"),
            receipt.number("files"),
            answer.members,
        )


@dataclass(frozen=True)
class AcceptedSubmission:
    """The exchange's confirmation that it has a submission."""

    timestamp: str
    # The receipt, if the exchange gives one.
    receipt: Receipt | None = None


@dataclass(frozen=True)
class Student:
    """A student on the roster of a course; `Illegal` if the name cannot be that of a directory."""

    username: str
    # The details, each None if it is unknown or not given.
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None

    def __post_init__(self) -> None:
        names.name("name of a student", self.username)

    @staticmethod
    def read(listed: Answer) -> Student:
        """Returns the student in a row of either protocol's listing."""
        details = {name: listed.text_or_none(name) for name in DETAILS}
        return Student(listed.text("username"), **details)

    def over(self, other: Student) -> Student:
        """Returns the student with the other's details in place of those that are None."""
        return replace(
            self,
            **{
                detail: getattr(other, detail)
                for detail in DETAILS
                if getattr(self, detail) is None
            },
        )


@dataclass(frozen=True)
class ForGradebook:
    """The exchange's dates for one assignment, and the people who take it."""

    due: datetime | None = None
    # The due times of students with an extension.
    own_due: dict[str, datetime] = field(default_factory=dict)
    students: list[Student] = field(default_factory=list)
    # Whether this exchange keeps dates at all.
    keeps_dates: bool = False


DETAILS = ("first_name", "last_name", "email")

# The files of a tree with their contents, to be read in this order.
Content = Iterable[tuple[str, BinaryIO]]
# Takes a tree. It is called again if the connection broke, and has to start anew each time. Its errors are raised to
# the caller.
Receive = Callable[[Content], None]
ReceiveSubmission = Callable[[Submission, Content], None]


class Transport(Protocol):
    """One exchange, asked as one person. Every method may raise `CourierError`, and `Refused` for a refusal."""

    @property
    def left_out(self) -> list[str]:
        """Returns why parts of the exchange's answers could not be used so far, one logged sentence each."""

    @property
    def has_pages(self) -> bool:
        """Whether the exchange has pages for people, as far as its answers show."""

    def courses(self) -> list[str]:
        """Returns the courses that the person teaches or takes, sorted."""

    def require_instructor(self, course: str) -> None:
        """Raises `Refused` for a student, if the exchange's listings of a class also answer students."""

    def releases(self, course: str) -> list[Release]:
        """Returns the released assignments of the course, in order of release."""

    def find_release(self, course: str, assignment: str) -> Release:
        """Returns a released assignment with its files; raises `Refused` if it is not released."""

    def dates(self, course: str, assignment: str) -> Dates:
        """Returns the dates of an assignment for the person who asks."""

    def set_due(self, course: str, assignment: str, due: datetime) -> bool:
        """Sets the due time of a released assignment, and no other date; returns False if the exchange has no dates."""

    def for_gradebook(self, course: str, assignment: str) -> ForGradebook:
        """Returns the exchange's facts about an assignment and its students for the gradebook."""

    def released(self, release: Release) -> list[RemoteFile]:
        """Returns the files of a released assignment."""

    def fetch(self, course: str, assignment: str, receive: Receive) -> None:
        """Fetches a released assignment."""

    def release(
        self, course: str, assignment: str, files: list[LocalFile], *, again: bool
    ) -> None:
        """Releases an assignment. `again` replaces released files, and submissions stay.

        Without `again`: raises `Refused` with status 409 if the assignment is released already.
        """

    def unrelease(self, course: str, assignment: str) -> None:
        """Withdraws an assignment."""

    def submit(
        self, course: str, assignment: str, files: list[LocalFile], student: str | None
    ) -> AcceptedSubmission:
        """Submits the person's work, or a student's in their place; returns only when the exchange stored it."""

    def submissions(
        self,
        course: str,
        assignment: str | None = None,
        student: str | None = None,
        *,
        with_files: bool = False,
    ) -> list[Submission]:
        """Returns the submissions of all students or of one, to all assignments or to one; those to one oldest first.

        The files are included if they are requested and the exchange can list them: a class may have very many.
        """

    def submitted(self, submission: Submission) -> list[RemoteFile]:
        """Returns the files of a submission; empty if the person may not see them."""

    def collect(
        self,
        wanted: list[Submission],
        listed: list[Submission],
        receive: ReceiveSubmission,
    ) -> None:
        """Gets submissions to one assignment out of those `listed`; passes each to `receive`, in any order.

        Reading one that the exchange refuses raises `Refused`, which does not affect the others.
        """

    def remove_submission(self, submission: Submission) -> None:
        """Moves a submission to the trash, from which it can be restored for a while."""

    def feedback(self, submissions: list[Submission]) -> dict[Submission, Files]:
        """Returns the feedback on submissions; none if the course is gone or the person is no longer in it."""

    def fetch_feedback(
        self, submissions: list[Submission], receive: ReceiveSubmission
    ) -> None:
        """Gets the feedback on one student's submissions to one assignment; passes what exists to `receive`."""

    def give_feedback(
        self, pages: dict[Submission, list[LocalFile]]
    ) -> dict[Submission, CourierError]:
        """Replaces the feedback on submissions to one assignment; returns the failures with their reasons."""

    def students(self, course: str) -> list[Student]:
        """Returns the students who are enrolled by hand or by a group of the hub."""

    def enrol(self, course: str, student: Student) -> None:
        """Adds a student or changes the details of one; details that are None do not change."""

    def enrol_all(self, course: str, students: list[Student]) -> list[str]:
        """Enrols all of a class or nobody; returns the instructors in the list, who are not enrolled."""

    def remove_student(self, course: str, student: str) -> None:
        """Removes a student from the roster, if they are on it; their submissions stay."""

    def is_student(self, course: str, student: str) -> bool:
        """Whether this person is a student of the course."""
