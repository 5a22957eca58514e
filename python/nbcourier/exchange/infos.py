"""The dictionaries for assignment_list and formgrader, and the lines of `nbgrader list`. Both forms are fixed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, Callable

from ..transport import Files, Release, Submission
from . import feedback_state

Info = dict[str, Any]

# The keys that identify the work of one student on one assignment.
_WORK = ("course_id", "student_id", "assignment_id")


def of_release(release: Release, status: str, path: str, notebooks: list[str]) -> Info:
    """Returns a released assignment; `path` is its directory here, if it was fetched."""
    return {
        "course_id": release.course,
        "assignment_id": release.assignment,
        "status": status,
        "path": path,
        "notebooks": [_notebook(name, path) for name in notebooks],
    }


def of_submission(
    submission: Submission, status: str, path: str, notebooks: list[str]
) -> Info:
    """Returns a submission without its feedback."""
    return {
        "course_id": submission.course,
        "student_id": submission.student,
        "assignment_id": submission.assignment,
        "timestamp": submission.timestamp,
        "status": status,
        "path": path,
        "notebooks": [_notebook(name, path) for name in notebooks],
    }


def with_feedback(
    info: Info, feedback: Files, directory: Path, released: Callable[[], set[str]]
) -> Info:
    """Returns the submission with the feedback at the exchange and the pages fetched into the directory.

    `released` returns the notebooks of the assignment, without extension.
    """
    exchange = feedback_state.checksums(feedback or ())
    notebooks = [
        each | feedback_state.of_notebook(each["notebook_id"], exchange, directory)
        for each in info["notebooks"]
    ]
    known = {each["notebook_id"] for each in notebooks}
    # Pages on other notebooks count as well: the student renamed a notebook, or the exchange is an ngshare, which does
    # not show students the files of their submissions.
    others = [
        feedback_state.of_notebook(page.removesuffix(".html"), exchange, directory)
        for page in exchange
        if page.endswith(".html") and page.removesuffix(".html") not in known
    ]
    counted = notebooks + others
    state = feedback_state.of_submission(counted, directory, released)
    return info | {"notebooks": notebooks} | state


def grouped(found: Iterable[Info]) -> list[Info]:
    """Returns one entry for each student and assignment, with all their submissions, oldest first."""

    def work(info: Info) -> tuple:
        return tuple(info[name] for name in _WORK)

    ordered = sorted(found, key=lambda info: (*work(info), info["timestamp"]))
    entries = []
    for _, each in groupby(ordered, work):
        submissions = list(each)
        first = submissions[0]
        entry = {name: first[name] for name in _WORK} | {"status": first["status"]}
        entries.append(entry | {"submissions": submissions})
    return entries


def line_of_submission(info: Info) -> str:
    """Returns the line that `nbgrader list` prints."""
    keys = ("course_id", "student_id", "assignment_id", "timestamp")
    line = " ".join(info[key] for key in keys)
    if info["status"] == "removed":
        return line
    return f"{line} ({feedback_state.in_words(info)})"


def _notebook(name: str, directory: str) -> Info:
    return {
        "notebook_id": name.removesuffix(".ipynb"),
        "path": str(Path(directory, name)),
    }
