"""The entries of a directory that are not sent: each is named, and none stops the others."""

import os
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from course import PYTHON_SOURCE, Course, both_wires
from in_process import Desk
from nbgrader.coursedir import CourseDirectory
from own_exchange import OwnDesk, configure_page
from trees import Tree, assert_same_tree, read_tree, without, write_tree

sys.path.insert(0, str(PYTHON_SOURCE))

from nbcourier import trees  # noqa: E402 (needs the path set above)

RELEASED: Tree = {"p1.ipynb": b"{}", "sub/p2.ipynb": b"{}", "data/d.csv": b"1"}
# Larger than a tree sent in one request, so that the list of files is sent first.
LARGE: Tree = {"large.bin": bytes(range(256)) * 400}


def dangling(work: Path) -> str:
    (work / "nowhere").symlink_to(work / "no such file")
    return "'nowhere' is no file"


def pipe(work: Path) -> str:
    os.mkfifo(work / "pipe")
    return "'pipe' is no file"


def circle(work: Path) -> str:
    (work / "data" / "back").symlink_to(work)
    return "'data/back/' stays here, because it leads to a directory above it"


def way_up(work: Path) -> str:
    (work / "data" / "up").symlink_to(work.parent)
    (work.parent / "private.txt").write_bytes(b"not for others")
    return "'data/up/' stays here, because it leads to a directory above it"


def too_large(work: Path) -> str:
    (work / "data" / "big.bin").write_bytes(b"x" * 150_000)
    return "'data/big.bin' is too large"


def backslash(work: Path) -> str:
    (work / "data\\out.csv").write_bytes(b"1")
    return "'data\\out.csv' stays here: a name with a backslash"


def directory_with_backslash(work: Path) -> str:
    (work / "a\\b").mkdir()
    (work / "a\\b" / "c").write_bytes(b"1")
    return "'a\\b/' stays here: a name with a backslash"


def drive(work: Path) -> str:
    (work / "C:tmp.txt").write_bytes(b"1")
    return "'C:tmp.txt' stays here: its name begins as that of a drive"


def latin(work: Path) -> str:
    Path(os.fsdecode(os.fsencode(work) + b"/lat\xe4in.csv")).write_bytes(b"1")
    return "'lat\\xe4in.csv' stays here: its name is not UTF-8"


def latin_directory(work: Path) -> str:
    directory = Path(os.fsdecode(os.fsencode(work) + b"/\xfcb"))
    directory.mkdir()
    (directory / "p").write_bytes(b"1")
    return "'\\xfcb/' stays here: its name is not UTF-8"


def deep(work: Path) -> str:
    directory = work.joinpath(*["d"] * 70)
    directory.mkdir(parents=True)
    (directory / "f").write_bytes(b"1")
    return "stays here: it lies in more than 63 directories"


ODD = [
    dangling,
    pipe,
    circle,
    way_up,
    too_large,
    backslash,
    directory_with_backslash,
    drive,
    latin,
    latin_directory,
    deep,
]
LIMIT = 120


def desk(course: Course, person: str, home: Path) -> Desk:
    made = Desk(course.url, getattr(course, person).name, home)
    made.config.CourseDirectory.max_file_size = LIMIT
    return made


