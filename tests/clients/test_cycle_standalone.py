"""A whole course without a hub, graded by nbgrader with a real kernel."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cast import Cast
from cycle import CourseCycle
from material import (
    ALL_BYTES,
    ASSIGNMENT,
    ASSIGNMENT_WITH_PARENTHESES,
    COURSE,
    OTHER_COURSE,
    source_tree,
)
from people import COMMAND_LIMIT_S
from standalone import ADMIN, Standalone
from trees import assert_same_tree, read_tree, without, write_tree

# Legal at a hub and difficult in an address. A token cannot contain blanks, so test_cycle_hub.py tests those.
FIRST = "grace(2)"
SECOND = "ada.l"


@pytest.fixture(scope="module")
def service(
    binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Standalone]:
    """The service of all tests in this module; the last test stops it."""
    running = Standalone(binary, tmp_path_factory.mktemp("standalone"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def cast(service: Standalone) -> Cast:
    """The people, who are not in any course yet."""
    return Cast(
        admin=service.person(ADMIN),
        instructor=service.person("ira"),
        first=service.person(FIRST),
        second=service.person(SECOND),
    )


class TestCourseWithoutAHub(CourseCycle):
    """A course from an empty service to feedback for the students."""

    def enrol(self, cast: Cast) -> None:
        """Enrols with the client's course management: the administrator makes the course, the instructor fills it."""
        cast.admin.manage("create_course", COURSE, cast.instructor.name)
        cast.admin.manage("create_course", OTHER_COURSE, "somebody else")
        table = cast.instructor.home / "roster.csv"
        rows = [
            "student_id,first_name,last_name,email",
            *(f"{student.name},,," for student in cast.students),
        ]
        table.write_text("\n".join(rows), encoding="utf-8")
        # Without the gradebook: nbgrader has to add the students itself when it grades.
        cast.instructor.manage("add_students", "--no-gb", COURSE, str(table))

    def make_release(self, cast: Cast) -> None:
        """Lets nbgrader remove the solutions."""
        write_tree(cast.instructor.home / "source" / ASSIGNMENT, source_tree())
        cast.course("generate_assignment")

    def make_feedback(self, cast: Cast) -> None:
        """Lets nbgrader run the notebooks, score them and write the pages."""
        cast.course("autograde")
        cast.course("generate_feedback")


def test_a_student_who_tries_to_release_is_told_that_it_is_not_permitted(
    cast: Cast,
) -> None:
    release = cast.first.home / "release" / "mine"
    write_tree(release, {"mine.txt": b"mine"})
    outcome = cast.first.attempt(
        "nbgrader", "release_assignment", "mine", f"--course={COURSE}"
    )
    assert "returned failure: Permission denied" in outcome.text
    assert "mine" not in cast.first.get(f"assignments/{COURSE}")["assignments"]


def test_a_stranger_is_told_that_the_course_is_not_theirs(service: Standalone) -> None:
    stranger = service.person("mallory")
    outcome = stranger.attempt(
        "nbgrader", "fetch_assignment", ASSIGNMENT, f"--course={COURSE}"
    )
    assert "returned failure: Permission denied" in outcome.text
    assert not list(stranger.home.glob("**/*.ipynb"))


def test_an_unreleased_assignment_vanishes_and_brings_its_submissions_back_when_released_again(
    cast: Cast,
) -> None:
    path = f"submissions/{COURSE}/{ASSIGNMENT}"
    before = cast.instructor.get(path)
    cast.course("list", "--remove")
    assert cast.first.get(f"assignments/{COURSE}")["assignments"] == []
    cast.course("release_assignment")
    assert cast.first.get(f"assignments/{COURSE}")["assignments"] == [ASSIGNMENT]
    assert cast.instructor.get(path) == before


def test_an_assignment_with_parentheses_in_its_name_goes_there_and_back(
    cast: Cast,
) -> None:
    name = ASSIGNMENT_WITH_PARENTHESES
    write_tree(cast.instructor.home / "release" / name, {"α/(1).bin": ALL_BYTES})
    cast.instructor.nbgrader("release_assignment", name, f"--course={COURSE}")
    cast.first.nbgrader("fetch_assignment", name, f"--course={COURSE}")
    write_tree(cast.first.home / name, {"α/(2).txt": "√".encode()})
    cast.first.nbgrader("submit", name, f"--course={COURSE}")
    cast.instructor.nbgrader("collect", name, f"--course={COURSE}")
    collected = cast.instructor.home / "submitted" / cast.first.name / name
    assert_same_tree(
        without(read_tree(collected), "timestamp.txt"),
        {"α/(1).bin": ALL_BYTES, "α/(2).txt": "√".encode()},
    )


def test_the_service_ends_cleanly_when_asked_to_and_leaves_a_sound_store(
    service: Standalone, binary: Path
) -> None:
    assert service.stop() == 0
    assert "panicked" not in service.log()
    check = subprocess.run(
        [binary, "fsck", f"--data-dir={service.data}"],
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )
    assert check.returncode == 0, check.stdout + check.stderr
