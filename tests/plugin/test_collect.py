"""`nbgrader collect`."""

import hashlib
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest
from archives import archive_of, archived
from course import (
    NGSHARE,
    V1,
    Course,
    PluginStandalone,
    both_wires,
    ngshare_only,
    through,
)
from front import ForwardedRequest, Front, Spoil, cut, cut_at, from_exchange
from people import Person
from requests import Response
from trees import Tree, assert_same_tree, read_tree

FIRST: Tree = {"p1.ipynb": b"first", "data/deep/x.bin": b"\0\1"}
SECOND: Tree = {"p1.ipynb": b"second", "ps1/p1.ipynb": b"below its own name"}


def collected(course: Course, student: Person) -> Path:
    return course.instructor.home / "submitted" / student.name / "ps1"


def collect(course: Course, *more: str) -> str:
    return course.instructor.nbgrader("collect", "ps1", course.option, *more).stderr


def stamped(tree: Tree, time: str) -> Tree:
    return tree | {"timestamp.txt": time.encode()}


def set_due_date(course: Course, time: str) -> None:
    course.instructor.nbgrader("db", "assignment", "add", "ps1", f"--duedate={time}")


@both_wires
def test_nothing_to_collect_is_no_failure(course: Course) -> None:
    course.release()
    assert "no submissions of 'ps1'" in collect(course)
    assert not (course.instructor.home / "submitted").exists()


@both_wires
def test_the_newest_is_collected_and_only_update_replaces_it(course: Course) -> None:
    course.release()
    forged = {"timestamp.txt": b"2001-01-01 00:00:00"}
    first = course.submit(course.first, FIRST | forged)
    other = course.submit(course.second, {})
    collect(course)
    assert_same_tree(read_tree(collected(course, course.first)), stamped(FIRST, first))
    assert_same_tree(read_tree(collected(course, course.second)), stamped({}, other))

    second = course.submit(course.first, SECOND)
    assert "use --update" in collect(course)
    assert_same_tree(read_tree(collected(course, course.first)), stamped(FIRST, first))
    assert f"{course.second.name}: collected already, nothing newer" in collect(
        course, "--update"
    )
    assert_same_tree(
        read_tree(collected(course, course.first)), stamped(SECOND, second)
    )
    assert_same_tree(read_tree(collected(course, course.second)), stamped({}, other))


def test_one_student_alone_is_collected(course: Course) -> None:
    course.release()
    course.submit(course.first, FIRST)
    course.submit(course.second, FIRST)
    collect(course, f"--student={course.first.name}")
    assert collected(course, course.first).is_dir()
    assert not collected(course, course.second).exists()


@both_wires
def test_before_the_due_date_the_last_in_time_counts_and_else_the_last(
    course: Course,
) -> None:
    course.release()
    in_time = course.submit(course.first, FIRST)
    course.submit(course.first, SECOND)
    late = course.submit(course.second, SECOND)
    set_due_date(course, f"{in_time} UTC")
    # Without the option the due time has no effect.
    collect(course)
    assert read_tree(collected(course, course.first))["p1.ipynb"] == b"second"
    collect(course, "--before-duedate")
    assert_same_tree(
        read_tree(collected(course, course.first)), stamped(FIRST, in_time)
    )
    assert_same_tree(read_tree(collected(course, course.second)), stamped(SECOND, late))


def test_without_a_due_date_the_last_counts(course: Course) -> None:
    course.release()
    course.submit(course.first, FIRST)
    course.submit(course.first, SECOND)
    collect(course, "--before-duedate")
    assert read_tree(collected(course, course.first))["p1.ipynb"] == b"second"


def test_a_few_submissions_are_not_fetched_with_the_whole_class(
    course: Course, front: Front
) -> None:
    course.release()
    course.submit(course.first, FIRST)
    course.submit(course.second, FIRST | {"large.bin": bytes(500_000)})
    collect(course)
    course.submit(course.first, SECOND)
    through(front.url, course.instructor)
    collect(course, "--update")
    assert read_tree(collected(course, course.first))["p1.ipynb"] == b"second"
    assert sum(asked.received for asked in front.asked) < 10_000


