"""A hostile server: whatever names, times and files it sends, nothing is written outside the person's directory,
nobody else's work is harmed, and the rest of a class arrives."""

import base64
import hashlib
import io
import json
import logging
import shutil
import sys
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from course import NGSHARE, PYTHON_SOURCE, V1
from front import MARK, NO_V1, ForwardedRequest, Front, Spoil, from_exchange
from in_process import Desk
from nbgrader.exchange.abc import ExchangeError
from trees import write_tree

sys.path.insert(0, str(PYTHON_SOURCE))

from nbcourier import dates, names, trees  # noqa: E402 (needs the path set above)
from nbcourier.errors import CourierError, Illegal  # noqa: E402

TIME = "2026-01-01 10:00:00.000000"
NOTEBOOK = b"{}"
# Names that lead elsewhere, or that no directory can have. `{outside}` is a directory that is not the person's.
BAD_NAMES = [
    "../../victim",
    "../victim",
    "{outside}",
    "a/b",
    "/",
    "..",
    ".",
    "",
    "a\0b",
    "a\nb",
    "a\x1bb",
    "x" * 256,
    "é" * 200,
    "\ud800",
]
BAD_TIMES = [
    "../../../victim",
    "{outside}",
    "2026-01-01 10:00:00.000000/../../../../victim",
    "..",
    "",
    "soon",
    "2026-13-01 10:00:00.000000",
    "２０２６-01-01 10:00:00.000000",
    "2026-01-01 10:00:00.000000\n",
    "0001-01-01 00:00:00+14:00",
    "9" * 5000,
]
BAD_PATHS = [
    "../p1.ipynb",
    "../../victim/p1.ipynb",
    "{outside}/p1.ipynb",
    "a/../../p1.ipynb",
    "a\\..\\p1.ipynb",
    "C:p1.ipynb",
    "a//p1.ipynb",
    "./p1.ipynb",
    "",
    "/".join(["d"] * 1000) + "/p1.ipynb",
    "/".join(["d"] * 64) + "/p1.ipynb",
    "x" * 256,
]
# Paths that JSON can contain and an archive cannot.
BAD_PATHS_IN_JSON = ["a\0.ipynb", "\ud800.ipynb"]


@dataclass
class Liar:
    """The answers of such a server, the same in both protocols."""

    course: str = "c"
    assignment: str = "ps1"
    student: str = "ada"
    time: str = TIME
    path: str = "p1.ipynb"

    def submissions(self) -> list[tuple[int, str, str, str]]:
        """Returns the number, student, time and path of each submission: an odd one between two honest ones."""
        return [
            (1, "abe", TIME, "p1.ipynb"),
            (2, self.student, self.time, self.path),
            (3, "zoe", TIME, "p1.ipynb"),
        ]

    def v1(self, parts: list[str]) -> Spoil:
        """Returns the answer in our own API."""
        match parts:
            case ["courses"]:
                return _json({"courses": [{"course": self.course, "role": "instructor"}]})
            case ["courses", _, "assignments"]:
                listed = {"assignment": self.assignment, "files": 1, "bytes": 2, "tree": "x"}
                trees = {"x": _files(self.path)}
                return _json({"assignments": [listed], "next": None, "trees": trees})
            case ["courses", _, "submissions"]:
                listed = [
                    {
                        "id": number,
                        "assignment": self.assignment,
                        "student": student,
                        "submitted_at": time,
                        "files": 1,
                        "bytes": 2,
                        "tree": _tree(path),
                        "feedback": {"files": 1, "bytes": 2, "tree": _tree(path)},
                    }
                    for number, student, time, path in self.submissions()
                ]
                trees = {_tree(path): _files(path) for _, _, _, path in self.submissions()}
                return _json({"submissions": listed, "next": None, "trees": trees})
            case ["courses", _, "assignments", _, "submissions"]:
                receipt = {"id": 1, "submitted_at": self.time, "files": 1, "tree": _tree("p1.ipynb")}
                return _json({"receipt": receipt, "signature": "x"})
            case ["courses", _, "roster"]:
                people = [{"username": self.student, "role": "student"}]
                return _json({"people": people, "next": None})
            case ["courses", _, "assignments", _, "collect"]:
                return self._stream("submissions", "id")
            case ["courses", _, "feedback"]:
                return self._stream("feedback", "submission")
            case ["courses", _, "submissions", number, _]:
                (path,) = (each[3] for each in self.submissions() if str(each[0]) == number)
                return _tar({path: NOTEBOOK}, X_Tree_Digest=_tree(path))
            case ["courses", _, "assignments", _, "tree"]:
                return _tar({self.path: NOTEBOOK}, X_Tree_Digest=_tree(self.path))
        return from_exchange(404, b"{}", Content_Type="application/problem+json")

    def _stream(self, key: str, number_key: str) -> Spoil:
        listed = [
            {number_key: number, "files": 1, "tree": _tree(path)}
            for number, _, _, path in self.submissions()
        ]
        members = {"manifest.json": json.dumps(_document({key: listed})).encode()}
        for number, _, _, path in self.submissions():
            members[f"{number}/{path}"] = NOTEBOOK
        return _tar(members)

    def ngshare(self, parts: list[str]) -> Spoil:
        """Returns the answer in the ngshare protocol."""
        content = base64.b64encode(NOTEBOOK).decode()
        files = [{"path": self.path, "content": content, "checksum": _md5()}]
        match parts:
            case ["healthz"]:
                return _json({"success": True})
            case ["courses"]:
                return _json({"success": True, "courses": [self.course]})
            case ["assignments", _]:
                return _json({"success": True, "assignments": [self.assignment]})
            case ["assignment", _, _]:
                return _json({"success": True, "files": files})
            case ["submissions", _, _, *whose]:
                listed = [
                    {"student_id": student, "timestamp": time}
                    for _, student, time, _ in self.submissions()
                    if not whose or student == whose[0]
                ]
                return _json({"success": True, "submissions": listed})
            case ["submission", _, _]:
                return _json({"success": True, "timestamp": self.time})
            case ["submission" | "feedback", _, _, student]:
                path = self.path if student == self.student else "p1.ipynb"
                files[0]["path"] = path
                return _json({"success": True, "files": files, "timestamp": TIME})
            case ["students", _]:
                person = {"username": self.student}
                return _json({"success": True, "students": [person]})
        return _json({"success": False, "message": "Not found"})


