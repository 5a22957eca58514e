"""The same commands with nbgrader's own exchange and with the plugin, and their results side by side."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from course import Course
from in_process import Desk
from nbgrader.api import Gradebook
from nbgrader.utils import parse_utc
from own_exchange import OwnDesk
from trees import Tree, assert_same_tree, decoded, read_tree, without, write_tree

RELEASED: Tree = {"p1.ipynb": b"{}", "data/d.csv": b"1"}
# The files that nbgrader's own exchange or the plugin adds to a tree.
ADDED = ("timestamp.txt", "submission_secret.txt")


@dataclass
class Side:
    """An instructor and a student of one exchange."""

    ira: Desk
    ada: Desk
    course: str
    # Functions that return what the exchange holds: the released files, and the student's submissions, oldest first.
    released: Callable[[], Tree]
    submitted: Callable[[], list[Tree]]

    def release(self, tree: Tree = RELEASED, **settings: Any) -> None:
        """Releases these files."""
        write_tree(self.ira.home / "release" / "ps1", tree)
        self.ira.run("ReleaseAssignment", self.course, "ps1", **settings)

    def submit(self, tree: Tree) -> None:
        """Adds these files to the student's work and hands it in."""
        write_tree(self.ada.home / "ps1", tree)
        self.ada.run("Submit", self.course, "ps1")

    @property
    def copies(self) -> list[Path]:
        """Returns the student's copies of what they handed in, oldest first."""
        return sorted((self.ada.home / ".cache" / self.course).glob("*+*"))

    @property
    def times(self) -> list[str]:
        """Returns the times of the submissions, oldest first."""
        return [copy.name.rsplit("+", 1)[1] for copy in self.copies]


def own(home: Path) -> Side:
    """Returns the side of nbgrader's own exchange."""
    root = home / "exchange"
    home.mkdir()
    ira, ada = (OwnDesk(root, name, home / name) for name in ("ira", "ada"))
    of_course = root / "c"

    def submitted() -> list[Tree]:
        found = sorted((of_course / "inbound").iterdir(), key=lambda each: each.name)
        return [without(read_tree(each), *ADDED) for each in found]

    return Side(
        ira, ada, "c", lambda: read_tree(of_course / "outbound" / "ps1"), submitted
    )


def ours(course: Course, home: Path) -> Side:
    """Returns the side of the plugin."""
    ira = Desk(course.url, course.instructor.name, home / "ira")
    ada = Desk(course.url, course.second.name, home / "ada")

    def submitted() -> list[Tree]:
        path = f"submission/{course.name}/ps1/{course.second.name}"
        times = course.submissions(course.second)
        return [
            decoded(course.instructor.get(path, timestamp=time)["files"]) for time in times
        ]

    return Side(ira, ada, course.name, course.released, submitted)


@pytest.fixture
def sides(course: Course, tmp_path: Path) -> Iterator[tuple[Side, Side]]:
    """nbgrader's own exchange, and the plugin."""
    yield own(tmp_path / "theirs"), ours(course, tmp_path / "ours")


