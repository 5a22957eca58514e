"""The copies of what was submitted: `CACHE/COURSE/STUDENT+ASSIGNMENT+TIMESTAMP`, as other exchanges name them too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import Illegal
from .transport import Submission
from .trees import LocalFile, make_below, staged

# Beside the copies. Hidden, as all other directories there are taken for copies, by nbgrader's own exchange too.
_RECEIPTS = ".receipts"


@dataclass(frozen=True)
class Cached:
    """One copy, and what it is a copy of."""

    submission: Submission
    path: Path


class Cache:
    """All copies of one person."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, submission: Submission, files: list[LocalFile]) -> Path:
        """Copies what was submitted, and returns where to."""
        directory = self._root / submission.course / _name(submission)
        with staged(directory, below=self._root) as fresh:
            for file in files:
                target = fresh / file.path
                make_below(fresh, target.parent)
                # The content only: a file that may not be written to would make a copy that cannot be removed.
                shutil.copyfile(file.source, target)
            # Last, because it is the exchange's time that counts, whatever file of that name was submitted.
            (fresh / "timestamp.txt").write_text(submission.timestamp, "utf-8")
        return directory

    def add_receipt(self, submission: Submission, receipt: dict[str, Any]) -> Path:
        """Keeps what the exchange signed, as it came, and returns where. It outlives the copy."""
        directory = self._root / submission.course / _RECEIPTS
        make_below(self._root, directory)
        path = directory / f"{_name(submission)}.json"
        path.write_text(json.dumps(receipt, indent=1, ensure_ascii=False), "utf-8")
        return path

    def has(self, course: str) -> bool:
        """Whether anything was ever kept of the course, even if it was removed since."""
        return (self._root / course).is_dir()

    def entries(self) -> Iterator[Cached]:
        """Every copy, in the order of their names."""
        for directory in sorted(self._root.glob("*/*")):
            # From the end: a student's name may hold a plus sign, the other two cannot.
            parts = directory.name.rsplit("+", 2)
            if len(parts) == 3 and directory.is_dir():
                student, assignment, timestamp = parts
                course = directory.parent.name
                try:
                    copied = Submission(course, assignment, student, timestamp)
                except Illegal:
                    # Somebody else's directory.
                    continue
                yield Cached(copied, directory)


def _name(submission: Submission) -> str:
    return f"{submission.student}+{submission.assignment}+{submission.timestamp}"
