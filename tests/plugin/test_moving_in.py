"""A running course moves over from the real ngshare 0.6.0, and nobody notices."""

import json
import os
import signal
import sqlite3
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ngshare import ADMIN, Installation, Ngshare, Term, Wire, cache_directory, small
from standalone import Standalone

COMMAND_LIMIT_S = 120
Reply = tuple[int, object]


@dataclass(frozen=True)
class Import:
    """The exit status and the output of an import."""

    code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict:
        """Returns the printed JSON."""
        return json.loads(self.stdout)

    def says(self, *words: str) -> bool:
        """Whether one line contains all of these words."""
        return any(
            all(word in line for word in words) for line in self.stdout.splitlines()
        )


def move(binary: Path, source: Installation, data: Path, *options: str) -> Import:
    """Runs the import to its end."""
    done = subprocess.run(
        command(binary, source, data, *options),
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert "panicked" not in done.stderr, done.stderr
    return Import(done.returncode, done.stdout, done.stderr)


def command(
    binary: Path, source: Installation, data: Path, *options: str
) -> list[str]:
    """Returns the command that an operator types."""
    database = f"--database={source.database}"
    storage = f"--storage={source.storage}"
    here = f"--data-dir={data}"
    return [str(binary), "import", "ngshare", database, storage, here, *options]


def contents(data: Path) -> dict[str, list[tuple]]:
    """Returns all that an exchange shows, by names instead of IDs, with the digests of the trees."""
    queries = {
        "courses": "SELECT name FROM courses",
        "people": "SELECT name, username, role, first_name, last_name, email"
        " FROM members JOIN courses ON courses.id = course_id",
        "releases": "SELECT courses.name, assignments.name, digest FROM assignments"
        " JOIN courses ON courses.id = course_id"
        " JOIN releases ON releases.id = current_release JOIN trees ON trees.id = tree_id",
        "submissions": "SELECT courses.name, assignments.name, student, submitted_at, digest"
        " FROM submissions JOIN assignments ON assignments.id = assignment_id"
        " JOIN courses ON courses.id = course_id JOIN trees ON trees.id = tree_id",
        "feedback": "SELECT student, submitted_at, digest FROM feedback"
        " JOIN submissions ON submissions.id = submission_id"
        " JOIN trees ON trees.id = feedback.tree_id",
    }
    database = sqlite3.connect(data / "nbcourier.db")
    found = {
        what: sorted(database.execute(query), key=repr)
        for what, query in queries.items()
    }
    database.close()
    return found


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ngshare, Term]]:
    """An ngshare at the end of a term."""
    running = Ngshare(cache_directory(), tmp_path_factory.mktemp("ngshare"))
    term = Term(running.wire)
    term.fill()
    yield running, term
    running.stop()