def _document(content: Any) -> Any:
    """Returns a document of JSON as it is sent. A test replaces this."""
    return content


def _json(content: Any) -> Spoil:
    content = _document(content)
    return from_exchange(200, json.dumps(content).encode(), Content_Type="application/json")


def _tar(members: dict[str, bytes], **headers: str) -> Spoil:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return from_exchange(200, body.getvalue(), Content_Type="application/x-tar", **headers)


def _files(path: str) -> list[dict[str, Any]]:
    return [{"path": path, "md5": "0" * 32, "size": 2, "sha256": "0" * 64}]


def _md5() -> str:
    return hashlib.md5(NOTEBOOK).hexdigest()


def _tree(path: str) -> str:
    content = hashlib.sha256(NOTEBOOK).hexdigest()
    line = f"{content}\0{path}\0".encode()
    return hashlib.sha256(line).hexdigest()


@dataclass
class Scene:
    """A person's home, a directory beside it that is not theirs, and a server."""

    desk: Desk
    outside: Path
    front: Front
    wire: str

    def lie(self, **said: str) -> None:
        """Sets the server's answers from now on."""
        said = {key: text.replace("{outside}", str(self.outside)) for key, text in said.items()}
        liar = Liar(**said)

        def rule(asked: ForwardedRequest) -> Spoil:
            path = urlsplit(asked.path).path
            parts = [unquote(part) for part in path.strip("/").split("/")]
            if parts[0] == "v1":
                return NO_V1 if self.wire == NGSHARE else liar.v1(parts[1:])
            return liar.ngshare(parts)

        self.front.rule = rule

    def attempt(self, slot: str, **settings: Any) -> str:
        """Runs a command, which may fail, and returns the reason; checks that nothing happened outside."""
        try:
            self.desk.run(slot, "c", settings.pop("assignment", "ps1"), **settings)
            said = ""
        except ExchangeError as error:
            said = str(error)
        assert "This is a bug" not in said
        found = {
            str(path.relative_to(self.outside.parent))
            for path in self.outside.parent.rglob("*")
            if not path.is_relative_to(self.desk.home)
        }
        assert found == {"victim", "victim/ps1", "victim/ps1/thesis.txt"}
        assert (self.outside / "ps1" / "thesis.txt").read_bytes() == b"my thesis"
        return said

    def files(self) -> set[str]:
        """Returns the files in the home that were not there before."""
        home = self.desk.home
        found = {path.relative_to(home) for path in home.rglob("*") if path.is_file()}
        return {str(path) for path in found if path.parts[0] != "ps1"}


@pytest.fixture
def scene(tmp_path: Path, wire: str) -> Iterator[Scene]:
    """The scene of an instructor who is a student as well."""
    front = Front("http://127.0.0.1:1")
    home = tmp_path / "home"
    write_tree(home / "ps1", {"p1.ipynb": NOTEBOOK})
    outside = tmp_path / "victim"
    write_tree(outside / "ps1", {"thesis.txt": b"my thesis"})
    yield Scene(Desk(front.url, "ada", home), outside, front, wire)
    front.stop()


both = pytest.mark.parametrize("wire", [V1, NGSHARE], indirect=True)


