"""The same course as in the tests of the stock client, with the plugin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cast import Cast
from course import ProgramStandalone, enrol
from cycle import CourseCycle
from material import ASSIGNMENT, COURSE, source_tree
from trees import write_tree


@pytest.fixture(scope="module")
def cast(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    """The people, who are not in any course yet."""
    service = ProgramStandalone(binary, tmp_path_factory.mktemp("cycle"))
    yield Cast(
        admin=service.admin,
        instructor=service.person("ira"),
        first=service.person("grace(2)"),
        second=service.person("ada+l"),
    )
    assert service.stop() == 0


class TestCourseWithThePlugin(CourseCycle):
    """A course from an empty service to feedback for the students. nbgrader grades with a real kernel."""

    def enrol(self, cast: Cast) -> None:
        """Enrols people by plain requests."""
        enrol(COURSE, cast.admin, cast.instructor, cast.students)

    def make_release(self, cast: Cast) -> None:
        """Lets nbgrader remove the solutions."""
        write_tree(cast.instructor.home / "source" / ASSIGNMENT, source_tree())
        cast.course("generate_assignment")

    def make_feedback(self, cast: Cast) -> None:
        """Lets nbgrader run the notebooks, score them and write the pages."""
        cast.course("autograde")
        cast.course("generate_feedback")
