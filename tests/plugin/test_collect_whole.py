"""A student's directory is collected as a whole or not at all, whatever happens in between."""

import os
import resource
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from course import Course, PluginPerson, both_wires, through
from front import ForwardedRequest, Front, Spoil, cut, cut_at
from in_process import Desk
from people import COMMAND_LIMIT_S, PROGRAMS
from processes import POLL_S
from requests import Response
from trees import Tree, assert_same_tree, read_tree, without

WORK: Tree = {"p1.ipynb": b"work", "data/table.csv": b"1;2"}
# Larger than what is read ahead, so that a part of it is written before the rest arrives.
LARGE: Tree = WORK | {"a large file": bytes(range(256)) * 4_000}


def in_submitted(home: Path) -> list[str]:
    """Returns all entries of the directory of collected work, two levels deep, hidden ones too."""
    top = home / "submitted"
    entries = [*top.glob("*"), *top.glob("*/*")] if top.exists() else []
    return sorted(str(each.relative_to(top)) for each in entries)


def brings_the_work(asked: ForwardedRequest) -> bool:
    return "/collect" in asked.path or asked.path.endswith("/tree") or asked.path.startswith("/submission/")


@both_wires
@pytest.mark.parametrize("update", [False, True])
def test_a_failed_collect_leaves_nothing_and_the_next_one_collects(
    course: Course, front: Front, update: bool
) -> None:
    course.release()
    submitted = course.submit(course.first, LARGE)
    through(front.url, course.instructor)
    command = ("collect", "ps1", course.option, *(["--update"] if update else []))
    front.rule = lambda asked: cut if brings_the_work(asked) else None
    course.instructor.refused(*command, "--NbCourier.attempts=1")
    assert in_submitted(course.instructor.home) == []

    front.rule = lambda asked: None
    assert "Collected: " in course.instructor.nbgrader(*command).stderr
    collected = read_tree(course.instructor.home / "submitted" / course.first.name / "ps1")
    assert_same_tree(collected, LARGE | {"timestamp.txt": submitted.encode()})


