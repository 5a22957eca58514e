"""The beginning of a term at a university: its rows, which are the same for both databases."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from places import Postgres, Value
from wire import student

COURSES_EACH = 4
ASSIGNMENTS = 10
HEADER = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
# Microseconds since 1970.
BEGUN = 1_760_000_000_000_000

Rows = Iterator[tuple[Value, ...]]


@dataclass(frozen=True)
class Term:
    """Each student takes four courses of ten assignments, and has submitted the first assignment of each."""

    students: int
    courses: int

    @property
    def submissions(self) -> int:
        """Number of submissions."""
        return self.students * COURSES_EACH

    def course_of(self, person: int, number: int) -> int:
        """Returns one of the courses of a student."""
        return (person + number * self.courses // COURSES_EACH) % self.courses

    def course(self, number: int) -> str:
        """Returns the name of a course."""
        return f"course{number:03}"

    def place(self, person: int, number: int, assignment: int) -> str:
        """Returns the course and an assignment of a student, as a part of a path."""
        return f"{self.course(self.course_of(person, number))}/a{assignment}"

    def tables(self) -> dict[tuple[str, str], Rows]:
        """Returns the rows by their table and its columns, in the order of references."""
        return {
            ("courses", "id, name, created_at"): self._courses(),
            (
                "members",
                "course_id, username, role, first_name, last_name, email",
            ): self._members(),
            ("blobs", "id, sha256, size, in_database, stored_at"): self._blobs(),
            ("blob_contents", "blob_id, content"): self._contents(),
            ("trees", "id, digest, files, bytes"): self._trees(),
            ("tree_files", "tree_id, position, path, blob_id"): self._tree_files(),
            (
                "assignments",
                "id, course_id, name, current_release",
            ): self._assignments(),
            (
                "releases",
                "id, assignment_id, version, tree_id, released_by, released_at",
            ): self._releases(),
            (
                "submissions",
                "id, assignment_id, student, submitted_at, tree_id",
            ): self._submissions(),
            (
                "events",
                "at, action, actor, course, assignment, submission_id, course_id",
            ): self._events(),
        }

    def _courses(self) -> Rows:
        for number in range(self.courses):
            yield number + 1, self.course(number), BEGUN

    def _members(self) -> Rows:
        for number in range(self.courses):
            yield number + 1, f"teacher{number:03}", 3, None, None, None
        for person in range(self.students):
            name = student(person)
            for number in range(COURSES_EACH):
                yield (
                    self.course_of(person, number) + 1,
                    name,
                    1,
                    "Sam",
                    name,
                    f"{name}@example.org",
                )

    def _work(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Yields number, person, course and bytes of each submission. The number begins at 2, behind the release."""
        made = 2
        for person in range(self.students):
            for number in range(COURSES_EACH):
                course = self.course_of(person, number)
                yield made, person, course, f"{person} works for {course}".encode()
                made += 1

    def _blobs(self) -> Rows:
        yield 1, hashlib.sha256(HEADER).digest(), len(HEADER), True, BEGUN
        for made, _, _, work in self._work():
            yield made, hashlib.sha256(work).digest(), len(work), True, BEGUN

    def _contents(self) -> Rows:
        yield 1, HEADER
        for made, _, _, work in self._work():
            yield made, work

    def _trees(self) -> Rows:
        yield 1, _digest({"problem.ipynb": HEADER}), 1, len(HEADER)
        for made, _, _, work in self._work():
            files = {"answer.txt": work, "problem.ipynb": HEADER}
            yield made, _digest(files), 2, len(work) + len(HEADER)

    def _tree_files(self) -> Rows:
        yield 1, 0, "problem.ipynb", 1
        for made, *_ in self._work():
            yield made, 0, "answer.txt", made
            yield made, 1, "problem.ipynb", 1

    def _assignments(self) -> Rows:
        for number in range(self.courses * ASSIGNMENTS):
            course, assignment = divmod(number, ASSIGNMENTS)
            yield number + 1, course + 1, f"a{assignment}", number + 1

    def _releases(self) -> Rows:
        for number in range(self.courses * ASSIGNMENTS):
            teacher = f"teacher{number // ASSIGNMENTS:03}"
            yield number + 1, number + 1, 1, 1, teacher, BEGUN

    def _submissions(self) -> Rows:
        for made, person, course, _ in self._work():
            yield made, course * ASSIGNMENTS + 1, student(person), BEGUN + made, made

    def _events(self) -> Rows:
        for made, person, course, _ in self._work():
            name = self.course(course)
            yield (
                BEGUN + made,
                "submitted",
                student(person),
                name,
                "a0",
                made,
                course + 1,
            )


def _digest(files: dict[str, bytes]) -> bytes:
    """Returns the digest of a tree; see crates/domain/src/tree.rs."""
    lines = (
        f"{hashlib.sha256(files[path]).hexdigest()}\0{path}\0" for path in sorted(files)
    )
    return hashlib.sha256("".join(lines).encode()).digest()


def fill_sqlite(database: Path, term: Term) -> None:
    """Writes the rows into a migrated database that no server has open."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA synchronous = OFF")
    # The indexes of checksums are written everywhere.
    connection.execute("PRAGMA cache_size = -1000000")
    with connection:
        for (table, columns), rows in term.tables().items():
            values = ", ".join("?" * (columns.count(",") + 1))
            connection.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({values})", rows
            )
    connection.close()


def fill_postgres(server: Postgres, database: str, term: Term) -> None:
    """Writes the rows into a migrated database."""
    for (table, columns), rows in term.tables().items():
        server.copy(database, table, columns, rows)
        if columns.startswith("id,"):
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            server.query(
                database, f"SELECT setval({sequence}, (SELECT max(id) FROM {table}))"
            )
    server.query(database, "VACUUM ANALYZE")
