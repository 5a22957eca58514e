"""The two tables of docs/directories.md: each operation of ngshare's vserver and of hubshare has its own here.

Both were services for files on a hub; their operations are called here as they were there.
"""

import hashlib
import io
import re
import tarfile
from itertools import count
from pathlib import Path

import pytest
import requests
from course import PluginPerson
from standalone import ANSWER_LIMIT_S

PAGE = Path(__file__).resolve().parents[2] / "docs" / "directories.md"
_numbers = count(1)


class Shelf:
    """A directory of a person, and requests for what is below its address."""

    def __init__(self, owner: PluginPerson, name: str) -> None:
        self.owner = owner
        self.name = name

    def ask(
        self, method: str, path: str = "", *, by: PluginPerson | None = None, **more: object
    ) -> requests.Response:
        """Sends a request for the directory, or for an address below it."""
        person = by or self.owner
        return requests.request(
            method,
            f"{self.owner.url}/v1/directories/{self.owner.name}/{self.name}{path}",
            headers={"Authorization": f"token {person.token}", **more.pop("headers", {})},
            timeout=ANSWER_LIMIT_S,
            **more,
        )

    def entries(self, **query: str) -> list[str]:
        """Returns the paths of the entries."""
        found = self.ask("GET", "/entries", params=query).json()["entries"]
        return [each["path"] for each in found]

    def change(self, **operation: object) -> bool:
        """Applies one operation, and returns whether it made a version."""
        reply = self.ask("POST", "/changes", json={"changes": [operation]})
        assert reply.ok, reply.text
        return reply.json()["changed"]

    def kind(self, path: str) -> str | None:
        """Returns whether a path is that of a file or of a directory; None if nothing has it."""
        if self.ask("HEAD", f"/files/{path}").ok:
            return "file"
        return "directory" if self.ask("GET", "/entries", params={"path": path}).ok else None


@pytest.fixture
def shelf(ada: PluginPerson) -> Shelf:
    """A directory with a file and a folder."""
    made = Shelf(ada, f"shelf{next(_numbers)}")
    ada.post_json("v1/directories", {"name": made.name})
    for path in ("a.txt", "unit1/b.txt"):
        assert made.ask("PUT", f"/files/{path}", data=path).ok
    return made


class TestVserver:
    """The rows of the first table."""

    def test_read(self, shelf: Shelf) -> None:
        assert shelf.ask("GET", "/files/a.txt").content == b"a.txt"

    def test_write(self, shelf: Shelf) -> None:
        assert shelf.ask("PUT", "/files/a.txt", data="new").json()["version"] == 4
        assert shelf.ask("GET", "/files/a.txt").content == b"new"

    def test_ls(self, shelf: Shelf) -> None:
        assert shelf.entries(depth="1") == ["a.txt", "unit1"]

    def test_walk(self, shelf: Shelf) -> None:
        assert shelf.entries() == ["a.txt", "unit1", "unit1/b.txt"]

    def test_glob(self, shelf: Shelf) -> None:
        assert shelf.entries(glob="**/*.txt") == ["a.txt", "unit1/b.txt"]

    def test_stat(self, shelf: Shelf) -> None:
        reply = shelf.ask("HEAD", "/files/a.txt")
        assert reply.headers["Content-Length"] == "5"
        assert reply.headers["ETag"] == f'"{hashlib.sha256(b"a.txt").hexdigest()}"'

    def test_exists(self, shelf: Shelf) -> None:
        assert [shelf.kind(path) is not None for path in ("a.txt", "unit1", "x")] == [
            True,
            True,
            False,
        ]

    def test_isdir(self, shelf: Shelf) -> None:
        assert [shelf.kind(path) == "directory" for path in ("a.txt", "unit1")] == [False, True]

    def test_isfile(self, shelf: Shelf) -> None:
        assert [shelf.kind(path) == "file" for path in ("a.txt", "unit1")] == [True, False]

    def test_copy(self, shelf: Shelf) -> None:
        assert shelf.change(op="copy", **{"from": "a.txt", "to": "c.txt"})
        assert shelf.ask("GET", "/files/c.txt").content == b"a.txt"

    def test_copytree(self, shelf: Shelf) -> None:
        assert shelf.change(op="copy", **{"from": "unit1", "to": "unit2"})
        assert shelf.entries(path="unit2") == ["unit2/b.txt"]

    def test_mkdir(self, shelf: Shelf) -> None:
        assert shelf.change(op="mkdir", path="empty/too")
        assert shelf.kind("empty/too") == "directory"

    def test_rmtree(self, shelf: Shelf) -> None:
        assert shelf.change(op="remove", path="unit1", recursive=True)
        assert shelf.entries() == ["a.txt"]

    def test_chmod(self, shelf: Shelf) -> None:
        sha256 = hashlib.sha256(b"a.txt").hexdigest()
        assert shelf.change(op="put", path="a.txt", sha256=sha256, size=5, executable=True)
        (entry,) = shelf.ask("GET", "/entries", params={"path": "a.txt"}).json()["entries"]
        assert entry["executable"] is True


