"""Who takes part in a course."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from material import ASSIGNMENT, COURSE
from people import Person
from trees import Tree, below, read_tree, without


@dataclass
class Cast:
    """An administrator, an instructor and two students, and what they remember from one step to the next."""

    admin: Person
    instructor: Person
    first: Person
    second: Person
    released: Tree = field(default_factory=dict)
    # What each student had in their directory at each of their submissions, oldest first.
    handed_in: dict[str, list[Tree]] = field(default_factory=dict)
    # When the first student's submissions were made, and all that is listed once there is feedback.
    times: list[str] = field(default_factory=list)
    inbound: list[str] = field(default_factory=list)

    @property
    def students(self) -> tuple[Person, Person]:
        """Both students."""
        return self.first, self.second

    def course(self, command: str, *arguments: str) -> None:
        """The instructor runs an nbgrader command on the assignment."""
        self.instructor.nbgrader(command, ASSIGNMENT, f"--course={COURSE}", *arguments)

    def release_directory(self) -> Path:
        """Where nbgrader takes the assignment from that it releases."""
        return self.instructor.home / "release" / ASSIGNMENT

    def collected(self, student: Person) -> Tree:
        """What the instructor has of a student after collecting."""
        return read_tree(self.instructor.home / "submitted" / student.name / ASSIGNMENT)

    def feedback_directory(self, student: Person) -> Path:
        """Where nbgrader takes the feedback from that it releases."""
        return self.instructor.home / "feedback" / student.name / ASSIGNMENT

    def feedback(self, student: Person) -> Tree:
        """What the instructor gives back to a student: the pages, of all that nbgrader puts beside them."""
        made = read_tree(self.feedback_directory(student))
        return {name: page for name, page in made.items() if name.endswith(".html")}


def work_of(student: Person) -> Tree:
    """A student's own directory of the assignment, as it is now, less the feedback that was fetched into it."""
    tree = read_tree(student.home / ASSIGNMENT)
    fetched = below(tree, "feedback")
    return without(tree, *(f"feedback/{name}" for name in fetched))


@dataclass(frozen=True)
class Listed:
    """One submission as `nbgrader list --inbound` and `--cached` show it."""

    timestamp: str
    feedback: str


def submissions_in(listing: list[str], student: Person) -> list[Listed]:
    """A student's submissions among the lines of a listing, in the order they stand there."""
    start = re.escape(f"{COURSE} {student.name} {ASSIGNMENT} ")
    line_form = re.compile(start + r"(\S+ \S+) \((.*)\)")
    return [
        Listed(*found.groups()) for found in map(line_form.fullmatch, listing) if found
    ]