def test_a_disk_without_room_leaves_nothing_and_the_others_are_collected(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.release()
    course.submit(course.first, LARGE)
    course.submit(course.second, WORK)
    ira = Desk(course.url, course.instructor.name, tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The limit acts like a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
    try:
        said = ira.fail("Collect", course.name, "ps1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert f"Not collected: {course.first.name}" in said
    second = course.second.name
    assert in_submitted(tmp_path) == [second, f"{second}/ps1"]

    ira.run("Collect", course.name, "ps1")
    collected = read_tree(tmp_path / "submitted" / course.first.name / "ps1")
    assert_same_tree(without(collected, "timestamp.txt"), LARGE)


@both_wires
@pytest.mark.parametrize("update", [False, True])
def test_a_collect_that_is_killed_leaves_nothing_that_counts_and_the_next_one_collects(
    course: Course, front: Front, update: bool
) -> None:
    course.release()
    submitted = course.submit(course.first, LARGE)
    through(front.url, course.instructor)
    killed = threading.Event()

    def half(reply: Response, handler: BaseHTTPRequestHandler) -> None:
        def wait() -> None:
            handler.wfile.flush()
            assert killed.wait(COMMAND_LIMIT_S)

        cut_at(lambda content: len(content) * 9 // 10, wait)(reply, handler)

    def stops_in_the_middle(asked: ForwardedRequest) -> Spoil | None:
        return half if brings_the_work(asked) else None

    front.rule = stops_in_the_middle
    options = ["--update"] if update else []
    ira = course.instructor
    process = start(ira, "collect", "ps1", course.option, *options)
    try:
        wait_for(ira.home / "submitted" / course.first.name, process)
    finally:
        process.kill()
        process.wait(COMMAND_LIMIT_S)
        killed.set()
    collected = ira.home / "submitted" / course.first.name
    assert not (collected / "ps1").exists()

    front.rule = lambda asked: None
    assert "Collected: " in ira.nbgrader("collect", "ps1", course.option, *options).stderr
    tree = read_tree(collected / "ps1")
    assert_same_tree(tree, LARGE | {"timestamp.txt": submitted.encode()})
    assert [each.name for each in collected.iterdir()] == ["ps1"]


def start(person: PluginPerson, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [str(PROGRAMS / "nbgrader"), *arguments],
        cwd=person.home,
        env=person.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(directory: Path, process: subprocess.Popen) -> None:
    """Waits until something is in the directory."""
    end = time.monotonic() + COMMAND_LIMIT_S
    while not (directory.is_dir() and os.listdir(directory)):
        assert process.poll() is None, "the command ended by itself"
        assert time.monotonic() < end
        time.sleep(POLL_S)


def test_a_part_is_not_called_collected_until_all_of_it_is_here(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # A path that is too long below a directory of a long name, and not below one of a short name.
    long = "/".join(["x" * 250] * 15 + ["y" * 70])
    course.release()
    tree = {"p1.ipynb": b"1", long: b"2"}
    course.submit(course.first, tree)
    home = tmp_path / ("h" * 200)
    ira = Desk(course.url, course.instructor.name, home)
    part = home / "submitted" / course.first.name / "ps1"
    for settings in ({}, {}, {"update": True}, {"before_duedate": True}):
        caplog.clear()
        said = ira.fail("Collect", course.name, "ps1", **settings)
        assert f"Collected, but not whole: {course.first.name}" in said
        assert "cannot be written here: File name too long" in caplog.text
        assert "collected already" not in caplog.text
        assert set(read_tree(part)) == {"p1.ipynb", "timestamp.txt"}
        # The instructor's own repair is not overwritten by the same part.
        (part / "p1.ipynb").write_bytes(b"by hand")
    assert read_tree(part)["p1.ipynb"] == b"by hand"

    # Below a directory of a shorter name all of it can be written.
    short = home.rename(tmp_path / "h")
    ira = Desk(course.url, course.instructor.name, short)
    ira.run("Collect", course.name, "ps1")
    collected = short / "submitted" / course.first.name
    assert_same_tree(without(read_tree(collected / "ps1"), "timestamp.txt"), tree)
    assert [each.name for each in collected.iterdir()] == ["ps1"]
    caplog.clear()
    caplog.set_level("INFO")
    ira.run("Collect", course.name, "ps1")
    assert "collected already" in caplog.text


def test_a_newer_submission_takes_the_place_of_a_part(
    course: Course, tmp_path: Path
) -> None:
    long = "/".join(["x" * 250] * 15 + ["y" * 70])
    course.release()
    course.submit(course.first, {"p1.ipynb": b"1", long: b"2"})
    home = tmp_path / ("h" * 200)
    ira = Desk(course.url, course.instructor.name, home)
    ira.fail("Collect", course.name, "ps1")
    newer = course.submit(course.first, WORK)
    ira.run("Collect", course.name, "ps1")
    collected = home / "submitted" / course.first.name
    assert_same_tree(
        read_tree(collected / "ps1"), WORK | {"timestamp.txt": newer.encode()}
    )
    assert [each.name for each in collected.iterdir()] == ["ps1"]


def test_a_class_is_collected_without_what_cannot_be_written_if_that_is_asked_for(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    long = "/".join(["x" * 250] * 15 + ["y" * 70])
    course.release()
    course.submit(course.first, {"p1.ipynb": b"1", "data/a": b"2", long: b"3"})
    course.submit(course.second, WORK)
    home = tmp_path / ("h" * 200)
    ira = Desk(course.url, course.instructor.name, home)
    said = ira.fail("Collect", course.name, "ps1")
    assert "add --NbCourierExchange.allow_incomplete=True" in said
    for settings in ({}, {"update": True}):
        caplog.clear()
        ira.run("Collect", course.name, "ps1", allow_incomplete=True, **settings)
        # It is still said each time, by name.
        assert f"Collected, but not whole: {course.first.name}" in ira.said
        assert "cannot be written here: File name too long" in caplog.text
    submitted = home / "submitted"
    assert set(read_tree(submitted / course.first.name / "ps1")) == {"p1.ipynb", "data/a", "timestamp.txt"}
    assert_same_tree(
        without(read_tree(submitted / course.second.name / "ps1"), "timestamp.txt"), WORK
    )
    # A submission of which nothing can be written is not collected, whatever is asked for.
    course.submit(course.second, {long: b"4"})
    said = ira.fail("Collect", course.name, "ps1", allow_incomplete=True, update=True)
    assert f"Not collected: {course.second.name}" in said
