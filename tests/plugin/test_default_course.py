"""Courses in people's configurations: all, a pattern, or one that the person is not in."""

import fnmatch
from itertools import count
from pathlib import Path

import pytest
from course import Course, both_wires, enrol
from in_process import Desk
from own_exchange import OwnDesk, configure_page
from trees import Tree, assert_same_tree, read_tree, write_tree

RELEASED: Tree = {"p1.ipynb": b"{}"}
_numbers = count(1)


class School:
    """Three courses with ada and ira, and one of other people, at our exchange and in nbgrader's own."""

    def __init__(self, course: Course, home: Path) -> None:
        number = next(_numbers)
        self.names = [f"alg{number}-a", f"alg{number}-b", f"bio{number}"]
        self.foreign = f"foreign{number}"
        service = course.service
        self.ira, self.ada = course.instructor, course.first
        for name in self.names:
            enrol(name, service.admin, self.ira, [self.ada])
        enrol(self.foreign, service.admin, service.person(f"kim{number}"), [])
        self.patterns = ["*", "", f"alg{number}*", f"alg{number}-[ab]", "nothing*"]
        self.homes = home
        root = home / "exchange"
        self.own = (
            OwnDesk(root, "ira", home / "own ira"),
            OwnDesk(root, "ada", home / "own ada"),
        )
        self.ours = (
            Desk(course.url, self.ira.name, home / "ira"),
            Desk(course.url, self.ada.name, home / "ada"),
        )
        for ira, ada in (self.own, self.ours):
            write_tree(ira.home / "release" / "ps1", RELEASED)
            write_tree(ada.home / "ps1", RELEASED)
            for name in self.names:
                ira.run("ReleaseAssignment", name, "ps1")
                ada.run("Submit", name, "ps1")

    def within(self, listed: list[dict]) -> list[str]:
        """Returns the courses of a listing that are of this school."""
        known = [*self.names, self.foreign]
        return sorted({each["course_id"] for each in listed} & set(known))


@both_wires
def test_a_pattern_lists_what_it_lists_in_nbgraders_own_exchange(
    course: Course, tmp_path: Path
) -> None:
    school = School(course, tmp_path)
    for pattern in school.patterns:
        expected = [n for n in school.names if fnmatch.fnmatchcase(n, pattern or "*")]
        for how in ({}, {"cached": True}, {"inbound": True}):
            for ira, ada in (school.own, school.ours):
                listed = ada.run("List", pattern, **how)
                assert school.within(listed) == expected, (pattern, how, ada)
                if how.get("inbound"):
                    listed = ira.run("List", pattern, **how)
                    assert school.within(listed) == expected


def test_a_command_for_one_course_takes_the_only_match_of_a_pattern(
    course: Course, tmp_path: Path
) -> None:
    school = School(course, tmp_path)
    ira, ada = school.ours
    one = school.names[2]
    pattern = f"{one[:3]}*{one[3:]}"
    write_tree(ada.home / "ps1", {"p1.ipynb": b"again"})
    ada.run("Submit", pattern, "ps1")
    ira.run("Collect", pattern, "ps1")
    collected = read_tree(ira.home / "submitted" / ada.name / "ps1")
    assert collected["p1.ipynb"] == b"again"
    ada.run("FetchFeedback", pattern, "ps1")
    (ada.home / "ps1").rename(ada.home / "aside")
    ada.run("FetchAssignment", pattern, "ps1")
    assert_same_tree(read_tree(ada.home / "ps1"), RELEASED)
    for slot in ("Submit", "FetchAssignment", "FetchFeedback"):
        said = ada.fail(slot, "*", "ps2" if slot == "FetchAssignment" else "ps1")
        assert "Add --course COURSE" in said and school.names[0] in said
    for slot in ("ReleaseAssignment", "Collect"):
        assert "Add --course COURSE" in ira.fail(slot, "*", "ps1")
    assert "matches none" in ada.fail("Submit", "nothing*", "ps1")


def test_a_default_course_that_one_is_not_in_lists_nothing_and_blocks_no_page(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    school = School(course, tmp_path)
    _, ada = school.ours
    _, own = school.own
    for name in (school.foreign, "gone"):
        for how in ({}, {"cached": True}, {"inbound": True}):
            assert ada.run("List", name, **how) == own.run("List", name, **how) == []
        assert f"Nothing of the course '{name}' can be listed" in caplog.text
    config = school.ada.home / ".jupyter" / "nbgrader_config.py"
    config.write_text(
        config.read_text() + f"c.CourseDirectory.course_id = {school.foreign!r}\n"
    )
    assert school.ada.listing() == []
    # A course on the command line gives an error.
    said = school.ada.refused("list", f"--course={school.foreign}")
    assert "You are not allowed to do this" in said


@pytest.mark.parametrize("given", ["*", "", "alg*", "foreign", "gone"])
def test_the_assignment_list_shows_its_courses(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    school = School(course, tmp_path)
    configured = school.foreign if given == "foreign" else given
    setting = f"c.CourseDirectory.course_id = {configured!r}"
    page = configure_page(
        tmp_path / "lab", school.ada, course.url, monkeypatch, setting
    )
    reply = page.list_courses()
    assert reply["success"], reply
    shown = [name for name in reply["value"] if name in school.names]
    expected = {"*": school.names, "": school.names, "alg*": school.names[:2]}
    assert shown == expected.get(given, [])
    for name in school.names:
        chosen = page.list_assignments(course_id=name)
        assert chosen["success"] and chosen["value"], chosen
