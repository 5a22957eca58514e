"""The roster of a course."""

from __future__ import annotations

from dataclasses import asdict

from ..answer import Answer
from ..errors import Refused, printable
from ..transport import Student
from .client import V1Client, json_body


# The maximum length of an exchange's sentence that is logged, in characters.
_LONGEST = 1000


class V1Roster(V1Client):
    """The part of a `Transport` about the roster."""

    def students(self, course: str) -> list[Student]:
        people = self._people(course)
        listed = [each for each in people if each.text("role") == "student"]
        return self._connection.usable(listed, Student.read)

    def is_student(self, course: str, student: str) -> bool:
        return any(each.username == student for each in self.students(course))

    def enrol(self, course: str, student: Student) -> None:
        self._put(course, [student])

    def enrol_all(self, course: str, students: list[Student]) -> list[str]:
        try:
            self._put(course, students)
        except Refused as refused:
            if not refused.says(409):
                raise
            # The refusal does not name the people that it is about.
            people = self._people(course)
            teachers = {
                each.text("username")
                for each in people
                if each.text("role") != "student"
            }
            others = [each for each in students if each.username not in teachers]
            if len(others) == len(students):
                raise
            self._put(course, others)
            return [each.username for each in students if each.username in teachers]
        return []

    def _put(self, course: str, students: list[Student]) -> None:
        people = [asdict(each) | {"role": "student"} for each in students]
        body = json_body({"people": people})
        changes = self._ask(
            "PUT", "courses", course, "roster", body=body, repeatable=True
        )
        # Without these counts, another server answered and nothing was changed.
        changes.number("added"), changes.number("updated")
        # An older exchange sends no warnings.
        for warning in changes.texts("warnings") if "warnings" in changes else ():
            self._connection.log.warning("%s", printable(warning, _LONGEST))

    def remove_student(self, course: str, student: str) -> None:
        if self.is_student(course, student):
            self._delete("courses", course, "roster", student)

    def _people(self, course: str) -> list[Answer]:
        pages = self._pages("courses", course, "roster")
        return [each for page in pages for each in page.parts("people")]
