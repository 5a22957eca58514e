"""What the plugin asks of an exchange, whatever protocol it is asked in."""

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
    """A file as the exchange lists it; `Illegal` where its path could lead anywhere but below a directory."""

    path: str
    # MD5, because that is what both protocols know of a file; it tells versions apart and guards nothing.
    checksum: str
    # Where the listing tells: in bytes, and the name under which the exchange stores it.
    size: int = 0
    sha256: str = ""

    def __post_init__(self) -> None:
        names.path(self.path)


# What a listing says of files; None where it says nothing, and they are to be asked for.
Files = Optional[tuple[RemoteFile, ...]]


@dataclass(frozen=True)
class Release:
    """A released assignment; `Illegal` where its names cannot be those of directories."""

    course: str
    assignment: str
    files: Files = None
    dates: Dates = NO_DATES

    def __post_init__(self) -> None:
        names.name("name of a course", self.course)
        names.name("name of an assignment", self.assignment)


@dataclass(frozen=True)
class Submission:
    """One hand-in. `timestamp` is the exchange's, naive UTC with six decimals, and tells it from the others.

    `Illegal` where its names, or the time, cannot be those of directories.
    """

    course: str
    assignment: str
    student: str
    timestamp: str
    # Its number at the exchange, where it has one.
    id: int | None = field(default=None, compare=False)
    # After it was due for this student.
    late: bool = field(default=False, compare=False)
    files: Files = field(default=None, compare=False)
    # Empty when there is none.
    feedback: Files = field(default=None, compare=False)
    # The bytes of all its files, where the listing tells.
    size: int = field(default=0, compare=False)
    # The name of its files as a whole, where the listing tells.
    tree: str = field(default="", compare=False)
    # The name of its feedback as a whole, where the listing tells; empty when there is none.
    feedback_tree: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        names.name("name of a course", self.course)
        names.name("name of an assignment", self.assignment)
        names.name("name of a student", self.student)
        names.name("time of a submission", self.timestamp)

    def require(self, assignment: str | None, student: str | None) -> None:
        """Raises `Illegal` if it is of another assignment or student than was asked for."""
        asked = ((assignment, self.assignment), (student, self.student))
        for wanted, sent in asked:
            if wanted is not None and wanted != sent:
                raise Illegal(
                    f"{names.shown(sent)} is not {names.shown(wanted)}, which was asked for"
                )


@dataclass(frozen=True)
class Receipt:
    """What the exchange signed."""

    id: int
    timestamp: str
    tree: str
    # How many.
    files: int
    # As it came, with the signature.
    signed: dict[str, Any] = field(repr=False)

    @staticmethod
    def read(answer: Answer) -> Receipt:
        """From the answer to a submission."""
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
class Accepted:
    """The exchange's word that it has a submission."""

    timestamp: str
    # Where the exchange gives one.
    receipt: Receipt | None = None


@dataclass(frozen=True)
class Student:
    """Somebody on the roster of a course; `Illegal` where the name cannot be that of a directory."""

    username: str
    # What is known of them; None where nothing is, or where nothing is said.
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None

    def __post_init__(self) -> None:
        names.name("name of a student", self.username)

    @staticmethod
    def read(listed: Answer) -> Student:
        """From a line of either protocol's listing."""
        details = {name: listed.text_or_none(name) for name in DETAILS}
        return Student(listed.text("username"), **details)

    def over(self, other: Student) -> Student:
        """The same, with what the other knows where this one says nothing."""
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
    """What the exchange knows of one assignment and of the people who take it."""

    due: datetime | None = None
    # The due dates of students who have one of their own.
    own_due: dict[str, datetime] = field(default_factory=dict)
    students: list[Student] = field(default_factory=list)


DETAILS = ("first_name", "last_name", "email")

# The files of a tree with their contents, to be read in the order they come.
Content = Iterable[tuple[str, BinaryIO]]
# Takes a tree. Given it once more when the connection broke, so it has to begin anew each time; what it raises is
# raised to whoever asked.
Receive = Callable[[Content], None]
ReceiveSubmission = Callable[[Submission, Content], None]


