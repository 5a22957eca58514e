"""The CSV file of `nbgrader db student import`, read as nbgrader reads it and checked as a whole."""

from __future__ import annotations

import csv
import logging
import unicodedata
from collections.abc import Iterator

from .errors import CourierError
from .transport import DETAILS, Student

# At most so many faults are told of one file.
_TOLD = 10
# The longest name of a directory, in bytes.
_MAX_BYTES = 255


def read(path: str, log: logging.Logger) -> list[Student]:
    """Everybody in the file, each once; raises `CourierError` that names the lines that cannot be."""
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
                "Line %d of %s: '%s' is in line %d, too; the later line counts",
                line,
                path,
                name,
                lines[name],
            )
        lines[name] = line
        details = {detail: row.get(detail) or None for detail in DETAILS}
        students[name] = Student(name, **details)
    if faults:
        raise CourierError(f"{path} has lines that name nobody: {_some(faults)}")
    return list(students.values())


def _rows(path: str) -> Iterator[tuple[int, dict[str, str]]]:
    # No encoding is named, because nbgrader names none, and both must read the same names.
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
    """Why nobody at the exchange can have this name; None if somebody can."""
    if not name:
        return "there is no id"
    if name != name.strip():
        return f"{name!r} begins or ends with a blank"
    if name in (".", "..") or "/" in name or len(name.encode(errors="replace")) > _MAX_BYTES:
        return f"{name!r} cannot be a user name, because it cannot be the name of a directory"
    for character in name:
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            return f"{name!r} holds the invisible character U+{ord(character):04X}"
    return None


def _some(faults: list[str]) -> str:
    rest = len(faults) - _TOLD
    listed = "; ".join(faults[:_TOLD])
    return f"{listed}; and {rest} more" if rest > 0 else listed
