"""`nbgrader fetch_assignment`."""

import shutil
from pathlib import Path

import pytest
from course import RELEASED, Course, both_wires, through
from front import Front, answer, cut
from in_process import Desk
from trees import assert_same_tree, read_tree, write_tree

BUSY = answer(503, b"<html>starting</html>", Content_Type="text/html")


@both_wires
def test_existing_files_are_refused_and_replace_restores_only_missing_ones(
    course: Course,
) -> None:
    course.release()
    command = ("fetch_assignment", "ps1", course.option)
    work = course.first.home / "ps1"
    course.first.nbgrader(*command)
    assert_same_tree(read_tree(work), RELEASED)

    write_tree(work, {"p1.ipynb": b"my work"})
    shutil.rmtree(work / "data")
    assert "You already have a copy" in course.first.refused(*command)
    assert_same_tree(read_tree(work), {"p1.ipynb": b"my work"})

    course.first.nbgrader(*command, "--replace")
    assert_same_tree(read_tree(work), RELEASED | {"p1.ipynb": b"my work"})


def test_several_assignments_come_at_once_each_below_its_course(
    course: Course,
) -> None:
    course.release("ps1")
    course.release("ps (2)", {"ps (2)/p.ipynb": b"{}", "feedback/x": b"not wanted"})
    course.first.nbgrader(
        "fetch_assignment",
        "ps1",
        "ps (2)",
        course.option,
        "--Exchange.path_includes_course=True",
    )
    assert_same_tree(
        read_tree(course.first.home / course.name),
        {f"ps1/{path}": content for path, content in RELEASED.items()}
        | {"ps (2)/ps (2)/p.ipynb": b"{}"},
    )


@both_wires
def test_an_unknown_assignment_fails_and_does_not_keep_the_others_away(
    course: Course,
) -> None:
    course.release()
    complaint = course.first.refused("fetch_assignment", "no", "ps1", course.option)
    assert "The exchange says: Assignment not found" in complaint
    assert not (course.first.home / "no").exists()
    assert_same_tree(read_tree(course.first.home / "ps1"), RELEASED)


def test_a_stranger_is_told_that_the_course_is_not_theirs(course: Course) -> None:
    course.release()
    stranger = course.service.person(f"stranger of {course.name}".replace(" ", "-"))
    complaint = stranger.refused("fetch_assignment", "ps1", course.option)
    assert (
        "You are not allowed to do this: either you are not in the course" in complaint
    )


def test_a_busy_server_is_asked_again(course: Course, front: Front) -> None:
    course.release()
    through(front.url, course.first)
    front.rule = lambda asked: dict(enumerate((BUSY, cut))).get(asked.earlier)
    course.first.nbgrader("fetch_assignment", "ps1", course.option)
    assert_same_tree(read_tree(course.first.home / "ps1"), RELEASED)
    assert [asked.path.endswith("/tree") for asked in front.asked] == [True] * 3 + [
        False
    ]


def test_a_connection_that_always_breaks_leaves_nothing_half_done(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    front.rule = lambda asked: cut
    complaint = course.first.refused(
        "fetch_assignment", "ps1", course.option, "--NbCourier.attempts=2"
    )
    assert "does not answer" in complaint or "stopped answering" in complaint
    assert [
        path.name for path in course.first.home.iterdir() if "ps1" in path.name
    ] == []
    assert not list(course.first.home.glob(".nbcourier-*"))
    assert len(front.asked) == 2


def test_a_foreign_page_is_reported_as_not_an_exchange(
    course: Course, front: Front
) -> None:
    through(front.url, course.first)
    front.rule = lambda asked: answer(200, b"<html>log in</html>")
    complaint = course.first.refused("fetch_assignment", "ps1", course.option)
    assert "is not an exchange" in complaint
    assert "ask the administrators of your JupyterHub" in complaint


@both_wires
def test_replace_writes_through_no_link_and_brings_back_the_rest(course: Course) -> None:
    tree = {"p1.ipynb": b"{}", "data/a.csv": b"1", "more/b.csv": b"2", "gone/c": b"3", "d": b"4"}
    course.release(tree=tree)
    work = course.first.home / "ps1"
    elsewhere = course.first.home / "mine"
    write_tree(work, {"own/x": b"my own"})
    write_tree(elsewhere, {"y": b"my own"})
    (work / "data").symlink_to("own")
    (work / "more").symlink_to(elsewhere)
    (work / "gone").symlink_to("nowhere")
    # A link in the place of a file does not lead writes elsewhere.
    (work / "d").symlink_to(elsewhere / "y")
    said = course.first.refused("fetch_assignment", "ps1", course.option, "--replace")
    for name in ("data", "more", "gone"):
        link = f"'{work / name}' is a link, and nothing is written through it. Remove the link"
        assert link in said
        assert (work / name).is_symlink()
    assert "'ps1' was fetched, but" in said
    assert_same_tree(read_tree(elsewhere), {"y": b"my own"})
    assert_same_tree(read_tree(work / "own"), {"x": b"my own"})
    assert (work / "p1.ipynb").read_bytes() == b"{}"

    for name in ("data", "more", "gone", "d"):
        (work / name).unlink()
    course.first.nbgrader("fetch_assignment", "ps1", course.option, "--replace")
    assert_same_tree(read_tree(work), tree | {"own/x": b"my own"})


@pytest.mark.parametrize("form", ["{}/", "./{}", "./{}//", "x/../{}/.", "{course}/{}/"])
def test_a_name_that_a_shell_completed_as_a_path_is_the_assignment(
    course: Course, tmp_path: Path, form: str
) -> None:
    name = form.format("ps1", course=course.name)
    ada = Desk(course.url, course.first.name, tmp_path / "ada")
    ira = Desk(course.url, course.instructor.name, tmp_path / "ira")
    write_tree(tmp_path / "ira" / "release" / "ps1", RELEASED)
    work = tmp_path / "ada" / "ps1"
    if "{course}" in form:
        ada.config.Exchange.path_includes_course = True
        ira.config.Exchange.path_includes_course = True
        work = tmp_path / "ada" / course.name / "ps1"
    ira.run("ReleaseAssignment", course.name, name)
    assert course.assignments() == ["ps1"]
    ada.run("FetchAssignment", course.name, name)
    assert_same_tree(read_tree(work), RELEASED)
    ada.run("Submit", course.name, name)
    ira.run("Collect", course.name, name)
    (collected,) = (tmp_path / "ira" / "submitted").glob("*/*")
    assert collected.name == "ps1"
    write_tree(
        tmp_path / "ira" / "feedback" / collected.parent.name / "ps1",
        {"p1.html": b"1", "timestamp.txt": (collected / "timestamp.txt").read_bytes()},
    )
    ira.run("ReleaseFeedback", course.name, name)
    ada.run("FetchFeedback", course.name, name)
    assert list((work / "feedback").glob("*/p1.html"))
    assert [each["assignment_id"] for each in ada.run("List", course.name, name)] == ["ps1"]


def test_a_path_that_names_no_assignment_is_refused(course: Course, tmp_path: Path) -> None:
    course.release()
    ada = Desk(course.url, course.first.name, tmp_path)
    for name in ("other/ps1", "..", ".", "/", "../ps1"):
        for slot in ("FetchAssignment", "FetchFeedback", "Submit"):
            ada.fail(slot, course.name, name)
    assert not (tmp_path / "ps1").exists()
    assert course.entries() == []