class Transport(Protocol):
    """One exchange, asked as one person. Everything may raise `CourierError`, `Refused` when the exchange says no."""

    @property
    def left_out(self) -> list[str]:
        """Why something that the exchange told of could not be used so far, each in a sentence that was logged."""

    def courses(self) -> list[str]:
        """The courses the person teaches or takes, sorted."""

    def require_instructor(self, course: str) -> None:
        """Raises `Refused` for a student, if the exchange has listings of a class that show students themselves."""

    def releases(self, course: str) -> list[Release]:
        """What is released in the course, in order of release."""

    def find_release(self, course: str, assignment: str) -> Release:
        """One of them, with its files; `Refused` when it is not released."""

    def dates(self, course: str, assignment: str) -> Dates:
        """When it is due, for the person who asks."""

    def set_due(self, course: str, assignment: str, due: datetime) -> bool:
        """Gives a released assignment a due date and leaves its other dates; False where the exchange keeps none."""

    def for_gradebook(self, course: str, assignment: str) -> ForGradebook:
        """What the gradebook takes over of an assignment and the people who take it."""

    def released(self, release: Release) -> list[RemoteFile]:
        """The files of a released assignment."""

    def fetch(self, course: str, assignment: str, receive: Receive) -> None:
        """Gets a released assignment."""

    def release(
        self, course: str, assignment: str, files: list[LocalFile], *, again: bool
    ) -> None:
        """Releases an assignment; only `again` puts new files in place of released ones, and submissions stay.

        Without it: `Refused` with status 409 when it is released already.
        """

    def unrelease(self, course: str, assignment: str) -> None:
        """Takes an assignment back."""

    def submit(
        self, course: str, assignment: str, files: list[LocalFile], student: str | None
    ) -> Accepted:
        """Hands in the person's work, or a student's in their place; returns only when it is safe."""

    def submissions(
        self,
        course: str,
        assignment: str | None = None,
        student: str | None = None,
        *,
        with_files: bool = False,
    ) -> list[Submission]:
        """Everybody's or one student's, to all assignments or to one; those to one are oldest first.

        Their files come with them where that is asked for and the exchange can list them: a class may have very many.
        """

    def submitted(self, submission: Submission) -> list[RemoteFile]:
        """The files of a submission; empty when the person may not see them."""

    def collect(
        self,
        wanted: list[Submission],
        listed: list[Submission],
        receive: ReceiveSubmission,
    ) -> None:
        """Gets submissions to one assignment out of those `listed`; `receive` gets each of them, in any order.

        Reading one that the exchange refuses raises `Refused`, which concerns no other.
        """

    def remove_submission(self, submission: Submission) -> None:
        """Puts a submission where nobody sees it, and from where it can be brought back for a while."""

    def feedback(self, submissions: list[Submission]) -> dict[Submission, Files]:
        """The feedback on submissions; none where the course is gone, or the person's place in it."""

    def fetch_feedback(
        self, submissions: list[Submission], receive: ReceiveSubmission
    ) -> None:
        """Gets the feedback on one student's submissions to one assignment; `receive` gets what there is."""

    def give_feedback(
        self, pages: dict[Submission, list[LocalFile]]
    ) -> dict[Submission, CourierError]:
        """Puts files in place of earlier feedback on submissions to one assignment; returns what failed, and why."""

    def students(self, course: str) -> list[Student]:
        """Who is enrolled, by hand or by a group of the hub."""

    def enrol(self, course: str, student: Student) -> None:
        """Adds a student, or changes what is known of one; of what is not said nothing changes."""

    def enrol_all(self, course: str, students: list[Student]) -> list[str]:
        """The same of a whole class, of all or of nobody; returns who teaches the course and so is no student."""

    def remove_student(self, course: str, student: str) -> None:
        """Takes a student off the roster, if they are on it; what they submitted stays."""

    def is_student(self, course: str, student: str) -> bool:
        """Whether somebody is enrolled in the course."""