def test_a_class_that_comes_in_several_pages_is_collected_whole(
    course: Course, front: Front
) -> None:
    course.release()
    times = {each: course.submit(each, FIRST) for each in (course.first, course.second)}

    def one_at_a_time(asked: ForwardedRequest) -> None:
        if asked.method == "GET" and asked.path.startswith("/v1/"):
            asked.path += "&limit=1" if "?" in asked.path else "?limit=1"

    through(front.url, course.instructor)
    front.rule = one_at_a_time
    collect(course)
    for student, time in times.items():
        assert_same_tree(read_tree(collected(course, student)), stamped(FIRST, time))
    asked = [asked.path.split("?")[0] for asked in front.asked]
    assert sum(path.endswith("/collect") for path in asked) == 2
    assert not any(path.endswith("/tree") for path in asked)


def outside_in_ngshares_words(asked: ForwardedRequest, course: Course) -> Spoil | None:
    checksum = hashlib.md5(b"").hexdigest()
    outside = {"path": "../../../escaped", "content": "", "checksum": checksum}
    odd = json.dumps({"success": True, "files": [outside]}).encode()
    return from_exchange(200, odd) if quote(course.first.name) in asked.path else None


def outside_in_the_archive(asked: ForwardedRequest, course: Course) -> Spoil | None:
    def spoil(reply: Response, handler: BaseHTTPRequestHandler) -> None:
        tree = archived(reply.content)
        manifest = json.loads(tree.pop("manifest.json"))
        for each in manifest["submissions"]:
            if each["student"] == course.first.name:
                name = f"{each['id']}/p1.ipynb"
                odd = f"{each['id']}/../../../escaped"
        tree = {odd if path == name else path: tree[path] for path in tree}
        listing = {"manifest.json": json.dumps(manifest).encode()}
        archive = archive_of(listing | tree)
        from_exchange(200, archive, Content_Type="application/x-tar")(None, handler)

    return spoil if "/collect" in asked.path else None


@pytest.mark.parametrize(
    ("wire", "outside"),
    [(V1, outside_in_the_archive), (NGSHARE, outside_in_ngshares_words)],
    indirect=["wire"],
)
def test_one_students_odd_files_do_not_keep_the_others_from_being_collected(
    course: Course, front: Front, outside: Callable[[ForwardedRequest, Course], Spoil | None]
) -> None:
    course.release()
    course.submit(course.first, FIRST)
    time = course.submit(course.second, FIRST)
    through(front.url, course.instructor)
    front.rule = lambda asked: outside(asked, course)
    complaint = course.instructor.refused("collect", "ps1", course.option)
    assert f"Not collected: {course.first.name}" in complaint
    assert not collected(course, course.first).exists()
    assert not list(course.instructor.home.rglob("escaped"))
    assert_same_tree(read_tree(collected(course, course.second)), stamped(FIRST, time))


def test_a_changed_transfer_is_not_taken_for_the_submission(
    course: Course, front: Front
) -> None:
    course.release()
    old = course.submit(course.first, FIRST)
    collect(course)
    course.submit(course.first, SECOND)

    def changed(reply: Response, handler: BaseHTTPRequestHandler) -> None:
        content = reply.content.replace(b"second", b"secand")
        digest = reply.headers["X-Tree-Digest"]
        spoiled = from_exchange(
            200, content, Content_Type="application/x-tar", X_Tree_Digest=digest
        )
        spoiled(None, handler)

    through(front.url, course.instructor)
    front.rule = lambda asked: changed if asked.path.endswith("/tree") else None
    complaint = course.instructor.refused(
        "collect", "ps1", course.option, "--update", "--NbCourier.attempts=2"
    )
    assert "did not arrive as it was" in complaint
    assert_same_tree(read_tree(collected(course, course.first)), stamped(FIRST, old))


def is_download(asked: ForwardedRequest) -> bool:
    return asked.path.startswith("/submission/")


# Larger than the data that is read ahead, so that a break leaves some of it missing.
LARGE: Tree = {"large.bin": bytes(range(256)) * 2_000}


def cut_in_the_last(content: bytes) -> int:
    """Returns a place shortly before the end of the last submission, which is large."""
    return len(content) - 100_000


