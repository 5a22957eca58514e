"""Fills both servers with the same course.

nbcourier gets everything over the wire. ngshare would need hours for that, so most of its data is written directly
into its database and its files, in the form that ngshare writes.
"""

import datetime
import hashlib
import random
import sqlite3
import uuid
from dataclasses import dataclass

from servers import Ngshare, Server
from tools import Load
from wire import call, release, roster, student

BEGIN = datetime.datetime(2026, 1, 1, 12)
NOTEBOOK = "problem.ipynb"
DATA = "data-1.csv"


@dataclass(frozen=True)
class Class:
    """A course with one assignment that its students submitted."""

    course: str
    students: int
    submissions: int = 0
    # The size of each of the two files of a submission.
    file_bytes: int = 8 * 1024
    assignments: int = 1

    @property
    def place(self) -> str:
        """The course and the submitted assignment, as a part of a path."""
        return f"{self.course}/a0"


def fill(server: Server, load: Load, lesson: Class) -> None:
    """Creates the course, the assignments, the students and their submissions."""
    call(server, "POST", f"course/{lesson.course}")
    for number in range(lesson.assignments):
        release(server, lesson.course, f"a{number}", {NOTEBOOK: b"{}"})
    if isinstance(server, Ngshare):
        _write_rows(server, lesson)
        return
    call(server, "POST", f"students/{lesson.course}", students=roster(lesson.students))
    if lesson.submissions:
        # The salt makes the bytes of each course different.
        load.submit(
            server,
            lesson.place,
            count=lesson.submissions,
            students=lesson.students,
            files=2,
            bytes=lesson.file_bytes,
            salt=sum(lesson.course.encode()),
        )


def _write_rows(server: Ngshare, lesson: Class) -> None:
    names = [student(number) for number in range(lesson.students)]
    database = sqlite3.connect(server.database, timeout=30)
    with database:
        database.executemany(
            "INSERT OR IGNORE INTO users (id) VALUES (?)", [(name,) for name in names]
        )
        database.executemany(
            "INSERT INTO student_assoc_table (left_id, right_id, first_name, last_name, email)"
            " VALUES (?, ?, 'Sam', 'Student', 'sam@example.org')",
            [(name, lesson.course) for name in names],
        )
        (assignment,) = database.execute(
            "SELECT assignments._id FROM assignments JOIN courses ON courses._id = course_id"
            " WHERE courses.id = ? AND assignments.id = 'a0'",
            (lesson.course,),
        ).fetchone()
        for number in range(lesson.submissions):
            _write_submission(database, server, lesson, assignment, number)
    database.close()


def _write_submission(
    database: sqlite3.Connection,
    server: Ngshare,
    lesson: Class,
    assignment: int,
    number: int,
) -> None:
    time = BEGIN + datetime.timedelta(microseconds=1_000_003 * number)
    submission = database.execute(
        "INSERT INTO submissions (assignment_id, timestamp, student_id) VALUES (?, ?, ?)",
        (
            assignment,
            time.strftime("%Y-%m-%d %H:%M:%S.%f"),
            student(number % lesson.students),
        ),
    ).lastrowid
    for path in (NOTEBOOK, DATA):
        content = random.Random(f"{number} {path}").randbytes(lesson.file_bytes)
        stored_as = str(uuid.uuid4()) + path[path.index(".") :]
        (server.storage / stored_as).write_bytes(content)
        file = database.execute(
            "INSERT INTO files (filename, checksum, size, actual_name) VALUES (?, ?, ?, ?)",
            (path, hashlib.md5(content).hexdigest(), len(content), stored_as),
        ).lastrowid
        database.execute(
            "INSERT INTO submission_files_assoc_table (left_id, right_id) VALUES (?, ?)",
            (submission, file),
        )
