"""Who is in a course."""

from __future__ import annotations

from .client import V1Client, json_body


class V1Roster(V1Client):
    """That part of a `Transport`."""

    def is_student(self, course: str, student: str) -> bool:
        people = self._get("courses", course, "roster")["people"]
        return any(
            (each["username"], each["role"]) == (student, "student") for each in people
        )

    def enrol(self, course: str, student: str) -> None:
        # What is not said of somebody stays as it is.
        people = {"people": [{"username": student, "role": "student"}]}
        self._ask(
            "PUT", "courses", course, "roster", body=json_body(people), repeatable=True
        )

    def remove_student(self, course: str, student: str) -> None:
        if self.is_student(course, student):
            self._delete("courses", course, "roster", student)