@pytest.mark.parametrize("dies", ["in the middle of a file", "for good"])
def test_a_server_that_dies_in_mid_collect_costs_no_copy_that_was_there(
    course: Course, front: Front, dies: str
) -> None:
    course.release()
    old = {s.name: course.submit(s, FIRST) for s in (course.first, course.second)}
    collect(course)
    new = course.submit(course.first, SECOND)
    course.submit(course.second, SECOND | LARGE)

    through(front.url, course.instructor)

    def one_comes_and_the_next_breaks_off(asked: ForwardedRequest) -> Spoil | None:
        if asked.path.endswith("/tree"):
            return cut
        die = front.die if dies == "for good" else lambda: None
        return cut_at(cut_in_the_last, die) if "/collect" in asked.path else None

    front.rule = one_comes_and_the_next_breaks_off
    complaint = course.instructor.refused(
        "collect", "ps1", course.option, "--update", "--NbCourier.attempts=2"
    )
    assert "The exchange at" in complaint
    only_the_first_was_replaced(course, new, old[course.second.name])

    through(course.url, course.instructor)
    collect(course, "--update")
    assert read_tree(collected(course, course.second))["p1.ipynb"] == b"second"


def test_a_server_killed_in_mid_collect_is_collected_from_when_it_is_back(
    binary: Path, tmp_path: Path
) -> None:
    service = PluginStandalone(binary, tmp_path)
    front = Front(service.url)
    course = Course(service, 0)
    course.release()
    old = {s.name: course.submit(s, FIRST) for s in (course.first, course.second)}
    collect(course)
    new = course.submit(course.first, SECOND)
    last = course.submit(course.second, SECOND | LARGE)

    through(front.url, course.instructor)
    killed = cut_at(cut_in_the_last, service.kill)
    front.rule = lambda asked: killed if "/collect" in asked.path else None
    command = ("collect", "ps1", course.option, "--update")
    assert "The exchange at" in course.instructor.refused(*command)
    only_the_first_was_replaced(course, new, old[course.second.name])

    service.start()
    front.stop()
    through(course.url, course.instructor)
    assert "collected already, nothing newer" in collect(course, "--update")
    second = read_tree(collected(course, course.second))
    assert_same_tree(second, stamped(SECOND | LARGE, last))
    assert service.stop() == 0


def only_the_first_was_replaced(course: Course, new: str, old: str) -> None:
    """Checks that the first student's copy is the new one, the other's the old one, and both are complete."""
    first, second = (collected(course, who) for who in (course.first, course.second))
    assert_same_tree(read_tree(first), stamped(SECOND, new))
    assert_same_tree(read_tree(second), stamped(FIRST, old))
    submitted = course.instructor.home / "submitted"
    assert [path.name for path in sorted(submitted.glob("*/*"))] == ["ps1", "ps1"]


def test_a_broken_collect_goes_on_where_it_was(course: Course, front: Front) -> None:
    course.release()
    one = course.submit(course.first, FIRST)
    two = course.submit(course.second, LARGE)
    through(front.url, course.instructor)
    front.rule = lambda asked: (
        cut_at(cut_in_the_last) if "/collect" in asked.path else None
    )
    assert "trying again" in collect(course)
    assert_same_tree(read_tree(collected(course, course.first)), stamped(FIRST, one))
    assert_same_tree(read_tree(collected(course, course.second)), stamped(LARGE, two))
    # One request for the gradebook, one for the class, and one for the single submission that was missing.
    last = [asked.path.split("?")[0].rsplit("/", 1)[1] for asked in front.asked]
    assert last == ["submissions", "gradebook", "collect", "tree"]


@ngshare_only
def test_an_ngshare_that_dies_in_mid_collect_costs_no_copy_that_was_there(
    course: Course, front: Front
) -> None:
    course.release()
    old = {s.name: course.submit(s, FIRST) for s in (course.first, course.second)}
    collect(course)
    new = course.submit(course.first, SECOND)
    course.submit(course.second, SECOND)

    through(front.url, course.instructor)
    downloads = []

    def one_comes_and_the_next_breaks_off(asked: ForwardedRequest) -> Spoil | None:
        downloads.extend([asked] if is_download(asked) else [])
        return cut if len(downloads) > 1 else None

    front.rule = one_comes_and_the_next_breaks_off
    course.instructor.refused(
        "collect", "ps1", course.option, "--update", "--NbCourier.attempts=2"
    )
    only_the_first_was_replaced(course, new, old[course.second.name])


@both_wires
def test_a_student_cannot_collect(course: Course) -> None:
    course.release()
    course.submit(course.second, FIRST)
    complaint = course.first.refused("collect", "ps1", course.option)
    assert "You are not allowed to do this" in complaint
    assert not (course.first.home / "submitted").exists()