@both
@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_a_student_of_an_illegal_name_is_left_out_and_the_class_comes(
    scene: Scene, name: str
) -> None:
    scene.lie(student=name)
    said = scene.attempt("Collect")
    assert said, "an incomplete class was reported as complete"
    assert scene.files() == {
        f"submitted/{each}/ps1/{file}"
        for each in ("abe", "zoe")
        for file in ("p1.ipynb", "timestamp.txt")
    }
    listed = scene.desk.run("List", "c", "ps1", inbound=True)
    assert [each["student_id"] for each in listed] == ["abe", "zoe"]


@both
@pytest.mark.parametrize("time", BAD_TIMES, ids=lambda text: ascii(text[:40]))
def test_an_illegal_time_names_no_directory(scene: Scene, time: str) -> None:
    scene.lie(time=time)
    assert scene.attempt("Collect")
    assert scene.attempt("FetchFeedback")
    assert scene.attempt("Submit")
    assert {file.split("/")[0] for file in scene.files()} == {"submitted"}
    feedback = scene.desk.home / "ps1" / "feedback"
    assert not feedback.exists()


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        *product((V1, NGSHARE), BAD_PATHS),
        *product((NGSHARE,), BAD_PATHS_IN_JSON),
    ],
    indirect=["wire"],
    ids=lambda text: ascii(text[:40]),
)
def test_an_illegal_path_keeps_only_its_own_tree_from_coming(
    scene: Scene, path: str
) -> None:
    scene.lie(path=path)
    assert "ada" in scene.attempt("Collect")
    assert scene.files() == {
        f"submitted/{each}/ps1/{file}"
        for each in ("abe", "zoe")
        for file in ("p1.ipynb", "timestamp.txt")
    }
    assert scene.attempt("FetchAssignment", assignment="ps2")
    assert scene.attempt("FetchFeedback")
    scene.attempt("List")
    scene.attempt("List", inbound=True)
    assert not (scene.desk.home / "ps2").exists()


@both
@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_courses_and_assignments_of_illegal_names_are_shown_to_nobody(
    scene: Scene, name: str
) -> None:
    scene.lie(course=name)
    assert scene.desk.run("List", "") == []
    scene.lie(assignment=name)
    for how in ({}, {"inbound": True}, {"cached": True}):
        listed = scene.desk.run("List", "c", **how)
        assert name not in [each["assignment_id"] for each in listed]
    scene.attempt("Collect")
    scene.attempt("FetchFeedback")


@pytest.mark.parametrize("wire", [V1], indirect=True)
def test_work_on_another_assignment_than_was_asked_for_is_not_collected(
    scene: Scene,
) -> None:
    scene.lie(assignment="ps2")
    assert scene.attempt("Collect")
    assert not (scene.desk.home / "submitted").exists()


@both
def test_links_on_the_way_lead_nobody_out(scene: Scene) -> None:
    scene.lie(student="mallory")
    submitted = scene.desk.home / "submitted"
    submitted.mkdir()
    (submitted / "mallory").symlink_to(scene.outside / "ps1")
    assert "mallory" in scene.attempt("Collect")
    assert (submitted / "zoe" / "ps1" / "p1.ipynb").exists()
    (scene.desk.home / "ps1" / "feedback").symlink_to(scene.outside)
    scene.lie(student="ada")
    assert scene.attempt("FetchFeedback")


# Values that no exchange sends, one for each kind of mistake that reading them could cause.
ODD_VALUES: dict[str, Any] = {
    "a number beyond all bounds": 10**30,
    "a negative number": -1,
    "half a character": "\ud800",
    "a command for the terminal": "\x1b[2J",
    "a very long text": "x" * 100_000,
    "a list": [],
    "nothing": None,
}


def places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the place of each value in a document of JSON."""
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        yield (*at, key)
        yield from places(value, (*at, key))


def replaced(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Returns a copy of the document with another value at that place."""
    copied = json.loads(json.dumps(document))
    above = copied
    for key in place[:-1]:
        above = above[key]
    above[place[-1]] = value
    return copied


