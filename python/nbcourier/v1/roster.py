"""Who is in a course."""

from __future__ import annotations

from dataclasses import asdict

from ..answer import Answer
from ..transport import Student
from .client import V1Client, json_body


class V1Roster(V1Client):
    """That part of a `Transport`."""

    def students(self, course: str) -> list[Student]:
        people = self._people(course)
        listed = [each for each in people if each.text("role") == "student"]
        return self._connection.usable(listed, Student.read)

    def is_student(self, course: str, student: str) -> bool:
        return any(each.username == student for each in self.students(course))

    def enrol(self, course: str, student: Student) -> None:
        people = {"people": [asdict(student) | {"role": "student"}]}
        self._ask(
            "PUT", "courses", course, "roster", body=json_body(people), repeatable=True
        )

    def remove_student(self, course: str, student: str) -> None:
        if self.is_student(course, student):
            self._delete("courses", course, "roster", student)

    def _people(self, course: str) -> list[Answer]:
        found: list[Answer] = []
        query: dict[str, str] = {}
        while True:
            page = self._get("courses", course, "roster", **query)
            found.extend(page.parts("people"))
            # A server that knows no pages gives all at once.
            if "next" not in page:
                return found
            query["cursor"] = page.text("next")
