"""The copies of submissions in `CACHE/COURSE/STUDENT+ASSIGNMENT+TIMESTAMP`, the names that other exchanges use too."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from .errors import CourierError, Illegal
from .transport import Submission
from .trees import LocalFile, make_below, staged, write_file

# Hidden, because all other directories beside the copies are taken for copies, also by nbgrader's own exchange.
_RECEIPTS = ".receipts"
_FEEDBACK = ".feedback"
_TIME = "timestamp.txt"
# The minimum size for sharing bytes between copies. A smaller file takes at least one block of the disk anyway.
_WORTH_SHARING = 4096


@dataclass(frozen=True)
class CachedSubmission:
    """A copy, and the submission that it is a copy of."""

    submission: Submission
    path: Path


class Cache:
    """All copies of one person."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, submission: Submission, files: list[LocalFile]) -> Path:
        """Copies the submitted files and returns the directory of the copy."""
        directory = self._root / submission.course / _name(submission)
        try:
            self._copy_to(directory, submission, files)
        except (CourierError, OSError):
            # A copy without files still keeps the submission on the list, and may fit on a full disk.
            with suppress(CourierError, OSError):
                self._copy_to(directory, submission, [])
            # An empty directory of the course would mean that copies were kept and then removed.
            with suppress(OSError):
                directory.parent.rmdir()
            raise
        return directory

    def _copy_to(
        self, directory: Path, submission: Submission, files: list[LocalFile]
    ) -> None:
        earlier = self._earlier(submission)
        with staged(directory, below=self._root) as fresh:
            for file in files:
                target = fresh / file.path
                make_below(fresh, target.parent)
                # The exchange's time overwrites a file of this name, so its bytes must not be shared with another copy.
                is_time = file.path == _TIME
                _copy(file.source, target, {} if is_time else earlier)
            # Written last: the exchange's time replaces a submitted file of the same name.
            (fresh / _TIME).write_text(submission.timestamp, "utf-8")

    def _earlier(self, submission: Submission) -> dict[int, list[Path]]:
        """Returns the files of earlier copies of the same work, by size."""
        found: dict[int, list[Path]] = {}
        for copy in self._of_course(submission.course):
            of = copy.submission
            if (of.assignment, of.student) != (submission.assignment, submission.student):
                continue
            for path in copy.path.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    found.setdefault(path.stat().st_size, []).append(path)
        return found

    def add_receipt(self, submission: Submission, receipt: dict[str, Any]) -> Path:
        """Keeps the signed receipt unchanged, and returns its path. It outlives the copy."""
        return self._keep(_RECEIPTS, submission, receipt)

    def set_fetched_pages(self, submission: Submission, pages: dict[str, str]) -> None:
        """Remembers the fetched pages of feedback: their names and the checksums of their content."""
        self._keep(_FEEDBACK, submission, pages)

    def fetched_pages(self, submission: Submission) -> dict[str, str]:
        """Returns the pages that `set_fetched_pages` remembered; empty if nothing readable is there."""
        path = self._root / submission.course / _FEEDBACK / f"{_name(submission)}.json"
        try:
            pages = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(pages, dict):
            return {}
        return {name: sum_ for name, sum_ in pages.items() if isinstance(sum_, str)}

    def _keep(self, kind: str, submission: Submission, value: dict[str, Any]) -> Path:
        directory = self._root / submission.course / kind
        make_below(self._root, directory, over_links=True)
        name = f"{_name(submission)}.json"
        text = json.dumps(value, indent=1, ensure_ascii=False).encode()
        write_file(directory, name, BytesIO(text))
        return directory / name

    def has(self, course: str) -> bool:
        """Whether a copy of this course was ever kept, even if it was removed since."""
        return (self._root / course).is_dir()

    def entries(self) -> Iterator[CachedSubmission]:
        """Returns all copies, in the order of their names."""
        for course in sorted(self._root.glob("*")):
            yield from self._of_course(course.name)

    def _of_course(self, course: str) -> Iterator[CachedSubmission]:
        for directory in sorted((self._root / course).glob("*")):
            # Split from the end: a student's name may contain a plus sign, the other two parts cannot.
            parts = directory.name.rsplit("+", 2)
            if len(parts) == 3 and directory.is_dir():
                student, assignment, timestamp = parts
                try:
                    copied = Submission(course, assignment, student, timestamp)
                except Illegal:
                    # The directory is not one of ours.
                    continue
                yield CachedSubmission(copied, directory)


def _copy(source: Path, target: Path, earlier: dict[int, list[Path]]) -> None:
    """Links the target to an earlier copy of the same content, if there is one; else copies the file."""
    size = source.stat().st_size
    # The newest copy is the likeliest match. Small files are not compared, because sharing them saves nothing.
    candidates = reversed(earlier.get(size, ())) if size >= _WORTH_SHARING else ()
    for each in candidates:
        if filecmp.cmp(source, each, shallow=False):
            try:
                os.link(each, target)
                return
            except OSError:
                # The file system has no hard links, or this file has too many of them.
                break
    # Copies the content only: a copy with read-only permissions could not be removed.
    shutil.copyfile(source, target)


def _name(submission: Submission) -> str:
    return f"{submission.student}+{submission.assignment}+{submission.timestamp}"
