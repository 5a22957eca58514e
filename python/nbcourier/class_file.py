"""Reads the CSV file of `nbgrader db student import` as nbgrader does, and checks it as a whole."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator

from .errors import CourierError, is_invisible, some
from .names import MAX_NAME_BYTES
from .transport import DETAILS, Student

# The maximum number of faults that are reported for one file.
_TOLD = 10


def read(path: str, log: logging.Logger) -> list[Student]:
    """Returns the people in the file, each once; raises `CourierError` with the numbers of the invalid lines."""
    students: dict[str, Student] = {}
    lines: dict[str, int] = {}
    faults: list[str] = []
    for line, row in _rows(path):
        name = row.get("id") or ""
        fault = fault_of(name)
        if fault is not None:
            faults.append(f"line {line}: {fault}")
            continue
        if name in lines:
            log.warning(
                "Line %d of %s: '%s' is also in line %d; the later line counts",
                line,
                path,
                name,
                lines[name],
            )
        lines[name] = line
        details = {detail: row.get(detail) or None for detail in DETAILS}
        students[name] = Student(name, **details)
    if faults:
        listed = some(faults, at_most=_TOLD, separator="; ")
        raise CourierError(f"{path} has lines that name nobody: {listed}")
    return list(students.values())


def _rows(path: str) -> Iterator[tuple[int, dict[str, str]]]:
    # No encoding is given, because nbgrader gives none, and both must read the same names.
    try:
        with open(path, newline="") as file:
            reader = csv.DictReader(file)
            reader.fieldnames = [key.strip() for key in reader.fieldnames or ()]
            for row in reader:
                yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise CourierError(
            f"{path} cannot be read as CSV in UTF-8 ({error}); save it as that and try again"
        ) from error


def fault_of(name: str) -> str | None:
    """Returns why no member can have this name, or None if the name is possible."""
    if not name:
        return "there is no id"
    if name != name.strip():
        return f"{name!r} begins or ends with a blank"
    if name in (".", "..") or "/" in name or len(name.encode(errors="replace")) > MAX_NAME_BYTES:
        return f"{name!r} cannot be a user name, because it cannot be the name of a directory"
    for character in name:
        if is_invisible(character):
            return f"{name!r} holds the invisible character U+{ord(character):04X}"
    return None