class TestHubshare:
    """The rows of the second table."""

    def test_list(self, shelf: Shelf) -> None:
        found = shelf.owner.get("v1/directories", owner=shelf.owner.name, reach="own")
        assert shelf.name in [each["name"] for each in found["directories"]]

    def test_create(self, shelf: Shelf) -> None:
        made = shelf.owner.post_json("v1/directories", {"name": f"{shelf.name}-new"})
        assert (made["version"], made["files"], made["may"]) == (1, 0, "admin")

    def test_get(self, shelf: Shelf) -> None:
        found = shelf.ask("GET").json()
        assert (found["name"], found["files"], found["bytes"]) == (shelf.name, 2, 16)

    def test_patch(self, shelf: Shelf) -> None:
        reply = shelf.ask("PATCH", json={"description": "Notes"})
        assert reply.json()["description"] == "Notes"

    def test_delete(self, shelf: Shelf) -> None:
        assert shelf.ask("DELETE").status_code == 204
        assert shelf.ask("GET").status_code == 404

    def test_collaborators(self, shelf: Shelf, bob: PluginPerson) -> None:
        assert shelf.ask("GET", by=bob).status_code == 404
        grants = [{"kind": "user", "name": bob.name, "level": "write"}]
        assert shelf.ask("PUT", "/grants", json={"grants": grants}).ok
        assert shelf.ask("GET", by=bob).json()["may"] == "write"
        assert [each["name"] for each in shelf.ask("GET", "/grants").json()["grants"]] == [bob.name]

    def test_contents(self, shelf: Shelf) -> None:
        reply = shelf.ask("GET", "/tree")
        with tarfile.open(fileobj=io.BytesIO(reply.content)) as archive:
            assert archive.getnames() == ["a.txt", "unit1/b.txt"]

    def test_copies(self, shelf: Shelf) -> None:
        reply = shelf.ask("POST", "/copies", json={"name": f"{shelf.name}-copy"})
        assert reply.json()["parent"] == {"id": shelf.ask("GET").json()["id"], "version": 3}

    def test_sha(self, shelf: Shelf) -> None:
        before = shelf.ask("GET").json()
        shelf.change(op="remove", path="a.txt")
        after = shelf.ask("GET").json()
        assert after["version"] == before["version"] + 1
        assert after["tree"] != before["tree"]


@pytest.mark.parametrize(
    ("heading", "rows"), [("vserver", TestVserver), ("hubshare", TestHubshare)]
)
def test_every_row_of_the_tables_is_tested(heading: str, rows: type) -> None:
    text = PAGE.read_text("utf-8")
    table = text.split(f"\n| {heading} |")[1].split("\n\n")[0]
    named = re.findall(r"^\| ([^|]+) \|", table.partition("\n|---")[2], re.MULTILINE)
    operations = {word for row in named for word in re.findall(r"`(\w+)`", row)}
    assert operations == {
        name.removeprefix("test_") for name in vars(rows) if name.startswith("test_")
    }
