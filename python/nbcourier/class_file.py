"""Reads the CSV file of `nbgrader db student import`, and checks it as a whole.

nbgrader reads files with columns of its own names. Files of spreadsheets and campus systems are understood as by
`nbcourier roster import`, and translated for nbgrader.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import logging
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .errors import CourierError, is_invisible, some
from .names import MAX_NAME_BYTES
from .transport import DETAILS, Student

# The maximum number of faults that are reported for one file.
_SHOWN = 10
# The columns that nbgrader knows.
_NBGRADERS = ("id", *DETAILS, "lms_user_id")
_SEPARATORS = ",;\t|"
# A number as a spreadsheet shortens it, such as `1.23E+05`.
_SHORTENED = re.compile(r"[.,]*[0-9][0-9.,]*E\+[0-9]*")
# The columns by which a list of Canvas is recognised. Its column "ID" holds Canvas's own numbers of people.
_OF_CANVAS = {"student", "sisuserid", "section"}
# The columns by which a list of Brightspace is recognised. It marks the names and numbers of people with a `#`.
_OF_BRIGHTSPACE = {"orgdefinedid", "endoflineindicator"}
_ONE_LETTER = str.maketrans("ıłđøς", "ildoσ")


@dataclass(frozen=True)
class ClassFile:
    """The people in a file, each once."""

    students: list[Student]
    # The same people in a file for nbgrader; None if it reads the file itself.
    translated: str | None = None


def read(path: str, log: logging.Logger, user_column: str = "", encoding: str = "") -> ClassFile:
    """Returns the people in the file; raises `CourierError` with the numbers of the invalid lines.

    `user_column` is the column that holds the user names, if its name is not a known one. `encoding` is that of the
    file, if it is neither UTF-8 nor UTF-16.
    """
    text, is_for_others = _text(path, encoding)
    # Not strict, because the separator may be another one.
    first = next(_records(path, csv.reader(io.StringIO(text, newline=""))), (0, []))
    columns = [key.strip() for key in first[1]]
    if is_for_others or user_column or not _is_for_nbgrader(columns):
        return _translated(path, text, log, user_column)
    _, *records = _records(path, csv.reader(io.StringIO(text, newline=""), strict=True))
    rows = ((line, dict(zip(columns, cells))) for line, cells in records if cells)
    return ClassFile(_students(path, rows, log, is_only_column=len(columns) == 1))


def _text(path: str, encoding: str) -> tuple[str, bool]:
    """Returns the text, and whether nbgrader would misread it: it takes a byte order mark for a letter."""
    content = Path(path).read_bytes()
    if encoding:
        return _in_encoding(path, content, encoding), True
    marks = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
    found = next(((mark, name) for mark, name in marks if content.startswith(mark)), (b"", "utf-8"))
    mark, name = found
    try:
        text = content[len(mark) :].decode(name)
        # The file is UTF-16 or UTF-32 without a byte order mark, or no text at all.
        if "\0" in text:
            raise ValueError("it holds zero bytes")
    except ValueError as error:
        raise CourierError(
            f"{path} cannot be read as CSV in UTF-8 ({error}); save it as that, or name its encoding with"
            " --Roster.encoding=NAME, such as windows-1252, windows-1250 or mac_roman, and try again"
        ) from error
    return text, bool(mark)


def _in_encoding(path: str, content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except (LookupError, ValueError) as error:
        raise CourierError(
            f"{path} cannot be read in the encoding '{encoding}' (--Roster.encoding): {error}"
        ) from error
    if any(not each.isprintable() and not each.isspace() for each in text.removeprefix("\ufeff")):
        raise CourierError(
            f"{path} is not in the encoding '{encoding}' (--Roster.encoding): it would hold control characters"
        )
    # Windows-1258 writes a letter and its accent as two characters.
    return unicodedata.normalize("NFC", text.removeprefix("\ufeff"))


def _is_for_nbgrader(columns: list[str]) -> bool:
    """Whether nbgrader reads all that we would read."""
    if "id" not in columns:
        return False
    known = {plain(word) for kind in (*DETAILS, "role") for word in _words()[kind]}
    return all(each in _NBGRADERS or plain(each) not in known for each in columns)


def _translated(path: str, text: str, log: logging.Logger, user_column: str) -> ClassFile:
    lines = _lines(path, text)
    before, columns = next(lines, (0, []))
    places = _places(path, columns, user_column, log)
    used = set(places.values())
    ignored = [name for at, name in enumerate(columns) if name and at not in used]
    if ignored:
        log.warning("Ignored columns of %s: %s", path, ", ".join(ignored))
    mark = "#" if _OF_BRIGHTSPACE.intersection(map(plain, columns)) else ""
    rows = list(lines)
    faults: list[str] = []
    people: list[tuple[int, dict[str, str]]] = []
    for number, cells in rows:
        if len(cells) < len(columns) or any(cells[len(columns) :]):
            faults.append(f"line {number} has {len(cells)} columns, and the first line has {len(columns)}")
            continue
        row = {name: cells[at] for name, at in places.items()}
        row["id"] = row["id"].removeprefix(mark)
        if all(not cell or plain(cell) == plain(name) for name, cell in zip(columns, cells)):
            faults.append(f"line {number} repeats the names of the columns")
        elif number == rows[-1][0] and len(columns) > 1 and _is_total(row, cells):
            log.warning("Line %d of %s is skipped: it is a total of the list", number, path)
        elif why := _of_canvas(row, columns, cells):
            log.warning("Line %d of %s is skipped: %s", number, path, why)
        elif not (role := row.pop("role", "")) or _means(role, "student"):
            people.append((number, row))
        elif teaches := next((kind for kind in ("assistant", "instructor") if _means(role, kind)), None):
            log.warning(
                "Line %d of %s is skipped: '%s' is an %s there, and this command adds students only",
                number,
                path,
                row["id"],
                teaches,
            )
        else:
            faults.append(f"line {number}: the role '{role}' is neither student nor assistant nor instructor")
    if faults:
        raise CourierError(f"{path}: {some(faults, at_most=_SHOWN, separator='; ')}")
    students = _students(path, iter(people), log, is_only_column=len(columns) == 1)
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    names = [name for name in _NBGRADERS if name in places]
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for _, row in people)
    return ClassFile(students, written.getvalue())


def _lines(path: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the lines that hold something, with their numbers; the first one names the columns."""
    separator, skipped = _separator(text)
    content = io.StringIO(text, newline="")
    for _ in range(skipped):
        content.readline()
    reader = csv.reader(content, delimiter=separator, skipinitialspace=True, strict=True)
    for number, cells in _records(path, reader, skipped):
        cells = [_cell(each) for each in cells]
        if any(cells):
            yield number, cells


