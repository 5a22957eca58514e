"""Patterns of names, as nbgrader's settings allow them."""

from __future__ import annotations

from fnmatch import fnmatchcase


def selects(pattern: str, name: str) -> bool:
    """Whether a setting of nbgrader, which is a pattern, matches this name; a name always matches itself."""
    return not pattern or pattern == name or fnmatchcase(name, pattern)


def is_pattern(name: str) -> bool:
    """Whether this can match several names."""
    return any(character in name for character in "*?[")


def matching(given: str, courses: list[str]) -> list[str]:
    """Returns the courses that a setting means; all of them if nothing is given."""
    # The name of a course may look like a pattern.
    if given in courses:
        return [given]
    return [each for each in courses if selects(given, each)]