def set_due_in_gradebook(side: Side, time: str) -> None:
    with Gradebook(f"sqlite:///{side.ira.home}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("ps1", duedate=parse_utc(time))


@pytest.mark.parametrize(
    ("handed_in", "in_time"),
    [(b"aa", 0), (b"abba", 1)],
    ids=lambda case: str(case),
)
@pytest.mark.parametrize("keeps_date", ["the exchange", "the gradebook"])
def test_the_same_files_again_and_late_are_collected_alike(
    sides: tuple[Side, Side],
    course: Course,
    handed_in: bytes,
    in_time: int,
    keeps_date: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = []
    for side in sides:
        side.release()
        for letter in handed_in:
            side.submit(RELEASED | {"data/answer": bytes([letter])})
        due = side.times[in_time]
        if side is sides[0] or keeps_date == "the gradebook":
            set_due_in_gradebook(side, due)
        else:
            path = f"v1/courses/{course.name}/assignments/ps1/dates"
            course.instructor.put_json(path, {"due_at": f"{due}Z".replace(" ", "T")})
        times = [parse_utc(time) for time in side.times]
        caplog.clear()
        picked = []
        for settings in ({}, {"before_duedate": True}, {"before_duedate": True}, {"update": True}):
            side.ira.run("Collect", side.course, "ps1", **settings)
            (student,) = (side.ira.home / "submitted").iterdir()
            tree = read_tree(student / "ps1")
            time = times.index(parse_utc(tree["timestamp.txt"].decode()))
            picked.append((time, tree["data/answer"]))
        seen.append(picked)
    last = (len(handed_in) - 1, handed_in[-1:])
    punctual = (in_time, handed_in[in_time : in_time + 1])
    assert seen[0] == seen[1] == [last, punctual, punctual, last]
    # The plugin also says that a late submission has the same files as one in time.
    is_the_same = handed_in[-1] in handed_in[: in_time + 1]
    is_reported = "has the same files as the one of" in caplog.text
    assert is_reported == (is_the_same and keeps_date == "the exchange")


def test_copies_of_submissions_are_alike_and_take_their_room_once(
    sides: tuple[Side, Side],
) -> None:
    big = os.urandom(90_000)
    seen, rooms = [], []
    for side in sides:
        side.release()
        for text in (b"1", b"2", b"3"):
            side.submit(RELEASED | {"p1.ipynb": text, "data/big.bin": big})
        # The copies stay as they are when the work goes on.
        write_tree(side.ada.home / "ps1", {"data/big.bin": b"changed", "p1.ipynb": b"4"})
        copies = side.copies
        trees = [without(read_tree(copy), *ADDED) for copy in copies]
        files = [path for copy in copies for path in copy.rglob("*") if path.is_file()]
        sizes = {path.stat().st_ino: path.stat().st_size for path in files}
        rooms.append(sum(sizes.values()))
        listed = side.ada.run("List", side.course, "ps1", cached=True)
        removed = side.ada.run("List", side.course, "ps1", cached=True, remove=True)
        counts = [[len(each["submissions"]) for each in found] for found in (listed, removed)]
        seen.append((trees, counts, side.copies, side.submitted()))
    assert seen[0] == seen[1]
    trees, counts, left, submitted = seen[1]
    assert [tree["p1.ipynb"] for tree in trees] == [b"1", b"2", b"3"]
    assert all(tree["data/big.bin"] == big for tree in trees)
    assert (counts, left) == ([[3], [3]], [])
    # Removing the copies removes nothing at the exchange.
    assert submitted == trees
    assert rooms[0] > 3 * len(big)
    assert rooms[1] < 2 * len(big)


def test_where_no_copy_can_be_kept_the_work_is_at_both_exchanges(
    sides: tuple[Side, Side],
) -> None:
    theirs, mine = sides
    for side in sides:
        side.release()
        write_tree(side.ada.home, {".cache": b"a file in the place of the directory"})
    with pytest.raises(OSError):
        theirs.submit(RELEASED)
    mine.submit(RELEASED)
    assert theirs.submitted() == mine.submitted() == [RELEASED]
    done, *notices = mine.ada.said
    assert "is safe" in done
    assert any("No copy of the submission could be kept here" in each for each in notices)


IN_TREE: Tree = {
    path: path.encode()
    for path in (
        "p1.ipynb",
        "notes.txt",
        ".git/config",
        ".git/objects/aa",
        "sub/.git/config",
        "data/a.csv",
        "data/more/b.csv",
        "data/.hidden",
        "__pycache__/x.pyc",
        "p1.ipynb~",
        "Größe [1].csv",
    )
}
SETTINGS: list[dict[str, list[str]]] = [
    {"ignore": []},
    {"ignore": [".git"]},
    {"ignore": [".git", "*.csv", "*~"]},
    {"ignore": [".*"]},
    {"ignore": ["data"]},
    {"ignore": ["DATA", "*.CSV"]},
    {"ignore": ["[dn]*"]},
    {"ignore": ["Größe*"]},
    {"ignore": ["*[[]1[]]*"]},
    {"ignore": ["no such name"]},
    {"include": ["*.ipynb", "*.csv"]},
    {"include": ["*.ipynb"], "ignore": ["data"]},
    {"include": ["*"], "ignore": ["*.pyc"]},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_same_files_travel_under_the_same_settings(
    sides: tuple[Side, Side], settings: dict[str, list[str]]
) -> None:
    released, submitted = [], []
    for side in sides:
        for desk in (side.ira, side.ada):
            desk.config.CourseDirectory.update(settings)
        side.release(IN_TREE)
        side.submit(IN_TREE)
        released.append(side.released())
        submitted.extend(side.submitted())
    assert_same_tree(released[1], released[0])
    assert_same_tree(submitted[1], submitted[0])
    assert "p1.ipynb" in released[1]


@pytest.mark.parametrize("pattern", [".git/**", "/.git", "data/*.csv", "./notes.txt", "**/.git/"])
def test_a_pattern_with_a_slash_excludes_files_only_with_the_plugin_which_names_them(
    sides: tuple[Side, Side], pattern: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    theirs, mine = sides
    for side in sides:
        side.release()
        side.ada.config.CourseDirectory.ignore = [pattern]
        side.submit(IN_TREE)
    (at_theirs,), (at_mine,) = theirs.submitted(), mine.submitted()
    # No name holds a slash, so nbgrader's own exchange hands in what the course wanted to stay.
    assert_same_tree(at_theirs, IN_TREE)
    gone = at_theirs.keys() - at_mine.keys()
    assert gone
    assert_same_tree(at_mine, without(at_theirs, *gone))
    (named,) = [
        record.getMessage()
        for record in caplog.records
        if "as the course's settings say" in record.getMessage()
    ]
    for path in gone:
        assert any(f"'{part}'" in named for part in (path, *_directories(path)))


def _directories(path: str) -> list[str]:
    steps = path.split("/")[:-1]
    return ["/".join(steps[: depth + 1]) + "/" for depth in range(len(steps))]


def test_removing_what_is_not_there_removes_nothing_and_is_no_failure(
    sides: tuple[Side, Side],
) -> None:
    for side in sides:
        side.release()
        side.submit(RELEASED)
        for how in ({}, {"inbound": True}, {"cached": True}):
            for also in ({}, {"remove": True}):
                found = side.ira.run("List", side.course, "no such", **how, **also)
                assert found == [], (how, also)
        assert len(side.submitted()) == 1
        assert side.released() == RELEASED
