"""The state of the feedback on a submission, in the words that nbgrader's pages and commands read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Callable

from ..transport import RemoteFile


def of_notebook(
    notebook: str, exchange: dict[str, str], directory: Path
) -> dict[str, Any]:
    """Returns the four keys for one notebook; `exchange` has the checksums there, `directory` the fetched pages."""
    path = f"{notebook}.html"
    page = directory / path
    here = checksum(page)
    there = exchange.get(path)
    return {
        "has_local_feedback": here is not None,
        "has_exchange_feedback": there is not None,
        "local_feedback_path": str(page) if here is not None else None,
        "feedback_updated": None not in (here, there) and here != there,
    }


def of_submission(
    notebooks: list[dict[str, Any]],
    directory: Path,
    released: Callable[[], set[str]],
) -> dict[str, Any]:
    """Returns the four keys for all notebooks of a submission; `released` returns those of the assignment."""
    given = [
        each
        for each in notebooks
        if each["has_exchange_feedback"] or each["has_local_feedback"]
    ]
    if given and len(given) < len(notebooks):
        # Notebooks that a student added get no feedback, and must not hide the feedback on the others.
        expected = released()
        notebooks = [
            each
            for each in notebooks
            if each in given or each["notebook_id"] in expected
        ]
    fetched = _all(notebooks, "has_local_feedback")
    return {
        "has_local_feedback": fetched,
        "has_exchange_feedback": _all(notebooks, "has_exchange_feedback"),
        "local_feedback_path": str(directory) if fetched else None,
        "feedback_updated": any(each["feedback_updated"] for each in notebooks),
    }


def in_words(submission: dict[str, Any]) -> str:
    """Returns the state as `nbgrader list` prints it."""
    if submission["has_local_feedback"] and not submission["feedback_updated"]:
        return "feedback already fetched"
    if submission["has_exchange_feedback"]:
        return "feedback ready to be fetched"
    return "no feedback available"


def checksums(files: Iterable[RemoteFile]) -> dict[str, str]:
    """Returns the checksums of the files by path."""
    return {file.path: file.checksum for file in files}


def checksum(page: Path) -> str | None:
    """Returns the checksum of a fetched page, or None if there is no such page."""
    if not page.is_file():
        return None
    return hashlib.md5(page.read_bytes(), usedforsecurity=False).hexdigest()


def _all(notebooks: list[dict[str, Any]], key: str) -> bool:
    # Without notebooks nothing was fetched, and there is nothing to fetch.
    return bool(notebooks) and all(each[key] for each in notebooks)
