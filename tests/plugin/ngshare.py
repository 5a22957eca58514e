"""The real ngshare 0.6.0, stand-alone, and an exchange as it is after a term."""

import base64
import http.client
import json
import os
import shutil
import sqlite3
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from processes import STOP_LIMIT_S, Program, clean_environment, free_ports
from trees import Tree

ROOT = Path(__file__).resolve().parents[2]
# Starts ngshare's repaired stand-alone mode. The benchmarks use it too.
STARTER = ROOT / "benches" / "exchange" / "ngshare_standalone.py"
ADMIN = "root"
REQUEST_LIMIT_S = 60


class Wire:
    """A connection that is kept open, to a server that believes the name each caller gives."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=REQUEST_LIMIT_S
        )

    def get(self, caller: str, path: str, **query: str) -> tuple[int, dict | str]:
        """Returns the status and the JSON of the reply, or its text if it is not JSON."""
        fields = urllib.parse.urlencode({"user": caller} | query)
        return self._send("GET", f"{path}?{fields}", None)

    def change(self, method: str, caller: str, path: str, **form: str) -> dict:
        """Sends a request that must succeed."""
        body = urllib.parse.urlencode({"user": caller} | form)
        status, reply = self._send(method, path, body)
        assert status == 200, f"{method} {path}: {status} {reply}"
        return reply

    def _send(self, method: str, path: str, body: str | None) -> tuple[int, dict | str]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        self._connection.request(method, f"/api/{path}", body, headers)
        reply = self._connection.getresponse()
        text = reply.read().decode()
        try:
            return reply.status, json.loads(text)
        except json.JSONDecodeError:
            return reply.status, text


@dataclass(frozen=True)
class Installation:
    """The data of an ngshare, with or without a running server."""

    directory: Path

    @property
    def database(self) -> Path:
        """Returns the path of its database."""
        return self.directory / "ngshare.db"

    @property
    def storage(self) -> Path:
        """Returns the directory of its files."""
        return self.directory / "files"

    def copy(self, directory: Path) -> "Installation":
        """Copies the data elsewhere, to be damaged there."""
        shutil.copytree(self.directory, directory)
        return Installation(directory)

    def snapshot(self) -> dict[str, bytes]:
        """Returns the contents of all its files."""
        files = sorted(path for path in self.directory.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}


def small(directory: Path) -> Installation:
    """Makes an ngshare that never ran, with the tables that the import reads and a course."""
    made = Installation(directory)
    made.storage.mkdir(parents=True)
    (made.storage / "task").write_bytes(b"do it")
    database = sqlite3.connect(made.database)
    with database:
        database.executescript("""
            CREATE TABLE courses (_id INTEGER PRIMARY KEY, id TEXT);
            CREATE TABLE assignments (_id INTEGER PRIMARY KEY, id TEXT, course_id INTEGER, due TIMESTAMP);
            CREATE TABLE submissions
                (_id INTEGER PRIMARY KEY, assignment_id INTEGER, timestamp TIMESTAMP, student_id TEXT);
            CREATE TABLE files
                (_id INTEGER PRIMARY KEY, filename TEXT, checksum TEXT, size INTEGER, actual_name TEXT);
            INSERT INTO courses (_id, id) VALUES (1, 'geometry');
            INSERT INTO assignments (_id, id, course_id) VALUES (1, 'ps1', 1);
            INSERT INTO files (_id, filename, size, actual_name) VALUES (1, 'task', 5, 'task');
        """)
        for table in ("instructor", "student"):
            database.execute(
                f"CREATE TABLE {table}_assoc_table"
                " (left_id TEXT, right_id TEXT, first_name TEXT, last_name TEXT, email TEXT)"
            )
        for table in ("assignment", "submission", "feedback"):
            database.execute(
                f"CREATE TABLE {table}_files_assoc_table (left_id TEXT, right_id INTEGER)"
            )
        database.execute("INSERT INTO assignment_files_assoc_table VALUES (1, 1)")
    database.close()
    return made


class Ngshare:
    """A running ngshare with its own data."""

    def __init__(self, cache: Path, directory: Path) -> None:
        python = cache / "ngshare" / "bin" / "python"
        assert python.exists(), f"no {python}: run scripts/setup-clients.sh"
        self.data = Installation(directory / "data")
        self.data.directory.mkdir(parents=True)
        (port,) = free_ports(1)
        command = [
            str(python),
            str(STARTER),
            "--vngshare",
            f"--port={port}",
            f"--admins={ADMIN}",
            f"--database=sqlite:///{self.data.database}",
            f"--storage={self.data.storage}",
        ]
        env = clean_environment(path_first=python.parent, home=directory) | {
            # ngshare needs these variables even without a hub.
            "JUPYTERHUB_API_URL": "http://127.0.0.1:1/hub/api",
            "JUPYTERHUB_API_TOKEN": "service",
            "JUPYTERHUB_CLIENT_ID": "service-ngshare",
            "JUPYTERHUB_SERVICE_PREFIX": "/api/",
        }
        self._program = Program(
            command, env=env, cwd=directory, log=directory / "ngshare.log"
        )
        self.port = port
        self._program.wait_until(self._answers, "healthz")
        self.wire = Wire(port)

    def _answers(self) -> bool:
        try:
            return Wire(self.port).get(ADMIN, "healthz")[0] == 200
        except OSError:
            return False

    def stop(self) -> None:
        """Stops it."""
        self._program.process.terminate()
        self._program.process.wait(STOP_LIMIT_S)


@dataclass
class Term:
    """An exchange after a term: odd names, repeated submissions, people who left, deleted things."""

    wire: Wire
    # The times of submissions by course, assignment and student.
    times: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    algebra = "algebra"
    maths = "Größen (2026) + Lab"
    people = ("ira", "ada", "bob+x", "zoë b", "gone", ADMIN)

    def fill(self) -> None:
        """Fills the exchange with the events of the term."""
        self._course(self.algebra, ["ira"], ["ada", "bob+x", "gone"])
        self._course(self.maths, ["ada", "kim"], ["zoë b", "bob+x"])
        self._release(self.algebra, "ps1", NOTEBOOKS)
        self._release(self.algebra, "ps 2 (extra) + Übung", {})
        self._release(self.algebra, "withdrawn", {"a.txt": b"1"})
        self._release(self.maths, "ps1", {"other.txt": b"not algebra's"})
        first = self.submit(self.algebra, "ps1", "ada", {"p1.ipynb": b"first"})
        self.submit(self.algebra, "ps1", "ada", LARGE)
        odd = self.submit(self.algebra, "ps1", "bob+x", ODD_PATHS)
        self.submit(self.algebra, "ps1", "gone", {"p1.ipynb": b"bye"})
        self.submit(self.algebra, "ps1", "ira", {"p1.ipynb": b"a try"})
        self.submit(self.algebra, "ps1", ADMIN, {"p1.ipynb": b"a look"})
        self.submit(self.algebra, "ps 2 (extra) + Übung", "ada", {})
        self.submit(self.algebra, "withdrawn", "ada", {"a.txt": b"2"})
        self.submit(self.maths, "ps1", "zoë b", {"p1.ipynb": b"first"})
        self.feedback(self.algebra, "ada", first, {"p1.html": b"<p>bad"})
        self.feedback(self.algebra, "ada", first, {"p1.html": b"<p>good", "empty": b""})
        self.feedback(self.algebra, "bob+x", odd, {})
        self.wire.change("DELETE", "ira", _path("assignment", self.algebra, "withdrawn"))
        self.wire.change("DELETE", "ira", _path("student", self.algebra, "gone"))
        self._course("deleted", ["ira"], ["ada"])
        self._release("deleted", "ps1", NOTEBOOKS)
        self.wire.change("DELETE", ADMIN, _path("course", "deleted"))

    def submit(self, course: str, assignment: str, student: str, tree: Tree) -> str:
        """Submits and remembers the time."""
        path = _path("submission", course, assignment)
        time = self.wire.change("POST", student, path, files=encoded(tree))["timestamp"]
        self.times.setdefault((course, assignment, student), []).append(time)
        return time

    def feedback(self, course: str, student: str, time: str, tree: Tree) -> None:
        """Releases feedback on ps1."""
        path = _path("feedback", course, "ps1", student)
        self.wire.change("POST", ADMIN, path, timestamp=time, files=encoded(tree))

    def _course(self, name: str, instructors: list[str], students: list[str]) -> None:
        teachers = json.dumps(instructors)
        self.wire.change("POST", ADMIN, _path("course", name), instructors=teachers)
        for student in students:
            details = {"first_name": student.title(), "last_name": "", "email": "a@b"}
            self.wire.change("POST", ADMIN, _path("student", name, student), **details)

    def _release(self, course: str, assignment: str, tree: Tree) -> None:
        path = _path("assignment", course, assignment)
        self.wire.change("POST", ADMIN, path, files=encoded(tree))


NOTEBOOKS: Tree = {
    "p1.ipynb": b'{"cells": []}',
    "data/table (1).csv": "ä;b\n".encode(),
    "data/empty": b"",
}
# Larger than the files that are kept in the database.
LARGE: Tree = {"p1.ipynb": b"second", "big.bin": bytes(range(256)) * 1024}
ODD_PATHS: Tree = {"p1.ipynb": b"x", "ünï/a+b (c) %20.txt": b"y", ".hidden": b"z"}


def encoded(tree: Tree) -> str:
    """Returns a tree in the form of the protocol."""
    return json.dumps(
        [
            {"path": path, "content": base64.b64encode(content).decode()}
            for path, content in tree.items()
        ]
    )


def _path(*segments: str) -> str:
    return "/".join(urllib.parse.quote(segment, safe="") for segment in segments)


def cache_directory() -> Path:
    """Returns the directory where scripts/setup-clients.sh put ngshare."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("NBCOURIER_CACHE") or default / "nbcourier")