@pytest.fixture(scope="module")
def source(old: tuple[Ngshare, Term], tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A copy of its data, which the tests share and do not change."""
    return old[0].data.copy(tmp_path_factory.mktemp("source") / "data")


@pytest.fixture(scope="module")
def moved(
    binary: Path, source: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data directory with everything imported."""
    directory = tmp_path_factory.mktemp("moved")
    outcome = move(binary, source, directory / "data")
    assert outcome.code == 0, outcome.stdout + outcome.stderr
    return directory / "data"


def test_imported_data_is_readable_by_its_owner_only(moved: Path) -> None:
    others = [path for path in (moved, *moved.rglob("*")) if path.stat().st_mode & 0o077]
    assert others == []


@dataclass(frozen=True)
class Difference:
    """A difference that api-specifications.md names: the request, and both answers."""

    name: str
    shows: Callable[[str, list[str]], bool]
    old: Callable[[Reply], bool]
    new: Callable[[Reply], bool]


def denied(reply: Reply) -> bool:
    """Whether this is ngshare's refusal."""
    return reply == (403, {"success": False, "message": "Permission denied"})


def no_student(reply: Reply) -> bool:
    """Whether this is ngshare's refusal to somebody who is not in the course."""
    return reply == (404, {"success": False, "message": "Student not found"})


def succeeded(reply: Reply) -> bool:
    """Whether this is nbcourier's success."""
    return reply[0] == 200


DIFFERENCES = [
    Difference(
        "4: students may download their own submissions",
        lambda caller, path: path[0] == "submission" and path[-1] == caller,
        denied,
        lambda reply: succeeded(reply) or reply[1]["message"] in NOT_THERE,
    ),
    Difference(
        "5: work of those who left, and of admins, can still be had",
        lambda caller, path: path[-1] in ("gone", ADMIN),
        no_student,
        lambda reply: succeeded(reply) or reply[1]["message"] in NOT_THERE,
    ),
    Difference(
        "a stranger hears nothing of a course's assignments",
        lambda caller, path: path[0] in ("submissions", "feedback") and path[-1] == caller,
        lambda reply: reply == (404, {"success": False, "message": "Assignment not found"}),
        no_student,
    ),
]
NOT_THERE = (
    "Submission not found",
    "Student not found",
    "Please supply timestamp",
    "Time format incorrect",
    "Assignment not found",
)


def requests_of(term: Term) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yields every address that can be read, with its arguments."""
    yield ["courses"], {}
    withdrawn, extra = "withdrawn", "ps 2 (extra) + Übung"
    for course, assignments in (
        (term.algebra, ["ps1", extra, withdrawn]),
        (term.maths, ["ps1", extra]),
        ("deleted", ["ps1"]),
        ("nowhere", []),
    ):
        for listing in ("instructors", "students", "assignments"):
            yield [listing, course], {}
        for person in (*term.people, "nobody"):
            yield ["instructor", course, person], {}
            yield ["student", course, person], {}
        for assignment in assignments:
            yield ["assignment", course, assignment], {}
            yield ["assignment", course, assignment], {"list_only": "true"}
            yield ["submissions", course, assignment], {}
            for person in term.people:
                place = [course, assignment, person]
                yield ["submissions", *place], {}
                yield ["submission", *place], {}
                yield ["feedback", *place], {}
                times = list(term.times.get((course, assignment, person), []))
                if person == "ada":
                    times += ["2020-01-01 00:00:00.000000", "no time"]
                for time in times:
                    for more in ({}, {"list_only": "true"}):
                        yield ["submission", *place], {"timestamp": time, **more}
                        yield ["feedback", *place], {"timestamp": time, **more}


def test_an_unchanged_client_sees_the_same_replies_as_before(
    binary: Path, old: tuple[Ngshare, Term], moved: Path
) -> None:
    before, term = old
    after = Standalone(binary, moved.parent)
    try:
        wire = Wire(int(urllib.parse.urlsplit(after.url).port or 0))
        shown: set[str] = set()
        asked, answered = 0, 0
        for path, query in requests_of(term):
            address = "/".join(urllib.parse.quote(part, safe="") for part in path)
            for caller in ("ira", "ada", "bob+x", "gone", ADMIN, "stranger"):
                was, now = (
                    side.get(caller, address, **query) for side in (before.wire, wire)
                )
                asked += 1
                answered += was[0] == 200
                if was == now:
                    continue
                named = [
                    each.name
                    for each in DIFFERENCES
                    if each.shows(caller, path) and each.old(was) and each.new(now)
                ]
                assert named, f"{caller}: {address} {query}\n  was {was}\n  now {now}"
                shown.update(named)
        assert shown == {each.name for each in DIFFERENCES}
        assert answered > 150 and asked > 2 * answered
    finally:
        after.stop()


def test_the_source_stays_as_it_is_and_a_second_run_adds_nothing(
    binary: Path, source: Installation, moved: Path
) -> None:
    untouched, before = source.snapshot(), contents(moved)
    again = move(binary, source, moved, "--json")
    assert again.code == 0, again.stdout
    assert set(again.report["added"].values()) == {0}
    assert again.report["known"] == {
        "courses": 2,
        "people": 7,
        "assignments": 3,
        "submissions": 8,
        "feedback": 1,
    }
    assert contents(moved) == before
    assert source.snapshot() == untouched


def test_an_import_is_recorded_as_events_of_the_operator(moved: Path) -> None:
    database = sqlite3.connect(moved / "nbcourier.db")
    rows = database.execute("SELECT actor, action, detail FROM events").fetchall()
    database.close()
    # Two courses, two rosters, three assignments, eight submissions.
    assert len(rows) == 15
    assert {action for _, action, _ in rows} == {"imported"}
    assert all(actor.startswith("operator:") for actor, _, _ in rows)
    assert all(json.loads(detail)["from"] == "ngshare" for _, _, detail in rows)


def test_a_dry_run_writes_nothing_and_tells_the_same(
    binary: Path, source: Installation, moved: Path, tmp_path: Path
) -> None:
    untouched, here = source.snapshot(), Installation(moved).snapshot()
    nowhere = tmp_path / "data"
    first = move(binary, source, nowhere, "--dry-run", "--json")
    assert first.code == 0, first.stdout
    assert first.report["added"]["submissions"] == 8
    assert first.report["files"] == 16
    assert not nowhere.exists()
    # A dry run does not change an existing exchange either.
    assert move(binary, source, moved, "--dry-run").says("Nothing was written")
    assert Installation(moved).snapshot() == here
    assert source.snapshot() == untouched


def file_of(source: Installation, path: str) -> Path:
    """Returns the path of the only stored file with this name in ngshare."""
    database = sqlite3.connect(source.database)
    query = "SELECT actual_name FROM files WHERE filename = ?"
    ((name,),) = database.execute(query, (path,)).fetchall()
    database.close()
    return source.storage / name


def test_damage_is_named_and_left_and_brought_over_once_it_is_mended(
    binary: Path, source: Installation, moved: Path, tmp_path: Path
) -> None:
    broken = source.copy(tmp_path / "broken")
    lost, cut, changed = (
        file_of(broken, path) for path in ("big.bin", "other.txt", "ünï/a+b (c) %20.txt")
    )
    bytes_of = {place: place.read_bytes() for place in (lost, cut, changed)}
    lost.unlink()
    cut.write_bytes(b"not")
    changed.write_bytes(b"Y")
    data = tmp_path / "data"
    for dry in (["--dry-run"], []):
        outcome = move(binary, broken, data, *dry)
        assert outcome.code == 1, outcome.stdout
        assert outcome.says("algebra / ps1 / ada at", "big.bin", "is lost", lost.name)
        assert outcome.says("Lab / ps1", "other.txt", "has 3 bytes instead of 13")
        assert outcome.says("bob+x at", "%20.txt", "does not match its checksum")
    assert len(contents(data)["submissions"]) == 6
    assert len(contents(data)["releases"]) == 2
    for place, content in bytes_of.items():
        place.write_bytes(content)
    repaired = move(binary, broken, data, "--json")
    assert repaired.code == 0, repaired.stdout
    assert repaired.report["added"]["submissions"] == 2
    assert repaired.report["added"]["assignments"] == 1
    assert contents(data) == contents(moved)


def test_a_container_that_starts_again_imports_once(binary: Path, tmp_path: Path) -> None:
    source, data = small(tmp_path / "old"), tmp_path / "data"
    task = source.storage / "task"
    task.write_bytes(b"do")
    # Nothing has succeeded yet, so each start tries again.
    for _ in range(2):
        outcome = move(binary, source, data, "--once")
        assert outcome.code == 1 and outcome.says("task", "has 2 bytes"), outcome.stdout
    task.write_bytes(b"do it")
    outcome = move(binary, source, data, "--once")
    assert outcome.code == 0 and outcome.says("Imported", "1 assignment,"), outcome.stdout

    # A course that people delete here stays deleted.
    remove_courses(data)
    outcome = move(binary, source, data, "--once")
    assert outcome.code == 0, outcome.stdout + outcome.stderr
    assert outcome.says("was imported at", "Nothing was imported now")
    assert courses_of(data) == []
    assert move(binary, source, data).code == 0
    assert courses_of(data) == ["geometry"]


def test_an_import_of_one_course_does_not_count_as_the_import(
    binary: Path, tmp_path: Path
) -> None:
    source, data = small(tmp_path / "old"), tmp_path / "data"
    assert move(binary, source, data, "--course", "geometry").code == 0
    outcome = move(binary, source, data, "--once")
    assert outcome.code == 0 and outcome.says("Already here", "1 assignment,"), outcome.stdout
    assert move(binary, source, data, "--once", "--course", "geometry").code == 2
    assert move(binary, source, data, "--once", "--dry-run").code == 2


def test_an_operator_can_accept_an_incomplete_import(binary: Path, tmp_path: Path) -> None:
    source, data = small(tmp_path / "old"), tmp_path / "data"
    (source.storage / "task").write_bytes(b"do")
    outcome = move(binary, source, data, "--once", "--incomplete")
    assert outcome.code == 0 and outcome.says("task", "has 2 bytes"), outcome.stdout
    assert courses_of(data) == ["geometry"]
    assert move(binary, source, data, "--once").says("Nothing was imported now")


def test_where_no_ngshare_was_nothing_is_imported(binary: Path, tmp_path: Path) -> None:
    nowhere, data = Installation(tmp_path / "nowhere"), tmp_path / "data"
    outcome = move(binary, nowhere, data, "--if-exists", "--once")
    assert outcome.code == 0, outcome.stderr
    assert outcome.says("There is no database of ngshare", str(nowhere.database))
    assert not data.exists()
    assert move(binary, nowhere, data, "--once").code == 1


def remove_courses(data: Path) -> None:
    """Deletes all courses of an exchange that does not run, as a person would."""
    database = sqlite3.connect(data / "nbcourier.db")
    with database:
        database.execute("UPDATE courses SET deleted_at = 1")
    database.close()


def courses_of(data: Path) -> list[str]:
    """Returns the names of the courses that are not deleted."""
    database = sqlite3.connect(data / "nbcourier.db")
    rows = database.execute("SELECT name FROM courses WHERE deleted_at IS NULL").fetchall()
    database.close()
    return [name for (name,) in rows]


def test_the_rest_of_damaged_trees_can_be_imported(
    binary: Path, source: Installation, tmp_path: Path
) -> None:
    broken = source.copy(tmp_path / "broken")
    file_of(broken, "big.bin").unlink()
    outcome = move(binary, broken, tmp_path / "data", "--damaged")
    assert outcome.code == 1 and outcome.says("big.bin", "is lost"), outcome.stdout
    assert len(contents(tmp_path / "data")["submissions"]) == 8


def test_names_that_look_like_others_are_noted(
    binary: Path, source: Installation, tmp_path: Path
) -> None:
    odd = source.copy(tmp_path / "odd")
    database = sqlite3.connect(odd.database)
    names = ["ADA", "\u0430da", "zo\u00eb", "zoe\u0308", "kim", "kim ", "x\u202ey"]
    with database:
        (course,) = database.execute("SELECT id FROM courses ORDER BY _id").fetchone()
        database.executemany("INSERT OR IGNORE INTO users (id) VALUES (?)", [(name,) for name in names])
        database.executemany(
            "INSERT OR IGNORE INTO student_assoc_table (left_id, right_id) VALUES (?, ?)",
            [(name, course) for name in names],
        )
    database.close()
    outcome = move(binary, odd, tmp_path / "data", "--dry-run")
    assert outcome.code == 0, outcome.stdout
    for words in (
        ['"ADA"', "(U+0430)", "look alike", "--user-map"],
        ["(U+0308)", "(U+00EB)", "look alike", "--user-map"],
        ['"kim" and "kim "', "look alike", "--user-map"],
        ['"kim "', "begins or ends with a blank", "--user-map"],
        ["U+202E", "--user-map"],
    ):
        assert outcome.says(*words), f"{words}\n{outcome.stdout}"


def test_orphaned_rows_are_reported(
    binary: Path, source: Installation, moved: Path, tmp_path: Path
) -> None:
    broken = source.copy(tmp_path / "broken")
    database = sqlite3.connect(broken.database)
    with database:
        database.executescript("""
            INSERT INTO submissions (_id, assignment_id, timestamp, student_id)
                VALUES (901, 999, '2026-01-01 00:00:00.000000', 'ada');
            INSERT INTO submissions (_id, assignment_id, timestamp, student_id)
                VALUES (902, 1, 'yesterday', 'ada'), (903, 1, '2026-01-01 00:00:00.000000', 'a/b');
            INSERT INTO assignments (_id, id, course_id) VALUES (901, 'lonely', 999);
            INSERT INTO assignments (_id, id, course_id) VALUES (902, 'a/b', 1);
            INSERT INTO courses (_id, id) VALUES (901, '..');
            INSERT INTO student_assoc_table (left_id, right_id) VALUES ('ada', 'nowhere'), ('a/b', 'algebra');
            INSERT INTO files (_id, filename, actual_name) VALUES (901, '../../etc/passwd', '../ngshare.db');
            INSERT INTO submissions (_id, assignment_id, timestamp, student_id)
                VALUES (904, 1, '2026-01-01 00:00:00.000001', 'ada');
            INSERT INTO submission_files_assoc_table (left_id, right_id) VALUES (904, 901), (904, 999);
        """)
    database.close()
    (broken.storage / "stray").write_bytes(b"?")
    outcome = move(binary, broken, tmp_path / "data")
    assert outcome.code == 1
    for words in (
        ["a submission by", "ada", "row 901", "its assignment does not exist"],
        ["'yesterday'".replace("'", '"'), "illegal user name or time"],
        ['"a/b"', "illegal user name or time"],
        ["lonely", "row 901", "its course does not exist"],
        ['algebra / "a/b"', "name of the assignment is illegal"],
        ['".."', "name of the course is illegal"],
        ['algebra / "a/b"', "user name is illegal"],
        ["stored under an illegal name", "../ngshare.db"],
        ["the row of a file is lost"],
        ["rows belong to nothing"],
        ["files belong to no row"],
        ["bob+x", "has a + in the user name"],
    ):
        assert outcome.says(*words), f"{words}\n{outcome.stdout}"
    assert contents(tmp_path / "data") == contents(moved), "all that is whole is here"


def test_existing_files_stay(
    binary: Path, source: Installation, moved: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "service"
    directory.mkdir()
    service = Standalone(binary, directory)
    wire = Wire(int(urllib.parse.urlsplit(service.url).port or 0))
    wire.change("POST", ADMIN, "course/algebra", instructors='["ira", "ada"]')
    files = '[{"path": "mine.txt", "content": ""}]'
    wire.change("POST", ADMIN, "assignment/algebra/ps1", files=files)
    refused = move(binary, source, service.data)
    assert refused.code == 1 and "Stop it first" in refused.stderr
    service.stop()
    outcome = move(binary, source, service.data)
    assert outcome.code == 1
    assert outcome.says("algebra / ada", "with another role or other details")
    assert outcome.says("algebra / ps1", "exists here with other files, which stay")
    here, there = contents(service.data), contents(moved)
    assert here["submissions"] == there["submissions"]
    assert len(here["people"]) == len(there["people"])
    assert ("algebra", "ada", 3, None, None, None) in here["people"]


def test_other_kinds_of_databases_are_read_or_refused(
    binary: Path, source: Installation, moved: Path, tmp_path: Path
) -> None:
    # The database of ngshare 0.5 before its first restart has no sizes.
    older = source.copy(tmp_path / "older")
    database = sqlite3.connect(older.database)
    database.execute("ALTER TABLE files DROP COLUMN size")
    database.close()
    # A database with changes in a write-ahead log that was not checkpointed.
    logged = source.copy(tmp_path / "logged")
    writer = sqlite3.connect(logged.database)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("INSERT INTO users (id) VALUES ('last')")
    writer.commit()
    for name, given in (("older", older), ("logged", logged)):
        untouched = given.snapshot()
        data = tmp_path / f"data of {name}"
        outcome = move(binary, given, data)
        assert outcome.code == 0, outcome.stdout + outcome.stderr
        assert contents(data) == contents(moved)
        assert given.snapshot() == untouched
    writer.close()

    nothing = Installation(tmp_path / "nothing")
    nothing.storage.mkdir(parents=True)
    nothing.database.write_bytes(b"")
    for given, words in (
        (nothing, "it is not an SQLite database"),
        (Installation(tmp_path / "missing"), "cannot be read"),
    ):
        outcome = move(binary, given, tmp_path / "data")
        assert outcome.code == 1 and words in outcome.stderr, outcome.stderr
    swapped = command(binary, source, tmp_path / "data", f"--storage={nothing.storage}")
    swapped.remove(f"--storage={source.storage}")
    outcome = subprocess.run(
        swapped, capture_output=True, text=True, timeout=COMMAND_LIMIT_S
    )
    assert outcome.returncode == 1
    assert "are not in" in outcome.stderr
    assert not (tmp_path / "data").exists()


def with_a_class(source: Installation, directory: Path, count: int) -> Installation:
    """Copies the data and adds this many submissions, written as ngshare writes them."""
    made = source.copy(directory)
    database = sqlite3.connect(made.database)
    with database:
        for number in range(count):
            row = 10_000 + number
            database.execute(
                "INSERT INTO submissions (_id, assignment_id, timestamp, student_id) VALUES (?, 1, ?, ?)",
                (row, f"2026-02-01 00:00:{number % 60:02}.{number:06}", f"s{number % 30}"),
            )
            for place in range(3):
                name = f"{row}-{place}.txt"
                content = name.encode() * (1 + 9000 * (number % 20 == 0))
                (made.storage / name).write_bytes(content)
                file = row * 10 + place
                database.execute(
                    "INSERT INTO files (_id, filename, size, actual_name) VALUES (?, ?, ?, ?)",
                    (file, name, len(content), name),
                )
                owner = "submission" if place else "feedback"
                database.execute(
                    f"INSERT INTO {owner}_files_assoc_table (left_id, right_id) VALUES (?, ?)",
                    (row, file),
                )
    database.close()
    return made


def test_a_run_that_is_killed_goes_on_where_it_was(
    binary: Path, source: Installation, tmp_path: Path
) -> None:
    large = with_a_class(source, tmp_path / "large", 400)
    untouched = large.snapshot()
    whole, data = tmp_path / "whole", tmp_path / "data"
    assert move(binary, large, whole).code == 0

    def submissions() -> int:
        try:
            return len(contents(data)["submissions"])
        except sqlite3.OperationalError:
            return 0

    killed = 0
    for more in (1, 40, 200):
        enough = submissions() + more
        running = subprocess.Popen(
            command(binary, large, data), stdout=subprocess.DEVNULL
        )
        limit = time.monotonic() + COMMAND_LIMIT_S
        while submissions() < enough and running.poll() is None:
            assert time.monotonic() < limit, "the import does not get on"
        if running.poll() is None:
            os.kill(running.pid, signal.SIGKILL)
            killed += 1
        running.wait(COMMAND_LIMIT_S)
        # The imported part is complete, whatever the moment of the kill was.
        assert set(contents(data)["submissions"]) <= set(contents(whole)["submissions"])
    assert killed
    last = move(binary, large, data, "--json")
    assert last.code == 0, last.stdout
    assert last.report["known"]["submissions"] > 0
    assert contents(data) == contents(whole)
    assert large.snapshot() == untouched
    checked = subprocess.run(
        [str(binary), "fsck", f"--data-dir={data}"],
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert checked.returncode == 0, checked.stdout


def test_instructors_who_may_be_services_are_named_in_one_line(
    binary: Path, tmp_path: Path
) -> None:
    source = small(tmp_path / "old")
    database = sqlite3.connect(source.database)
    with database:
        for name in ("maths", "kim", "lee", "ivy", "tutor"):
            database.execute(
                "INSERT INTO instructor_assoc_table (left_id, right_id) VALUES (?, 'geometry')", (name,)
            )
        database.execute("UPDATE instructor_assoc_table SET first_name = 'Ivy' WHERE left_id = 'ivy'")
        database.execute("INSERT INTO submissions VALUES (1, 1, '2026-01-01 10:00:00.000000', 'tutor')")
    database.close()
    imported = move(binary, source, tmp_path / "dry", "--dry-run")
    assert imported.code == 0, imported.stdout + imported.stderr
    (line,) = (line for line in imported.stdout.splitlines() if "--service" in line)
    assert line.startswith("note (3): geometry / maths; geometry / kim; geometry / lee: comes over as a person")
    # Nothing is in doubt once the service is named.
    imported = move(binary, source, tmp_path / "data", "--service=maths")
    assert imported.code == 0, imported.stdout + imported.stderr
    assert "comes over as a person" not in imported.stdout
    instructors = {row[1] for row in contents(tmp_path / "data")["people"]}
    assert {"service:maths", "kim", "ivy"} <= instructors
