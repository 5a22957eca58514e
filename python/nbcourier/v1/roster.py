"""Who is in a course."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..transport import DETAILS, Student
from .client import V1Client, json_body


class V1Roster(V1Client):
    """That part of a `Transport`."""

    def students(self, course: str) -> list[Student]:
        return [
            Student(each["username"], *(each[detail] for detail in DETAILS))
            for each in self._people(course)
            if each["role"] == "student"
        ]

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

    def _people(self, course: str) -> list[dict[str, Any]]:
        found = []
        query: dict[str, str] = {}
        while True:
            page = self._get("courses", course, "roster", **query)
            found.extend(page["people"])
            # A server that knows no pages gives all at once.
            if page.get("next") is None:
                return found
            query["cursor"] = page["next"]