@pytest.mark.parametrize("more", [{}, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("odd", ODD)
def test_one_odd_file_is_named_and_the_rest_is_handed_in(
    course: Course, tmp_path: Path, odd: Callable[[Path], str], more: Tree
) -> None:
    course.release(tree=RELEASED)
    ada = desk(course, "first", tmp_path)
    write_tree(tmp_path / "ps1", RELEASED | more)
    named = odd(tmp_path / "ps1")
    ada.run("Submit", course.name, "ps1")
    (time,) = course.submissions(course.first)
    done, *left = ada.said
    assert done == f"'ps1' was submitted at {time} UTC and is safe, but not all of it."
    assert any(each.startswith("Not handed in: ") and named in each for each in left)
    assert_same_tree(course.submitted(course.first), RELEASED | more)


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_file_is_named_and_the_rest_is_released(
    course: Course,
    tmp_path: Path,
    odd: Callable[[Path], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    ira = desk(course, "instructor", tmp_path)
    write_tree(tmp_path / "release" / "ps1", RELEASED)
    named = odd(tmp_path / "release" / "ps1")
    ira.run("ReleaseAssignment", course.name, "ps1")
    assert named in caplog.text
    assert_same_tree(course.released(), RELEASED)


def test_in_a_terminal_it_is_a_warning_and_the_work_is_handed_in(
    course: Course,
) -> None:
    course.release(tree=RELEASED)
    work = course.first.home / "ps1"
    write_tree(work, RELEASED | {".ipynb_checkpoints/p1.ipynb": b"old"})
    named = [odd(work) for odd in (latin, backslash, pipe)]
    (work / "empty" / "nested").mkdir(parents=True)
    outcome = course.first.nbgrader("submit", "ps1", course.option)
    for sentence in (*named, "'empty/nested/' is an empty directory"):
        assert f"WARNING] {sentence}" in outcome.stderr
    assert "as the course's settings say: '.ipynb_checkpoints/'" in outcome.stderr
    assert_same_tree(course.submitted(course.first), RELEASED)


def ignored(course: Desk) -> None:
    course.config.CourseDirectory.ignore = ["p1.*", "sub"]


def not_included(course: Desk) -> None:
    course.config.CourseDirectory.include = ["*.csv"]


def over_the_limit(course: Desk) -> None:
    for path in ("p1.ipynb", "sub/p2.ipynb"):
        (course.home / "ps1" / path).write_bytes(b"x" * 150_000)


def no_file(course: Desk) -> None:
    path = course.home / "ps1" / "p1.ipynb"
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("spoil", [ignored, not_included, over_the_limit, no_file])
@both_wires
def test_a_released_notebook_that_would_stay_here_is_an_error_unless_asked_for(
    course: Course,
    tmp_path: Path,
    spoil: Callable[[Desk], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    course.release(tree=RELEASED)
    ada = desk(course, "first", tmp_path)
    write_tree(tmp_path / "ps1", RELEASED)
    spoil(ada)
    said = ada.fail("Submit", course.name, "ps1")
    assert "Not submitted, because notebooks of the assignment would be missing" in said
    assert "p1.ipynb" in said
    assert course.submissions(course.first) == []
    if spoil is not no_file:
        assert "sub/" in said

    ada.config.NbCourierExchange.allow_incomplete = True
    ada.run("Submit", course.name, "ps1")
    assert "and is safe" in ada.said[0]
    assert "p1.ipynb" not in course.submitted(course.first)
    assert course.submitted(course.first)["data/d.csv"] == b"1"


@both_wires
def test_a_release_without_its_notebooks_is_refused_unless_asked_for(
    course: Course, tmp_path: Path
) -> None:
    ira = desk(course, "instructor", tmp_path)
    release = tmp_path / "release" / "ps1"
    release.mkdir(parents=True)
    refused = []

    def refuse() -> None:
        refused.append(ira.fail("ReleaseAssignment", course.name, "ps1"))
        assert course.assignments() == []

    refuse()
    write_tree(release, {"p1.ipynb": b"x" * 150_000})
    refuse()
    write_tree(release, {"data.csv": b"1"})
    refuse()
    (release / "p1.ipynb").unlink()
    refuse()
    for said, reason in zip(
        refused, ("it is empty", "is too large", "is too large", "no notebook at the top of")
    ):
        assert reason in said
    ira.config.NbCourierExchange.allow_incomplete = True
    ira.run("ReleaseAssignment", course.name, "ps1")
    assert_same_tree(course.released(), {"data.csv": b"1"})


def test_work_of_which_nothing_would_travel_is_refused(
    course: Course, tmp_path: Path
) -> None:
    course.release(tree={"d.csv": b"1"})
    ada = desk(course, "first", tmp_path)
    write_tree(tmp_path / "ps1", {"d.csv": b"x" * 150_000})
    assert "nothing would be: 'd.csv' is too large" in ada.fail(
        "Submit", course.name, "ps1"
    )
    assert course.submissions(course.first) == []


def test_a_tree_holds_the_same_files_as_in_nbgraders_own_exchange(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fill(directory: Path) -> None:
        write_tree(directory, RELEASED | {".hidden/.x": b"1", "run.sh": b"#!/bin/sh"})
        (directory / "run.sh").chmod(0o755)
        (directory / "link.csv").symlink_to("data/d.csv")
        (directory / "linked").symlink_to("data", target_is_directory=True)
        (directory / "empty").mkdir()
        write_tree(directory, {"feedback/f.html": b"1", "x.pyc": b"1"})

    seen = []
    for name in ("theirs", "ours"):
        home = tmp_path / name
        if name == "theirs":
            ira = OwnDesk(tmp_path / "exchange", "ira", home / "ira")
            ada = OwnDesk(tmp_path / "exchange", "ada", home / "ada")
        else:
            ira = desk(course, "instructor", home / "ira")
            ada = desk(course, "first", home / "ada")
        fill(ira.home / "release" / "ps1")
        ira.run("ReleaseAssignment", course.name, "ps1")
        ada.run("FetchAssignment", course.name, "ps1")
        fetched = read_tree(ada.home / "ps1")
        shutil.rmtree(ada.home / "ps1")
        fill(ada.home / "ps1")
        ada.run("Submit", course.name, "ps1")
        ira.run("Collect", course.name, "ps1")
        (collected,) = (ira.home / "submitted").iterdir()
        added = ("timestamp.txt", "submission_secret.txt")
        tree = without(read_tree(collected / "ps1"), *added)
        mode = (collected / "ps1" / "run.sh").stat().st_mode & 0o111
        seen.append((fetched, tree, mode))
    theirs, ours = seen
    assert_same_tree(ours[0], theirs[0])
    assert_same_tree(ours[1], theirs[1])
    # Neither exchange keeps the executable bit.
    assert theirs[2] == ours[2] == 0
    assert "'empty/' is an empty directory and stays here" in caplog.text


def test_the_assignment_list_calls_success_what_is_stored_and_nothing_else(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "c.CourseDirectory.max_file_size = 100"
    page = configure_page(tmp_path, course.first, course.url, monkeypatch, limit)
    course.release(tree=RELEASED)
    write_tree(tmp_path / "ps1", RELEASED)
    assert page.submit_assignment(course.name, "ps1") == {"success": True}

    too_large(tmp_path / "ps1")
    assert page.submit_assignment(course.name, "ps1") == {"success": True}
    assert len(course.submissions(course.first)) == 2

    write_tree(tmp_path / "ps1", {"p1.ipynb": b"x" * 150_000})
    reply = page.submit_assignment(course.name, "ps1")
    assert not reply["success"]
    assert "Not submitted, because notebooks" in reply["value"]
    assert len(course.submissions(course.first)) == 2


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"ignore": ["*.csv"]}, "'data/a.csv'"),
        ({"ignore": ["data", "*.pyc"]}, "'data/'"),
        ({"ignore": ["/notes.txt", ".ipynb_checkpoints"]}, "'notes.txt'"),
        ({"include": ["*.ipynb", "*.csv"]}, "'notes.txt'"),
        ({}, ""),
    ],
    ids=str,
)
def test_the_page_names_what_the_settings_of_the_course_exclude(
    course: Course, tmp_path: Path, settings: dict[str, list[str]], named: str
) -> None:
    course.release()
    ada = Desk(course.url, course.first.name, tmp_path)
    ada.config.CourseDirectory.update(settings)
    work = {"p1.ipynb": b"{}", "data/a.csv": b"1", "notes.txt": b"2"}
    usual = {".ipynb_checkpoints/p1.ipynb": b"3", "__pycache__/a.pyc": b"4"}
    write_tree(tmp_path / "ps1", work | (usual if named in ("", "'data/a.csv'") else {}))
    if named == "'data/a.csv'":
        ada.config.CourseDirectory.ignore += [".ipynb_checkpoints", "__pycache__"]
    ada.run("Submit", course.name, "ps1")
    done, *notices = ada.said
    # A file that a setting excludes is not missing.
    assert done.endswith("and is safe.")
    sentence = f"Not handed in, as the course's settings say: {named}"
    assert notices == ([sentence] if named else [])



def test_a_file_that_cannot_be_written_here_is_named_and_the_rest_is_brought(
    course: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The longest path that the exchange accepts, which is too long below a directory.
    long = "/".join(["x" * 250] * 15 + ["y" * 200])
    tree = {"p1.ipynb": b"1", long: b"2"}
    course.release(tree=tree)
    course.submit(course.first, tree)
    course.submit(course.second, {"p1.ipynb": b"3"})
    home = tmp_path / ("h" * 200)
    said = desk(course, "second", home).fail("FetchAssignment", course.name, "ps1")
    assert "was fetched, but" in said and "cannot be written here" in said
    assert_same_tree(read_tree(home / "ps1"), {"p1.ipynb": b"1"})

    said = desk(course, "instructor", home).fail("Collect", course.name, "ps1")
    assert f"Collected, but not whole: {course.first.name}" in said
    assert "cannot be written here: File name too long" in caplog.text
    for student, content in ((course.first, b"1"), (course.second, b"3")):
        collected = read_tree(home / "submitted" / student.name / "ps1")
        assert_same_tree(without(collected, "timestamp.txt"), {"p1.ipynb": content})


IN_TREE = [
    "p1.ipynb",
    ".git/config",
    ".git/objects/aa",
    "sub/.git/config",
    "build/out.bin",
    "src/build/out.bin",
    "data/a.csv",
    "data/more/b.csv",
    "data/notes.txt",
]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        (".git", {".git/", "sub/.git/"}),
        (".git/", {".git/", "sub/.git/"}),
        (".git/**", {".git/"}),
        ("./.git/**", {".git/"}),
        ("**/.git/**", {".git/", "sub/.git/"}),
        ("/build", {"build/"}),
        ("build/*", {"build/out.bin"}),
        ("**/build", {"build/", "src/build/"}),
        ("data/*.csv", {"data/a.csv"}),
        ("data/**/*.csv", {"data/a.csv", "data/more/b.csv"}),
        ("**/*.csv", {"data/a.csv", "data/more/b.csv"}),
        ("p1.ipynb/", set()),
        ("p1.ipynb/**", set()),
        ("/", set()),
        ("./", set()),
        ("", set()),
    ],
)
def test_patterns_with_slashes_mean_what_they_mean_in_a_gitignore(
    tmp_path: Path, pattern: str, left: set[str]
) -> None:
    write_tree(tmp_path, {path: b"1" for path in IN_TREE})
    coursedir = CourseDirectory()
    coursedir.ignore = [pattern]
    chosen = trees.select(tmp_path, coursedir)
    named = {each.path for each in chosen.left if each.kind is trees.ReasonKind.SETTING}
    assert named == left
    travels = {file.path for file in chosen.files}
    assert travels == {path for path in IN_TREE if not path.startswith(tuple(left))}
    for path in IN_TREE:
        assert trees.is_ignored(path, [pattern]) == (path not in travels)


def test_such_a_pattern_counts_where_work_is_handed_in(
    course: Course, tmp_path: Path
) -> None:
    course.release(tree=RELEASED)
    ada = desk(course, "first", tmp_path)
    ada.config.CourseDirectory.ignore = [".git/**"]
    write_tree(tmp_path / "ps1", RELEASED | {".git/objects/aa": b"1"})
    ada.run("Submit", course.name, "ps1")
    assert_same_tree(course.submitted(course.first), RELEASED)
    done, excluded = ada.said
    assert done.endswith("and is safe.")
    assert "'.git/" in excluded


def test_a_home_without_room_for_the_copy_loses_nothing_and_is_no_failure(
    course: Course, tmp_path: Path
) -> None:
    course.release(tree={"p1.ipynb": b"{}"})
    big = {"p1.ipynb": b"{}", "big.bin": b"x" * 90_000}
    ada = desk(course, "first", tmp_path)
    write_tree(tmp_path / "ps1", big)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The limit acts like a quota: larger files cannot be written.
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        ada.run("Submit", course.name, "ps1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (time,) = course.submissions(course.first)
    assert_same_tree(course.submitted(course.first), big)
    done, warning = ada.said
    assert done == f"'ps1' was submitted at {time} UTC and is safe."
    assert warning.startswith("No copy of the submission could be kept here: ")
    cache = tmp_path / ".cache" / course.name
    assert len(list(cache.glob(".receipts/*.json"))) == 1
    (listed,) = ada.run("List", course.name, "ps1", cached=True)
    assert [each["timestamp"] for each in listed["submissions"]] == [time]
    assert not list(cache.glob(".nbcourier-*"))


def test_copies_of_what_did_not_change_share_their_bytes(
    course: Course, tmp_path: Path
) -> None:
    course.release(tree={"p1.ipynb": b"{}"})
    ada = desk(course, "first", tmp_path)
    work = tmp_path / "ps1"
    big = os.urandom(90_000)
    write_tree(work, {"p1.ipynb": b"{}", "data/big.bin": big, "same.bin": big})
    for text in (b"1", b"2", b"3"):
        write_tree(work, {"p1.ipynb": text, "timestamp.txt": text * 9_000})
        ada.run("Submit", course.name, "ps1")
    copies = sorted((tmp_path / ".cache" / course.name).glob("*+*"))
    assert len(copies) == 3
    files = [copy / "data" / "big.bin" for copy in copies]
    assert len({file.stat().st_ino for file in files}) == 1
    assert files[0].stat().st_ino != (work / "data" / "big.bin").stat().st_ino
    for copy, text in zip(copies, (b"1", b"2", b"3"), strict=True):
        time = copy.name.rsplit("+", 1)[1].encode()
        assert_same_tree(
            read_tree(copy),
            {
                "p1.ipynb": text,
                "data/big.bin": big,
                "same.bin": big,
                "timestamp.txt": time,
            },
        )