@both
@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_an_odd_value_at_any_place_is_reported_in_words(
    scene: Scene, value: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene.lie()
    caplog.set_level(logging.INFO)
    # The documents that a command got, by their members; and the one to spoil, at a place.
    found: dict[str, Any] = {}
    odd: dict[str, tuple[Any, ...]] = {}

    def document(content: Any) -> Any:
        kind = ",".join(sorted(content))
        found.setdefault(kind, content)
        return replaced(content, odd[kind], value) if kind in odd else content

    monkeypatch.setattr(sys.modules[__name__], "_document", document)

    def attempt(slot: str, settings: dict[str, Any]) -> None:
        caplog.clear()
        said = [scene.attempt(slot, **dict(settings)), caplog.text, *scene.desk.said]
        for text in said:
            assert "This is a bug" not in text, (slot, odd, text)
            assert "\x1b" not in text, (slot, odd, text)
            assert len(text) < 20_000, (slot, odd, len(text))
        for made in ("submitted", "ps2", "ps1/feedback"):
            shutil.rmtree(scene.desk.home / made, ignore_errors=True)

    known: set[str] = set()
    for slot, settings in (
        ("Collect", {}),
        ("FetchFeedback", {}),
        ("FetchAssignment", {"assignment": "ps2"}),
        ("Submit", {}),
        ("List", {}),
        ("List", {"inbound": True}),
    ):
        found.clear()
        attempt(slot, settings)
        # Other commands have spoiled the rest already.
        for kind, content in [each for each in found.items() if each[0] not in known]:
            known.add(kind)
            for place in list(places(content)):
                odd[kind] = place
                attempt(slot, settings)
                del odd[kind]
    assert len(known) >= 5


@pytest.mark.parametrize("wire", [V1], indirect=True)
def test_a_listing_that_goes_in_a_circle_ends(scene: Scene) -> None:
    scene.lie()
    asked: list[str] = []
    circle = {"": "a", "a": "b", "b": "a"}

    def rule(request: ForwardedRequest) -> Spoil:
        asked.append(request.path)
        assert len(asked) < 100, "it goes on for ever"
        cursor = parse_qs(urlsplit(request.path).query).get("cursor", [""])[0]
        listed = {"courses": [], "submissions": [], "assignments": [], "trees": {}}
        return _json(listed | {"next": circle[cursor]})

    scene.front.rule = rule
    for slot in ("Collect", "FetchFeedback", "List"):
        asked.clear()
        assert "again and again" in scene.attempt(slot)


@pytest.mark.parametrize("wire", [V1], indirect=True)
def test_an_archive_takes_little_memory_and_disk_whatever_it_says(scene: Scene) -> None:
    huge = 1 << 33
    described = tarfile.TarInfo("././@LongLink")
    described.type, described.size = tarfile.GNUTYPE_LONGNAME, huge
    header = tarfile.TarInfo("PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, huge
    # Of eight gigabytes, none of which are sent.
    sparse = bytearray(tarfile.TarInfo("p1.ipynb").tobuf(tarfile.GNU_FORMAT))
    sparse[156:157] = tarfile.GNUTYPE_SPARSE
    sparse[483:495] = b"%011o\0" % huge
    sparse[148:156] = b" " * 8
    sparse[148:156] = b"%06o\0 " % sum(sparse)
    for member in (
        described.tobuf(tarfile.GNU_FORMAT),
        header.tobuf(tarfile.GNU_FORMAT),
        bytes(sparse),
    ):
        sent = [0]

        def spoil(_: Any, handler: Any, member: bytes = member, sent: list[int] = sent) -> None:
            handler.send_response(200)
            for name, value in MARK.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Type", "application/x-tar")
            handler.send_header("X-Tree-Digest", _tree("p1.ipynb"))
            handler.end_headers()
            handler.close_connection = True
            with suppress(OSError):
                handler.wfile.write(member)
                while sent[0] < 1 << 28:
                    sent[0] += handler.wfile.write(bytes(1 << 20))

        spoil.asks = False
        scene.front.rule = lambda asked, spoil=spoil: spoil
        assert scene.attempt("FetchAssignment", assignment="ps2")
        assert sent[0] < 1 << 27, "it was read on and on"
        assert not (scene.desk.home / "ps2").exists()


@pytest.mark.parametrize("text", BAD_NAMES, ids=ascii)
def test_impossible_names_are_refused(text: str) -> None:
    with pytest.raises(Illegal):
        names.name("name", text.replace("{outside}", "/victim"))


def test_paths_that_lead_elsewhere_on_windows_are_refused_there_only() -> None:
    for text in ("a\\b", "C:a", "c:"):
        assert names.name("name", text, windows=False) == text
        with pytest.raises(Illegal):
            names.name("name", text, windows=True)


def test_times_are_printed_anew() -> None:
    for text in (
        "2026-01-01T10:00:00.5Z",
        "2026-01-01 10:00:00.500000",
        "2026-01-01 10:00:00.500000 UTC",
        "2026-01-01T12:00:00.5+02:00",
        "2026-01-01T04:30:00.5-0530",
    ):
        assert dates.naive(text) == "2026-01-01 10:00:00.500000"


def test_nothing_is_staged_but_below_its_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for destination in (root, root / ".." / "x", tmp_path, Path("/")):
        with pytest.raises(CourierError), trees.staged(destination, below=root):
            raise AssertionError("was made")
    with trees.staged(root / "a" / "b", below=root) as fresh:
        (fresh / "x").write_bytes(b"")
    assert (root / "a" / "b" / "x").exists()
