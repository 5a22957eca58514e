"""The people of a course."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from material import ASSIGNMENT, COURSE
from people import Person
from trees import Tree, below, read_tree, without


@dataclass
class Cast:
    """An administrator, an instructor and two students, with the results that later steps need."""

    admin: Person
    instructor: Person
    first: Person
    second: Person
    released: Tree = field(default_factory=dict)
    # The files in each student's directory at each of their submissions, oldest first.
    handed_in: dict[str, list[Tree]] = field(default_factory=dict)
    # The times of the first student's submissions, and the listing after the release of feedback.
    times: list[str] = field(default_factory=list)
    inbound: list[str] = field(default_factory=list)

    @property
    def students(self) -> tuple[Person, Person]:
        """Returns both students."""
        return self.first, self.second

    def course(self, command: str, *arguments: str) -> None:
        """Runs an nbgrader command on the assignment as the instructor."""
        self.instructor.nbgrader(command, ASSIGNMENT, f"--course={COURSE}", *arguments)

    def release_directory(self) -> Path:
        """Returns the directory from which nbgrader releases the assignment."""
        return self.instructor.home / "release" / ASSIGNMENT

    def collected(self, student: Person) -> Tree:
        """Returns the files that the instructor collected from a student."""
        return read_tree(self.instructor.home / "submitted" / student.name / ASSIGNMENT)

    def feedback_directory(self, student: Person) -> Path:
        """Returns the directory from which nbgrader releases the feedback."""
        return self.instructor.home / "feedback" / student.name / ASSIGNMENT

    def feedback(self, student: Person) -> Tree:
        """Returns the instructor's feedback for a student: only the pages of all generated files."""
        made = read_tree(self.feedback_directory(student))
        return {name: page for name, page in made.items() if name.endswith(".html")}


def work_of(student: Person) -> Tree:
    """Returns the files in a student's directory of the assignment, without fetched feedback."""
    tree = read_tree(student.home / ASSIGNMENT)
    fetched = below(tree, "feedback")
    return without(tree, *(f"feedback/{name}" for name in fetched))


@dataclass(frozen=True)
class Listed:
    """A submission as `nbgrader list --inbound` and `--cached` show it."""

    timestamp: str
    feedback: str


def submissions_in(listing: list[str], student: Person) -> list[Listed]:
    """Returns a student's submissions in the lines of a listing, in their order."""
    start = re.escape(f"{COURSE} {student.name} {ASSIGNMENT} ")
    line_form = re.compile(start + r"(\S+ \S+) \((.*)\)")
    return [
        Listed(*found.groups()) for found in map(line_form.fullmatch, listing) if found
    ]
