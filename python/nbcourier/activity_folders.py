"""The course to which a notebook belongs, by the folder where it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

# The maximum size of the list of deliveries that is read, in bytes.
_LONGEST = 1 << 24
_COURSE = "course:"


class Folders:
    """The folders of courses below the folder of a Jupyter server, and below the home."""

    def __init__(self, root: Path, home: Path) -> None:
        self._root = root.absolute()
        self._home = home.absolute()

    def places(
        self, paths: Sequence[str], assignments: Mapping[str, set[str]]
    ) -> list[tuple[str, str] | None]:
        """Returns the course of each notebook and the path to report, or None if the notebook belongs to no course.

        It reads a file, so it runs on another thread than the server's own.

        `assignments` has the assignments of each course that counts work. A folder belongs to a course if the course
        delivers it, if it has the name of the course, or if it has the name of an assignment of only this course.
        """
        delivered = self._delivered()
        return [self._place(path, assignments, delivered) for path in paths]

    def _place(
        self, path: str, assignments: Mapping[str, set[str]], delivered: Mapping[str, str]
    ) -> tuple[str, str] | None:
        whole = self._root / path
        if whole.is_relative_to(self._home):
            at_home = whole.relative_to(self._home).as_posix()
            for folder, course in delivered.items():
                if course in assignments and at_home.startswith(f"{folder}/"):
                    return course, at_home
        first, *rest = PurePosixPath(path).parts or ("",)
        if not rest:
            return None
        if first in assignments:
            return first, path
        # nbgrader puts assignments beside each other if it knows only one course.
        having = [course for course, names in assignments.items() if first in names]
        return (having[0], path) if len(having) == 1 else None

    def _delivered(self) -> dict[str, str]:
        """Returns the folders below the home that courses deliver, as the last start noted them."""
        noted = self._home / ".nbcourier" / "deliveries.json"
        try:
            with noted.open("rb") as file:
                listed = json.loads(file.read(_LONGEST))["deliveries"]
            found = [(each["folder"], each["owner"]) for each in listed]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return {}
        return {
            folder: owner.removeprefix(_COURSE)
            for folder, owner in found
            if isinstance(folder, str) and isinstance(owner, str) and owner.startswith(_COURSE)
        }
