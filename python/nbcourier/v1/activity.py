"""The work on notebooks."""

from __future__ import annotations

from typing import Any

from .client import V1Client, json_body


class V1Activity(V1Client):
    """Reports the caller's work."""

    def counting(self) -> dict[str, set[str]]:
        """Returns the courses that count work of the caller, with the names of their assignments."""
        courses = self._get("activity").texts("courses")
        return {course: self._assignments(course) for course in courses}

    def report(self, items: list[dict[str, Any]]) -> None:
        """Reports work. It is sent once."""
        self._ask("POST", "activity", body=json_body({"items": items}))

    def _assignments(self, course: str) -> set[str]:
        names: set[str] = set()
        for page in self._pages("courses", course, "assignments"):
            names.update(page.texts_of("assignments", "assignment"))
        return names