def _records(path: str, reader: Any, skipped: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yields the records of a CSV reader with the numbers of their last lines. `skipped` lines come before them.

    A reader that is not strict hides the lines after a quote that does not end.
    """
    while True:
        begin = skipped + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise CourierError(f"{path} cannot be read as CSV from line {begin} on ({error})") from error
        if cells is None:
            return
        yield skipped + reader.line_num, cells


def _cell(text: str) -> str:
    text = text.strip()
    # Programs write this form to keep spreadsheets from taking a text for a number.
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text


def _separator(text: str) -> tuple[str, int]:
    """Returns the separator, and the number of lines before the one that names the columns."""
    skipped = 0
    for line in io.StringIO(text):
        # The separator may be a tab.
        bare = line.strip("\r\n").strip('"')
        if bare[:4].lower() == "sep=" and len(bare) > 4:
            return bare[4], skipped + 1
        if bare.strip(_SEPARATORS + " "):
            outside = "".join(line.split('"')[::2])
            return max(_SEPARATORS, key=outside.count), skipped
        skipped += 1
    return ",", 0


def _places(
    path: str, columns: list[str], user_column: str, log: logging.Logger
) -> dict[str, int]:
    """Returns the places of nbgrader's columns."""
    names = [plain(each) for each in columns]

    def find(kind: str) -> int | None:
        known = (plain(word) for word in _words()[kind])
        return next((names.index(word) for word in known if word in names), None)

    shown = ", ".join(each for each in columns if each) or "none"
    advice = "Name the column that holds the names at JupyterHub with --Roster.user_column=COLUMN"
    if user_column:
        if plain(user_column) not in names:
            raise CourierError(f"{path} has no column '{user_column}'. Its columns are: {shown}")
        user = names.index(plain(user_column))
    else:
        user = columns.index("id") if "id" in columns else find("user")
        if user is not None and names[user] == "id" and _OF_CANVAS.intersection(names):
            user = None
        if user is None:
            user = find("number")
            if user is None:
                raise CourierError(
                    f"{path} has no column of user names, such as `id`. Its columns are: {shown}. {advice}"
                )
            log.warning(
                "No column of %s holds user names, so the numbers in '%s' are used. If people have other names at"
                " JupyterHub, remove these again. %s",
                path,
                columns[user],
                advice,
            )
    found = {"id": user} | {kind: find(kind) for kind in (*DETAILS, "role")}
    if found["first_name"] is None and found["last_name"] is not None:
        found["first_name"] = find("first_name_beside_last_name")
    elif found["last_name"] is None and found["first_name"] is not None:
        found["last_name"] = find("last_name_beside_first_name")
    found["lms_user_id"] = columns.index("lms_user_id") if "lms_user_id" in columns else None
    for name, at in found.items():
        words = _words().get(name, ())
        same = {plain(word) for word in words} if words else {names[user]}
        twice = [column for column, each in zip(columns, names) if each in same]
        if at is not None and name != "lms_user_id" and len(twice) > 1:
            raise CourierError(
                f"{path} has two columns with the same meaning: {' and '.join(twice)}. Remove one of them"
            )
    return {name: at for name, at in found.items() if at is not None}


def _means(cell: str, kind: str) -> bool:
    """Whether the cell holds one of the words of this kind."""
    return plain(cell) in {plain(word) for word in _words()[kind]}


def _of_canvas(row: dict[str, str], columns: list[str], cells: list[str]) -> str | None:
    """Returns why a line of a list of Canvas names no person; None if it may name one."""
    cell = dict(zip(columns, cells))
    if "Student" not in cell:
        return None
    if cell["Student"] == "Student, Test":
        return "it is the test student of Canvas"
    if row["id"]:
        return None
    if cell["Student"] == "Points Possible":
        return "it holds the possible points of Canvas"
    # Canvas has a number for each person. Lines about the columns have none.
    return "it names nobody" if cell.get("ID") == "" else None


def _is_total(row: dict[str, str], cells: list[str]) -> bool:
    """Whether a line below the list is a total, which names nobody."""
    totals = {plain(word) for word in _words()["total"]}

    def is_word(cell: str) -> bool:
        return plain(cell.partition(":")[0]) in totals

    names = [row.get(name, "") for name in (*DETAILS, "role")]
    return (
        (not row["id"] or is_word(row["id"]))
        and all(is_word(each) or not any(map(str.isalpha, each)) for each in names)
        and any(map(is_word, cells))
    )


@lru_cache(maxsize=None)
def _words() -> dict[str, list[str]]:
    """Returns the words of spreadsheets and campus systems in several languages."""
    return json.loads(Path(__file__).with_name("columns.json").read_text("utf-8"))


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Returns the letters and digits of a column's name, without case and accents."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(filter(str.isalnum, letters)).translate(_ONE_LETTER)


def _students(
    path: str,
    rows: Iterator[tuple[int, dict[str, str]]],
    log: logging.Logger,
    *,
    is_only_column: bool,
) -> list[Student]:
    students: dict[str, Student] = {}
    lines: dict[str, int] = {}
    faults: list[str] = []
    for line, row in rows:
        name = row.get("id") or ""
        fault = fault_of(name) or _misreading(name, is_only_column)
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
        listed = some(faults, at_most=_SHOWN, separator="; ")
        raise CourierError(f"{path} has lines that name nobody: {listed}")
    return list(students.values())


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


def _misreading(name: str, is_only_column: bool) -> str | None:
    """Returns why a cell cannot be meant as a user name, or None."""
    if _SHORTENED.fullmatch(name):
        return f"{name!r} is a number that a spreadsheet shortened. Format the column as text and enter it again"
    if len(name) > 1 and name[0] == name[-1] == "'":
        return f"{name!r} stands in single quotes. Remove them, or use double quotes"
    if name.startswith("="):
        return f"{name!r} is a formula of a spreadsheet. Save the file with its values"
    if is_only_column and any(each in name for each in ";\t|"):
        return f"{name!r} holds a separator, and the first line has one column. Name all columns in the first line"
    return None
